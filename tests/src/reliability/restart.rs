//! How long a daemon that was killed takes to answer again, with a million counters.

use std::time::{Duration, Instant};

use super::load;
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
    host.drop_in("[store]\nmax_memory = \"2GiB\"\nmax_disk = \"4GiB\"\n");
    load::started(&mut host, PATIENCE);
    let begun = Instant::now();
    let user = |number| load::client(&format!("user{number}"));
    load::fail_each(&host, count, user, &progress);
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
