//! A sealed block and how it is drawn: the same block at the same width gives the same lines, always.

use super::{
    ink::{Flat, Ink, Line},
    inline,
    table::{self, Grid},
    wrap::{self, Breaks},
};
use std::rc::Rc;
use unicode_width::UnicodeWidthStr;

/// Columns of text that a margin leaves at least.
const TEXT_COLUMNS_MIN: usize = 8;

/// Something that no later byte can change.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Whether an empty line stands before it.
    pub gap: bool,
    /// What stands to its left.
    pub margin: Margin,
    /// What it is.
    pub leaf: Leaf,
    /// Its text, markup included.
    pub source: Box<str>,
}

/// What a block is.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    /// Prose with markup.
    Text,
    /// A heading.
    Heading,
    /// One line of code.
    Code,
    /// The language of the code that follows.
    Language,
    /// A line across.
    Rule,
    /// A row of a table.
    Row(Rc<Grid>),
    /// The first row of a table, with the line below it.
    Head(Rc<Grid>),
    /// Text as it is, line by line, without markup.
    Plain(Ink),
}

/// What stands to the left of a block: quote bars, bullets, indentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Margin {
    first: Option<Rc<str>>,
    rest: Option<Rc<str>>,
}

impl Margin {
    pub(super) fn new(first: &str, rest: &str) -> Self {
        let kept = |text: &str| (!text.is_empty()).then(|| text.into());
        Self { first: kept(first), rest: kept(rest) }
    }

    /// The margin of what follows the first line.
    pub(super) fn continued(&self) -> Self {
        Self { first: self.rest.clone(), rest: self.rest.clone() }
    }

    fn line(&self, number: usize, columns: usize) -> Flat {
        let text = if number == 0 { &self.first } else { &self.rest };
        let text = text.as_deref().unwrap_or_default();
        let end = text.char_indices().nth(columns).map_or(text.len(), |(at, _)| at);
        Flat::of(&text[..end], Ink::QUIET)
    }
}

impl Block {
    /// A block of plain text.
    pub fn plain(gap: bool, ink: Ink, text: impl Into<Box<str>>) -> Self {
        Self { gap, margin: Margin::default(), leaf: Leaf::Plain(ink), source: text.into() }
    }

    /// The lines, each at most `width` wide, without the gap before them.
    pub fn lines(&self, width: usize) -> Vec<Line> {
        let width = width.max(1);
        // Deep nesting is cut at the right, so that there is always room for text.
        let margin_columns = self.margin.first.as_deref().unwrap_or_default().width();
        let margin_columns = margin_columns.min(width.saturating_sub(TEXT_COLUMNS_MIN.min(width)));
        let columns = width - margin_columns;
        let margin = |number: usize| self.margin.line(number, margin_columns);
        match &self.leaf {
            Leaf::Text => {
                wrap::lines(&inline::flat(&self.source, Ink::PLAIN), columns, Breaks::Words, margin)
            }
            Leaf::Heading => {
                wrap::lines(&inline::flat(&self.source, Ink::HEADING), columns, Breaks::Words, margin)
            }
            Leaf::Code => self.code(columns, &margin),
            Leaf::Language => {
                wrap::lines(&Flat::of(&self.source, Ink::QUIET), columns, Breaks::Anywhere, margin)
            }
            Leaf::Rule => vec![pushed(margin(0), &"─".repeat(columns), Ink::QUIET).into_line(0)],
            Leaf::Row(grid) => table::row(grid, &self.source, columns, Ink::PLAIN, &margin),
            Leaf::Head(grid) => {
                let mut lines = table::row(grid, &self.source, columns, Ink::STRONG, &margin);
                lines.extend(table::rule(grid, columns).map(|rule| {
                    let mut line = margin(1);
                    line.push(&rule, Ink::QUIET);
                    line.into_line(self.source.len())
                }));
                lines
            }
            Leaf::Plain(ink) => {
                let text = self.source.replace('\n', wrap::HARD_BREAK.encode_utf8(&mut [0; 4]));
                wrap::lines(&Flat::of(&text, *ink), columns, Breaks::Words, margin)
            }
        }
    }

    fn code(&self, columns: usize, margin: &impl Fn(usize) -> Flat) -> Vec<Line> {
        const INDENT: &str = "  ";
        let inner = |number: usize| pushed(margin(number), INDENT, Ink::PLAIN);
        let columns = columns.saturating_sub(INDENT.len());
        wrap::lines(&Flat::of(&self.source, Ink::CODE), columns, Breaks::Anywhere, inner)
    }
}

fn pushed(mut flat: Flat, text: &str, ink: Ink) -> Flat {
    flat.push(text, ink);
    flat
}
