//! What comes back to a plan from the processes behind it: taken note of once, whatever it is.
//!
//! A kind of news has a file of its own, which says what it holds and what its desk and its event are called.

use super::Plan;
use hecate_desk::{lifecycle::Pass, prelude::*};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// One kind of news.
pub(crate) trait News: Serialize + DeserializeOwned + JsonSchema + 'static {
    /// The desk that takes note of it.
    const DESK: &'static str;
    /// What that desk does, in one sentence.
    const SAYS: &'static str;
    /// The event that is recorded.
    const TYPE: &'static str;
}

/// Take note of something. Only listeners ask.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Acknowledge")]
pub(super) struct Acknowledge<N: News> {
    source_event_id: Uuid,
    #[serde(flatten)]
    news: N,
}

/// The plan took note of something.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Acknowledged")]
pub(crate) struct Acknowledged<N: News> {
    #[serde(flatten)]
    pub(crate) feedback: Feedback,
    #[serde(flatten)]
    pub(crate) news: N,
}

/// What every acknowledgement says.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Feedback {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    /// The fact that came back.
    pub(crate) source_event_id: Uuid,
    pub(crate) acknowledged_at: i64,
}

/// Asks the plan of this division to take note of a fact.
pub(super) fn acknowledge<N: News>(source: &Source<'_>, division_id: &str, news: N) -> Heard<Acknowledge<N>> {
    Ask::of("division_id", division_id, Acknowledge { source_event_id: source.event_id, news }).into()
}

impl<N: News> Desk<Plan> for Acknowledge<N> {
    const SPEC: DeskSpec = DeskSpec {
        name: N::DESK,
        path: "",
        aliases: &[],
        says: N::SAYS,
        allowed_in: StateMask::LIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Plan>] = &[event::<_, Acknowledged<N>>()];

    fn decide(self, plan: &Plan, at: &Moment) -> Result<Decision<Plan>, Refused> {
        let Acknowledge { source_event_id, news } = self;
        if plan.acknowledged.contains(&source_event_id) {
            return Ok(Decision::nothing());
        }
        let feedback = Feedback { pass: plan.dossier.pass(), source_event_id, acknowledged_at: at.at_us };
        Ok(Acknowledged { feedback, news }.into())
    }
}

impl<N: News> Event<Plan> for Acknowledged<N> {
    const TYPE: &'static str = N::TYPE;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, plan: &mut Plan) {
        plan.acknowledged.insert(self.feedback.source_event_id);
    }
}

#[cfg(test)]
mod tests {
    use super::super::kit::{a_fact, an_active_plan, nth_fact};
    use super::super::{
        DeploymentNews, GenerationNews, IncidentNews, RescueNews, TestingNews, acknowledge_testing,
    };
    use super::*;
    use serde_json::{Value, json};

    /// Each fact of its kind once, with all that it says.
    fn is_acknowledged_once<N: News>(says: &Value) {
        let told = an_active_plan().asked::<Acknowledge<N>>(a_fact(1, says.clone()));
        assert!(told.when::<Acknowledge<N>>(a_fact(1, says.clone())).unwrap().is_empty(), "{}", N::DESK);
        let another = told.when::<Acknowledge<N>>(a_fact(2, says.clone())).unwrap();
        let [(event_type, event)] = &another[..] else { panic!("{} records one event", N::DESK) };
        assert_eq!((event_type.as_str(), &event["source_event_id"]), (N::TYPE, &nth_fact(2)));
        for (field, said) in says.as_object().unwrap() {
            assert_eq!(&event[field], said, "{}", N::DESK);
        }
    }

    #[test]
    fn each_fact_that_comes_back_is_acknowledged_once() {
        is_acknowledged_once::<GenerationNews>(&json!({"desk_id": "desk-d-1-take_order"}));
        let totals = acknowledge_testing::Totals { suites: 1, passed: 3, failed: 0, skipped: 1, errored: 0 };
        is_acknowledged_once::<TestingNews>(&json!({"gate_passed": true, "totals": totals}));
        let release = json!({"release_id": "rel-1", "version": "1.0.0", "env": "prod"});
        is_acknowledged_once::<DeploymentNews>(&release);
        is_acknowledged_once::<IncidentNews>(&json!({"incident_id": "inc-1", "severity": "high"}));
        is_acknowledged_once::<RescueNews>(&json!({"incident_id": "inc-1", "outcome": "fixed"}));
    }
}
