//! A bounded record of what happened, numbered without gaps: the oldest goes for the newest, and who reads
//! too slowly is told how much it missed.

use std::collections::VecDeque;

/// Entries with ids that grow by one.
#[derive(Debug)]
pub(crate) struct Journal<T> {
    entries: VecDeque<T>,
    entries_max: usize,
    /// Id of the very first entry, gone or not.
    first: u64,
    /// Id of the next entry.
    next: u64,
}

/// What a reader at some place finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<T> {
    /// The entry, and its id.
    Entry(u64, T),
    /// So many are gone; the reader is to go on after this id.
    Missed { count: u64, after: u64 },
    /// Nothing yet.
    Nothing,
}

impl<T: Clone> Journal<T> {
    pub(crate) fn new(first: u64, entries_max: usize) -> Self {
        Self { entries: VecDeque::new(), entries_max, first, next: first }
    }

    /// Adds an entry and answers its id.
    pub(crate) fn push(&mut self, entry: T) -> u64 {
        if self.entries.len() >= self.entries_max {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.next += 1;
        self.next - 1
    }

    /// Id of the newest entry; before the first one, that before it.
    pub(crate) fn newest(&self) -> u64 {
        self.next - 1
    }

    /// Id of the oldest entry kept.
    fn oldest(&self) -> u64 {
        self.next - self.entries.len() as u64
    }

    /// What comes after `after`. An id that was never given is of another life: nothing can be said of
    /// what was missed since, but that it was missed.
    pub(crate) fn after(&self, after: u64) -> Found<T> {
        let oldest = self.oldest();
        let is_known = (self.first - 1..self.next).contains(&after);
        if !is_known || after + 1 < oldest {
            let begin = if is_known { after + 1 } else { self.first };
            return Found::Missed { count: oldest - begin, after: oldest - 1 };
        }
        match self.entries.get((after + 1 - oldest) as usize) {
            Some(entry) => Found::Entry(after + 1, entry.clone()),
            None => Found::Nothing,
        }
    }

    /// The entries after that id, with their ids, the oldest first.
    pub(crate) fn since(&self, after: u64) -> impl Iterator<Item = (u64, &T)> {
        (self.oldest()..).zip(&self.entries).filter(move |(id, _)| *id > after)
    }

    /// The newest first.
    pub(crate) fn backwards(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().rev()
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let oldest = self.oldest();
        self.entries.get_mut(usize::try_from(id.checked_sub(oldest)?).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> Journal<char> {
        let mut journal = Journal::new(10, 3);
        for letter in text.chars() {
            journal.push(letter);
        }
        journal
    }

    #[test]
    fn a_reader_finds_one_entry_after_the_other_and_then_nothing() {
        let journal = letters("ab");
        assert_eq!(journal.after(9), Found::Entry(10, 'a'));
        assert_eq!(journal.after(10), Found::Entry(11, 'b'));
        assert_eq!(journal.after(11), Found::Nothing);
        assert_eq!(journal.newest(), 11);
        assert_eq!(letters("").after(9), Found::Nothing);
    }

    #[test]
    fn a_slow_reader_is_told_exactly_how_many_it_missed() {
        let journal = letters("abcdefg");
        assert_eq!(journal.after(10), Found::Missed { count: 3, after: 13 });
        assert_eq!(journal.after(13), Found::Entry(14, 'e'));
        assert_eq!(journal.after(9), Found::Missed { count: 4, after: 13 });
    }

    #[test]
    fn an_id_of_another_life_begins_with_the_oldest() {
        for id in [3, 8, 99] {
            assert_eq!(letters("ab").after(id), Found::Missed { count: 0, after: 9 }, "{id}");
            assert_eq!(letters("abcd").after(id), Found::Missed { count: 1, after: 10 }, "{id}");
        }
    }

    #[test]
    fn entries_are_listed_and_changed_by_their_ids() {
        let mut journal = letters("abcd");
        assert_eq!(journal.since(11).collect::<Vec<_>>(), [(12, &'c'), (13, &'d')]);
        assert_eq!(journal.since(0).count(), 3);
        assert_eq!(journal.backwards().collect::<String>(), "dcb");
        assert_eq!(journal.get_mut(10), None);
        assert_eq!(journal.get_mut(14), None);
        *journal.get_mut(12).unwrap() = 'x';
        assert_eq!(journal.after(11), Found::Entry(12, 'x'));
    }
}
