//! The only clock that decisions are made by.

use std::time::Duration;

use axes_policy::time::Timestamp;
use nix::time::{ClockId, clock_gettime};

/// The wall clock as it was at the start, carried on by a clock that nobody can set.
///
/// It counts time asleep (`CLOCK_BOOTTIME`), which the timers of tokio do not, and a lockout neither
/// ends nor lasts because the wall clock was set.
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
        moment.as_millis().saturating_add_signed(self.set_ms())
    }

    /// The moment that is called so on the wall clock as it stands today.
    #[must_use]
    pub fn moment(&self, wall_ms: u64) -> Timestamp {
        Timestamp::from_millis(wall_ms.saturating_add_signed(-self.set_ms()))
    }

    /// By how much the wall clock was set since the start, to the nearest millisecond: a moment
    /// is not called a millisecond more or less from one question to the next.
    fn set_ms(&self) -> i64 {
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(0);
        let wall = micros(read(ClockId::CLOCK_REALTIME));
        (wall - micros(self.wall + self.uptime()) + 500).div_euclid(1000)
    }
}

fn read(clock: ClockId) -> Duration {
    // Linux has both clocks, so this does not fail; zero would be 1970, and no panic.
    clock_gettime(clock).map(Into::into).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_wall_clock_calls_a_moment_leads_back_to_it() {
        let hour = Duration::from_secs(3600);
        let clock = Clock::start();
        for set in [Clock { wall: clock.wall + hour, ..clock }, Clock { wall: hour, ..clock }] {
            let moment = set.now();
            assert_eq!(set.moment(set.wall_ms(moment)), moment);
            let told = set.wall_ms(moment).abs_diff(clock.now().as_millis());
            assert!(told < 1000, "{told} ms away");
        }
        assert_eq!(clock.moment(0).as_millis() / 1000, 0);
    }
}
