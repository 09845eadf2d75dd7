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
    /// Round trips and blocks on the disk.
    pub floors: u32,
    /// Callers at once.
    pub callers: &'static [usize],
    /// How long so many callers log in through one stack.
    pub crowd: Duration,
}

impl Effort {
    /// Enough for figures.
    pub const FULL: Self = Self {
        logins: 5000,
        slow_logins: 200,
        traced: 200,
        floors: 5000,
        callers: &[1, 8, 64, 256],
        crowd: Duration::from_secs(3),
    };
    /// Enough to see that all of it works.
    pub const SHORT: Self = Self {
        logins: 6,
        slow_logins: 2,
        traced: 2,
        floors: 20,
        callers: &[1, 3],
        crowd: Duration::from_millis(60),
    };
}
