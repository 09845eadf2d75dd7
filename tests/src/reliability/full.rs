//! A disk that is full for a while: the daemon decides from memory, says so, and recovers.

use std::time::{Duration, Instant};

use super::disk::Disk;
use super::load::{self, End};
use crate::host::{Host, wait_until};

const SIZE: u64 = 64 << 20;
/// Failures until the daemon has to notice that nothing more fits.
const MOST_UNTIL_NOTICED: u64 = 20_000;
/// Failures while it knows.
const WHILE_FULL: u64 = 200;
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of some full disks.
#[derive(Debug, Default)]
pub struct Figures {
    /// Failures reported while the disk was full.
    pub while_full: u64,
    /// Of these, those of which the daemon said that they are not on disk.
    pub not_on_disk: u64,
    /// The longest from the return of space to the end of the alarm.
    pub recovery: Duration,
}

/// Fills and empties so many times; panics at a failure that is not counted, an alarm that is not
/// raised, or a recovery that takes help.
pub fn rounds(count: u32, mut progress: impl FnMut(u32)) -> Figures {
    let mut host = Host::without_daemon(load::SETTINGS);
    let disk = Disk::of(&host, SIZE);
    let mut figures = Figures::default();
    load::started(&mut host, PATIENCE);
    let mut reported = 0;
    for round in 1..=count {
        reported += fail_until_it_is_full(&host, &disk) + fail_while_full(&host, &mut figures);
        disk.empty();
        let begun = Instant::now();
        wait_until("the alarm ends", || !is_alarmed(&host));
        figures.recovery = figures.recovery.max(begun.elapsed());
        assert_eq!(counted(&host), reported, "before the daemon is killed");
        host.kill_daemon(libc::SIGKILL);
        load::started(&mut host, PATIENCE);
        assert_eq!(counted(&host), reported, "after it was killed");
        assert!(!is_alarmed(&host));
        progress(round);
    }
    host.kill_daemon(libc::SIGKILL);
    figures
}

fn fail_until_it_is_full(host: &Host, disk: &Disk) -> u64 {
    for number in 1..=MOST_UNTIL_NOTICED {
        if number % 100 == 1 {
            disk.fill();
        }
        if is_kept_in_memory(host) {
            wait_until("an alarm", || is_alarmed(host));
            disk.fill();
            return number;
        }
    }
    panic!("{MOST_UNTIL_NOTICED} failures fit on a full disk");
}

fn fail_while_full(host: &Host, figures: &mut Figures) -> u64 {
    let in_memory = (0..WHILE_FULL).filter(|_| is_kept_in_memory(host)).count();
    figures.while_full += WHILE_FULL;
    figures.not_on_disk += in_memory as u64;
    WHILE_FULL
}

/// One failure; whether the daemon says that it is not on disk.
fn is_kept_in_memory(host: &Host) -> bool {
    match load::fail(&host.socket(), &load::client("caller0")) {
        Ok(()) => false,
        Err(End::Said(what)) if what.contains("not on disk") => true,
        Err(end) => panic!("{end:?}"),
    }
}

fn is_alarmed(host: &Host) -> bool {
    load::status(host).is_some_and(|status| status.store_alarm.is_some())
}

fn counted(host: &Host) -> u64 {
    load::counted_of_callers(host).iter().sum()
}
