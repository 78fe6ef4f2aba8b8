//! Thoughts that come as text: many local models begin an answer with `<think>…</think>`, and their servers pass
//! it on as it is. Only what stands at the very beginning counts; further on, the tag is text like any other.

use super::delta::Delta;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";
/// Blanks before the tag, bytes. What begins with more of them is text.
const BLANKS_MAX: usize = 64;

/// Tells one answer's thoughts from its text, however both were cut on their way.
#[derive(Default)]
pub(super) struct Thoughts {
    place: Place,
    /// What may still turn out to be a tag, or the blanks before one.
    held: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Beginning,
    /// Within the tags; `begun` once anything but blanks was thought.
    Thinking {
        begun: bool,
    },
    /// Behind the closing tag and the empty lines that follow it.
    AfterThinking,
    Text,
}

impl Thoughts {
    /// Appends what a piece turns out to be.
    pub(super) fn sort(&mut self, delta: Delta, deltas: &mut Vec<Delta>) {
        match delta {
            Delta::Text(text) if self.place == Place::Text => deltas.push(Delta::Text(text)),
            Delta::Text(text) => self.text(&text, deltas),
            Delta::Model(_) | Delta::Usage(_) | Delta::Opaque(_) => deltas.push(delta),
            // A server that tells thoughts itself has left none of them in the text.
            Delta::Thinking(_) | Delta::ToolCall(_) | Delta::Finish(_) | Delta::End => {
                self.finish(deltas);
                deltas.push(delta);
            }
        }
    }

    /// Lets go of what was held back: no tag came of it.
    pub(super) fn finish(&mut self, deltas: &mut Vec<Delta>) {
        let held = std::mem::take(&mut self.held);
        match self.place {
            Place::Thinking { .. } => tell(Delta::Thinking, held, deltas),
            _ => tell(Delta::Text, held, deltas),
        }
        if self.place == Place::Beginning {
            self.place = Place::Text;
        }
    }

    fn text(&mut self, more: &str, deltas: &mut Vec<Delta>) {
        let mut text = std::mem::take(&mut self.held);
        text.push_str(more);
        let mut rest = text.as_str();
        if self.place == Place::Beginning {
            let Some(behind) = self.begin(rest, deltas) else { return };
            rest = behind;
        }
        if let Place::Thinking { begun } = self.place {
            let Some(behind) = self.think(rest, begun, deltas) else { return };
            rest = behind;
        }
        let answer = rest.trim_start_matches(['\r', '\n']);
        if !answer.is_empty() {
            self.place = Place::Text;
            tell(Delta::Text, answer.to_owned(), deltas);
        }
    }

    /// What stands behind the opening tag; none when there is no such tag, or not yet the whole of one.
    fn begin<'t>(&mut self, text: &'t str, deltas: &mut Vec<Delta>) -> Option<&'t str> {
        let body = text.trim_start();
        let may_think = text.len() - body.len() <= BLANKS_MAX;
        if let Some(behind) = body.strip_prefix(OPEN).filter(|_| may_think) {
            self.place = Place::Thinking { begun: false };
            return Some(behind);
        }
        if may_think && OPEN.starts_with(body) {
            self.held = text.to_owned();
        } else {
            self.place = Place::Text;
            tell(Delta::Text, text.to_owned(), deltas);
        }
        None
    }

    /// What stands behind the closing tag; none when it has not come yet.
    fn think<'t>(&mut self, text: &'t str, begun: bool, deltas: &mut Vec<Delta>) -> Option<&'t str> {
        let text = if begun { text } else { text.trim_start() };
        if let Some((thought, behind)) = text.split_once(CLOSE) {
            self.place = Place::AfterThinking;
            tell(Delta::Thinking, thought.to_owned(), deltas);
            return Some(behind);
        }
        let tag_bytes = (1..CLOSE.len()).rev().find(|bytes| text.ends_with(&CLOSE[..*bytes]));
        let (thought, held) = text.split_at(text.len() - tag_bytes.unwrap_or(0));
        self.held = held.to_owned();
        self.place = Place::Thinking { begun: begun || !thought.is_empty() };
        tell(Delta::Thinking, thought.to_owned(), deltas);
        None
    }
}

fn tell(make: fn(String) -> Delta, text: String, deltas: &mut Vec<Delta>) {
    if !text.is_empty() {
        deltas.push(make(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What was thought and what was said, of text that came in these pieces.
    fn sorted<'t>(pieces: impl IntoIterator<Item = &'t str>) -> (String, String) {
        let (mut thoughts, mut deltas) = (Thoughts::default(), Vec::new());
        for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
            thoughts.sort(Delta::Text(piece.to_owned()), &mut deltas);
        }
        thoughts.sort(Delta::End, &mut deltas);
        assert_eq!(deltas.pop(), Some(Delta::End));
        let (mut thought, mut said) = (String::new(), String::new());
        for delta in deltas {
            match delta {
                Delta::Thinking(text) if said.is_empty() && !text.is_empty() => thought += &text,
                Delta::Text(text) if !text.is_empty() => said += &text,
                delta => panic!("{delta:?} after {said:?}"),
            }
        }
        (thought, said)
    }

    #[test]
    fn thoughts_at_the_very_beginning_are_no_text_wherever_they_are_cut() {
        let blanks = |count: usize| " ".repeat(count);
        let (few, many) = (blanks(BLANKS_MAX) + "<think>Hm</think>A", blanks(BLANKS_MAX + 1) + "<think>Hm");
        for (text, thought, said) in [
            ("<think>\nHm, té.\n</think>\n\nTea ☕", "Hm, té.\n", "Tea ☕"),
            ("\n <think>Hm</think>    code", "Hm", "    code"),
            ("<think>\n\n</think>\r\n\r\nTea", "", "Tea"),
            ("<think>a < b </ think> </thin</think>c</think>d", "a < b </ think> </thin", "c</think>d"),
            ("<think>it ends within</thi", "it ends within</thi", ""),
            ("<think><think>Hm</think>Tea<think>x</think>", "<think>Hm", "Tea<think>x</think>"),
            ("The tag <think>x</think> is text", "", "The tag <think>x</think> is text"),
            ("</think>Tea", "", "</think>Tea"),
            ("<thinking>x</thinking>", "", "<thinking>x</thinking>"),
            ("  <thin", "", "  <thin"),
            (" \n ", "", " \n "),
            ("<think>Hm</think>", "Hm", ""),
            (few.as_str(), "Hm", "A"),
            (many.as_str(), "", many.as_str()),
        ] {
            let wanted = (thought.to_owned(), said.to_owned());
            for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                let (head, tail) = text.split_at(at);
                assert_eq!(sorted([head, tail]), wanted, "{text:?} cut at {at}");
            }
            let letters: Vec<String> = text.chars().map(String::from).collect();
            assert_eq!(sorted(letters.iter().map(String::as_str)), wanted, "{text:?} by letters");
        }
    }

    #[test]
    fn what_a_server_tells_apart_itself_is_left_alone() {
        let (mut thoughts, mut deltas) = (Thoughts::default(), Vec::new());
        let told = ["Hm", "<think>", "x</think>"].map(str::to_owned);
        let [hm, tag, rest] = told;
        let told = [Delta::Thinking(hm), Delta::Text(tag), Delta::Text(rest)];
        told.iter().for_each(|delta| thoughts.sort(delta.clone(), &mut deltas));
        assert_eq!(deltas, told);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same(
            pieces in prop::collection::vec(
                prop_oneof!["[ \n]{0,3}", Just("<think>".to_owned()), Just("</think>".to_owned()), "[</>thinké]{0,9}"],
                0..8,
            ),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let text = pieces.concat();
            let mut cuts: Vec<usize> =
                cuts.iter().map(|cut| text.floor_char_boundary(cut.index(text.len() + 1))).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let cut = sorted(cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]));
            prop_assert_eq!(&cut, &sorted([text.as_str()]));
            if !text.trim_start().starts_with(OPEN) {
                prop_assert_eq!(cut, (String::new(), text));
            }
        }
    }
}
