//! Markdown for a stream that never ends: a scanner reads every byte once and seals blocks that no later byte
//! can change; a sealed block is drawn for a width by a pure function. What is still open is bounded, so a
//! token costs the same at the end of a long answer as at its beginning.

mod block;
mod container;
mod ink;
mod inline;
mod leaf;
mod sanitise;
mod scan;
mod table;
mod wrap;

pub use block::{Block, Leaf, Margin};
pub use ink::{Flat, Ink, Line, Run};
pub use sanitise::Sanitiser;
pub use scan::Scanner;

/// Where text is broken when every letter and space has to stay, as in a place where people write.
pub fn cells_wrapped(text: &str, columns: usize) -> Vec<std::ops::Range<usize>> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let ranges = wrap::ranges(line, columns, wrap::Breaks::Anywhere);
        lines.extend(ranges.into_iter().map(|range| at + range.start..at + range.end));
        at += line.len() + 1;
    }
    lines
}
