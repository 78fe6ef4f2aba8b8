//! A hand-off arrives. The first one gives birth; one that comes later briefs again, or reopens what was completed.
//!
//! Only listeners ask: a dossier exists exactly when something was handed over to it.

use super::{
    long_lived::LongLived,
    reopen::Reopened,
    stage::{Stage, Step},
    start::Started,
};
use crate::{aggregate::Aggregate, policy::AutoStart, prelude::*};
use uuid::Uuid;

/// Hand something over.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Initiate")]
pub struct Initiate<A: LongLived> {
    #[serde(flatten)]
    of: A::Of,
    handoff: A::HandOff,
    visibility: String,
    source_event_id: Uuid,
    reason: Option<String>,
    start: bool,
}

/// It is born, with what it was handed.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Initiated")]
pub struct Initiated<A: LongLived> {
    /// What it is about.
    #[serde(flatten)]
    pub of: A::Of,
    /// The first pass.
    pub cycle: u32,
    /// What it was handed.
    pub handoff: A::HandOff,
    /// How far its facts travel: as far as those of what handed it over.
    pub visibility: String,
    /// The fact that handed it over.
    pub source_event_id: Uuid,
    /// Who.
    pub initiated_by: String,
    /// When, microseconds.
    pub initiated_at: i64,
}

/// It was handed something else before it was done.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Rebriefed")]
pub struct Rebriefed<A: LongLived> {
    /// What it is about.
    #[serde(flatten)]
    pub of: A::Of,
    /// The pass that goes on.
    pub cycle: u32,
    /// What it was handed.
    pub handoff: A::HandOff,
    /// The fact that handed it over.
    pub source_event_id: Uuid,
    /// When, microseconds.
    pub rebriefed_at: i64,
}

impl<A: LongLived> Initiate<A> {
    /// Hands something over because of a fact; what always starts by itself starts in the same append.
    pub fn because_of(source: &Source, of: A::Of, handoff: A::HandOff) -> Self {
        let (visibility, source_event_id) = (source.visibility.to_string(), source.event_id);
        Initiate {
            of,
            handoff,
            visibility,
            source_event_id,
            reason: None,
            start: source.auto_start == AutoStart::Always,
        }
    }

    /// Why, for what has to be reopened because of it.
    #[must_use]
    pub fn for_the_reason(self, reason: String) -> Self {
        Initiate { reason: Some(reason), ..self }
    }

    /// And starts at once, in the same append, or does not, whatever a hand-off starts otherwise.
    #[must_use]
    pub fn and_start_if(self, start: bool) -> Self {
        Initiate { start, ..self }
    }

    fn give_birth(self, at: &Moment) -> Decision<A> {
        let (of, cycle, start) = (self.of.clone(), 1, self.start);
        let born = Decision::from(Initiated {
            of: self.of,
            cycle,
            handoff: self.handoff,
            visibility: self.visibility,
            source_event_id: self.source_event_id,
            initiated_by: at.actor.clone(),
            initiated_at: at.at_us,
        });
        if start { born.and(Started::now(of, cycle, at)) } else { born }
    }

    fn reopen(self, aggregate: &A, at: &Moment) -> Decision<A> {
        Reopened {
            of: aggregate.dossier().of.clone(),
            cycle: aggregate.dossier().cycle + 1,
            reason: self.reason.unwrap_or_else(|| "It was handed over again.".to_owned()),
            handoff: Some(self.handoff),
            source_event_id: Some(self.source_event_id),
            reopened_by: at.actor.clone(),
            reopened_at: at.at_us,
        }
        .into()
    }

    fn brief_again(self, aggregate: &A, at: &Moment) -> Decision<A> {
        Rebriefed {
            of: aggregate.dossier().of.clone(),
            cycle: aggregate.dossier().cycle,
            handoff: self.handoff,
            source_event_id: self.source_event_id,
            rebriefed_at: at.at_us,
        }
        .into()
    }
}

impl<A: LongLived> Desk<A> for Initiate<A> {
    const SPEC: DeskSpec = DeskSpec {
        name: A::NAMES.initiate,
        path: "",
        aliases: &[],
        says: "Hand something over, from process to process",
        allowed_in: StateMask::ALWAYS.without(Status::ARCHIVED),
        refuses: &[Refusal::BELONGS_ELSEWHERE],
    };
    const RECORDS: &'static [EventEntry<A>] = &[
        event::<_, Initiated<A>>(),
        event::<_, Started<A>>(),
        event::<_, Rebriefed<A>>(),
        event::<_, Reopened<A>>(),
    ];

    fn decide(self, aggregate: &A, at: &Moment) -> Result<Decision<A>, Refused> {
        if aggregate.dossier().sources.contains(&self.source_event_id) {
            return Ok(Decision::nothing());
        }
        aggregate.dossier().demand_about(&self.of)?;
        Ok(match Stage::of(aggregate.status()) {
            Stage::Unborn => self.give_birth(at),
            Stage::Completed => self.reopen(aggregate, at),
            Stage::Pending | Stage::Active | Stage::Paused | Stage::Archived => {
                self.brief_again(aggregate, at)
            }
        })
    }
}

impl<A: LongLived> Event<A> for Initiated<A> {
    const TYPE: &'static str = A::NAMES.initiated;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, aggregate: &mut A) {
        let dossier = aggregate.dossier_mut();
        dossier.step::<A>(Step::Initiated);
        (dossier.of, dossier.cycle, dossier.visibility) = (self.of, self.cycle, self.visibility);
        dossier.take(self.handoff, self.source_event_id);
    }
}

impl<A: LongLived> Event<A> for Rebriefed<A> {
    const TYPE: &'static str = A::NAMES.rebriefed;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, aggregate: &mut A) {
        let before = aggregate.dossier_mut().take(self.handoff, self.source_event_id);
        aggregate.rebriefed(before);
    }
}
