//! The lifecycle drawn: a row says at every moment what its aggregate would say.

use crate::{
    Dossiers, Found, JsonColumn, Keyset, Order, Paging, Project, ProjectionEntry, QueryEntry, ReadModel,
    Recorded, dossier_columns, dossier_projections, dossier_table,
};
use hecate_desk::lifecycle::{
    Archive, Archived, Category, Complete, Completed, Division, Dossier, Incident, Initiate, Initiated,
    LongLived, Names, Nothing, Pause, Paused, Rebriefed, Reopen, Reopened, Resume, Resumed, Start, Started,
};
use hecate_desk::prelude::*;
use hecate_desk::{DeskEntry, ListenerEntry, ProcessSpec, desk, lifecycle_names, shown};
use hecate_proto::rows::DossierColumns;
use rusqlite::Connection;
use serde_json::json;
use uuid::Uuid;

/// An inquiry into one incident: its key has two columns.
#[derive(Default, Serialize, Deserialize)]
struct Inquiry(Dossier<Incident, Nothing>);

impl LongLived for Inquiry {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "inquire",
        noun: "inquiry",
        says: "Inquires",
        base: "/inquiries/{incident_id}",
        stream: "inquiry-{incident_id}",
    };
    const NAMES: Names = lifecycle_names!("inquiry");
    const DESKS: &'static [DeskEntry<Self>] = &[
        desk::<_, Initiate<Self>>(),
        desk::<_, Start<Self>>(),
        desk::<_, Pause<Self>>(),
        desk::<_, Resume<Self>>(),
        desk::<_, Complete<Self>>(),
        desk::<_, Reopen<Self>>(),
        desk::<_, Archive<Self>>(),
    ];
    const LISTENERS: &'static [ListenerEntry<Self>] = &[];
    type Of = Incident;
    type HandOff = Nothing;
    type CompleteAsked = Nothing;
    type HandOver = Nothing;
    type ArchiveAsked = Nothing;
    const COMPLETE_REFUSES: &'static [Refusal] = &[];
    const PASS_FLAGS: Status = LIVELY;
    const ARCHIVE_RECORDS: &'static [EventEntry<Self>] = &[event::<_, Archived<Self>>()];

    fn dossier(&self) -> &Dossier<Incident, Nothing> {
        &self.0
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Incident, Nothing> {
        &mut self.0
    }

    fn complete(&self, _: Nothing, _: &Moment) -> Result<Nothing, Refused> {
        Ok(Nothing {})
    }
}

struct Inquiries;

impl Dossiers for Inquiries {
    type Drawn = Inquiry;
    const TABLE: &'static str = "inquiries";
}

impl ReadModel for Inquiries {
    const NAME: &'static str = "query_inquiries";
    const TABLES: &'static str =
        dossier_table!("inquiries", incident, "witness_count INTEGER NOT NULL DEFAULT 0");
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = dossier_projections!(Inquiries, Inquiry);
    const QUERIES: &'static [QueryEntry] = &[];
}

/// A flag of the process's own that lasts for one pass.
const LIVELY: Status = Status(32);
/// The flags of the lifecycle, and that one.
const STATUSES: u32 = 64;
const DIVISION: &str = "d-1";

fn incident(id: &str) -> Incident {
    let division = Division {
        division_id: DIVISION.to_owned(),
        division_name: "orders".to_owned(),
        venture_id: "v-1".to_owned(),
    };
    Incident { division, incident_id: id.to_owned() }
}

fn initiated(id: &str) -> Initiated<Inquiry> {
    Initiated {
        of: incident(id),
        cycle: 1,
        handoff: Nothing {},
        visibility: "realm".to_owned(),
        source_event_id: Uuid::nil(),
        initiated_by: "kit".to_owned(),
        initiated_at: 1,
    }
}

fn started() -> Started<Inquiry> {
    Started { of: incident("a"), cycle: 1, started_by: "kit".to_owned(), started_at: 2 }
}

fn paused() -> Paused<Inquiry> {
    let (reason, category) = ("Lunch".to_owned(), Category::Break);
    Paused { of: incident("a"), cycle: 1, reason, category, paused_by: "kit".to_owned(), paused_at: 3 }
}

fn resumed() -> Resumed<Inquiry> {
    let (note, paused_for_ms) = (None, 0);
    Resumed { of: incident("a"), cycle: 1, note, paused_for_ms, resumed_by: "kit".to_owned(), resumed_at: 4 }
}

fn completed() -> Completed<Inquiry> {
    let completed_by = "kit".to_owned();
    Completed { of: incident("a"), cycle: 1, handover: Nothing {}, completed_by, completed_at: 5 }
}

fn reopened() -> Reopened<Inquiry> {
    Reopened {
        of: incident("a"),
        cycle: 2,
        reason: "More came up".to_owned(),
        handoff: None,
        source_event_id: None,
        reopened_by: "kit".to_owned(),
        reopened_at: 6,
    }
}

fn rebriefed() -> Rebriefed<Inquiry> {
    let (handoff, source_event_id) = (Nothing {}, Uuid::nil());
    Rebriefed { of: incident("a"), cycle: 1, handoff, source_event_id, rebriefed_at: 7 }
}

fn archived(id: &str, cycle: u32) -> Archived<Inquiry> {
    let (reason, archived_by) = (None, "kit".to_owned());
    Archived { of: incident(id), cycle, reason, archived_by, archived_at: 8 }
}

fn tables() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(Inquiries::TABLES).unwrap();
    db
}

fn draw<E>(db: &Connection, version: u64, event: E) -> rusqlite::Result<()>
where
    Inquiries: Project<E>,
{
    let tx = db.unchecked_transaction()?;
    Inquiries::project(&tx, &recorded(version, event))?;
    tx.commit()
}

fn recorded<E>(version: u64, event: E) -> Recorded<E> {
    let at_us = i64::try_from(version).unwrap_or_default();
    Recorded { event, event_id: Uuid::nil(), position: version + 1, version, at_us }
}

fn seen(db: &Connection, id: &str) -> Option<DossierColumns> {
    Inquiries::find(db, &[DIVISION, id], dossier_columns).unwrap()
}

/// Draws an event on a row with these flags and folds it into an aggregate with the same.
fn agree_after<E: Event<Inquiry>>(status: Status, event: fn() -> E)
where
    Inquiries: Project<E>,
{
    let db = tables();
    draw::<Initiated<Inquiry>>(&db, 0, initiated("a")).unwrap();
    db.execute("UPDATE inquiries SET status = ?1", [status.0]).unwrap();
    let mut inquiry = Inquiry::default();
    inquiry.0.status = status;
    let own = shown::<Inquiry>(status);
    db.execute(
        "UPDATE inquiries SET status_label = ?1, available_actions = ?2",
        (own.label, JsonColumn(own.available_actions)),
    )
    .unwrap();
    draw(&db, 1, event()).unwrap();
    event().evolve(&mut inquiry);
    let (row, said) = (seen(&db, "a").unwrap(), shown::<Inquiry>(inquiry.0.status));
    let of = E::TYPE;
    assert_eq!(row.status, inquiry.0.status.0, "{of} on {status:?}");
    assert_eq!(row.status_label, said.label, "{of} on {status:?}");
    assert_eq!(row.available_actions, said.available_actions, "{of} on {status:?}");
    assert_eq!((row.version, row.updated_at.as_str()), (1, "1970-01-01T00:00:00.000001Z"), "{of}");
}

#[test]
fn after_every_event_on_every_combination_of_flags_row_and_aggregate_say_the_same() {
    for status in (1..STATUSES).map(Status) {
        agree_after(status, started);
        agree_after(status, paused);
        agree_after(status, resumed);
        agree_after(status, completed);
        agree_after(status, reopened);
        agree_after(status, rebriefed);
        agree_after(status, || archived("a", 1));
    }
}

#[test]
fn flags_that_one_event_raises_and_lowers_are_all_kept() {
    let db = tables();
    draw(&db, 0, initiated("a")).unwrap();
    let row = Inquiries::row(&db, &[DIVISION, "a"]);
    row.raise(Status(64)).unwrap();
    row.raise(LIVELY).unwrap();
    row.lower(Status(64)).unwrap();
    row.mark(&recorded(1, started())).unwrap();
    assert_eq!(seen(&db, "a").unwrap().status, 1 | 32);
}

#[test]
fn what_an_event_sets_is_written_at_once_and_from_the_row_as_it_was() {
    let db = tables();
    draw(&db, 0, initiated("a")).unwrap();
    let row = Inquiries::row(&db, &[DIVISION, "a"]);
    row.set("cycle = ?, witness_count = witness_count + ?", &[&7, &1]).unwrap();
    row.set("witness_count = cycle, pause_reason = ?", &[&"Lunch"]).unwrap();
    assert_eq!(seen(&db, "a").unwrap().pause_reason, None, "nothing is written before it is marked");
    row.mark(&recorded(1, started())).unwrap();
    let told = "SELECT cycle, witness_count, pause_reason, version FROM inquiries";
    let told = db.query_row(told, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    assert_eq!(told.unwrap(), (7, 1, "Lunch".to_owned(), 1), "the later assignment holds");
    let nobody = Inquiries::row(&db, &[DIVISION, "b"]);
    let lost = nobody.mark(&recorded(1, started())).unwrap_err();
    assert_eq!(lost, rusqlite::Error::QueryReturnedNoRows);
}

#[test]
fn a_row_tells_what_happened_last_and_forgets_what_is_over() {
    let db = tables();
    draw(&db, 0, initiated("a")).unwrap();
    let born = seen(&db, "a").unwrap();
    assert_eq!((born.status_label.as_str(), born.cycle, born.handoff), ("Pending", 1, json!({})));
    draw(&db, 1, started()).unwrap();
    draw(&db, 2, paused()).unwrap();
    let rests = seen(&db, "a").unwrap();
    assert_eq!((rests.pause_reason.as_deref(), rests.paused_at.is_some()), (Some("Lunch"), true));
    assert_eq!((rests.started_by.as_deref(), rests.started_at.is_some()), (Some("kit"), true));
    draw(&db, 3, resumed()).unwrap();
    draw(&db, 4, completed()).unwrap();
    let done = seen(&db, "a").unwrap();
    assert_eq!((done.pause_reason, done.paused_at), (None, None));
    assert_eq!((done.completed_by.as_deref(), done.status_label.as_str()), (Some("kit"), "Completed"));
    draw(&db, 5, reopened()).unwrap();
    let again = seen(&db, "a").unwrap();
    assert_eq!((again.completed_by, again.completed_at, again.cycle), (None, None, 2));
    assert_eq!(again.handoff, json!({}), "nobody handed over anything else");
    draw(&db, 6, archived("a", 2)).unwrap();
    let over = seen(&db, "a").unwrap();
    assert_eq!((over.status, over.version, over.archived_at.is_some()), (7, 6, true));
}

#[test]
fn one_that_is_archived_before_it_was_born_leaves_a_tombstone() {
    let db = tables();
    draw(&db, 0, archived("a", 0)).unwrap();
    let tombstone = seen(&db, "a").unwrap();
    assert_eq!((tombstone.status, tombstone.status_label.as_str(), tombstone.cycle), (2, "Archived", 0));
    assert_eq!((tombstone.initiated_at, tombstone.handoff), (None, json!(null)));
    assert!(tombstone.available_actions.is_empty());
}

#[test]
fn two_dossiers_that_share_a_part_of_their_key_are_two_rows() {
    let db = tables();
    draw(&db, 0, initiated("a")).unwrap();
    draw(&db, 0, initiated("b")).unwrap();
    draw(&db, 1, archived("b", 1)).unwrap();
    let labels = ["a", "b"].map(|id| seen(&db, id).unwrap().status_label);
    assert_eq!(labels, ["Pending", "Archived"]);
    assert!(seen(&db, "c").is_none());
}

#[test]
fn a_page_holds_what_belongs_to_a_dossier_and_there_is_none_of_one_that_is_not_there() {
    let db = tables();
    draw(&db, 0, initiated("a")).unwrap();
    draw(&db, 0, initiated("b")).unwrap();
    let listed = |ids: &[&str]| {
        let rows = Keyset::new("*", Inquiries::TABLE, ("incident_id", "division_id"), Order::Asc);
        let name = |row: &rusqlite::Row<'_>| row.get::<_, String>("incident_id");
        match Inquiries::page(&db, ids, rows, &Paging::default(), name).unwrap() {
            Found::Page(page) => Some(page.rows),
            Found::One(_) | Found::Nothing => None,
        }
    };
    assert_eq!(listed(&[DIVISION]), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(listed(&[DIVISION, "b"]), Some(vec!["b".to_owned()]));
    assert_eq!((listed(&[DIVISION, "c"]), listed(&["d-elsewhere"])), (None, None));
}

#[test]
fn work_on_one_that_was_never_born_does_not_draw() {
    let missing = draw(&tables(), 0, started()).unwrap_err();
    assert_eq!(missing, rusqlite::Error::QueryReturnedNoRows);
    let db = tables();
    draw(&db, 0, initiated("a")).unwrap();
    assert!(draw(&db, 0, initiated("a")).is_err(), "nobody is born twice");
}
