//! What a login costs, beside the modules that do the same, and what the daemon takes: at length by
//! `make bench`, which writes tests/bench/REPORT.md, and a few rounds of it in the suite.

pub mod caller;
mod callgrind;
mod calls;
mod cost;
pub mod counts;
mod crowd;
mod effort;
mod floors;
mod footprint;
mod goals;
mod instructions;
mod keeper;
mod origin;
pub mod parts;
mod processor;
mod served;
mod space;
mod stacks;
mod table;

pub use effort::Effort;

use parts::Part;

use crate::reliability::report::Page;

/// What is written.
pub const REPORT: Page = Page {
    path: "bench/REPORT.md",
    head: "# What a login costs\n\n\
        `make bench` measures this and writes this page, as root, in less than 15 minutes. Figures are\n\
        honest on a machine where nothing else runs; each part says how busy it was.\n\n",
};

const GOALS: &str = "Goals";
const UNMET: &str = "What is not met, and why";

/// The table of all goals, as it was written last.
pub fn goals() -> String {
    REPORT.part(GOALS).unwrap_or_default()
}

/// Writes a part, and its goals into the first table.
pub fn write(part: &Part, order: &[&str]) {
    REPORT.put(GOALS, &goals::table(&goals(), part.title, &part.goals, order));
    REPORT.put(UNMET, include_str!("../bench/unmet.md"));
    REPORT.put(part.title, &part.text);
}
