//! What module and daemon take while nobody logs in.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::caller::{Caller, How, Login};
use super::keeper::kib;
use super::table::Series;
use super::{calls, processor};
use crate::host::{Host, module};

/// Until a new daemon is through with its start.
const SETTLED: Duration = Duration::from_secs(2);

/// A daemon that nobody asks anything.
#[derive(Debug)]
pub struct Idle {
    /// Resident, in bytes.
    pub memory: u64,
    /// How long it was watched.
    pub time: Duration,
    /// Of the processor, in all.
    pub cpu: Duration,
    /// Times that one of its threads was woken.
    pub woken: u64,
    /// System calls of another one under strace meanwhile; `None` where it may not trace.
    pub calls: Option<u64>,
}

/// From pam_start to pam_end and nothing between, for services in turn.
pub fn load_times(host: &Host, services: &[&str], rounds: u32) -> Vec<Series> {
    let mut caller = Caller::start(&host.path("pam.d"));
    let mut all = vec![Series::none(); services.len()];
    for _ in 0..rounds {
        for (service, series) in services.iter().zip(&mut all) {
            let [service, user, address] = [*service, "daemon", "local"].map(str::to_owned);
            series.add(caller.once(&Login { service, user, address, how: How::Load }).wall);
        }
    }
    all
}

/// Bytes of the module as it was built; the release build is stripped.
pub fn module_size() -> u64 {
    fs::metadata(module()).expect("the module").len()
}

/// Watches two new daemons for a time, one of them through strace.
pub fn idle(time: Duration) -> Idle {
    let [watched, traced] = ["", ""].map(Host::start);
    thread::sleep(SETTLED);
    let process = watched.daemon_id();
    let (cpu, woken, begun) = (processor::time_of(process), switches(process), Instant::now());
    let calls = if calls::can_be_counted() {
        Some(calls::of_idle(traced.daemon_id(), &traced.path(""), time))
    } else {
        thread::sleep(time);
        None
    };
    Idle {
        memory: kib(&format!("/proc/{process}/status"), "VmRSS:") << 10,
        time: begun.elapsed(),
        cpu: processor::time_of(process) - cpu,
        woken: switches(process) - woken,
        calls,
    }
}

/// How often its threads gave the processor away, which each does that was woken.
fn switches(process: u32) -> u64 {
    let name = "voluntary_ctxt_switches:";
    tasks(process).iter().map(|task| kib(&format!("{task}/status"), name)).sum()
}

fn tasks(process: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("threads");
    tasks.map(|task| task.expect("a thread").path().display().to_string()).collect()
}
