//! What was changed, tried and left, as people and scripts read it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::diff;
use super::stacks::Edit;
use crate::ctl::selftest::{self, Check};
use crate::ctl::tables::{ALERT, GOOD, PLAIN};
use crate::ctl::{DONE, REFUSED};

/// How it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// All is as it is wanted.
    #[default]
    NothingToDo,
    DryRun,
    Declined,
    /// The self-test failed before.
    NotWritten,
    PutBack,
    Done,
}

/// All that there is to tell.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) edits: Vec<Edit>,
    /// Files that are links, and where they lead.
    pub(super) links: Vec<(PathBuf, PathBuf)>,
    /// Those that the edited files are part of.
    pub(super) services: Vec<String>,
    /// Services that stay unprotected.
    pub(super) exposed: Vec<String>,
    pub(super) backup: Option<PathBuf>,
    pub(super) checks: Vec<Check>,
    pub(super) not_tried: Vec<(String, String)>,
    pub(super) ending: Ending,
}

impl Ending {
    /// The exit status.
    pub(super) const fn status(self) -> u8 {
        match self {
            Self::NothingToDo | Self::DryRun | Self::Done => DONE,
            Self::Declined | Self::NotWritten | Self::PutBack => REFUSED,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::NothingToDo => "nothing_to_do",
            Self::DryRun => "dry_run",
            Self::Declined => "declined",
            Self::NotWritten => "not_written",
            Self::PutBack => "put_back",
            Self::Done => "done",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::NothingToDo => "Nothing to do: it is as you want it.",
            Self::DryRun => "Nothing was written.",
            Self::Declined => "Nothing was written: you did not say yes.",
            Self::NotWritten => {
                "Nothing was written, because a test failed. Find out why first: \
                 `axesctl check`, `journalctl -t axesd`."
            }
            Self::PutBack => {
                "Everything was put back as it was, because a test failed. Find out why first: \
                 `axesctl check`, `journalctl -t axesd`."
            }
            Self::Done => "Done. Keep a root shell open until you have seen a login work.",
        }
    }
}

impl Report {
    /// Every test passed.
    pub(super) fn is_good(&self) -> bool {
        self.checks.iter().all(|check| check.good)
    }
}

/// Before anything is written.
pub(super) fn plan(report: &Report) -> String {
    let diffs: String = report.edits.iter().map(diff::shown).collect();
    let link = |(path, target): &(PathBuf, PathBuf)| {
        format!("{} is a link: {} is changed.\n", path.display(), target.display())
    };
    let links: String = report.links.iter().map(link).collect();
    let services = match (report.services.as_slice(), report.edits.is_empty()) {
        ([], _) | (_, true) => String::new(),
        (services, false) => format!("This concerns {}.\n", services.join(", ")),
    };
    let exposed = match report.exposed.as_slice() {
        [] => String::new(),
        exposed => format!(
            "{ALERT}Not protected{ALERT:#} even so: {names}. Name them to protect them: \
             `axesctl pam enable {first}`.\n",
            names = exposed.join(", "),
            first = exposed.join(" ")
        ),
    };
    let gap = if diffs.is_empty() { "" } else { "\n" };
    format!("{diffs}{gap}{links}{services}{exposed}")
}

/// Afterwards.
pub(super) fn ending(report: &Report) -> String {
    let backup = report.backup.as_ref();
    let backup =
        backup.map(|kept| format!("Kept as it was: {}\n", kept.display())).unwrap_or_default();
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (service, why) in &report.not_tried {
        reasons.entry(why).or_default().push(service);
    }
    let not_tried = |(why, services): (&str, Vec<&str>)| {
        format!("Not tried: {}; before anything was changed: {why}.\n", services.join(", "))
    };
    let not_tried: String = reasons.into_iter().map(not_tried).collect();
    let style = match report.ending {
        Ending::Done => GOOD,
        Ending::NotWritten | Ending::PutBack => ALERT,
        Ending::NothingToDo | Ending::DryRun | Ending::Declined => PLAIN,
    };
    let sentence = report.ending.sentence();
    let checks = selftest::text(&report.checks);
    format!("{backup}{checks}{not_tried}{style}{sentence}{style:#}\n")
}

/// Names and types in here are a promise: add, never change.
pub(super) fn json(report: &Report) -> Value {
    let change = |edit: &Edit| json!({ "path": edit.path, "diff": diff::plain(edit) });
    let not_tried =
        |(service, why): &(String, String)| json!({ "service": service, "reason": why });
    json!({
        "result": report.ending.word(),
        "changes": report.edits.iter().map(change).collect::<Value>(),
        "services": report.services,
        "unprotected": report.exposed,
        "backup": report.backup,
        "checks": selftest::json(&report.checks),
        "not_tried": report.not_tried.iter().map(not_tried).collect::<Value>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_back_is_told_with_the_test_that_failed() {
        let check = Check {
            what: "sshd: a wrong answer".into(),
            expected: "refused",
            found: "let in".into(),
            good: false,
        };
        let report = Report {
            checks: vec![check],
            ending: Ending::PutBack,
            backup: Some("/b".into()),
            not_tried: ["su", "su-l"]
                .map(|it| (it.into(), "let in without a question".into()))
                .into(),
            ..Report::default()
        };
        let shown = anstream::adapter::strip_str(&ending(&report)).to_string();
        for part in [
            "Kept as it was: /b\n",
            "WRONG    sshd: a wrong answer",
            "Not tried: su, su-l; before anything was changed: let in without a question.\n",
        ] {
            assert!(shown.contains(part), "{shown}");
        }
        assert!(shown.contains("put back as it was"), "{shown}");
        assert_eq!(report.ending.status(), REFUSED);
        assert_eq!(json(&report)["result"], "put_back");
    }
}
