//! The journal of a venture: every event as one sentence, with names, who and when.
//!
//! A sentence holds names and reasons alone, never a brief or a hand-off, and is cut where it grows long.

use super::changed;
use hecate_proto::guide::Process;
use hecate_read_model::{Recorded, TextColumn};
use rusqlite::{Result, Transaction};

const SUMMARY_CHARS_MAX: usize = 200;

/// One entry, apart from what every recorded event tells of itself.
pub(super) struct Entry<'e> {
    pub(super) venture_id: &'e str,
    /// None when it is about the whole venture.
    pub(super) division_id: Option<&'e str>,
    pub(super) process: Process,
    pub(super) event_type: &'static str,
    /// What happened, of any length.
    pub(super) says: String,
    pub(super) actor: Option<&'e str>,
    /// Whether it may move on what it is about.
    pub(super) moves: bool,
}

/// Writes an entry, and marks that something happened to what it is about.
pub(super) fn enter<E>(tx: &Transaction<'_>, recorded: &Recorded<E>, entry: Entry<'_>) -> Result<()> {
    let Entry { venture_id, division_id, process, event_type, says, actor, moves } = entry;
    let (position, at_us) = (recorded.position, recorded.at_us);
    tx.prepare_cached("INSERT INTO venture_timeline VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute((
        position,
        venture_id,
        division_id,
        TextColumn(process),
        event_type,
        sentence(&says),
        actor,
        at_us,
    ))?;
    changed::happened(tx, (venture_id, division_id), (position, at_us), moves)
}

/// What happened, and why where somebody said so.
pub(super) fn because(what: String, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("{what}: {reason}"),
        None => what,
    }
}

/// One line of bounded length.
fn sentence(says: &str) -> String {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let line = says.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SUMMARY_CHARS_MAX {
        return line;
    }
    line.chars().take(SUMMARY_CHARS_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_one_line_of_bounded_length() {
        assert_eq!(
            sentence("Design of orders paused:\n waiting\u{7} for\tthe bank "),
            "Design of orders paused: waiting for the bank"
        );
        let whole = "é".repeat(SUMMARY_CHARS_MAX);
        assert_eq!(sentence(&whole), whole);
        let cut = sentence(&format!("{whole}é"));
        assert_eq!((cut.chars().count(), cut.chars().last()), (SUMMARY_CHARS_MAX, Some('…')));
    }
}
