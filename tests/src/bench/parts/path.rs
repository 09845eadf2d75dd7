//! Where the time of a login goes.

use std::collections::{BTreeMap, BTreeSet};

use super::Part;
use crate::bench::caller::How;
use crate::bench::callgrind::{Place, Profile};
use crate::bench::instructions::{self, Build};
use crate::bench::served::{self, Served};
use crate::bench::stacks::Stack;
use crate::bench::table::Table;
use crate::bench::{Effort, origin};

pub(super) const TITLE: &str = "Where the time goes";

const METHOD: &str = "Instructions of one login, counted by callgrind; what the kernel does for a system call is not in them,\n\
    and neither is waiting. In the caller it is the mean of logins in processes of their own, as above,\n\
    less what the process itself takes. In axesd it is what a daemon that serves many executes more than\n\
    one that serves a few, so that its start cancels out; each failure comes with a success, whose share is\n\
    taken off. One thread serves, one writes, five logins at a time; those of sled and of the log are left\n\
    out, for they execute the more the longer it takes. Module and daemon are the release build with the\n\
    names of its functions.";

const LOGINS: [(How, Stack); 6] = [
    (How::Success, Stack::Bare),
    (How::Success, Stack::Faillock),
    (How::Success, Stack::Axes),
    (How::Failure, Stack::Bare),
    (How::Failure, Stack::Faillock),
    (How::Failure, Stack::Axes),
];
/// Functions that are shown.
const MOST: usize = 14;

/// What was tried, which no command finds out.
const TRIED: &str = include_str!("../../../bench/tried.md");

/// A column of figures and its head.
type Column = (String, Profile);

pub(super) fn measure(effort: &Effort) -> Part {
    let callers = callers(effort);
    let [success, failure] = daemons(effort);
    let threads = |(end, served): (&str, &Served)| -> [Column; 2] {
        [
            (format!("{end}, serving"), served.serving.clone()),
            (format!("{end}, writing"), served.writing.clone()),
        ]
    };
    let daemons = [("success", &success), ("failure", &failure)].map(threads).concat();
    let module = callers.clone().map(|(head, profile)| (head, profile.only("libpam_axes.so")));
    let module: Vec<_> = module.into_iter().filter(|it| it.1.total() >= 1.0).collect();
    let text = [
        METHOD.to_owned(),
        totals(&callers, [&success, &failure]).text(),
        "The caller, by program and library:".to_owned(),
        largest("in", &callers, usize::MAX, |place| place.object.clone()).text(),
        "The caller, functions that execute most themselves:".to_owned(),
        largest("function", &callers, MOST, function).text(),
        "pam_axes.so alone:".to_owned(),
        largest("function", &module, MOST, function).text(),
        "axesd, by the crate or library that a line of source is from, inlined or not:".to_owned(),
        largest("from", &daemons, MOST, origin::of).text(),
        "axesd, functions that execute most themselves:".to_owned(),
        largest("function", &daemons, MOST, function).text(),
        format!("### What was tried\n\n{TRIED}"),
    ];
    Part {
        title: TITLE,
        text: text.map(|it| it.trim_end().to_owned() + "\n").join("\n"),
        goals: Vec::new(),
    }
}

fn callers(effort: &Effort) -> [Column; 6] {
    let mut host = instructions::host(Build::Named);
    host.start_daemon();
    LOGINS.map(|(how, stack)| {
        let name = format!("{}, {}", how.word(), stack.name());
        eprint!("\rpath: {name}        ");
        let profile = instructions::of_caller(&host, stack, how, effort.counted);
        (name, profile)
    })
}

/// At a success, at a failure.
fn daemons(effort: &Effort) -> [Served; 2] {
    let [success, both] = [How::Success, How::Failure].map(|how| {
        eprint!("\rpath: {}, axesd        ", how.word());
        served::of_daemon(Build::Named, how, effort.served)
    });
    let failure = both.less(&success);
    [success, failure]
}

fn totals(callers: &[Column], [success, failure]: [&Served; 2]) -> Table {
    let mut table = Table::new(&["instructions", "caller", "axesd, serving", "axesd, writing"]);
    for ((name, profile), (how, stack)) in callers.iter().zip(LOGINS) {
        let served = if how == How::Success { success } else { failure };
        let of_daemon = [&served.serving, &served.writing].map(|it| match stack {
            Stack::Axes => whole(it.total()),
            _ => "-".to_owned(),
        });
        table.row([name.clone(), whole(profile.total())].into_iter().chain(of_daemon));
    }
    table
}

/// A row for each of the largest sums under one name.
fn largest(head: &str, columns: &[Column], rows: usize, name: impl Fn(&Place) -> String) -> Table {
    let heads: Vec<_> = columns.iter().map(|(head, _)| head.as_str()).collect();
    let mut table = Table::new(&[&[head], heads.as_slice()].concat());
    let sums: Vec<_> = columns.iter().map(|(_, profile)| profile.by(&name)).collect();
    let names: BTreeSet<_> = sums.iter().flat_map(BTreeMap::keys).collect();
    let of = |name: &str| sums.iter().map(|it| it.get(name).copied().unwrap_or_default()).collect();
    let mut all: Vec<(&String, Vec<f64>)> = names.into_iter().map(|it| (it, of(it))).collect();
    all.sort_by(|one, other| total(&other.1).total_cmp(&total(&one.1)));
    for (name, counts) in all.into_iter().filter(|it| total(&it.1) >= 1.0).take(rows) {
        table.row([name.clone()].into_iter().chain(counts.into_iter().map(whole)));
    }
    table
}

fn total(counts: &[f64]) -> f64 {
    counts.iter().sum()
}

/// Its name, and where it stands unless that is ours.
fn function(place: &Place) -> String {
    let name: String = place.function.replace('|', "\\|").chars().take(90).collect();
    match place.object.as_str() {
        "axesd" | "libpam_axes.so" => format!("`{name}`"),
        object => format!("`{name}` {object}"),
    }
}

fn whole(count: f64) -> String {
    // No zero with a minus.
    format!("{:.0}", count.round() + 0.0)
}
