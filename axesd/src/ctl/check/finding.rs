//! What was found, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use super::rule::{Rule, Severity};

/// A file, and a line of it where there is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ctl) struct Place {
    pub(in crate::ctl) file: PathBuf,
    pub(in crate::ctl) line: Option<usize>,
}

/// One thing that is wrong, or worth knowing.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ctl) struct Finding {
    pub(super) rule: &'static Rule,
    pub(in crate::ctl) place: Option<Place>,
    /// One sentence.
    pub(in crate::ctl) message: String,
    /// What to type or write.
    pub(in crate::ctl) fix: String,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(in crate::ctl) struct Report {
    /// The worst first.
    pub(super) findings: Vec<Finding>,
    /// What was not looked at, and why.
    pub(super) left_out: Vec<String>,
}

impl Place {
    /// A whole file or folder.
    pub(super) fn whole(file: &Path) -> Self {
        Self { file: file.to_owned(), line: None }
    }

    /// A line, from 1.
    pub(in crate::ctl) fn line(file: &Path, line: usize) -> Self {
        Self { file: file.to_owned(), line: Some(line) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.line {
            Some(line) => write!(formatter, "{file}:{line}"),
            None => write!(formatter, "{file}"),
        }
    }
}

impl Finding {
    /// As it is quoted: `axes.E004`.
    pub(in crate::ctl) fn id(&self) -> String {
        self.rule.id()
    }

    /// Somebody is not protected, or nobody gets in.
    pub(in crate::ctl) fn is_error(&self) -> bool {
        self.rule.severity() == Severity::Error
    }
}

impl Report {
    pub(super) fn new(mut findings: Vec<Finding>, left_out: Vec<String>) -> Self {
        findings.sort_by(|a, b| {
            let rank = |finding: &Finding| (finding.rule.severity(), finding.rule.id());
            rank(a).cmp(&rank(b)).then_with(|| a.place.cmp(&b.place))
        });
        Self { findings, left_out }
    }

    /// Nothing was found but notes.
    pub(in crate::ctl) fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.rule.severity() == Severity::Note)
    }

    pub(super) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity() == severity).count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::{CONFIG_BROKEN, DUMMY, MONITOR, UNPROTECTED};
    use super::*;

    #[test]
    fn the_worst_comes_first_then_ids_then_places() {
        let at = |line| Place::line(Path::new("/f"), line);
        let findings = vec![
            MONITOR.found(None, "", ""),
            UNPROTECTED.found(at(10), "", ""),
            DUMMY.found(None, "", ""),
            UNPROTECTED.found(at(9), "", ""),
            CONFIG_BROKEN.found(None, "", ""),
        ];
        let report = Report::new(findings, Vec::new());
        let shown = report.findings.iter().map(|finding| {
            finding.place.as_ref().map_or_else(|| finding.rule.id(), Place::to_string)
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            ["axes.E001", "/f:9", "/f:10", "axes.W001", "axes.N001"]
        );
        assert!(!report.is_good());
        assert!(Report::new(vec![MONITOR.found(None, "", "")], Vec::new()).is_good());
    }
}
