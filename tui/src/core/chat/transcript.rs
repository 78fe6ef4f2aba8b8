//! What was said, as rows. Sealed blocks are drawn once for a width; only what is still open is drawn again
//! with every token. The place where somebody reads is a block and a line in it, so text that comes, a
//! window that changes and thoughts that unfold do not move it.

use super::{
    heights::Heights,
    unit::{Unit, Voice},
};
use crate::core::markdown::{Block, Ink, Line, Sanitiser, Scanner};
use std::{collections::VecDeque, iter::successors};

/// Drawn lines that are kept beside those in sight, bytes.
const LINES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Text that is measured anew in one go after a change of width, bytes: about 2 ms.
const SLICE_BYTES: usize = 32 * 1024;
/// What people write is kept in blocks of at most so many bytes.
const PLAIN_BYTES_MAX: usize = 2_048;

/// Everything said so far, and where it is being read.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    sealed: Vec<Unit>,
    heights: Heights,
    /// What the open text would be if it ended here.
    tail: Vec<Unit>,
    open: Option<Open>,
    /// Nothing was said since the last speaker's line.
    unspoken: bool,
    width: u16,
    height: u16,
    unfolded: bool,
    /// The first line in sight.
    top: Place,
    /// Rows that were there when the end was left; none while the end is followed.
    left_at_rows: Option<usize>,
    /// Blocks before this one are measured for this width.
    measured: usize,
    /// Blocks whose lines are kept, oldest first, and their weight.
    kept: VecDeque<usize>,
    kept_bytes: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    unit: usize,
    line: usize,
}

/// A text that is still being said.
#[derive(Clone, Debug)]
struct Open {
    voice: Voice,
    sanitiser: Sanitiser,
    scanner: Scanner,
}

impl Transcript {
    /// Whether nothing was said yet.
    pub fn is_empty(&self) -> bool {
        self.sealed.is_empty()
    }

    /// Whether thoughts are shown.
    pub fn is_unfolded(&self) -> bool {
        self.unfolded
    }

    /// Rows of all that was said.
    pub fn rows(&self) -> usize {
        self.heights.total() + self.tail.iter().map(|it| it.rows(self.unfolded)).sum::<usize>()
    }

    /// Forgets everything that was said.
    pub fn clear(&mut self) {
        let Self { width, height, unfolded, .. } = *self;
        *self = Self { width, height, unfolded, ..Self::default() };
    }

    /// A line that says who speaks from here on.
    pub fn speaker(&mut self, name: &str) {
        let gap = !self.is_empty();
        self.close();
        self.seal(Unit::new(Block::plain(gap, Ink::HEADING, clean(name).replace('\n', " ")), Voice::Aloud));
        self.unspoken = true;
        self.settle();
    }

    /// Text as somebody wrote it, line by line.
    pub fn plain(&mut self, text: &str) {
        self.close();
        for line in clean(text).trim_matches('\n').split('\n') {
            self.plain_line(line);
        }
        self.settle();
    }

    fn plain_line(&mut self, mut line: &str) {
        while line.len() > PLAIN_BYTES_MAX {
            let (piece, rest) = line.split_at(line.floor_char_boundary(PLAIN_BYTES_MAX));
            self.seal(Unit::new(Block::plain(false, Ink::PLAIN, piece), Voice::Aloud));
            line = rest;
        }
        self.seal(Unit::new(Block::plain(false, Ink::PLAIN, line), Voice::Aloud));
    }

    /// A remark of ours below what came.
    pub fn remark(&mut self, ink: Ink, text: &str) {
        self.close();
        self.seal(Unit::new(Block::plain(true, ink, clean(text)), Voice::Aloud));
        self.settle();
    }

    /// More of an answer.
    pub fn say(&mut self, text: &str) {
        self.push(Voice::Aloud, text);
    }

    /// More of what a model thinks.
    pub fn think(&mut self, text: &str) {
        self.push(Voice::Thought, text);
    }

    /// The answer is over.
    pub fn end(&mut self) {
        self.close();
        self.settle();
    }

    fn push(&mut self, voice: Voice, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut open = match self.open.take() {
            Some(open) if open.voice == voice => open,
            other => self.begin(voice, other),
        };
        let mut clean = String::new();
        let mut blocks = Vec::new();
        open.sanitiser.push(text, &mut clean);
        open.scanner.push(&clean, &mut blocks);
        self.tail.clear();
        blocks.drain(..).for_each(|block| self.seal(Unit::new(block, voice)));
        open.scanner.clone().finish(&mut blocks);
        self.tail.extend(blocks.into_iter().map(|block| Unit::new(block, voice)));
        self.open = Some(open);
        self.settle();
    }

    /// Another voice begins; what the one before had open is sealed.
    fn begin(&mut self, voice: Voice, before: Option<Open>) -> Open {
        self.open = before;
        self.close();
        let follows = !std::mem::take(&mut self.unspoken) && !self.is_empty();
        if voice == Voice::Thought {
            self.seal(Unit::new(Block::plain(follows, Ink::QUIET, ""), Voice::Fold));
        }
        let scanner = if follows { Scanner::following() } else { Scanner::default() };
        Open { voice, sanitiser: Sanitiser::default(), scanner }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let mut blocks = Vec::new();
        open.scanner.finish(&mut blocks);
        self.tail.clear();
        blocks.into_iter().for_each(|block| self.seal(Unit::new(block, open.voice)));
    }

    fn seal(&mut self, mut unit: Unit) {
        let at = self.sealed.len();
        if self.measured == at && self.width > 0 {
            self.measured += 1;
            if unit.rows(self.unfolded) > 0 {
                unit.draw(self.width, self.unfolded);
                self.keep(at, 0, unit.weight_bytes());
            }
        }
        self.heights.push(unit.rows(self.unfolded));
        self.sealed.push(unit);
    }

    /// Takes note of the weight of lines that are kept.
    fn keep(&mut self, at: usize, before_bytes: usize, bytes: usize) {
        if before_bytes == 0 {
            self.kept.push_back(at);
        }
        self.kept_bytes = (self.kept_bytes + bytes).saturating_sub(before_bytes);
    }

    /// Takes the size of the window that the transcript is seen through.
    pub fn resize(&mut self, width: u16, height: u16) {
        if (self.width, self.height) == (width, height) {
            return;
        }
        self.height = height;
        if self.width != width {
            let anchor =
                self.unit(self.top.unit).and_then(|unit| unit.lines().get(self.top.line)).map(|line| line.at);
            self.width = width;
            self.measured = 0;
            self.draw(self.top.unit);
            if let (Some(at), Some(unit)) = (anchor.filter(|_| self.top.line > 0), self.unit(self.top.unit)) {
                self.top.line = unit.line_at(at);
            }
        }
        self.settle();
    }

    /// Measures some of the blocks that were measured for another width.
    pub fn measure_slice(&mut self) {
        let mut bytes = 0;
        while self.measured < self.sealed.len() && bytes < SLICE_BYTES {
            let at = self.measured;
            bytes +=
                if self.sealed[at].is_measured(self.width) { 0 } else { self.sealed[at].source_bytes() + 32 };
            self.measure(at);
            self.measured += 1;
        }
        self.let_go();
    }

    /// Whether [`Self::measure_slice`] has anything to do.
    pub fn is_unmeasured(&self) -> bool {
        self.measured < self.sealed.len()
    }

    /// Moves the window by so many rows; at the end, the end is followed.
    pub fn scroll(&mut self, rows: isize) {
        if rows < 0 && self.left_at_rows.is_none() {
            self.left_at_rows = Some(self.rows());
        }
        for _ in 0..rows.unsigned_abs().min(self.rows()) {
            let moved = if rows < 0 { self.line_before(self.top) } else { self.line_after(self.top) };
            let Some(moved) = moved else {
                break;
            };
            self.top = moved;
        }
        self.settle();
    }

    /// To the first line.
    pub fn to_top(&mut self) {
        self.left_at_rows = self.left_at_rows.or(Some(self.rows()));
        self.top = Place::default();
        self.settle();
    }

    /// To the end, which is followed from now on.
    pub fn to_end(&mut self) {
        self.left_at_rows = None;
        self.settle();
    }

    /// Shows or hides what models thought.
    pub fn toggle_thoughts(&mut self) {
        self.unfolded = !self.unfolded;
        self.heights = Heights::default();
        for unit in self.sealed.iter_mut().chain(&mut self.tail) {
            unit.refold();
        }
        for unit in &self.sealed {
            self.heights.push(unit.rows(self.unfolded));
        }
        self.measured = 0;
        self.settle();
        self.measure_slice();
    }

    /// Whether the end is in sight and stays there.
    pub fn is_following(&self) -> bool {
        self.left_at_rows.is_none()
    }

    /// Rows that came since the end was left.
    pub fn new_rows(&self) -> usize {
        self.left_at_rows.map_or(0, |rows| self.rows().saturating_sub(rows))
    }

    /// How many rows stand above those in sight.
    pub fn rows_above(&self) -> usize {
        let tail_units = self.top.unit.saturating_sub(self.sealed.len());
        let in_tail = self.tail.iter().take(tail_units).map(|it| it.rows(self.unfolded)).sum::<usize>();
        self.heights.before(self.top.unit) + in_tail + self.top.line
    }

    /// The lines in sight.
    pub fn visible(&self) -> impl Iterator<Item = &Line> {
        let units = successors(self.shown_from(self.top.unit), |at| self.shown_from(at + 1));
        let shown = units.filter_map(|at| self.unit(at)).flat_map(Unit::lines);
        shown.skip(self.top.line).take(self.height.into())
    }

    fn unit(&self, at: usize) -> Option<&Unit> {
        self.sealed.get(at).or_else(|| self.tail.get(at.checked_sub(self.sealed.len())?))
    }

    fn units(&self) -> usize {
        self.sealed.len() + self.tail.len()
    }

    fn rows_of(&self, at: usize) -> usize {
        self.unit(at).map_or(0, |unit| unit.rows(self.unfolded))
    }

    /// The first block from this one on that takes any rows. Over long runs of hidden ones it jumps.
    fn shown_from(&self, at: usize) -> Option<usize> {
        let sealed = self.heights.unit_at(self.heights.before(at));
        let in_tail = || (at.max(self.sealed.len())..self.units()).find(|at| self.rows_of(*at) > 0);
        if sealed < self.sealed.len() { Some(sealed) } else { in_tail() }
    }

    /// The last block before this one that takes any rows.
    fn shown_before(&self, at: usize) -> Option<usize> {
        let in_tail = (self.sealed.len()..at).rev().find(|at| self.rows_of(*at) > 0);
        let sealed = || self.heights.before(at).checked_sub(1).map(|row| self.heights.unit_at(row));
        in_tail.or_else(sealed)
    }

    /// Sees to it that the lines of a block are there, unless it is hidden.
    fn draw(&mut self, at: usize) {
        if self.rows_of(at) == 0 {
            return;
        }
        let (width, unfolded) = (self.width, self.unfolded);
        match at.checked_sub(self.sealed.len()) {
            None => self.draw_sealed(at),
            Some(at) => drop(self.tail.get_mut(at).map(|unit| unit.draw(width, unfolded))),
        }
    }

    fn draw_sealed(&mut self, at: usize) {
        let unit = &mut self.sealed[at];
        let (before, before_bytes) = (unit.rows(self.unfolded), unit.weight_bytes());
        if !unit.draw(self.width, self.unfolded) {
            return;
        }
        let (rows, bytes) = (unit.rows(self.unfolded), unit.weight_bytes());
        self.keep(at, before_bytes, bytes);
        self.heights.replace(at, before, rows);
        // What was there when the end was left now takes more rows, or fewer; nothing new has come by that.
        self.left_at_rows = self.left_at_rows.map(|left| (left + rows).saturating_sub(before));
    }

    /// Learns how many rows a block takes. What is hidden is not drawn before it is shown.
    fn measure(&mut self, at: usize) {
        if self.rows_of(at) > 0 && !self.sealed[at].is_measured(self.width) {
            self.draw_sealed(at);
        }
    }

    /// Draws what is in sight and lets go of what is not.
    fn settle(&mut self) {
        if self.width == 0 {
            return;
        }
        (self.sealed.len()..self.units()).for_each(|at| self.draw(at));
        if self.is_following() || !self.fill_down() {
            self.left_at_rows = None;
            self.fill_up();
        }
        self.let_go();
    }

    /// Draws from the top down; false when the text ends before the window does.
    fn fill_down(&mut self) -> bool {
        self.draw(self.top.unit);
        self.top.line = self.top.line.min(self.rows_of(self.top.unit).saturating_sub(1));
        let mut next = self.shown_from(self.top.unit);
        let mut rows = 0;
        while let Some(at) = next {
            self.draw(at);
            rows += self.rows_of(at);
            // One row more than fits: else this is the end.
            if rows > self.top.line + usize::from(self.height) {
                return true;
            }
            next = self.shown_from(at + 1);
        }
        false
    }

    /// Draws from the end up, and puts the top where the window is full.
    fn fill_up(&mut self) {
        let mut missing = usize::from(self.height);
        self.top = Place::default();
        let mut next = self.shown_before(self.units());
        while let Some(at) = next {
            self.draw(at);
            let rows = self.rows_of(at);
            if rows >= missing {
                self.top = Place { unit: at, line: rows - missing };
                return;
            }
            missing -= rows;
            next = self.shown_before(at);
        }
    }

    fn line_before(&mut self, place: Place) -> Option<Place> {
        if place.line > 0 {
            return Some(Place { line: place.line - 1, ..place });
        }
        let unit = self.shown_before(place.unit)?;
        self.draw(unit);
        Some(Place { unit, line: self.rows_of(unit).saturating_sub(1) })
    }

    fn line_after(&mut self, place: Place) -> Option<Place> {
        self.draw(place.unit);
        if place.line + 1 < self.rows_of(place.unit) {
            return Some(Place { line: place.line + 1, ..place });
        }
        let unit = self.shown_from(place.unit + 1)?;
        Some(Place { unit, line: 0 })
    }

    fn let_go(&mut self) {
        let in_sight = self.top.unit..self.top.unit + usize::from(self.height) + 1;
        let mut looks = self.kept.len();
        while self.kept_bytes > LINES_BYTES_MAX && looks > 0 {
            looks -= 1;
            let Some(at) = self.kept.pop_front() else {
                return;
            };
            if in_sight.contains(&at) {
                self.kept.push_back(at);
                continue;
            }
            self.kept_bytes = self.kept_bytes.saturating_sub(self.sealed[at].weight_bytes());
            self.sealed[at].forget();
        }
    }
}

fn clean(text: &str) -> String {
    let mut clean = String::new();
    Sanitiser::default().push(text, &mut clean);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_thoughts_are_not_drawn_before_somebody_looks() {
        let mut transcript = Transcript::default();
        transcript.resize(40, 10);
        transcript.speaker("somebody");
        transcript.think(&"a thought\n\n".repeat(500));
        transcript.scroll(-5);
        transcript.think("and an open one");
        transcript.resize(60, 20);
        let drawn = |transcript: &Transcript| {
            let units = transcript.sealed.iter().chain(&transcript.tail);
            units.filter(|unit| !unit.lines().is_empty()).count()
        };
        assert_eq!((drawn(&transcript), transcript.visible().count()), (2, 2), "a name and the fold");
        transcript.toggle_thoughts();
        assert!(drawn(&transcript) > 10 && transcript.visible().count() == 20);
    }
}
