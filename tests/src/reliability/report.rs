//! The report: what was tried on which machine, and what came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

const HEAD: &str = "# How often the promises were tried\n\n\
`make soak` runs these trials and writes this page; it takes root for the power cuts, and\n\
almost an hour. A trial writes its part once it held; one that finds a promise broken ends the\n\
run.\n\n";

const BEGIN: &str = "\n## ";

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

/// Removes the report, for all trials are made again.
pub fn begin_anew() {
    // There may be none.
    let _ = fs::remove_file(place());
}

/// Writes what came of a trial, in place of what came of it before.
pub fn put(section: &Section) {
    let page = fs::read_to_string(place()).unwrap_or_default();
    fs::write(place(), with(&page, section)).expect("the report");
}

/// Where it stands in the sources.
fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("RELIABILITY.md")
}

fn with(page: &str, section: &Section) -> String {
    let mut parts: Vec<_> = page.split(BEGIN).skip(1).map(str::to_owned).collect();
    let own = text(section);
    match parts.iter_mut().find(|part| part.lines().next() == Some(section.title)) {
        Some(part) => *part = own,
        None => parts.push(own),
    }
    let parts: String = parts.iter().map(|part| format!("{BEGIN}{part}")).collect();
    format!("{HEAD}{}{parts}", machine())
}

/// A time as it stands in the report.
pub fn shown(time: Duration) -> String {
    match time.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn text(section: &Section) -> String {
    let row = |(what, figure): &(&str, String)| format!("| {what} | {figure} |\n");
    let rows: String = section.figures.iter().map(row).collect();
    format!("{}\n\n{}\n\n| | |\n|---|---|\n{rows}", section.title, section.method)
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
        let section = |title, figure: &str| {
            let figures = vec![("Times", figure.to_owned())];
            Section { title, method: "Again and again.".to_owned(), figures }
        };
        let page = with("", &section("One", "1"));
        let both = with(&page, &section("Two", "2"));
        assert_eq!(both.strip_prefix(&page).map(|two| two.contains("| Times | 2 |")), Some(true));
        assert_eq!(with(&with(&both, &section("One", "3")), &section("One", "1")), both);
    }
}
