//! An incident was raised: somebody comes to the rescue, at once where it is grave.

use super::{IncidentHandOff, Rescue};
use hecate_desk::lifecycle::{Incident, Initiate};
use hecate_desk::prelude::*;

/// What a rescue uses of an incident that was raised.
#[derive(Deserialize, JsonSchema)]
pub(super) struct IncidentRaised {
    #[serde(flatten)]
    of: Incident,
    #[serde(flatten)]
    handoff: IncidentHandOff,
}

impl Listener<Rescue> for IncidentRaised {
    const NAME: &'static str = "on_incident_raised_initiate_rescue";
    const HEARS: &'static str = "incident_raised_v1";
    type Asks = Initiate<Rescue>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Rescue>> {
        let starts = source.auto_start.at(&self.handoff.severity);
        let division_id = self.of.division.division_id.clone();
        let initiate = Initiate::because_of(source, self.of, self.handoff).and_start_if(starts);
        Ask::of("division_id", &division_id, initiate).into()
    }
}

#[cfg(test)]
#[test]
fn a_grave_incident_is_at_work_at_once() {
    use hecate_desk::AutoStart;
    use hecate_desk::kit::{ULID, given, hears};
    use serde_json::json;
    for (severity, recorded) in [("critical", 2), ("high", 2), ("medium", 1), ("low", 1)] {
        let fact = json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
            "division_name": "orders", "incident_id": format!("inc-{ULID}"), "incident_title": "Down",
            "severity": severity});
        let mut asked = hears::<Rescue, IncidentRaised>(fact, AutoStart::OnSeverity);
        let told = given::<Rescue>().when::<Initiate<Rescue>>(asked.remove(0)).unwrap();
        assert_eq!(told.len(), recorded, "{severity}");
        assert_eq!(told[0].1["handoff"]["severity"], severity);
    }
}
