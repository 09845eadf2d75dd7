//! System calls, counted by strace in runs of their own, for being watched costs time.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::caller::{Caller, How, Login};
use super::cost::{login, stranger};
use super::stacks::Stack;
use crate::host::{Host, kill, wait_until};

/// Until the daemon is through with what it does after its answer.
const AFTERWARDS: Duration = Duration::from_millis(300);

/// System calls of one login.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calls {
    /// Of the process that logs in.
    pub caller: f64,
    /// Of the daemon.
    pub daemon: f64,
}

/// Whether there is a strace, and it may trace.
pub fn can_be_counted() -> bool {
    let mut strace = Command::new("strace");
    let traced = strace.args(["-c", "true"]).stderr(Stdio::null()).status();
    traced.is_ok_and(|status| status.success())
}

/// System calls of a login through a stack, by the mean of so many.
pub fn of_logins(host: &Host, stack: Stack, how: How, count: u32) -> Calls {
    let nothing = traced(host, count, How::Nothing, |_| login(stack, "local", How::Nothing));
    let success = |number| login(stack, &stranger(number), How::Success);
    let failure = |number| login(stack, &stranger(number), How::Failure);
    match how {
        How::Load | How::Ask | How::Nothing => nothing,
        How::Success => traced(host, count, how, success).less(nothing),
        // A success beside each, so that nobody is locked.
        How::Failure => {
            let both = traced(host, count, how, failure).less(nothing);
            both.less(traced(host, count, How::Success, success))
        }
    }
}

impl Calls {
    fn less(self, other: Self) -> Self {
        Self { caller: self.caller - other.caller, daemon: self.daemon - other.daemon }
    }
}

fn traced(host: &Host, count: u32, how: How, login: impl Fn(u32) -> Login) -> Calls {
    let (of_caller, of_daemon) = (host.path("calls.caller"), host.path("calls.daemon"));
    let watch = Watch::begin(host.daemon_id(), &of_daemon);
    let plain = Caller::command(&host.path("pam.d"));
    let mut strace = Command::new("strace");
    strace.args(["-f", "-c", "-o"]).arg(&of_caller).arg(plain.get_program()).args(plain.get_args());
    let mut caller = Caller::start_as(strace);
    for number in 0..count {
        let login = login(number);
        caller.once(&login);
        if how == How::Failure {
            caller.once(&Login { how: How::Success, ..login });
        }
    }
    drop(caller);
    thread::sleep(AFTERWARDS);
    watch.end();
    let each = |path: &Path| total(path) as f64 / f64::from(count.max(1));
    Calls { caller: each(&of_caller), daemon: each(&of_daemon) }
}

/// System calls that a process makes within a time, when nobody asks it anything.
pub fn of_idle(process: u32, folder: &Path, time: Duration) -> u64 {
    let path = folder.join("calls.idle");
    let watch = Watch::begin(process, &path);
    let begun = Instant::now();
    thread::sleep(time.saturating_sub(begun.elapsed()));
    watch.end();
    total(&path)
}

/// A strace at a running process.
struct Watch(Child);

impl Watch {
    fn begin(process: u32, to: &Path) -> Self {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-c", "-o"]).arg(to).args(["-p", &process.to_string()]);
        let watch = Self(strace.stderr(Stdio::null()).spawn().expect("strace"));
        wait_until("strace traces all threads", || threads_without_tracer(process) == 0);
        watch
    }

    fn end(mut self) {
        kill(&self.0, libc::SIGINT);
        self.0.wait().expect("strace ends");
    }
}

fn threads_without_tracer(process: u32) -> usize {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("threads");
    let status =
        threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("status")).ok());
    status.filter(|text| text.contains("TracerPid:\t0\n")).count()
}

/// What stands in the last line of a table of strace; nothing was called where there is no table.
fn total(path: &Path) -> u64 {
    let text = fs::read_to_string(path).expect("a table of strace");
    of_table(&text)
}

fn of_table(text: &str) -> u64 {
    let line = text.lines().find(|line| line.trim_end().ends_with(" total"));
    // Time in percent, in seconds, by call; calls; and errors, if there are any.
    let calls = line.and_then(|line| line.split_whitespace().nth(3));
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_strace_ends_with_the_number_of_calls() {
        let text = "% time     seconds  usecs/call     calls    errors syscall\n\
                    ------ ----------- ----------- --------- --------- ----------------\n\
                    \x2061.11    0.000022           1        13           mmap\n\
                    ------ ----------- ----------- --------- --------- ----------------\n\
                    100.00    0.000036           1        30         2 total\n";
        assert_eq!(of_table(text), 30);
        assert_eq!(of_table(""), 0);
    }
}
