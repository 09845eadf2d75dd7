//! Columns of text that line up.

use std::fmt::Display;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

const GAP: usize = 2;

/// A table under construction, column by column; columns that no row uses are left out.
pub(super) struct Table<'rows, Row> {
    rows: &'rows [Row],
    blank: &'static str,
    lines: Vec<String>,
}

/// Text in a colour. The codes are taken out again where the output is no terminal.
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl<'rows, Row> Table<'rows, Row> {
    /// One line for each row; `blank` stands where a row has nothing in a column.
    pub(super) fn new(rows: &'rows [Row], blank: &'static str) -> Self {
        Self { rows, blank, lines: vec![String::new(); rows.len() + 1] }
    }

    /// Adds a column to the right.
    pub(super) fn column(mut self, title: &str, cell: impl Fn(&Row) -> Option<Cell>) -> Self {
        let cells: Vec<_> = self.rows.iter().map(cell).collect();
        if cells.iter().all(Option::is_none) {
            return self;
        }
        let blank = || Cell::plain(self.blank);
        let body = cells.into_iter().map(|cell| cell.unwrap_or_else(blank));
        let column: Vec<_> =
            std::iter::once(Cell::new(title, Style::new().bold())).chain(body).collect();
        let width = column.iter().map(Cell::width).max().unwrap_or(0) + GAP;
        for (line, cell) in self.lines.iter_mut().zip(&column) {
            cell.append_to(line, width);
        }
        self
    }

    /// The lines, each ended.
    pub(super) fn render(&self) -> String {
        self.lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

impl Cell {
    pub(super) fn new(text: impl Display, style: Style) -> Self {
        Self { text: text.to_string(), style }
    }

    pub(super) fn plain(text: impl Display) -> Self {
        Self::new(text, Style::new())
    }

    fn width(&self) -> usize {
        self.text.width()
    }

    fn append_to(&self, line: &mut String, width: usize) {
        let Self { text, style } = self;
        let padding = " ".repeat(width.saturating_sub(self.width()));
        line.push_str(&format!("{style}{text}{style:#}{padding}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_below_wide_names_and_empty_ones_are_left_out() {
        let rows = [("名前", Some("a")), ("x", None)];
        let table = Table::new(&rows, "*")
            .column("N", |row| Some(Cell::plain(row.0)))
            .column("NOBODY", |_| None)
            .column("B", |row| row.1.map(Cell::plain));
        let plain = anstream::adapter::strip_str(&table.render()).to_string();
        assert_eq!(plain, "N     B\n名前  a\nx     *\n");
    }
}
