//! The scanner: bytes in, sealed blocks out. What it does depends on the text so far and never on how the
//! text was cut on its way, and what it holds is bounded: one line, and a paragraph or the head of a table.

use super::{
    block::{Block, Leaf, Margin},
    container::{self, Containers},
    leaf::{self, Align, FenceMark},
    table::Grid,
};
use std::rc::Rc;

/// A longer line, and a longer paragraph, is sealed in pieces.
const PIECE_BYTES_MAX: usize = 2_048;
/// A table's columns are settled by so many rows or bytes at the latest; later rows are sealed one by one.
const TABLE_ROWS_MAX: usize = 64;
const TABLE_BYTES_MAX: usize = 4_096;

/// What is known of the text so far.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    line: String,
    /// The line goes on from a piece that was sealed: nothing can begin here.
    mid_line: bool,
    containers: Containers,
    open: Open,
    /// An empty line came since the last block.
    blank: bool,
    /// Something was sealed or opened before.
    begun: bool,
    /// The last block was indented code, which goes on without a gap.
    after_code: bool,
}

/// The block that may still change.
#[derive(Clone, Debug, Default)]
enum Open {
    #[default]
    Nothing,
    Text(Place, String),
    Fence(Fence),
    Table(Table),
}

/// Where a block stands.
#[derive(Clone, Debug, Default)]
struct Place {
    gap: bool,
    margin: Margin,
}

impl Place {
    /// The place of the first of several blocks; afterwards this is the place of the next one.
    fn take(&mut self) -> Self {
        let next = Self { gap: false, margin: self.margin.continued() };
        std::mem::replace(self, next)
    }

    fn block(&mut self, leaf: Leaf, source: &str) -> Block {
        let Self { gap, margin } = self.take();
        Block { gap, margin, leaf, source: source.into() }
    }
}

#[derive(Clone, Debug)]
struct Fence {
    place: Place,
    letter: u8,
    length: usize,
    indent: usize,
    depth: usize,
}

#[derive(Clone, Debug)]
struct Table {
    place: Place,
    align: Vec<Align>,
    /// Rows that wait for the columns to be settled.
    rows: Vec<String>,
    bytes: usize,
    settled: Option<Rc<Grid>>,
}

impl Table {
    /// Settles the columns and lets go of every row.
    fn seal(&mut self, out: &mut Vec<Block>) {
        let head = self.settled.is_none();
        let grid = self.settled.get_or_insert_with(|| Rc::new(Grid::of(&self.align, &self.rows)));
        for (number, row) in self.rows.drain(..).enumerate() {
            let grid = Rc::clone(grid);
            let leaf = if head && number == 0 { Leaf::Head(grid) } else { Leaf::Row(grid) };
            out.push(self.place.block(leaf, &row));
        }
    }

    fn push(&mut self, row: &str, out: &mut Vec<Block>) {
        self.bytes += row.len();
        self.rows.push(row.to_owned());
        if self.settled.is_some() || self.rows.len() >= TABLE_ROWS_MAX || self.bytes >= TABLE_BYTES_MAX {
            self.seal(out);
        }
    }
}

impl Scanner {
    /// A scanner of text that follows something else: its first block keeps its distance.
    pub fn following() -> Self {
        Self { begun: true, ..Self::default() }
    }

    /// Takes more text, sanitised, and appends the blocks that are sealed by it.
    pub fn push(&mut self, text: &str, out: &mut Vec<Block>) {
        let mut lines = text.split('\n');
        self.extend_line(lines.next().unwrap_or_default(), out);
        for line in lines {
            self.end_line(out);
            self.mid_line = false;
            self.extend_line(line, out);
        }
    }

    /// Seals everything: what the text would be if it ended here.
    pub fn finish(mut self, out: &mut Vec<Block>) {
        if !self.line.is_empty() {
            self.end_line(out);
        }
        self.close(out);
    }

    fn extend_line(&mut self, mut text: &str, out: &mut Vec<Block>) {
        loop {
            let room = PIECE_BYTES_MAX - self.line.len();
            if text.len() <= room {
                return self.line.push_str(text);
            }
            let (piece, rest) = text.split_at(text.floor_char_boundary(room));
            self.line.push_str(piece);
            text = rest;
            let kept = self.line.split_off(self.seam());
            self.end_line(out);
            self.line = kept;
            self.mid_line = true;
        }
    }

    /// Where an overlong line is cut: prose at a space, code at its end.
    fn seam(&self) -> usize {
        let half = self.line.floor_char_boundary(PIECE_BYTES_MAX / 2);
        let space = || self.line[half..].rfind(' ').map(|at| half + at + 1);
        match self.open {
            Open::Fence(_) => self.line.len(),
            _ => space().unwrap_or(self.line.len()),
        }
    }

    fn end_line(&mut self, out: &mut Vec<Block>) {
        let line = std::mem::take(&mut self.line);
        if self.mid_line {
            return self.go_on(&line, out);
        }
        let (matched, rest) = self.containers.matched(&line);
        if let Open::Fence(fence) = &self.open
            && matched >= fence.depth
        {
            return self.code_line(rest, out);
        }
        if leaf::indent(rest) == rest.len() {
            return self.blank_line(matched, out);
        }
        self.content_line(matched, rest, out);
    }

    /// The rest of a line that was too long to wait for its end.
    fn go_on(&mut self, line: &str, out: &mut Vec<Block>) {
        match &mut self.open {
            Open::Fence(fence) => out.push(fence.place.block(Leaf::Code, line)),
            Open::Table(table) => table.push(line, out),
            Open::Text(..) | Open::Nothing => self.prose(line, out),
        }
    }

    fn code_line(&mut self, rest: &str, out: &mut Vec<Block>) {
        let Open::Fence(fence) = &mut self.open else {
            return;
        };
        if leaf::closes(rest, fence.letter, fence.length) {
            self.open = Open::Nothing;
            return;
        }
        let strip = leaf::indent(rest).min(fence.indent);
        out.push(fence.place.block(Leaf::Code, &rest[strip..]));
    }

    fn blank_line(&mut self, matched: usize, out: &mut Vec<Block>) {
        self.close(out);
        self.containers.leave(matched);
        self.blank = true;
    }

    fn content_line(&mut self, mut matched: usize, mut rest: &str, out: &mut Vec<Block>) {
        let lazy = matched < self.containers.depth();
        let entered = self.enter_containers(&mut matched, &mut rest, out);
        let indent = leaf::indent(rest);
        let body = &rest[indent..];
        if indent > 3 && !self.in_text() {
            self.leave(matched, out);
            return self.indented_code(&rest[4..], out);
        }
        if indent <= 3 && self.whole_block(matched, lazy && !entered, indent, body, out) {
            return;
        }
        if !self.in_text() || entered {
            self.leave(matched, out);
        }
        match &mut self.open {
            Open::Table(table) => table.push(body, out),
            _ => self.prose(body, out),
        }
    }

    fn in_text(&self) -> bool {
        matches!(self.open, Open::Text(..))
    }

    /// Leaves the containers that the line does not go on with, and with them what is open.
    fn leave(&mut self, matched: usize, out: &mut Vec<Block>) {
        if matched < self.containers.depth() {
            self.close(out);
            self.containers.leave(matched);
        }
    }

    /// Enters the quotes and items that begin on this line; true when there were any.
    fn enter_containers(&mut self, matched: &mut usize, rest: &mut &str, out: &mut Vec<Block>) -> bool {
        let mut entered = false;
        while *matched < container::DEPTH_MAX {
            let indent = leaf::indent(rest);
            let body = &rest[indent..];
            if indent > 3 || leaf::is_rule(body) {
                break;
            }
            let quote = body.starts_with('>');
            let marker = leaf::marker(body)
                .filter(|marker| !self.in_text() || entered || self.interrupts(marker, *matched));
            if !quote && marker.is_none() {
                break;
            }
            self.close(out);
            self.containers.leave(*matched);
            *rest = match marker {
                Some(marker) => self.enter_item(&marker, indent, body),
                None => {
                    self.containers.enter_quote();
                    container::after_quote(body)
                }
            };
            *matched = self.containers.depth();
            entered = true;
        }
        entered
    }

    /// Whether a list may begin in the middle of a paragraph: not by an empty item, and counting from 1.
    fn interrupts(&self, marker: &leaf::Marker, matched: usize) -> bool {
        let first = marker.ordered.as_deref().is_none_or(|number| number.trim_end_matches(['.', ')']) == "1");
        matched < self.containers.depth() || self.containers.in_item() || (!marker.empty && first)
    }

    fn enter_item<'l>(&mut self, marker: &leaf::Marker, indent: usize, body: &'l str) -> &'l str {
        let rest = &body[marker.bytes..];
        let task = leaf::task(rest);
        // An empty item's content stands one space behind its marker.
        let content = indent + marker.bytes + usize::from(marker.empty && marker.bytes == body.len());
        self.containers.enter_item(content, marker.ordered.as_deref(), task.map(|(done, _)| done));
        &rest[task.map_or(0, |(_, bytes)| bytes)..]
    }

    /// Headings, rules, fences and the line that makes a table: true when the line was one of them.
    fn whole_block(
        &mut self,
        matched: usize,
        lazy: bool,
        indent: usize,
        body: &str,
        out: &mut Vec<Block>,
    ) -> bool {
        if !lazy && self.changes_paragraph(body, out) {
            return true;
        }
        let fence = leaf::fence(body);
        let heading = leaf::heading(body);
        let rule = leaf::is_rule(body);
        if fence.is_none() && heading.is_none() && !rule {
            return false;
        }
        self.close(out);
        self.containers.leave(matched);
        let mut place = self.place();
        match (fence, heading) {
            (Some(mark), _) => self.open_fence(mark, place, indent, out),
            (_, Some((_, text))) => out.push(place.block(Leaf::Heading, text)),
            _ => out.push(place.block(Leaf::Rule, "")),
        }
        true
    }

    fn open_fence(&mut self, mark: FenceMark, mut place: Place, indent: usize, out: &mut Vec<Block>) {
        if !mark.language.is_empty() {
            out.push(place.block(Leaf::Language, &mark.language));
        }
        let FenceMark { letter, length, .. } = mark;
        self.open = Open::Fence(Fence { place, letter, length, indent, depth: self.containers.depth() });
    }

    /// A line below a paragraph that makes it a heading, or its last line the head of a table.
    fn changes_paragraph(&mut self, body: &str, out: &mut Vec<Block>) -> bool {
        let Open::Text(place, text) = &mut self.open else {
            return false;
        };
        let head_at = text.rfind('\n').map_or(0, |at| at + 1);
        let head = &text[head_at..];
        let columns = leaf::delimiter_row(body).filter(|it| it.len() == leaf::cells(head).len());
        if let Some(align) = columns.filter(|_| head.contains('|')) {
            let head = text.split_off(head_at);
            if head_at > 0 {
                out.push(place.block(Leaf::Text, text.trim_end_matches('\n')));
                place.gap = true;
            }
            let (place, bytes) = (std::mem::take(place), head.len());
            self.open = Open::Table(Table { place, align, rows: vec![head], bytes, settled: None });
            return true;
        }
        if leaf::underline(body).is_none() || text.is_empty() {
            return false;
        }
        out.push(place.block(Leaf::Heading, text));
        self.open = Open::Nothing;
        true
    }

    fn indented_code(&mut self, code: &str, out: &mut Vec<Block>) {
        let goes_on = self.after_code && !self.blank;
        self.close(out);
        let mut place = self.place();
        place.gap &= !goes_on;
        out.push(place.block(Leaf::Code, code));
        self.after_code = true;
    }

    /// A line of a paragraph.
    fn prose(&mut self, body: &str, out: &mut Vec<Block>) {
        let glue = if self.mid_line { "" } else { "\n" };
        match &mut self.open {
            Open::Text(_, text) => {
                text.push_str(if text.is_empty() { "" } else { glue });
                text.push_str(body);
            }
            _ => {
                self.close(out);
                let place = self.place();
                self.open = Open::Text(place, body.to_owned());
            }
        }
        self.seal_pieces(out);
    }

    /// A paragraph beyond the bound is sealed piece by piece, at the end of a line, a sentence or a word.
    fn seal_pieces(&mut self, out: &mut Vec<Block>) {
        let Open::Text(place, text) = &mut self.open else {
            return;
        };
        while text.len() > PIECE_BYTES_MAX {
            let half = text.floor_char_boundary(PIECE_BYTES_MAX / 2);
            let window = &text[half..text.floor_char_boundary(PIECE_BYTES_MAX)];
            let seam = window
                .rfind('\n')
                .or_else(|| window.rfind(". ").map(|at| at + 1))
                .or_else(|| window.rfind(' '));
            let seam = seam.map_or(half + window.len(), |at| half + at);
            let rest = text.split_off(seam);
            out.push(place.block(Leaf::Text, text.trim_end_matches([' ', '\n'])));
            *text = rest.trim_start_matches([' ', '\n']).to_owned();
        }
    }

    /// Where the block stands that begins now.
    fn place(&mut self) -> Place {
        let begins_item = self.containers.begins_item();
        let close_by = begins_item || self.containers.in_item();
        let gap = self.begun && (self.blank || !close_by);
        self.begun = true;
        self.blank = false;
        self.after_code = false;
        Place { gap, margin: self.containers.margin() }
    }

    /// Seals what is open.
    fn close(&mut self, out: &mut Vec<Block>) {
        match std::mem::take(&mut self.open) {
            Open::Text(mut place, text) => out.push(place.block(Leaf::Text, text.trim_end_matches(' '))),
            Open::Table(mut table) => table.seal(out),
            Open::Fence(_) | Open::Nothing => {}
        }
    }
}
