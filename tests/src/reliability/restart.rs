//! How long a daemon that was killed takes to answer again, with a million counters.

use std::time::{Duration, Instant};

use axes_proto::pam::Client;
use axes_proto::text::Host as Address;

use super::bounds::bytes_of;
use super::load;
use crate::host::Host;

const PATIENCE: Duration = Duration::from_secs(120);
const RESTARTS: usize = 3;

/// What a failure is counted in.
#[derive(Clone, Copy, Debug)]
pub enum Counted {
    /// By user and address, by address, by user; each failure in three counters of its own.
    AsShipped,
    /// By user alone: there are as many failures as counters.
    ByUser,
}

/// What was measured.
#[derive(Debug)]
pub struct Figures {
    /// Counters that were there before the daemon was killed, and after it.
    pub counters: u64,
    /// How long it took to fill them through the socket.
    pub filled: Duration,
    /// From the start of the process to its first answer, each time.
    pub restarts: Vec<Duration>,
    /// Bytes of memory that the last of these daemons took at most.
    pub memory: u64,
    /// Bytes of disk that its folder takes.
    pub disk: u64,
}

impl Counted {
    const fn settings(self) -> &'static str {
        match self {
            Self::AsShipped => "cooloff_time = \"1day\"\n",
            Self::ByUser => load::SETTINGS,
        }
    }

    const fn counters(self) -> u64 {
        match self {
            Self::AsShipped => 3,
            Self::ByUser => 1,
        }
    }
}

/// Fills at least so many counters, kills and starts the daemon.
pub fn with_counters(least: u64, counted: Counted, progress: impl Fn(u64) + Sync) -> Figures {
    let mut host = Host::without_daemon(counted.settings());
    host.drop_in("[store]\nmax_memory = \"2GiB\"\nmax_disk = \"4GiB\"\n");
    load::started(&mut host, PATIENCE);
    let begun = Instant::now();
    let failures = least.div_ceil(counted.counters());
    load::fail_each(&host, failures, stranger, &progress);
    let filled = begun.elapsed();
    let counters = failures * counted.counters();
    let restart = |_| {
        host.kill_daemon(libc::SIGKILL);
        let restart = load::started(&mut host, PATIENCE);
        assert_eq!(load::status(&host).expect("a status").counters, counters);
        restart
    };
    let restarts = (0..RESTARTS).map(restart).collect();
    let (memory, disk) = (host.peak_memory(), bytes_of(&host.path("state")));
    Figures { counters, filled, restarts, memory, disk }
}

/// A user whom nobody else shares an address with.
fn stranger(number: u64) -> Client {
    let [.., b, c, d] = number.to_be_bytes();
    let remote = Some(Address::from_typed(&format!("10.{b}.{c}.{d}")));
    Client { remote, ..load::client(&format!("user{number}")) }
}
