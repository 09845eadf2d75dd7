//! Goals, and whether they are met.

use super::table::Table;

/// Something that is wanted, and what was measured.
#[derive(Debug)]
pub struct Goal {
    what: String,
    wanted: String,
    measured: String,
    verdict: String,
}

impl Goal {
    /// Met by no more than this.
    pub fn at_most(what: impl Into<String>, limit: f64, measured: f64, unit: &str) -> Self {
        let verdict = verdict(measured <= limit, measured, limit);
        Self::with("at most", what, limit, measured, unit, verdict)
    }

    /// Met by no less than this.
    pub fn at_least(what: impl Into<String>, limit: f64, measured: f64, unit: &str) -> Self {
        let verdict = verdict(measured >= limit, measured, limit);
        Self::with("at least", what, limit, measured, unit, verdict)
    }

    /// One that was not measured, and why.
    pub fn open(what: impl Into<String>, why: &str) -> Self {
        let (wanted, measured) = ("-".to_owned(), "not measured".to_owned());
        Self { what: what.into(), wanted, measured, verdict: why.to_owned() }
    }

    fn with(
        word: &str,
        what: impl Into<String>,
        limit: f64,
        measured: f64,
        unit: &str,
        verdict: String,
    ) -> Self {
        let [limit, measured] = [limit, measured].map(|it| with_unit(it, unit));
        Self { what: what.into(), wanted: format!("{word} {limit}"), measured, verdict }
    }

    fn cells(&self, part: &str) -> [String; 5] {
        let [wanted, measured, verdict] =
            [&self.wanted, &self.measured, &self.verdict].map(String::clone);
        [part.to_owned(), self.what.clone(), wanted, measured, verdict]
    }
}

fn verdict(met: bool, measured: f64, limit: f64) -> String {
    match (met, limit) {
        (true, _) => "met".to_owned(),
        (false, 0.0) => "**not met**".to_owned(),
        (false, _) => format!("**not met**: {:.2} times the goal", measured / limit),
    }
}

fn with_unit(number: f64, unit: &str) -> String {
    let digits = if number.fract() == 0.0 || number >= 1000.0 { 0 } else { 2 };
    format!("{number:.digits$} {unit}").trim_end().to_owned()
}

/// The table of all goals: the rows of one part anew, those of others as they were before.
pub fn table(before: &str, part: &str, goals: &[Goal], order: &[&str]) -> String {
    let mut rows: Vec<Vec<String>> = before
        .lines()
        .skip_while(|line| !line.starts_with("|--"))
        .skip(1)
        .map(cells)
        .filter(|row| row.first().is_some_and(|it| it != part))
        .collect();
    rows.extend(goals.iter().map(|goal| goal.cells(part).to_vec()));
    rows.sort_by_key(|row| order.iter().position(|part| row.first().is_some_and(|it| it == part)));
    let mut table = Table::of_words(&["part", "goal", "wanted", "measured", ""]);
    rows.into_iter().for_each(|row| table.row(row));
    table.text()
}

fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_matches('|');
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_met_says_by_how_much() {
        let goal = Goal::at_most("ratio", 1.0, 1.5, "");
        assert_eq!(
            goal.cells("a"),
            ["a", "ratio", "at most 1", "1.50", "**not met**: 1.50 times the goal"]
        );
        assert_eq!(Goal::at_least("logins", 2.0, 2.0, "/s").cells("a")[4], "met");
        assert_eq!(Goal::at_most("wake-ups", 0.0, 3.0, "").cells("a")[4], "**not met**");
    }

    #[test]
    fn a_part_that_is_measured_again_replaces_its_goals_alone() {
        let order = ["one", "two"];
        let two = table("", "two", &[Goal::at_most("b", 1.0, 0.5, "s")], &order);
        let both = table(&two, "one", &[Goal::at_most("a", 1.0, 0.5, "s")], &order);
        let again = table(&both, "two", &[Goal::at_most("b", 1.0, 0.25, "s")], &order);
        let rows: Vec<_> = again.lines().skip(2).map(cells).collect();
        assert_eq!(rows[0][..4], ["one", "a", "at most 1 s", "0.50 s"]);
        assert_eq!(rows[1][..4], ["two", "b", "at most 1 s", "0.25 s"]);
        assert_eq!(rows.len(), 2);
    }
}
