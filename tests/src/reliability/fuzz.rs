//! A fuzzer makes inputs up for every target of `tests/fuzz`, for some minutes each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// Targets that run at the same time: all, for the whole report has an hour.
const AT_ONCE: usize = TARGETS.len();
/// Every target.
const TARGETS: [&str; 7] =
    ["address", "config", "frame", "message", "name", "record", "replay_line"];
/// Of each target, unless `AXES_FUZZ_SECONDS` says otherwise.
const TIME: Duration = Duration::from_secs(600);
/// Seconds that one input may take.
const SLOWEST: &str = "10";
/// Lines of a fuzzer that found something.
const LAST_LINES: usize = 60;

/// What came of one target.
#[derive(Debug)]
pub struct Run {
    /// Which.
    pub target: &'static str,
    /// Inputs tried.
    pub executions: u64,
    /// Places of the code that they reached.
    pub coverage: u64,
}

/// How long each target is tried.
pub fn time() -> Duration {
    let told = std::env::var("AXES_FUZZ_SECONDS").ok();
    told.map_or(TIME, |text| Duration::from_secs(text.parse().expect("AXES_FUZZ_SECONDS")))
}

/// Tries every target; panics where one does not stand an input.
pub fn every_target(time: Duration, progress: impl Fn(&Run) + Sync) -> Vec<Run> {
    build();
    let waiting = Mutex::new(TARGETS.to_vec());
    let runs = Mutex::new(Vec::new());
    let next = || waiting.lock().expect("no panic").pop();
    let worker = || {
        while let Some(target) = next() {
            let run = run(target, time);
            progress(&run);
            runs.lock().expect("no panic").push(run);
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(worker);
        }
    });
    let mut runs = runs.into_inner().expect("no panic");
    runs.sort_by_key(|run| run.target);
    runs
}

fn build() {
    let listed = cargo_fuzz("list").args(["--fuzz-dir", "tests/fuzz"]).output();
    let listed = listed.expect("cargo fuzz; `make fuzz` installs it").stdout;
    let listed = String::from_utf8(listed).expect("names of targets");
    assert_eq!(listed.lines().collect::<BTreeSet<_>>(), BTreeSet::from(TARGETS));
    let built = with_options(&mut cargo_fuzz("build")).status().expect("cargo fuzz");
    assert!(built.success(), "the targets cannot be built");
}

fn run(target: &'static str, time: Duration) -> Run {
    // What is found does not go into the corpus of the everyday tests by itself.
    let found = workspace().join("target/fuzz").join(target);
    fs::create_dir_all(&found).expect("a folder");
    let mut command = cargo_fuzz("run");
    with_options(&mut command).arg(target).arg(found);
    command.arg(Path::new("tests/fuzz/corpus").join(target)).args(["--", "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={}", time.as_secs())).arg(format!("-timeout={SLOWEST}"));
    let output = command.output().expect("cargo fuzz");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{target} does not hold:\n{}", end_of(&told));
    let number = |before: &str| number_behind(&told, before).unwrap_or_else(|| panic!("{told}"));
    let executions = number("stat::number_of_executed_units:");
    Run { target, executions, coverage: number(" cov:") }
}

fn cargo_fuzz(verb: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace()).args(["fuzz", verb]);
    // The code is instrumented before it is linked, and a crash has to name its lines.
    command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_STRIP", "none");
    command
}

/// A sanitizer would take a nightly compiler, and there is no unsafe code in here to watch.
fn with_options(command: &mut Command) -> &mut Command {
    command.args(["--fuzz-dir", "tests/fuzz", "--features", "libfuzzer", "--sanitizer", "none"])
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The number behind the last of these words.
fn number_behind(text: &str, before: &str) -> Option<u64> {
    let (_, behind) = text.rsplit_once(before)?;
    behind.split_whitespace().next()?.parse().ok()
}

fn end_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_counts() {
        let text = "#2 INITED cov: 12 ft: 1\n#9\tDONE   cov: 422 ft: 8\n\
                    stat::number_of_executed_units: 598800\n";
        assert_eq!(number_behind(text, " cov:"), Some(422));
        assert_eq!(number_behind(text, "stat::number_of_executed_units:"), Some(598_800));
        assert_eq!(number_behind(text, "exec/s:"), None);
    }
}
