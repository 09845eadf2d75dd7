//! Instructions that a login may take, kept beside the code: what costs more is seen before it lands.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::caller::How;
use super::instructions::{self, Build};
use super::served::{self, Served};
use super::stacks::Stack;

/// Figures by what they are of.
pub type Counts = BTreeMap<String, u64>;

/// Of the caller.
const LOGINS: u32 = 5;
/// Of the daemon, in a short run and in a long one.
const FEW_AND_MANY: [u32; 2] = [20, 120];

/// How far a figure may be from the one that is kept, in percent. Run after run, idle or busy, the
/// module had the same to the instruction, and the daemon 1.2 % more or less: it is woken once for
/// two messages or once for each. The rest is for another compiler.
const SLACK_OF_THE_MODULE: f64 = 5.0;
const SLACK_OF_THE_DAEMON: f64 = 10.0;

/// Counts the release build, in pam_axes.so and axesd alone: what libc and libpam take is not ours,
/// and is not the same everywhere.
pub fn measure() -> Counts {
    // The socket stands on the module's line, and a longer name takes longer to read. Refused only
    // where it was said before.
    let _ = tempfile::env::override_temp_dir(Path::new("/tmp"));
    of_the_module().into_iter().chain(of_the_daemon()).collect()
}

fn of_the_module() -> Counts {
    let mut host = instructions::host(Build::Release);
    host.start_daemon();
    let count = |how| {
        instructions::of_caller(&host, Stack::Axes, how, LOGINS).only("libpam_axes.so").total()
    };
    [("success", How::Success), ("failure", How::Failure)]
        .map(|(name, how)| (format!("pam_axes.so, {name}"), rounded(count(how))))
        .into()
}

fn of_the_daemon() -> Counts {
    let of = |name: &str, how| {
        let served = served::of_daemon(Build::Release, how, FEW_AND_MANY);
        let Served { serving, writing } = served;
        [("serving", serving), ("writing", writing)].map(|(thread, profile)| {
            (format!("axesd, {thread}, {name}"), rounded(profile.only("axesd").total()))
        })
    };
    let (success, both) = (of("success", How::Success), of("failure and success", How::Failure));
    success.into_iter().chain(both).collect()
}

fn rounded(count: f64) -> u64 {
    count.max(0.0).round() as u64
}

/// The figures that are kept.
pub fn kept() -> Counts {
    let text = fs::read_to_string(place()).expect("figures");
    serde_json::from_str(&text).expect("figures")
}

/// Keeps these.
pub fn keep(counts: &Counts) {
    let text = serde_json::to_string_pretty(counts).expect("figures");
    fs::write(place(), text + "\n").expect("figures");
}

fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/instructions.json")
}

/// A line for each figure, and whether it is too far from the one that is kept.
pub fn compare(counts: &Counts, kept: &Counts) -> Result<String, String> {
    let names = counts.keys().chain(kept.keys().filter(|name| !counts.contains_key(*name)));
    let lines: Vec<_> = names.map(|name| line(name, counts.get(name), kept.get(name))).collect();
    let is_wrong = lines.iter().any(Result::is_err);
    let text: String =
        lines.into_iter().map(|line| line.unwrap_or_else(|line| line) + "\n").collect();
    if is_wrong { Err(text + WHAT_TO_DO) } else { Ok(text) }
}

const WHAT_TO_DO: &str = "What is slower is to be made faster, or kept where it has a reason; what is \
    faster is kept,\nso that it stays so: `make recount` writes tests/bench/instructions.json anew.";

fn line(name: &str, count: Option<&u64>, kept: Option<&u64>) -> Result<String, String> {
    let (Some(&count), Some(&kept)) = (count, kept) else {
        return Err(format!("{name}: counted {count:?}, kept {kept:?}"));
    };
    let change = (count as f64 / kept as f64 - 1.0) * 100.0;
    let text = format!("{name}: {count} instructions, kept {kept}: {change:+.1} %");
    match slack(name) {
        slack if change > slack => Err(format!("{text}, more than {slack} % too many")),
        slack if change < -slack => Err(format!("{text}, more than {slack} % less")),
        _ => Ok(text),
    }
}

fn slack(name: &str) -> f64 {
    if name.starts_with("axesd") { SLACK_OF_THE_DAEMON } else { SLACK_OF_THE_MODULE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(module: u64, daemon: u64) -> Counts {
        [("pam_axes.so, success", module), ("axesd, serving, success", daemon)]
            .map(|(name, count)| (name.to_owned(), count))
            .into()
    }

    #[test]
    fn a_little_more_or_less_is_as_good_as_the_same() {
        let text = compare(&counts(1010, 970), &counts(1000, 1000)).unwrap();
        assert!(
            text.contains("pam_axes.so, success: 1010 instructions, kept 1000: +1.0 %\n"),
            "{text}"
        );
    }

    #[test]
    fn what_costs_more_or_less_than_is_kept_is_told_with_what_to_do() {
        for (module, daemon, word) in
            [(1060, 1000, "too many"), (1000, 1110, "too many"), (940, 1000, "less")]
        {
            let text = compare(&counts(module, daemon), &counts(1000, 1000)).unwrap_err();
            assert!(text.contains(word) && text.contains("`make recount`"), "{text}");
        }
    }

    #[test]
    fn a_figure_without_its_like_is_told() {
        for (counts, kept) in [(counts(1, 1), Counts::new()), (Counts::new(), counts(1, 1))] {
            let text = compare(&counts, &kept).unwrap_err();
            assert!(text.contains("axesd, serving, success: counted "), "{text}");
        }
    }
}
