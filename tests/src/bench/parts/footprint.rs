//! What module and daemon take while nobody logs in.

use super::Part;
use crate::bench::Effort;
use crate::bench::footprint::{self, Idle};
use crate::bench::goals::Goal;
use crate::bench::stacks;
use crate::bench::table::{Series, Table, bytes, micros, shown};

pub(super) const TITLE: &str = "Footprint";

const METHOD: &str = "Loading is from pam_start to pam_end with nothing between, in a process forked for it, of a service\n\
    whose account lines are pam_permit.so and that module; the services take turns. It holds\n\
    the reading of the service, dlopen, relocations and dlclose. A fresh axesd with an empty store is\n\
    left alone; what it calls is counted by `strace -f -c` at another one beside it.";

const SERVICES: [&str; 3] = ["load-bare", "load-pam_faillock", "load-pam_axes"];

pub(super) fn measure(effort: &Effort) -> Part {
    let host = stacks::host("");
    stacks::write_single_lines(&host);
    let loads = footprint::load_times(&host, &SERVICES, effort.loads);
    drop(host);
    let idle = footprint::idle(effort.idle);
    let text = format!("{METHOD}\n\n{}\n{}", table_of_loads(&loads).text(), table_of(&idle).text());
    Part { title: TITLE, text, goals: goals(&loads, &idle) }
}

fn table_of_loads(loads: &[Series]) -> Table {
    let mut table = Table::new(&["pam_start to pam_end", "times", "p50", "p99", "added by it"]);
    for (name, series) in ["pam_permit", "pam_faillock", "pam_axes"].into_iter().zip(loads) {
        table.row([
            name.to_owned(),
            series.count().to_string(),
            shown(series.median()),
            shown(series.percentile(99)),
            format!("{:.1} µs", added(loads, series)),
        ]);
    }
    table
}

fn added(loads: &[Series], series: &Series) -> f64 {
    loads.first().map_or(f64::NAN, |bare| micros(series.median()) - micros(bare.median()))
}

fn table_of(idle: &Idle) -> Table {
    let mut table = Table::new(&["", "figure"]);
    let calls = idle.calls.map_or("not counted".to_owned(), |calls| calls.to_string());
    let rows = [
        ("pam_axes.so".to_owned(), bytes(footprint::module_size())),
        ("axesd, resident memory when fresh".to_owned(), bytes(idle.memory)),
        (format!("axesd, woken up in {}", shown(idle.time)), idle.woken.to_string()),
        ("axesd, processor meanwhile".to_owned(), shown(idle.cpu)),
        ("axesd, system calls meanwhile".to_owned(), calls),
    ];
    for (what, figure) in rows {
        table.row([what, figure]);
    }
    table
}

fn goals(loads: &[Series], idle: &Idle) -> Vec<Goal> {
    let [_, faillock, axes] = loads else { return Vec::new() };
    vec![
        Goal::at_most(
            "size of pam_axes.so",
            400.0,
            footprint::module_size() as f64 / 1024.0,
            "KiB",
        ),
        Goal::at_most(
            "loading: time added, in that of pam_faillock",
            1.5,
            added(loads, axes) / added(loads, faillock),
            "",
        ),
        Goal::at_most(
            "fresh axesd: resident",
            12.0,
            idle.memory as f64 / f64::from(1 << 20),
            "MiB",
        ),
        Goal::at_most("idle axesd: woken up", 0.0, idle.woken as f64, "times"),
        Goal::at_most("idle axesd: processor", 0.0, micros(idle.cpu), "µs"),
        match idle.calls {
            Some(calls) => Goal::at_most("idle axesd: system calls", 0.0, calls as f64, ""),
            None => Goal::open("idle axesd: system calls", "strace may not trace here"),
        },
    ]
}
