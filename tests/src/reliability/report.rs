//! A page of what was tried or measured on which machine, and what came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

const BEGIN: &str = "\n## ";

/// A page of the sources that a command writes, part by part.
#[derive(Debug)]
pub struct Page {
    /// Where it stands below `tests`.
    pub path: &'static str,
    /// What stands before all parts.
    pub head: &'static str,
}

/// What the trials write.
pub const RELIABILITY: Page = Page {
    path: "RELIABILITY.md",
    head: "# How often the promises were tried\n\n\
        `make soak` runs these trials and writes this page; it takes root for the power cuts, and\n\
        almost an hour. A trial writes its part once it held; one that finds a promise broken ends the\n\
        run.\n\n",
};

/// What is written of each trial.
#[derive(Debug)]
pub struct Section {
    /// What was tried.
    pub title: &'static str,
    /// How.
    pub method: String,
    /// What was counted, and how much it was.
    pub figures: Vec<(&'static str, String)>,
}

impl Page {
    /// Removes it, for all parts are made again.
    pub fn begin_anew(&self) {
        // There may be none.
        let _ = fs::remove_file(self.place());
    }

    /// Writes a part, in place of what it was before.
    pub fn put(&self, title: &str, text: &str) {
        let (page, place) = (self.with(&self.read(), title, text), self.place());
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::write(place, page).expect("the report");
    }

    /// A part as it stands there.
    pub fn part(&self, title: &str) -> Option<String> {
        let page = self.read();
        page.split(BEGIN).skip(1).find(|part| is_of(part, title)).map(str::to_owned)
    }

    fn read(&self) -> String {
        fs::read_to_string(self.place()).unwrap_or_default()
    }

    fn place(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.path)
    }

    fn with(&self, page: &str, title: &str, text: &str) -> String {
        let mut parts: Vec<_> = page.split(BEGIN).skip(1).map(str::to_owned).collect();
        let own = format!("{title}\n\n{text}");
        match parts.iter_mut().find(|part| is_of(part, title)) {
            Some(part) => *part = own,
            None => parts.push(own),
        }
        let parts: String = parts.iter().map(|part| format!("{BEGIN}{part}")).collect();
        format!("{}{}{parts}", self.head, machine())
    }
}

fn is_of(part: &str, title: &str) -> bool {
    part.lines().next() == Some(title)
}

impl Section {
    /// Everything but its title.
    pub fn text(&self) -> String {
        let row = |(what, figure): &(&str, String)| format!("| {what} | {figure} |\n");
        let rows: String = self.figures.iter().map(row).collect();
        format!("{}\n\n| | |\n|---|---|\n{rows}", self.method)
    }
}

/// A time as it stands in the report.
pub fn shown(time: Duration) -> String {
    match time.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn machine() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!(
        "Machine: {cores} cores, Linux {}, state on {}; {build} build.\n",
        kernel.trim(),
        disk()
    )
}

/// File system and device of the folder that the trials work in.
fn disk() -> String {
    let folder = std::env::temp_dir();
    let told = Command::new("df").args(["--output=fstype,source"]).arg(folder).output();
    let told = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let told = told.unwrap_or_default();
    told.lines().nth(1).unwrap_or("?").split_whitespace().collect::<Vec<_>>().join(" on ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_that_is_made_again_replaces_its_part_alone() {
        let with = |page: &str, title, figure: &str| {
            let figures = vec![("Times", figure.to_owned())];
            let section = Section { title, method: "Again and again.".to_owned(), figures };
            RELIABILITY.with(page, section.title, &section.text())
        };
        let page = with("", "One", "1");
        let both = with(&page, "Two", "2");
        assert_eq!(both.strip_prefix(&page).map(|two| two.contains("| Times | 2 |")), Some(true));
        assert_eq!(with(&with(&both, "One", "3"), "One", "1"), both);
    }
}
