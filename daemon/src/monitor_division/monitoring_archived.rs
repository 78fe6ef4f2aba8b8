//! The monitoring is put away, and says which incidents nobody will resolve any more: their rescues go along.

use super::Monitoring;
use hecate_desk::lifecycle::{Archived, LongLived};
use hecate_desk::prelude::*;

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct MonitoringArchived {
    #[serde(flatten)]
    pub(crate) archived: Archived<Monitoring>,
    pub(crate) open_incidents: Vec<String>,
}

impl Event<Monitoring> for MonitoringArchived {
    const TYPE: &'static str = Monitoring::NAMES.archived;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, monitoring: &mut Monitoring) {
        self.archived.evolve(monitoring);
    }
}

#[cfg(test)]
#[test]
fn the_archive_names_the_incidents_that_are_left_open() {
    use super::{kit::a_watched_division, raise_incident::RaiseIncident};
    use hecate_desk::{kit::given, lifecycle::Archive, lifecycle::Bury};
    use serde_json::json;
    let open = a_watched_division().asked::<RaiseIncident>(json!({"incident_title": "Down"}));
    let archived = open.when::<Archive<Monitoring>>(json!({})).unwrap();
    let id = format!("inc-{}", hecate_desk::kit::ULID);
    assert_eq!((archived.len(), &archived[0].1["open_incidents"]), (1, &json!([id])));
    assert_eq!(open.asked::<Archive<Monitoring>>(json!({})).aggregate().dossier.status.0, 7 | 32);
    // One that was never born left none.
    let of = json!({"venture_id": "v", "division_id": "d", "division_name": "orders"});
    let buried = given::<Monitoring>().when::<Bury<Monitoring>>(of).unwrap();
    assert_eq!(
        (buried[0].0.as_str(), &buried[0].1["open_incidents"]),
        ("monitoring_archived_v1", &json!([]))
    );
}
