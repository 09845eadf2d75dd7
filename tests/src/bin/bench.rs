//! Measures what a login costs and what axesd takes, writes bench/REPORT.md, and prints its goals.
//!
//! `axes-bench [PART...]` measures only these, and writes only their parts.

use std::fs;
use std::time::Instant;

use axes_e2e::bench::{Effort, REPORT, goals, parts, write};

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|it| it == name);
    if chosen.is_empty() {
        REPORT.begin_anew();
    }
    let order = parts::ALL.map(|(_, title, _)| title);
    for (name, _, measure) in parts::ALL.into_iter().filter(|(name, ..)| is_chosen(name)) {
        let (begun, before) = (Instant::now(), load());
        let mut part = measure(&Effort::FULL);
        let run =
            if chosen.is_empty() { "in one run with all parts" } else { "in a run of its own" };
        part.text += &format!(
            "\nMeasured {run}; load of the machine before and after: {before}, {}.\n",
            load()
        );
        write(&part, &order);
        eprintln!("\r{name}: measured in {:.1} s", begun.elapsed().as_secs_f64());
    }
    println!("{}\nAll of it: tests/bench/REPORT.md", goals().trim());
}

/// How many processes ran or wanted to, on the average of the last minute.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
