//! How much is measured.

use std::time::Duration;

/// How often each thing is done.
#[derive(Clone, Debug)]
pub struct Effort {
    /// Logins through each stack, of each kind.
    pub logins: u32,
    /// The same of what takes long.
    pub slow_logins: u32,
    /// The same under strace.
    pub traced: u32,
    /// The same under callgrind.
    pub counted: u32,
    /// Logins at a daemon under callgrind, in a short run and in a long one.
    pub served: [u32; 2],
    /// Round trips and blocks on the disk.
    pub floors: u32,
    /// Callers at once.
    pub callers: &'static [usize],
    /// How long so many callers log in through one stack.
    pub crowd: Duration,
    /// Counters among which is decided.
    pub counters: &'static [u64],
    /// Decisions.
    pub decisions: u32,
    /// Counters with which a daemon is started.
    pub restart: u64,
    /// Counters that are updated on the disk, how often in all, and for how long at most.
    pub updates: (u64, u64, Duration),
    /// Networks in a list.
    pub networks: &'static [u32],
    /// Looks into a list, each a thousand times.
    pub looks: u32,
    /// Starts of libpam with one module.
    pub loads: u32,
    /// How long a daemon is left alone.
    pub idle: Duration,
}

impl Effort {
    /// Enough for figures.
    pub const FULL: Self = Self {
        logins: 5000,
        slow_logins: 200,
        traced: 200,
        counted: 20,
        served: [20, 320],
        floors: 5000,
        callers: &[1, 8, 64, 256],
        crowd: Duration::from_secs(3),
        counters: &[1_000, 100_000, 1_000_000, 10_000_000],
        decisions: 100_000,
        restart: 1_000_000,
        updates: (10_000, 10_000_000, Duration::from_secs(150)),
        networks: &[10, 1_000, 100_000],
        looks: 500,
        loads: 5000,
        idle: Duration::from_secs(60),
    };

    /// Enough to see that all of it works.
    pub const SHORT: Self = Self {
        logins: 6,
        slow_logins: 2,
        traced: 2,
        counted: 2,
        served: [1, 4],
        floors: 20,
        callers: &[1, 3],
        crowd: Duration::from_millis(60),
        counters: &[100, 1_000],
        decisions: 50,
        restart: 300,
        updates: (100, 1_000, Duration::from_secs(10)),
        networks: &[10, 100],
        looks: 2,
        loads: 5,
        idle: Duration::from_millis(200),
    };
}
