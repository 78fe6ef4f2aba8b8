//! What stands inside a paragraph: emphasis, code spans, links. pulldown-cmark reads them by the book.

use super::{
    ink::{Flat, Ink},
    wrap::HARD_BREAK,
};
use crate::core::letters::is_deceptive;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Letters without which no text has any markup.
const MARKS: &[char] = &['*', '_', '~', '`', '[', ']', '<', '>', '&', '\\', '!', '\n'];
/// Ends the text that is handed to the parser; the sanitiser lets no such letter in.
const END: &str = " \u{2}";

/// Draws markup; newlines become spaces, or breaks where the text says so.
pub(super) fn flat(source: &str, ink: Ink) -> Flat {
    if !source.contains(MARKS) {
        return Flat::of(source, ink);
    }
    let mut drawing = Drawing { flat: Flat::default(), inks: vec![ink], links: Vec::new() };
    // The parser has no door for inline text alone; a heading's line is the one place where nothing else can
    // begin. The end mark keeps a trailing `#` from being taken for the heading's own.
    let line = format!("# {}{END}", on_one_line(source));
    for event in Parser::new_ext(&line, Options::ENABLE_STRIKETHROUGH) {
        drawing.take(event);
    }
    let mut flat = drawing.flat;
    let end = flat.text().trim_end_matches(' ').len();
    flat.truncate(end);
    flat
}

fn on_one_line(source: &str) -> String {
    let mut line = String::with_capacity(source.len());
    for (number, part) in source.split('\n').enumerate() {
        if number > 0 {
            let hard = line.ends_with("  ") || line.ends_with('\\');
            line.truncate(line.trim_end_matches([' ', '\\']).len());
            line.push(if hard { HARD_BREAK } else { ' ' });
        }
        line.push_str(part);
    }
    line
}

struct Drawing {
    flat: Flat,
    inks: Vec<Ink>,
    /// Where the open links lead, and where their text began.
    links: Vec<(String, usize)>,
}

impl Drawing {
    fn ink(&self) -> Ink {
        self.inks.last().copied().unwrap_or_default()
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            Event::Code(text) => self.flat.push(&printable(&text), self.ink().with(Ink::CODE)),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.flat.push(&printable(&text), self.ink())
            }
            Event::SoftBreak | Event::HardBreak => self.flat.push(" ", self.ink()),
            // Extensions that are not asked for.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.flat.push(&text, self.ink());
            }
            Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let more = match tag {
            Tag::Emphasis => Ink::EMPHASIS,
            Tag::Strong => Ink::STRONG,
            Tag::Strikethrough => Ink::STRUCK,
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((printable(&dest_url), self.flat.text().len()));
                Ink::LINK
            }
            _ => Ink::PLAIN,
        };
        self.inks.push(self.ink().with(more));
    }

    /// A link's address is shown behind its text, unless the text is the address.
    fn end(&mut self, end: TagEnd) {
        self.inks.pop();
        if !matches!(end, TagEnd::Link | TagEnd::Image) {
            return;
        }
        let Some((address, from)) = self.links.pop() else {
            return;
        };
        let shown = &self.flat.text()[from..];
        if !address.is_empty() && shown != address && format!("mailto:{shown}") != address {
            self.flat.push(&format!(" ({address})"), self.ink().with(Ink::QUIET));
        }
    }
}

/// An entity such as `&#27;` must not bring in what the sanitiser keeps out, and the end mark goes.
fn printable(text: &str) -> String {
    let wanted = |letter: &char| !letter.is_control() && !is_deceptive(*letter) || *letter == HARD_BREAK;
    text.chars().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> Vec<(String, Ink)> {
        let flat = flat(source, Ink::PLAIN);
        let line = flat.into_line(0);
        let mut at = 0;
        line.runs
            .iter()
            .map(|run| {
                let text = line.text[at..at + run.bytes as usize].to_owned();
                at += run.bytes as usize;
                (text, run.ink)
            })
            .collect()
    }

    #[test]
    fn markup_becomes_ink() {
        let plain = |text: &str| (text.to_owned(), Ink::PLAIN);
        for (source, runs) in [
            ("no markup", vec![plain("no markup")]),
            ("a **b** c", vec![plain("a "), ("b".to_owned(), Ink::STRONG), plain(" c")]),
            (
                "*a `b`*",
                vec![("a ".to_owned(), Ink::EMPHASIS), ("b".to_owned(), Ink::EMPHASIS.with(Ink::CODE))],
            ),
            ("_em_", vec![("em".to_owned(), Ink::EMPHASIS)]),
            ("~~old~~", vec![("old".to_owned(), Ink::STRUCK)]),
            ("snake_case_name * 2", vec![plain("snake_case_name * 2")]),
            ("an open **delimiter", vec![plain("an open **delimiter")]),
            ("`# not a heading` #", vec![("# not a heading".to_owned(), Ink::CODE), plain(" #")]),
            ("[x](http://y)", vec![("x".to_owned(), Ink::LINK), (" (http://y)".to_owned(), Ink::QUIET)]),
            ("<http://y>", vec![("http://y".to_owned(), Ink::LINK)]),
            ("[a]: http://b", vec![plain("[a]: http://b")]),
            ("a <b>c</b> &amp; &#27;", vec![plain("a <b>c</b> & \u{fffd}")]),
            ("one\ntwo", vec![plain("one two")]),
            ("one  \ntwo", vec![plain("one\u{1}two")]),
            ("one\\\ntwo", vec![plain("one\u{1}two")]),
        ] {
            let runs: Vec<(String, Ink)> = runs;
            let expected: String = runs.iter().map(|(text, _)| text.as_str()).collect();
            let got: String = shown(source).iter().map(|(text, _)| text.as_str()).collect();
            if source.contains("&#27;") {
                assert!(!got.contains('\x1b'), "{got:?}");
                continue;
            }
            assert_eq!((got, shown(source)), (expected, runs), "{source:?}");
        }
    }
}
