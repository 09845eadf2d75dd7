//! Verdicts as people and scripts read them.

use serde_json::{Value, json};

use super::Check;
use crate::ctl::tables::{ALERT, GOOD, Row, table};
use crate::printable::printable;

/// A line for each; nothing without any.
pub(in crate::ctl) fn text(checks: &[Check]) -> String {
    let row = |check: &Check| -> Row<4> {
        let style = if check.good { GOOD } else { ALERT };
        let verdict = if check.good { "ok" } else { "WRONG" };
        let cells = [
            ("VERDICT", verdict.to_owned()),
            ("CHECK", check.what.clone()),
            ("EXPECTED", check.expected.to_owned()),
            ("FOUND", printable(&check.found)),
        ];
        (style, cells.map(|(title, cell)| (title, Some(cell))))
    };
    let rows: Vec<_> = checks.iter().map(row).collect();
    if rows.is_empty() { String::new() } else { table(&rows, "-") }
}

/// Names and types in here are a promise: add, never change.
pub(in crate::ctl) fn json(checks: &[Check]) -> Value {
    let object = |check: &Check| {
        json!({
            "check": check.what, "expected": check.expected, "found": check.found,
            "good": check.good,
        })
    };
    checks.iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_verdict_is_seen_at_once() {
        let check = |good, found: &str| Check {
            what: "a wrong answer".into(),
            expected: "refused",
            found: found.into(),
            good,
        };
        let shown = text(&[check(true, "refused"), check(false, "let in\u{1b}[2J")]);
        let shown = anstream::adapter::strip_str(&shown).to_string();
        let expected = "\
VERDICT  CHECK           EXPECTED  FOUND
ok       a wrong answer  refused   refused
WRONG    a wrong answer  refused   let in\\u{1b}[2J
";
        assert_eq!(shown, expected);
        assert_eq!(json(&[check(true, "x")])[0]["good"], true);
        assert_eq!(text(&[]), "");
    }
}
