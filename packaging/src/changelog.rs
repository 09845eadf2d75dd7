//! CHANGELOG.md, which says what the newest release is, for those who have a form of their own.

use jiff::civil::Date;
use thiserror::Error;

/// The page itself.
pub const PAGE: &str = include_str!("../../CHANGELOG.md");
/// Where it is said who maintains the packages.
const MANIFEST: &str = include_str!("../../axesd/Cargo.toml");
/// Where the page is installed; Debian compresses it.
const INSTALLED: &str = "/usr/share/doc/axes/changelog";

/// One entry of the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Release {
    /// As in Cargo.toml.
    pub version: String,
    /// When it was made.
    pub date: Date,
}

/// A page that cannot be read.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum ChangelogError {
    /// A title that is not one of a release, with the number of its line.
    #[error("CHANGELOG.md:{0}: {1:?} is not as \"## [0.1.0] - 2026-01-31\"")]
    Title(usize, String),
    /// There is no entry.
    #[error("CHANGELOG.md: no release")]
    Empty,
    /// axesd/Cargo.toml does not say who maintains the packages.
    #[error("axesd/Cargo.toml: no maintainer of the packages")]
    NoMaintainer,
}

/// The newest release.
pub fn newest(page: &str) -> Result<Release, ChangelogError> {
    releases(page)?.into_iter().next().ok_or(ChangelogError::Empty)
}

/// For Debian: debian/changelog, as deb-changelog(5) has it.
pub fn deb(page: &str) -> Result<String, ChangelogError> {
    let maintainer = maintainer()?;
    let entry = |Release { version, date }: &Release| {
        format!(
            "axes ({version}-1) unstable; urgency=medium\n\n  \
             * Version {version}: see {INSTALLED}.gz.\n\n \
             -- {maintainer}  {}\n",
            date.strftime("%a, %d %b %Y 12:00:00 +0000")
        )
    };
    Ok(releases(page)?.iter().map(entry).collect::<Vec<_>>().join("\n"))
}

/// For RPM: what stands below `%changelog`.
pub fn rpm(page: &str) -> Result<String, ChangelogError> {
    let maintainer = maintainer()?;
    let entry = |Release { version, date }: &Release| {
        let date = date.strftime("%a %b %d %Y");
        format!("* {date} {maintainer} - {version}-1\n- Version {version}: see {INSTALLED}.\n")
    };
    Ok(releases(page)?.iter().map(entry).collect::<Vec<_>>().join("\n"))
}

/// All releases, newest first; what is not released yet is not among them.
fn releases(page: &str) -> Result<Vec<Release>, ChangelogError> {
    let lines = page.lines().enumerate();
    let titles = lines.filter(|(_, line)| line.starts_with("## ") && *line != "## [Unreleased]");
    titles
        .map(|(index, line)| {
            release(line).ok_or_else(|| ChangelogError::Title(index + 1, line.to_owned()))
        })
        .collect()
}

fn release(title: &str) -> Option<Release> {
    let (version, date) = title.strip_prefix("## [")?.split_once("] - ")?;
    let parts: Vec<_> = version.split('.').collect();
    let is_number = |part: &&str| part.parse::<u32>().is_ok();
    if parts.len() != 3 || !parts.iter().all(is_number) {
        return None;
    }
    Some(Release { version: version.to_owned(), date: date.parse().ok()? })
}

fn maintainer() -> Result<&'static str, ChangelogError> {
    let value = MANIFEST.lines().find_map(|line| line.strip_prefix("maintainer = \""));
    value.and_then(|it| it.strip_suffix('"')).ok_or(ChangelogError::NoMaintainer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES: &str = "# Changelog\n\n## [Unreleased]\n\n- More.\n\n\
        ## [0.2.0] - 2027-01-01\n\n- Much.\n\n## [0.1.0] - 2026-11-23\n";

    #[test]
    fn the_newest_release_is_the_first_one_that_has_a_date() {
        let newest = newest(PAGES).unwrap();
        assert_eq!(newest.version, "0.2.0");
        assert_eq!(newest.date.to_string(), "2027-01-01");
    }

    #[test]
    fn debian_has_every_release_with_the_day_of_the_week() {
        let text = deb(PAGES).unwrap();
        assert!(text.starts_with("axes (0.2.0-1) unstable; urgency=medium\n\n  * Version 0.2.0"));
        assert!(text.contains(">  Fri, 01 Jan 2027 12:00:00 +0000\n\naxes (0.1.0-1) "), "{text}");
        assert!(text.ends_with(">  Mon, 23 Nov 2026 12:00:00 +0000\n"), "{text}");
    }

    #[test]
    fn rpm_has_every_release_with_the_day_of_the_week() {
        let text = rpm(PAGES).unwrap();
        assert!(text.starts_with("* Fri Jan 01 2027 The pam_axes developers <"), "{text}");
        assert!(text.contains("> - 0.2.0-1\n- Version 0.2.0: "), "{text}");
        assert!(text.contains("\n\n* Mon Nov 23 2026 "), "{text}");
    }

    #[test]
    fn a_title_that_is_no_release_is_named_with_its_line() {
        for title in [
            "## 0.1.0 - 2026-11-23",
            "## [0.1] - 2026-11-23",
            "## [0.1.x] - 2026-11-23",
            "## [0.1.0] - 2026-02-30",
            "## [0.1.0]",
        ] {
            let page = format!("# Changelog\n\n{title}\n");
            assert_eq!(newest(&page), Err(ChangelogError::Title(3, title.to_owned())));
        }
        assert_eq!(newest("# Changelog\n\n## [Unreleased]\n"), Err(ChangelogError::Empty));
    }
}
