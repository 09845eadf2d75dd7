//! Findings as people and scripts read them.

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::finding::{Finding, Place, Report};
use super::rule::{Rule, Severity};
use crate::printable::printable;

/// Of a line, where the terminal does not say.
const WIDTH: usize = 80;
/// Longer lines are hard to read.
const WIDEST: usize = 100;
const NARROWEST: usize = 40;
/// Below the severity.
const INDENT: usize = 9;

/// The findings, the worst first, what was left out, and how many there are.
pub(in crate::ctl) fn text(report: &Report) -> String {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    text_within(report, terminal.unwrap_or(WIDTH).clamp(NARROWEST, WIDEST))
}

/// One object. Names and types in here are a promise: add, never change.
pub(in crate::ctl) fn json(report: &Report) -> Value {
    let findings: Value = report.findings.iter().map(object).collect();
    json!({ "findings": findings, "left_out": report.left_out })
}

/// What a finding means.
pub(in crate::ctl) fn explanation(rule: &Rule) -> String {
    let title = format!("{} ({})", rule.id(), rule.severity());
    format!("{title}\n{}", wrapped(rule.meaning(), 0, WIDTH))
}

/// The same as an object.
pub(in crate::ctl) fn explanation_json(rule: &Rule) -> Value {
    let severity = rule.severity().to_string();
    json!({ "id": rule.id(), "severity": severity, "meaning": rule.meaning() })
}

fn text_within(report: &Report, width: usize) -> String {
    let findings: String = report.findings.iter().map(|finding| block(finding, width)).collect();
    let left_out = report.left_out.iter();
    let left_out: String =
        left_out.map(|reason| wrapped(&format!("Not checked: {reason}"), 0, width)).collect();
    let gap = if left_out.is_empty() { "" } else { "\n" };
    format!("{findings}{left_out}{gap}{}\n", counts(report))
}

fn block(finding: &Finding, width: usize) -> String {
    let severity = finding.rule.severity();
    let style = style(severity);
    let id = finding.rule.id();
    let place = finding.place.as_ref().map(|place| format!("  {place}")).unwrap_or_default();
    let place = printable(&place);
    let message = wrapped(&finding.message, INDENT, width);
    let fix = wrapped(&format!("Fix: {}", finding.fix), INDENT, width);
    format!("{style}{severity:INDENT$}{style:#}{id}{place}\n{message}{fix}\n")
}

fn counts(report: &Report) -> String {
    let count = |severity: Severity| {
        let count = report.count(severity);
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {severity}{plural}")
    };
    [Severity::Error, Severity::Warning, Severity::Note].map(count).join(", ")
}

fn object(finding: &Finding) -> Value {
    json!({
        "id": finding.rule.id(),
        "severity": finding.rule.severity().to_string(),
        "where": finding.place.as_ref().map(Place::to_string),
        "message": finding.message,
        "fix": finding.fix,
    })
}

const fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default(),
        Severity::Note => AnsiColor::Cyan.on_default(),
    }
}

/// Lines of whole words: a path or a command is never cut. Files of an image may hold anything.
fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().map(printable) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(format!("{:indent$}{word}", "")),
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::rule::{CONFIG_BROKEN, MONITOR};
    use super::*;

    fn report() -> Report {
        let place = Place::line(Path::new("/etc/axes/axes.toml"), 2);
        let findings = vec![
            MONITOR.found(None, "nobody is locked out.", "Wait."),
            CONFIG_BROKEN.found(place, "it is wrong in more than one way.", "Run `a b`."),
        ];
        Report::new(findings, vec!["/etc/shadow: Permission denied".to_owned()])
    }

    #[test]
    fn findings_are_aligned_and_wrapped_and_counted() {
        let shown = anstream::adapter::strip_str(&text_within(&report(), 40)).to_string();
        let expected = "\
error    axes.E001  /etc/axes/axes.toml:2
         it is wrong in more than one
         way.
         Fix: Run `a b`.

note     axes.N001
         nobody is locked out.
         Fix: Wait.

Not checked: /etc/shadow: Permission
denied

1 error, 0 warnings, 1 note
";
        assert_eq!(shown, expected);
        assert_eq!(text_within(&Report::default(), 40), "0 errors, 0 warnings, 0 notes\n");
    }

    #[test]
    fn a_script_gets_every_member_also_where_it_is_null() {
        let expected = json!({
            "findings": [
                { "id": "axes.E001", "severity": "error", "where": "/etc/axes/axes.toml:2",
                  "message": "it is wrong in more than one way.", "fix": "Run `a b`." },
                { "id": "axes.N001", "severity": "note", "where": null,
                  "message": "nobody is locked out.", "fix": "Wait." },
            ],
            "left_out": ["/etc/shadow: Permission denied"],
        });
        assert_eq!(json(&report()), expected);
    }

    #[test]
    fn a_finding_is_explained() {
        let shown = explanation(&MONITOR);
        assert!(shown.starts_with("axes.N001 (note)\nWith lock_out_at_failure"), "{shown}");
        assert_eq!(explanation_json(&MONITOR)["id"], "axes.N001");
    }

    #[test]
    fn a_terminal_is_told_nothing_but_text() {
        let place = Place::whole(Path::new("/a\u{1b}[2J"));
        let findings = vec![MONITOR.found(place, "\u{9b}1m", "\u{7}")];
        let shown = text_within(&Report::new(findings, vec!["\u{1b}]0".to_owned()]), 40);
        let shown = anstream::adapter::strip_str(&shown).to_string();
        assert!(!shown.contains(|it: char| it.is_control() && it != '\n'), "{shown:?}");
        assert!(shown.contains("/a\\u{1b}[2J"), "{shown:?}");
    }

    #[test]
    fn words_are_never_cut() {
        assert_eq!(wrapped("a /a/very/long/path b", 1, 6), " a\n /a/very/long/path\n b\n");
    }
}
