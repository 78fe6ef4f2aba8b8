//! Nobody watches over the division any longer: the rescues of its open incidents are archived.

use super::Rescue;
use hecate_desk::lifecycle::{Bury, Division, Incident, Nothing};
use hecate_desk::prelude::*;

/// What a rescue uses of an archived monitoring.
#[derive(Deserialize, JsonSchema)]
pub(super) struct MonitoringArchived {
    #[serde(flatten)]
    division: Division,
    reason: Option<String>,
    open_incidents: Vec<String>,
}

impl Listener<Rescue> for MonitoringArchived {
    const NAME: &'static str = "on_monitoring_archived_archive_rescues";
    const HEARS: &'static str = "monitoring_archived_v1";
    type Asks = Bury<Rescue>;

    fn hear(self, _: &Source<'_>) -> Heard<Bury<Rescue>> {
        if self.open_incidents.is_empty() {
            return Heard::Passes("no incident was open");
        }
        let MonitoringArchived { division, reason, open_incidents } = self;
        let bury = |incident_id| {
            let of = Incident { division: division.clone(), incident_id };
            Ask::of("division_id", &division.division_id, Bury::of(of, reason.clone(), Nothing {}))
        };
        Heard::Asks(open_incidents.into_iter().map(bury).collect())
    }
}

#[cfg(test)]
#[test]
fn each_open_incident_is_asked_for_alone_and_none_where_none_is_open() {
    use hecate_desk::AutoStart;
    use hecate_desk::kit::{ULID, given, hears};
    use serde_json::{Value, json};
    let asked = |incidents: &[String]| {
        let fact = json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
            "division_name": "orders", "reason": "Sold", "open_incidents": incidents});
        hears::<Rescue, MonitoringArchived>(fact, AutoStart::OnSeverity)
    };
    assert_eq!(asked(&[]), Vec::<Value>::new());
    let two = asked(&[format!("inc-{ULID}"), "inc-2".to_owned()]);
    assert_eq!((two.len(), &two[1]["incident_id"]), (2, &json!("inc-2")));
    let told = given::<Rescue>().when::<Bury<Rescue>>(two[0].clone()).unwrap();
    assert_eq!((told[0].0.as_str(), &told[0].1["reason"]), ("rescue_archived_v1", &json!("Sold")));
}
