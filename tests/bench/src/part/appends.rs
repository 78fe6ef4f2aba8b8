//! Durable appends: 1, 8 and 64 writers, everybody in turn, and who begins changes from round to round.

use super::{EIGHT_WRITERS, ONE_WRITER, SIXTY_FOUR_TASKS, SIXTY_FOUR_WRITERS};
use crate::book::Book;
use crate::contestant::Contestant;
use crate::writers;
use std::time::Duration;

pub(crate) const CASES: [(usize, &str); 3] = [(1, ONE_WRITER), (8, EIGHT_WRITERS), (64, SIXTY_FOUR_WRITERS)];
const TASKS: usize = 64;

pub(crate) fn round(
    book: &mut Book,
    round: usize,
    contestants: &[Box<dyn Contestant>],
    writers: &[usize],
    seconds: Duration,
) {
    for (writers, case) in CASES.iter().filter(|(count, _)| writers.contains(count)) {
        for contestant in in_turn(contestants, round) {
            let writers = contestant.writers_max().min(*writers);
            let rate = writers::threads(contestant.as_ref(), writers, seconds);
            book.rate(case, contestant.name(), round, rate, contestant.tasks().is_some());
        }
    }
    if !writers.contains(&TASKS) {
        return;
    }
    for contestant in in_turn(contestants, round) {
        if let Some(tasks) = contestant.tasks() {
            let rate = writers::tasks(tasks, TASKS, seconds);
            book.rate(SIXTY_FOUR_TASKS, contestant.name(), round, rate, true);
        }
    }
}

/// Nobody always follows the same neighbour.
pub(crate) fn in_turn<T>(all: &[T], round: usize) -> impl Iterator<Item = &T> {
    all.iter().cycle().skip(round % all.len().max(1)).take(all.len())
}
