//! The only clock that decisions are made by.

use std::time::Duration;

use axes_policy::time::Timestamp;
use nix::time::{ClockId, clock_gettime};

/// The wall clock as it was at the start, carried on by a clock that nobody can set.
///
/// It counts time asleep (`CLOCK_BOOTTIME`), so that a lockout neither ends nor lasts because
/// the wall clock was set.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: Duration,
    boot: Duration,
}

impl Clock {
    /// Reads the wall clock, for the last time.
    #[must_use]
    pub fn start() -> Self {
        Self { wall: read(ClockId::CLOCK_REALTIME), boot: read(ClockId::CLOCK_BOOTTIME) }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::default().after(self.wall + self.uptime())
    }

    /// Time since the start.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        read(ClockId::CLOCK_BOOTTIME).saturating_sub(self.boot)
    }

    /// What a moment is called on the wall clock as it stands today, in milliseconds since 1970.
    #[must_use]
    pub fn wall_ms(&self, moment: Timestamp) -> u64 {
        let wall = read(ClockId::CLOCK_REALTIME);
        let now = self.now();
        let shown = if moment >= now {
            wall.saturating_add(moment.since(now))
        } else {
            wall.saturating_sub(now.since(moment))
        };
        u64::try_from(shown.as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment that is called so on the wall clock as it stands today.
    #[must_use]
    pub fn moment(&self, wall_ms: u64) -> Timestamp {
        let now_ms = self.wall_ms(self.now());
        let carried = self.now().as_millis();
        // Both are milliseconds since 1970, and differ by what the wall clock was set.
        Timestamp::from_millis(wall_ms.saturating_add(carried).saturating_sub(now_ms))
    }
}

fn read(clock: ClockId) -> Duration {
    // Linux has both clocks, so this does not fail; zero would be 1970, and no panic.
    clock_gettime(clock).map(Into::into).unwrap_or_default()
}
