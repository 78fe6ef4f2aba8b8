//! What is on duty: every check of every division whose monitoring is at work. It follows from the log alone, by
//! the same fold that the aggregate uses.

use super::level::Level;
use crate::monitor_division::{Check, CheckSpec, Kept, Monitoring, check::Seen};
use hecate_desk::{Aggregate, Folded, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What one prober has to do now.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Duty {
    pub(super) division_id: String,
    pub(super) check: CheckSpec,
    /// What the log has of it.
    pub(super) kept: Seen,
    /// What its samples are judged by, together with those of its division's other checks: service levels without
    /// an open incident.
    pub(super) levels: Vec<Level>,
}

/// Every division that was ever monitored and is not archived.
#[derive(Default)]
pub(super) struct Duties {
    divisions: BTreeMap<Arc<str>, Folded<Monitoring>>,
    /// Streams with an event that does not fold.
    broken: BTreeSet<Arc<str>>,
}

impl Duties {
    /// One event more of this stream. An event that does not fold takes its division off duty for good: its
    /// aggregate cannot be asked either.
    pub(super) fn fold(&mut self, stream_id: &Arc<str>, event_type: &str, data: &str) -> Result<(), String> {
        if self.broken.contains(stream_id) {
            return Ok(());
        }
        let monitoring = self.divisions.entry(Arc::clone(stream_id)).or_default();
        let folded = monitoring.fold(event_type, data).map_err(|error| format!("{error:?}"));
        if folded.is_err() {
            self.broken.insert(Arc::clone(stream_id));
        }
        if folded.is_err() || monitoring.aggregate().status().has(Status::ARCHIVED) {
            self.divisions.remove(stream_id);
        }
        folded
    }

    /// The streams there are.
    pub(super) fn streams(&self) -> impl Iterator<Item = &Arc<str>> {
        self.divisions.keys()
    }

    /// The checks of this stream that are on duty.
    pub(super) fn of(&self, stream_id: &str) -> Vec<Duty> {
        let monitoring = self.divisions.get(stream_id).map(Folded::aggregate);
        let at_work = monitoring.filter(|monitoring| monitoring.status().has(Status::ACTIVE));
        at_work.map(duties_of).unwrap_or_default()
    }
}

fn duties_of(monitoring: &Monitoring) -> Vec<Duty> {
    let is_open = |level: &Level| {
        monitoring.open_incidents.values().any(|open| open.signal == Some(level.threshold.signal))
    };
    let level = |kept: &Kept| Level { threshold: kept.threshold.clone(), from_us: kept.judged_from };
    let levels: Vec<_> = monitoring.thresholds.values().map(level).filter(|level| !is_open(level)).collect();
    let duty = |check: &Check| Duty {
        division_id: monitoring.dossier.of.division_id.clone(),
        check: check.spec.clone(),
        kept: check.kept,
        levels: levels.clone(),
    };
    monitoring.checks.values().map(duty).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor_division::deregister_health_check::DeregisterHealthCheck;
    use crate::monitor_division::kit::{an_active_monitoring, check, check_id};
    use crate::monitor_division::register_health_check::RegisterHealthCheck;
    use hecate_desk::kit::Given;
    use hecate_desk::lifecycle::{Archive, Complete, Pause, Reopen, Resume};
    use hecate_desk::{Desk, Refused};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    type Recorded = Result<Vec<(String, Value)>, Refused>;

    /// Asks a desk; what it records has happened, to the aggregate and to whoever follows the log.
    fn ask<D: Desk<Monitoring>>(
        given: Given<Monitoring>,
        body: Value,
        follow: &mut impl FnMut(&str, &Value),
    ) -> (Given<Monitoring>, bool) {
        let recorded: Recorded = given.when::<D>(body.clone());
        let Ok(events) = recorded else { return (given, false) };
        events.iter().for_each(|(event_type, data)| follow(event_type, data));
        (given.asked::<D>(body), true)
    }

    proptest! {
        // A desk of the kit reads its rules anew each time.
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// Whatever is asked, on duty is what is registered while the monitoring is at work.
        #[test]
        fn on_duty_is_what_is_registered_and_at_work(steps in prop::collection::vec((0..7u8, 0..4u8), 1..24)) {
            let stream: Arc<str> = "monitoring-d".into();
            let mut duties = Duties::default();
            let born = json!({"venture_id": "v", "division_id": "d-01ARZ3NDEKTSV4RRFFQ69G5FAV",
                "division_name": "orders", "cycle": 1, "handoff": {"release_id": "", "release_version": "",
                "target_env": "", "endpoints": [], "rollout": []}, "visibility": "realm", "initiated_by": "x",
                "source_event_id": "01890000-0000-7000-8000-000000000000", "initiated_at": 0});
            let started = json!({"venture_id": "v", "division_id": "d-01ARZ3NDEKTSV4RRFFQ69G5FAV",
                "division_name": "orders", "cycle": 1, "started_by": "x", "started_at": 0});
            for (event_type, data) in [("monitoring_initiated_v1", born), ("monitoring_started_v1", started)] {
                duties.fold(&stream, event_type, &data.to_string()).unwrap();
            }
            let mut follow = |event_type: &str, data: &Value| {
                duties.fold(&stream, event_type, &data.to_string()).unwrap();
            };
            let (mut given, mut registered, mut at_work) = (an_active_monitoring(), BTreeSet::new(), true);
            for (step, nth) in steps {
                let name = format!("part{nth}");
                let done;
                (given, done) = match step {
                    0 => ask::<RegisterHealthCheck>(given, check(&name), &mut follow),
                    1 => {
                        let gone = json!({"check_id": check_id(&name)});
                        ask::<DeregisterHealthCheck>(given, gone, &mut follow)
                    }
                    2 => ask::<Pause<Monitoring>>(given, json!({"reason": "Rain"}), &mut follow),
                    3 => ask::<Resume<Monitoring>>(given, json!({}), &mut follow),
                    4 => ask::<Complete<Monitoring>>(given, json!({}), &mut follow),
                    5 => ask::<Reopen<Monitoring>>(given, json!({"reason": "Sun"}), &mut follow),
                    // Rarely, since nothing comes after it.
                    _ if nth == 0 => ask::<Archive<Monitoring>>(given, json!({}), &mut follow),
                    _ => (given, false),
                };
                if done {
                    match step {
                        0 => drop(registered.insert(check_id(&name))),
                        1 => drop(registered.remove(&check_id(&name))),
                        _ => at_work = matches!(step, 3 | 5),
                    }
                }
            }
            let on_duty: BTreeSet<_> = duties.of(&stream).into_iter().map(|duty| duty.check.check_id).collect();
            prop_assert_eq!(on_duty, if at_work { registered } else { BTreeSet::new() });
        }
    }

    #[test]
    fn what_does_not_fold_takes_its_division_off_duty() {
        let (mut duties, stream) = (Duties::default(), Arc::from("monitoring-d"));
        assert!(duties.fold(&stream, "health_check_registered_v1", "{}").is_err());
        let (resumed, data) = an_active_monitoring()
            .asked::<Pause<Monitoring>>(json!({"reason": "Rain"}))
            .when::<Resume<Monitoring>>(json!({}))
            .unwrap()
            .remove(0);
        // What comes later makes no division of it that nobody knows.
        duties.fold(&stream, &resumed, &data.to_string()).unwrap();
        let (registered, data) =
            an_active_monitoring().when::<RegisterHealthCheck>(check("shop")).unwrap().remove(0);
        duties.fold(&stream, &registered, &data.to_string()).unwrap();
        assert_eq!((duties.streams().count(), duties.of(&stream)), (0, vec![]));
    }
}
