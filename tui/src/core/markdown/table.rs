//! Tables: how wide their columns want to be, and how they are fitted into the room there is.

use super::{
    ink::{Flat, Ink, Line},
    inline,
    leaf::{self, Align},
    wrap::{self, Breaks},
};
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

const SEPARATOR: &str = " │ ";
const SEPARATOR_COLUMNS: usize = 3;
/// A column that has to shrink keeps this many cells.
const COLUMN_MIN: usize = 4;

/// The columns of a table, once they are settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    align: Vec<Align>,
    natural: Vec<usize>,
}

impl Grid {
    /// Columns as wide as the widest of these rows' cells.
    pub(super) fn of(align: &[Align], rows: &[String]) -> Self {
        let mut natural = vec![1; align.len()];
        for row in rows {
            for (column, cell) in natural.iter_mut().zip(cells(row, align.len())) {
                *column = (*column).max(inline::flat(&cell, Ink::PLAIN).text().width());
            }
        }
        Self { align: align.to_vec(), natural }
    }

    /// The widths in a room of `columns`; none when even the narrowest do not fit.
    fn fitted(&self, columns: usize) -> Option<Vec<usize>> {
        let count = self.natural.len();
        let room = columns.checked_sub(SEPARATOR_COLUMNS * count.saturating_sub(1))?;
        let least: usize = self.natural.iter().map(|it| (*it).min(COLUMN_MIN)).sum();
        if least > room {
            return None;
        }
        // The widest give way first: `most` is the largest width at which all fit.
        let needed = |most: usize| self.natural.iter().map(|it| (*it).min(most)).sum::<usize>();
        let (mut fits, mut too_wide) = (COLUMN_MIN, room + 1);
        while too_wide - fits > 1 {
            let middle = usize::midpoint(fits, too_wide);
            if needed(middle) <= room { fits = middle } else { too_wide = middle }
        }
        let mut widths: Vec<usize> = self.natural.iter().map(|it| (*it).min(fits)).collect();
        let mut left = room - widths.iter().sum::<usize>();
        for (width, natural) in widths.iter_mut().zip(&self.natural) {
            let more = left.min(natural.saturating_sub(*width)).min(1);
            *width += more;
            left -= more;
        }
        Some(widths)
    }
}

/// Exactly so many cells: what is missing is empty, what is too much stands in the last.
fn cells(row: &str, count: usize) -> Vec<String> {
    let mut cells = leaf::cells(row);
    if cells.len() > count {
        let rest = cells.split_off(count.saturating_sub(1));
        cells.push(rest.join(" | "));
    }
    cells.resize(count, String::new());
    cells
}

/// The lines of one row.
pub(super) fn row(
    grid: &Grid,
    source: &str,
    columns: usize,
    ink: Ink,
    margin: &impl Fn(usize) -> Flat,
) -> Vec<Line> {
    let cells = cells(source, grid.align.len()).into_iter().map(|cell| inline::flat(&cell, ink));
    let Some(widths) = grid.fitted(columns) else {
        return narrow(cells, columns, margin);
    };
    let cells: Vec<(Flat, Vec<Range<usize>>)> = cells
        .zip(&widths)
        .map(|(cell, width)| {
            let ranges = wrap::ranges(cell.text(), *width, Breaks::Words);
            (cell, ranges)
        })
        .collect();
    let height = cells.iter().map(|(_, ranges)| ranges.len()).max().unwrap_or(1);
    (0..height)
        .map(|number| {
            let mut line = margin(number);
            for (column, (cell, ranges)) in cells.iter().enumerate() {
                if column > 0 {
                    line.push(SEPARATOR, Ink::QUIET);
                }
                let range = ranges.get(number).cloned().unwrap_or_default();
                push_cell(&mut line, cell, range, widths[column], grid.align[column]);
            }
            line.into_line(number)
        })
        .collect()
}

fn push_cell(line: &mut Flat, cell: &Flat, range: Range<usize>, width: usize, align: Align) {
    let spare = width.saturating_sub(cell.text()[range.clone()].width());
    let before = match align {
        Align::Left => 0,
        Align::Centre => spare / 2,
        Align::Right => spare,
    };
    line.push(&" ".repeat(before), Ink::PLAIN);
    line.push_slice(cell, range);
    line.push(&" ".repeat(spare - before), Ink::PLAIN);
}

/// Where the columns do not fit side by side, the cells follow each other.
fn narrow(cells: impl Iterator<Item = Flat>, columns: usize, margin: &impl Fn(usize) -> Flat) -> Vec<Line> {
    let mut all = Flat::default();
    for (number, cell) in cells.enumerate() {
        if number > 0 {
            all.push(" · ", Ink::QUIET);
        }
        all.push_slice(&cell, 0..cell.text().len());
    }
    wrap::lines(&all, columns, Breaks::Words, margin)
}

/// The line below the head, where there are columns.
pub(super) fn rule(grid: &Grid, columns: usize) -> Option<String> {
    let widths = grid.fitted(columns)?;
    Some(widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("─┼─"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way_first() {
        let grid = Grid { align: vec![Align::Left; 3], natural: vec![3, 40, 20] };
        assert_eq!(grid.fitted(80), Some(vec![3, 40, 20]));
        assert_eq!(grid.fitted(40), Some(vec![3, 16, 15]));
        assert_eq!(grid.fitted(10), None);
    }
}
