//! Cells in columns.

use unicode_width::UnicodeWidthStr;

/// Rows whose columns stand under each other; the last of a row is never padded.
pub(super) fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    // A row of one cell is a remark: it does not make its column wider.
    let width = |at: usize| {
        let cells = rows.iter().filter(|row| row.len() > 1).filter_map(|row| row.get(at));
        cells.map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let padded = |(cell, width): (&String, &usize)| {
        format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
    };
    let line = |row: &Vec<String>| row.iter().zip(&widths).map(padded).collect::<Vec<_>>().join("  ");
    rows.iter().map(|row| line(row).trim_end().to_owned()).collect()
}

/// A count of nanoseconds as people say it.
pub(super) fn span(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} µs", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => format!("{:.1} s", ns as f64 / 1e9),
    }
}

#[cfg(test)]
#[test]
fn spans_are_said_in_their_own_unit() {
    let said = [9, 1_500, 2_000_000, 61_000_000_000].map(span);
    assert_eq!(said, ["9 ns", "1.5 µs", "2.0 ms", "61.0 s"]);
}
