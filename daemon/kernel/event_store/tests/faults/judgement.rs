//! What a store must be after whatever happened to it: one of the states that are allowed, whole, and
//! as able to work as before.

use std::path::Path;

use hecate_event_store::{EventStore, SqliteStore, verify};

use crate::author::Author;
use crate::ground::options;
use crate::model::{Model, said};
use crate::questions;
use crate::steps::Request;

/// Why a store is not what it must be.
pub(crate) type Complaint = String;

/// Asks everything, and finds the state that fits all answers.
pub(crate) async fn which<'a>(
    store: &SqliteStore,
    allowed: impl IntoIterator<Item = &'a Model>,
    clock_us: i64,
) -> Result<&'a Model, Complaint> {
    let mut answers = Vec::new();
    for question in questions::all() {
        let answer = question.ask(store, clock_us).await.map_err(|error| format!("{question:?}: {error}"))?;
        answers.push((question, answer));
    }
    let mut complaints = Vec::new();
    for model in allowed {
        let differs = answers.iter().find_map(|(question, answer)| {
            let wanted = question.answered_by(model, clock_us);
            let differs = !wanted.is(answer);
            differs.then(|| format!("{question:?}: {}, wanted {}", answer.brief(), wanted.brief()))
        });
        match differs {
            None => return Ok(model),
            Some(complaint) => complaints.push(complaint),
        }
    }
    Err(complaints.join("; or "))
}

/// Appends to an old stream and a new one, closes in order, and verifies every byte.
pub(crate) async fn goes_on(path: &Path, store: SqliteStore, mut model: Model) -> Result<(), Complaint> {
    let mut author = Author::after(1, &model);
    for _ in 0..2 {
        let request = Request::Append(author.plain());
        let outcome = request.clone().ask(&store).await;
        let wanted = request.apply(&mut model);
        if said(&outcome) != said(&wanted) {
            return Err(format!("an append afterwards: {outcome:?}, wanted {wanted:?}"));
        }
    }
    store.close().await;
    drop(store);
    is_whole(path, Some(model.head()))
}

/// Verifies a store at rest.
pub(crate) fn is_whole(path: &Path, head: Option<u64>) -> Result<(), Complaint> {
    let mut findings = Vec::new();
    let verified = verify(path, &mut |finding| findings.push(finding.to_string()));
    let verified = verified.map_err(|error| format!("verify: {error}"))?;
    if findings.is_empty() && head.is_none_or(|head| head == verified.head) {
        return Ok(());
    }
    Err(format!("verify: {verified:?}, {findings:?}, wanted head {head:?}"))
}

/// Opens without any watch.
pub(crate) fn open(path: &Path) -> Result<SqliteStore, Complaint> {
    SqliteStore::open(path, options()).map_err(|error| format!("it does not open: {error}"))
}
