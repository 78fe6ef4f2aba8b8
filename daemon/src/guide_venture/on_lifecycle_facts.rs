//! Whatever lasts begins, rests and ends the same way: drawn once, for every process that ventures are guided through.

use super::journal::{Entry, because, enter};
use super::on_discovery_facts::note_division;
use super::subject::{About, Subject};
use super::{GuideVenture, Guided, changed, standing};
use hecate_desk::lifecycle::{Archived, Completed, Initiated, Paused, Rebriefed, Reopened, Resumed, Started};
use hecate_desk::lifecycle::{LongLived, Stage, Step, status_after};
use hecate_desk::{Event, Status, shown};
use hecate_read_model::{JsonColumn, Project, Recorded, TextColumn};
use rusqlite::{OptionalExtension, Result, Transaction, named_params};

impl<A: Guided> Project<Initiated<A>> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Initiated<A>>) -> Result<()> {
        let Initiated { of, cycle, initiated_by, .. } = &recorded.event;
        let fact =
            Fact { step: Step::Initiated, cycle: *cycle, actor: initiated_by, reason: None, flags: NONE };
        moved(tx, recorded, &of.subject(), fact, "initiated")
    }
}

impl<A: Guided> Project<Rebriefed<A>> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Rebriefed<A>>) -> Result<()> {
        enter(tx, recorded, entry::<A, Rebriefed<A>>(&recorded.event.of.subject(), "briefed again", None))
    }
}

impl<A: Guided> Project<Started<A>> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Started<A>>) -> Result<()> {
        let Started { of, cycle, started_by, .. } = &recorded.event;
        let fact = Fact { step: Step::Started, cycle: *cycle, actor: started_by, reason: None, flags: NONE };
        moved(tx, recorded, &of.subject(), fact, "started")
    }
}

impl<A: Guided> Project<Paused<A>> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Paused<A>>) -> Result<()> {
        let Paused { of, cycle, reason, paused_by, .. } = &recorded.event;
        let fact =
            Fact { step: Step::Paused, cycle: *cycle, actor: paused_by, reason: Some(reason), flags: NONE };
        moved(tx, recorded, &of.subject(), fact, "paused")
    }
}

impl<A: Guided> Project<Resumed<A>> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Resumed<A>>) -> Result<()> {
        let Resumed { of, cycle, note, resumed_by, .. } = &recorded.event;
        let reason = note.as_deref();
        let fact = Fact { step: Step::Resumed, cycle: *cycle, actor: resumed_by, reason, flags: NONE };
        moved(tx, recorded, &of.subject(), fact, "resumed")
    }
}

impl<A: Guided> Project<Completed<A>> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Completed<A>>) -> Result<()> {
        let Completed { of, cycle, handover, completed_by, .. } = &recorded.event;
        let fact =
            Fact { step: Step::Completed, cycle: *cycle, actor: completed_by, reason: None, flags: NONE };
        moved(tx, recorded, &of.subject(), Fact { flags: A::flags_of(handover), ..fact }, "completed")
    }
}

impl<A: Guided> Project<Reopened<A>> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Reopened<A>>) -> Result<()> {
        let Reopened { of, cycle, reason, reopened_by, .. } = &recorded.event;
        let fact = Fact {
            step: Step::Reopened,
            cycle: *cycle,
            actor: reopened_by,
            reason: Some(reason),
            flags: NONE,
        };
        moved(tx, recorded, &of.subject(), fact, &format!("reopened, cycle {cycle}"))
    }
}

impl<A: Guided> Project<Archived<A>> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Archived<A>>) -> Result<()> {
        let Archived { of, cycle, reason, archived_by, .. } = &recorded.event;
        A::put_away(tx, &of.subject())?;
        let reason = reason.as_deref();
        let fact = Fact { step: Step::Archived, cycle: *cycle, actor: archived_by, reason, flags: NONE };
        // What ended before it began is no story of its own: what ended it has an entry.
        if *cycle > 0 {
            return moved(tx, recorded, &of.subject(), fact, "archived");
        }
        let Subject { venture_id, division_id, .. } = of.subject();
        shift::<A, _>(tx, recorded, &of.subject(), &fact)?;
        changed::moved(tx, venture_id, division_id)
    }
}

const NONE: Status = Status(0);

/// How a fact moves a dossier.
struct Fact<'f> {
    step: Step,
    cycle: u32,
    actor: &'f str,
    reason: Option<&'f str>,
    /// The flags of its own that the process sets.
    flags: Status,
}

/// Moves the dossier, tells of it, and notes that more may follow.
fn moved<A: Guided, E: Event<A>>(
    tx: &Transaction<'_>,
    recorded: &Recorded<E>,
    of: &Subject<'_>,
    fact: Fact<'_>,
    what: &str,
) -> Result<()> {
    shift::<A, E>(tx, recorded, of, &fact)?;
    let entry = entry::<A, E>(of, what, fact.reason);
    enter(tx, recorded, Entry { actor: Some(fact.actor), moves: true, ..entry })
}

/// Moves the dossier without a word.
fn shift<A: Guided, E>(
    tx: &Transaction<'_>,
    recorded: &Recorded<E>,
    of: &Subject<'_>,
    fact: &Fact<'_>,
) -> Result<()> {
    let Subject { venture_id, division_id, incident_id, name } = *of;
    let division = division_id.map(|division_id| (venture_id, division_id, name));
    let (division_id, incident_id) = (division_id.unwrap_or_default(), incident_id.unwrap_or_default());
    let process = TextColumn(A::TURN);
    let before = tx
        .prepare_cached(
            "SELECT status FROM division_process
             WHERE venture_id = ?1 AND division_id = ?2 AND process = ?3 AND incident_id = ?4",
        )?
        .query_row((venture_id, division_id, &process, incident_id), |row| row.get(0).map(Status))
        .optional()?;
    if let Some(division) = division.filter(|_| before.is_none()) {
        note_division(tx, recorded.position, division)?;
    }
    let status = status_after::<A>(before.unwrap_or(Status::UNBORN), fact.step, fact.flags);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO division_process VALUES (:venture_id, :division_id, :process, :incident_id,
         :state, :status, :available_actions, :cycle, :since, :actor, :reason)",
    )?
    .execute(named_params! {
        ":venture_id": venture_id, ":division_id": division_id, ":process": process,
        ":incident_id": incident_id, ":state": TextColumn(standing::state(Stage::of(status))),
        ":status": status.0, ":available_actions": JsonColumn(shown::<A>(status).available_actions),
        ":cycle": fact.cycle, ":since": recorded.at_us, ":actor": fact.actor, ":reason": fact.reason,
    })?;
    Ok(())
}

/// "Design of orders paused: waiting for the bank".
fn entry<'k, A: Guided, E: Event<A>>(of: &Subject<'k>, what: &str, reason: Option<&str>) -> Entry<'k> {
    let noun = capitalised(<A as LongLived>::PROCESS.noun);
    Entry {
        venture_id: of.venture_id,
        division_id: of.division_id,
        process: A::TURN,
        event_type: E::TYPE,
        says: because(format!("{noun} of {} {what}", of.name), reason),
        actor: None,
        moves: false,
    }
}

fn capitalised(noun: &str) -> String {
    let mut letters = noun.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}
