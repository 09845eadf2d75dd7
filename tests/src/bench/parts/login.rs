//! What a login costs.

use std::fmt::Write as _;

use super::Part;
use crate::bench::caller::How;
use crate::bench::cost::{self, Logins};
use crate::bench::floors::{self, Floors};
use crate::bench::goals::Goal;
use crate::bench::stacks::{self, Stack};
use crate::bench::table::{Series, Table, micros, shown};
use crate::bench::{Effort, calls};
use crate::host::Host;

/// Those that take turns.
const COMPARED: [Stack; 3] = [Stack::Bare, Stack::Faillock, Stack::Axes];

pub(super) const TITLE: &str = "Cost of a login";

const METHOD: &str = "One login is pam_start, pam_authenticate, pam_acct_mgmt, pam_setcred and pam_end; one that\n\
    fails is pam_start, pam_authenticate and pam_end. Each is made in a process forked for it, as sshd\n\
    does, which had loaded no module before. The password module asks through the conversation and\n\
    compares with a word: no hash, no other process, no delay after a failure. The stacks take turns,\n\
    login by login. Each failure comes from another address and is followed by a success that is not\n\
    measured, so that nobody is locked.";

pub(super) fn measure(effort: &Effort) -> Part {
    let host = stacks::host("");
    let floors = floors::measure(&host.path(""), effort.floors);
    let mut logins = cost::compare(&host, &COMPARED, effort.logins, progress);
    if Stack::present().contains(&Stack::Abl) {
        // Alone: it takes so long, and so much of the disk, that the others would not be themselves.
        logins.extend(cost::compare(&host, &[Stack::Abl], effort.slow_logins, drop));
    }
    let text = format!(
        "{METHOD}\n\n{}\n\n{}\n{}\n{}\nWhat nothing can be faster than, in the same run:\n\n{}",
        notes(),
        costs(&logins).text(),
        added(&logins).text(),
        system_calls(&host, effort),
        table_of(&floors).text()
    );
    Part { title: TITLE, text, goals: goals(&logins, &floors) }
}

fn progress(round: u32) {
    if round.is_multiple_of(100) {
        eprint!("\rlogin: round {round}   ");
    }
}

fn notes() -> String {
    let mut notes = match stacks::have_libgcc() {
        true => "Caller or password module map libgcc_s, which pam_axes then finds in memory.\n",
        false => "As in sshd, there is no libgcc_s in memory that pam_axes would find there.\n",
    }
    .to_owned();
    notes += "pam_axes and axesd are as shipped, with the store on the disk; pam_faillock has the lines of\n\
        its manual, a folder of its own, `deny=5`, `nodelay` and `silent`.";
    notes += match Stack::present().contains(&Stack::Abl) {
        true => {
            " pam_abl has one line and limits\n\
             that nobody reaches, since it forgives nothing at a success; it is measured after the others, for\n\
             it takes long and keeps the disk busy. A failure is on the disk before it is answered with\n\
             pam_axes, before pam_end with pam_abl, and whenever the kernel writes it with pam_faillock."
        }
        false => {
            " A failure is on the disk before\n\
             it is answered with pam_axes, and whenever the kernel writes it with pam_faillock. pam_abl could\n\
             not be had here."
        }
    };
    notes
}

fn costs(logins: &[Logins]) -> Table {
    let heads = ["", "logins", "p50", "p99", "CPU caller", "CPU axesd"];
    let mut table = Table::new(&heads);
    for it in logins {
        let daemon = if it.stack == Stack::Axes { shown(it.daemon_cpu) } else { "-".to_owned() };
        table.row([
            format!("{}, {}", it.how.word(), it.stack.name()),
            it.wall.count().to_string(),
            shown(it.wall.median()),
            shown(it.wall.percentile(99)),
            shown(it.cpu.mean()),
            daemon,
        ]);
    }
    table
}

/// What each stack adds to the bare one.
fn added(logins: &[Logins]) -> Table {
    let mut table =
        Table::new(&["added to the bare stack", "p50", "of pam_faillock's", "CPU, all"]);
    for how in [How::Success, How::Failure] {
        for it in logins.iter().filter(|it| it.how == how && it.stack != Stack::Bare) {
            table.row([
                format!("{}, {}", how.word(), it.stack.name()),
                format!("{:.1} µs", added_by(logins, it.stack, how)),
                format!("{:.2}", ratio(logins, it.stack, how)),
                format!("{:.1} µs", added_cpu(logins, it)),
            ]);
        }
    }
    table
}

fn system_calls(host: &Host, effort: &Effort) -> String {
    if !calls::can_be_counted() {
        return "System calls were not counted: there is no strace, or it may not trace.\n"
            .to_owned();
    }
    let mut table = Table::new(&["system calls of a login", "caller", "axesd"]);
    for how in [How::Success, How::Failure] {
        for stack in Stack::present() {
            let calls = calls::of_logins(host, stack, how, effort.traced);
            let daemon =
                if stack == Stack::Axes { format!("{:.1}", calls.daemon) } else { "-".to_owned() };
            table.row([
                format!("{}, {}", how.word(), stack.name()),
                format!("{:.1}", calls.caller),
                daemon,
            ]);
        }
    }
    let mut text = table.text();
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "\nCounted by `strace -f -c`, the mean of {} logins of a run of their own, less what the process\n\
         itself calls.",
        effort.traced
    );
    text
}

fn table_of(floors: &Floors) -> Table {
    let mut table = Table::new(&["floor", "times", "p50", "p99"]);
    let rows: [(&str, &Series); 4] = [
        ("Unix socket, 64 bytes to a thread and back", &floors.to_thread),
        ("Unix socket, 64 bytes to a process and back", &floors.to_process),
        ("the same, connected for it by a process forked for it", &floors.by_fork),
        ("a block of 4 KiB written in place, and fdatasync", &floors.sync),
    ];
    for (what, series) in rows {
        let [p50, p99] = [50, 99].map(|percent| shown(series.percentile(percent)));
        table.row([what.to_owned(), series.count().to_string(), p50, p99]);
    }
    table
}

fn goals(logins: &[Logins], floors: &Floors) -> Vec<Goal> {
    let faillock = added_by(logins, Stack::Faillock, How::Failure);
    vec![
        Goal::at_most(
            "success: cost added, in that of pam_faillock",
            1.0,
            ratio(logins, Stack::Axes, How::Success),
            "",
        ),
        Goal::at_most(
            "success: the same, aimed at",
            0.7,
            ratio(logins, Stack::Axes, How::Success),
            "",
        ),
        Goal::at_most(
            "failure, durable: cost added, no more than pam_faillock's and one fdatasync",
            faillock + micros(floors.sync.median()),
            added_by(logins, Stack::Axes, How::Failure),
            "µs",
        ),
    ]
}

/// Microseconds in the middle of all logins, less those of the bare stack.
fn added_by(logins: &[Logins], stack: Stack, how: How) -> f64 {
    let median = |stack| find(logins, stack, how).map_or(f64::NAN, |it| micros(it.wall.median()));
    median(stack) - median(Stack::Bare)
}

fn ratio(logins: &[Logins], stack: Stack, how: How) -> f64 {
    added_by(logins, stack, how) / added_by(logins, Stack::Faillock, how)
}

/// Of the caller and the daemon.
fn added_cpu(logins: &[Logins], of: &Logins) -> f64 {
    let all = |it: &Logins| micros(it.cpu.mean() + it.daemon_cpu);
    find(logins, Stack::Bare, of.how).map_or(f64::NAN, |bare| all(of) - all(bare))
}

fn find(logins: &[Logins], stack: Stack, how: How) -> Option<&Logins> {
    logins.iter().find(|it| it.stack == stack && it.how == how)
}
