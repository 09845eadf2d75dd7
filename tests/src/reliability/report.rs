//! The report: what was tried on which machine, and what came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

const HEAD: &str = "# How often the promises were tried\n\n\
`make reliability` runs these trials and writes this page; it takes root for the power cuts, and\n\
some 25 minutes. A trial that finds a promise broken ends the run, and no page is written.\n\n";

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

/// Where the report stands in the sources.
pub fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("RELIABILITY.md")
}

/// The whole page.
pub fn page(sections: &[Section]) -> String {
    sections.iter().fold(format!("{HEAD}{}", machine()), |page, section| page + &text(section))
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
    format!("\n## {}\n\n{}\n\n| | |\n|---|---|\n{rows}", section.title, section.method)
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
