//! How long a daemon that was killed takes to answer again, with a million counters.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::load::{self, CALLERS};
use crate::host::Host;

const PATIENCE: Duration = Duration::from_secs(120);
const RESTARTS: usize = 3;

/// What was measured.
#[derive(Debug)]
pub struct Figures {
    /// Counters that were there before the daemon was killed, and after it.
    pub counters: u64,
    /// How long it took to fill them through the socket.
    pub filled: Duration,
    /// From the start of the process to its first answer, each time.
    pub restarts: Vec<Duration>,
}

/// Fills so many counters, kills and starts the daemon.
pub fn with_counters(count: u64, progress: impl Fn(u64) + Sync) -> Figures {
    let mut host = Host::without_daemon(load::SETTINGS);
    host.drop_in("[store]\nmax_memory = \"1GiB\"\nmax_disk = \"2GiB\"\n");
    load::started(&mut host, PATIENCE);
    let begun = Instant::now();
    fill(&host, count, &progress);
    let filled = begun.elapsed();
    let restart = |_| {
        host.kill_daemon(libc::SIGKILL);
        let restart = load::started(&mut host, PATIENCE);
        assert_eq!(load::status(&host).expect("a status").counters, count);
        restart
    };
    let restarts = (0..RESTARTS).map(restart).collect();
    Figures { counters: count, filled, restarts }
}

fn fill(host: &Host, count: u64, progress: &(impl Fn(u64) + Sync)) {
    let next = AtomicU64::new(0);
    let caller = || {
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= count {
                return;
            }
            load::fail_at_once(host, &load::client(&format!("user{number}")));
            progress(number);
        }
    };
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(caller);
        }
    });
}
