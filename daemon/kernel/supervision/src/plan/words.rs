//! The words of `supervision.toml` that stand for a choice. Each enum says its own, once, for the reader, the
//! schema and whoever shows a spec.

use super::{AutoShutdown, Restart, Strategy};
use crate::mailbox::OnFull;

/// A choice among few.
pub(super) trait Word: Copy + 'static {
    const ALL: &'static [Self];

    fn as_word(self) -> &'static str;

    fn words() -> Vec<&'static str> {
        Self::ALL.iter().map(|choice| choice.as_word()).collect()
    }
}

impl Word for Strategy {
    const ALL: &'static [Self] = &[Self::OneForOne, Self::RestForOne, Self::OneForAll];

    fn as_word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for Restart {
    const ALL: &'static [Self] = &[Self::Permanent, Self::Transient, Self::Temporary];

    fn as_word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for AutoShutdown {
    const ALL: &'static [Self] = &[Self::Never, Self::AnySignificant, Self::AllSignificant];

    fn as_word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for OnFull {
    const ALL: &'static [Self] = &[Self::Wait, Self::Refuse, Self::ShedOldest];

    fn as_word(self) -> &'static str {
        self.as_str()
    }
}

/// The known word that was probably meant: at most a third of its letters are wrong.
pub(super) fn nearest<'w>(written: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let distances = known.into_iter().map(|word| (distance(written, word), word));
    let (distance, word) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= word.len()).then_some(word)
}

/// Levenshtein's: how many letters to add, drop or change.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (done, letter) in from.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], done + 1);
        for (at, other) in to.bytes().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_pen_finds_its_word_and_nonsense_finds_none() {
        let known = ["event_store", "path", "kind"];
        for (written, meant) in [
            ("evnt_store", Some("event_store")),
            ("event_stores", Some("event_store")),
            ("kin", Some("kind")),
            ("", None),
            ("zzzz", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
        assert_eq!(nearest("kind", []), None);
    }
}
