//! Figures as they stand in the report.

use std::time::Duration;

/// A table whose columns are aligned in the source as well.
#[derive(Debug)]
pub struct Table {
    /// Columns of words; those behind them are numbers.
    words: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Numbers under these heads, each row with a name.
    pub fn new(heads: &[&str]) -> Self {
        Self { words: 1, rows: vec![heads.iter().map(|&head| head.to_owned()).collect()] }
    }

    /// Words under these heads.
    pub fn of_words(heads: &[&str]) -> Self {
        Self { words: heads.len(), ..Self::new(heads) }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// In Markdown.
    pub fn text(&self) -> String {
        let columns = self.rows.first().map_or(0, Vec::len);
        let widths: Vec<_> = (0..columns).map(|column| self.width(column)).collect();
        let mut lines: Vec<_> = self.rows.iter().map(|row| self.line(row, &widths)).collect();
        lines.insert(lines.len().min(1), self.rule(&widths));
        lines.concat()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default().max(3)
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let cell = |(column, (cell, width)): (usize, (&String, &usize))| match column < self.words {
            true => format!("| {cell:<width$} "),
            false => format!("| {cell:>width$} "),
        };
        row.iter().zip(widths).enumerate().map(cell).collect::<String>() + "|\n"
    }

    fn rule(&self, widths: &[usize]) -> String {
        let dashes = |(column, width): (usize, &usize)| match column < self.words {
            true => format!("|{}", "-".repeat(width + 2)),
            false => format!("|{}:", "-".repeat(width + 1)),
        };
        widths.iter().enumerate().map(dashes).collect::<String>() + "|\n"
    }
}

/// Times of the same thing, done again and again.
#[derive(Clone, Debug, Default)]
pub struct Series(Vec<Duration>);

impl Series {
    /// One to which times are added.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The one below which so many of a hundred are; nothing where there is none.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied().unwrap_or_default()
    }

    /// The middle one.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// All of it by their number.
    pub fn mean(&self) -> Duration {
        let count = u32::try_from(self.count()).unwrap_or(u32::MAX).max(1);
        self.0.iter().sum::<Duration>() / count
    }
}

impl FromIterator<Duration> for Series {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        Self(times.into_iter().collect())
    }
}

/// Microseconds of a time.
pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A time as it stands in a table.
pub fn shown(time: Duration) -> String {
    match micros(time) {
        us if us < 10.0 => format!("{us:.2} µs"),
        us if us < 10_000.0 => format!("{us:.1} µs"),
        us if us < 10_000_000.0 => format!("{:.1} ms", us / 1e3),
        us => format!("{:.1} s", us / 1e6),
    }
}

/// Bytes as they stand in a table.
pub fn bytes(count: u64) -> String {
    match count as f64 / 1024.0 {
        kib if kib < 1024.0 => format!("{kib:.1} KiB"),
        kib => format!("{:.1} MiB", kib / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let series: Series = (1..=200).map(Duration::from_micros).collect();
        assert_eq!(series.median(), Duration::from_micros(100));
        assert_eq!(series.percentile(99), Duration::from_micros(198));
        assert_eq!(series.percentile(100), Duration::from_micros(200));
        assert_eq!(Series::default().median(), Duration::ZERO);
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["", "time"]);
        table.row(["pam_axes".to_owned(), shown(Duration::from_nanos(1_234_567))]);
        let expected = "|          |      time |\n|----------|----------:|\n\
                        | pam_axes | 1234.6 µs |\n";
        assert_eq!(table.text(), expected);
    }
}
