//! A disk that is full for a while: the daemon decides from memory or refuses, says so, recovers,
//! and believes nothing that was half-written.

use std::thread;
use std::time::{Duration, Instant};

use super::disk::Disk;
use super::load::{self, End};
use crate::application::{MAXTRIES, SUCCESS};
use crate::host::{Host, RIGHT, wait_until};

const SIZE: u64 = 64 << 20;
/// Failures until the daemon has to notice that nothing more fits.
const MOST_UNTIL_NOTICED: u64 = 20_000;
/// Failures while it knows.
const WHILE_FULL: u64 = 200;
const PATIENCE: Duration = Duration::from_secs(30);
const OWNER: &str = "owner";
const AWAY: &str = "192.0.2.7";

/// `on_store_error`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Decides from memory.
    Safe,
    /// Refuses whoever is counted.
    Secure,
}

/// What came of some full disks.
#[derive(Debug, Default)]
pub struct Figures {
    /// Failures reported while the disk was full, and counted.
    pub while_full: u64,
    /// Of these, those of which the daemon said that they are not on disk.
    pub not_on_disk: u64,
    /// Attempts that were refused because nothing could be written.
    pub refused: u64,
    /// The longest from the return of space to the end of the alarm.
    pub recovery: Duration,
    /// Daemons that were killed while the disk was full.
    pub killed: u32,
    /// Of these, those that started again before there was space.
    pub started_full: u32,
}

/// Fills and empties so many times, and kills the daemon while the disk is full every second
/// time; panics at a failure that is not counted, an alarm that is not raised, a login that is
/// decided otherwise, or a recovery that takes help.
pub fn rounds(mode: Mode, count: u32, mut progress: impl FnMut(u32)) -> Figures {
    let mut host = Host::without_daemon(load::SETTINGS);
    host.configure_store(mode.line());
    let disk = Disk::of(&host, SIZE);
    let mut trial = Trial { mode, disk, figures: Figures::default(), counts: Counts::default() };
    load::started(&mut host, PATIENCE);
    for round in 1..=count {
        trial.fill_for_good(&host);
        trial.fail_while_full(&host);
        trial.log_in_while_full(&host);
        if round % 2 == 0 {
            trial.kill_while_full(&mut host);
        }
        trial.recover(&mut host);
        progress(round);
    }
    host.kill_daemon(libc::SIGKILL);
    trial.figures
}

impl Mode {
    const fn line(self) -> &'static str {
        match self {
            Self::Safe => "on_store_error = \"safe\"",
            Self::Secure => "on_store_error = \"secure\"",
        }
    }
}

struct Trial {
    mode: Mode,
    disk: Disk,
    figures: Figures,
    counts: Counts,
}

/// Failures that were let through to the password, and those that are on disk.
#[derive(Clone, Copy, Default)]
struct Counts {
    reported: u64,
    on_disk: u64,
}

/// What became of an attempt that fails.
#[derive(PartialEq, Eq)]
enum Fate {
    OnDisk,
    InMemory,
    Refused,
}

impl Trial {
    /// Fills the disk, and once more after the daemon has thrown out its ballast.
    fn fill_for_good(&mut self, host: &Host) {
        self.fail_until_it_is_full(host);
        wait_until("the ballast is thrown out", || !self.disk.mounted.join("ballast").exists());
        wait_until("that made room", || !is_alarmed(host));
        // All of it was written by then.
        self.counts.on_disk = self.counts.reported;
        self.fail_until_it_is_full(host);
    }

    fn fail_until_it_is_full(&mut self, host: &Host) {
        for number in 0..MOST_UNTIL_NOTICED {
            if number.is_multiple_of(100) {
                self.disk.fill();
            }
            if self.fail(host) != Fate::OnDisk {
                wait_until("an alarm", || is_alarmed(host));
                return self.disk.fill();
            }
        }
        panic!("{MOST_UNTIL_NOTICED} failures fit on a full disk");
    }

    fn fail_while_full(&mut self, host: &Host) {
        for _ in 0..WHILE_FULL {
            let fate = self.fail(host);
            let right = match self.mode {
                Mode::Safe => fate == Fate::InMemory,
                Mode::Secure => fate == Fate::Refused,
            };
            assert!(right, "{:?}: {}", self.mode, host.log());
        }
    }

    /// One failure.
    fn fail(&mut self, host: &Host) -> Fate {
        let fate = match load::fail(&host.socket(), &load::client("caller0")) {
            Ok(()) => Fate::OnDisk,
            Err(End::Said(what)) if what.contains("not on disk") => Fate::InMemory,
            Err(End::Said(what)) if what.contains("cannot be recorded") => Fate::Refused,
            Err(end) => panic!("{end:?}"),
        };
        let full = is_alarmed(host);
        self.figures.refused += u64::from(fate == Fate::Refused);
        if fate != Fate::Refused {
            self.counts.reported += 1;
            self.figures.while_full += u64::from(full);
        }
        match fate {
            Fate::OnDisk => self.counts.on_disk = self.counts.reported,
            Fate::InMemory => self.figures.not_on_disk += 1,
            Fate::Refused => {}
        }
        fate
    }

    /// The right password, through libpam.
    fn log_in_while_full(&self, host: &Host) {
        let verified = host.verified();
        let (code, looked_at) = match self.mode {
            Mode::Safe => (SUCCESS, 1),
            Mode::Secure => (MAXTRIES, 0),
        };
        assert_eq!(host.login(OWNER, AWAY, RIGHT), code, "{:?}", self.mode);
        assert_eq!(host.verified(), verified + looked_at, "{:?}", self.mode);
        assert!(is_alarmed(host));
    }

    /// What was in memory alone is gone, and nothing else.
    fn kill_while_full(&mut self, host: &mut Host) {
        host.kill_daemon(libc::SIGKILL);
        self.figures.killed += 1;
        if starts(host) {
            self.figures.started_full += 1;
            self.check(host);
            host.kill_daemon(libc::SIGKILL);
        }
        self.disk.empty();
        load::started(host, PATIENCE);
        self.check(host);
        self.counts = Counts { reported: counted(host), on_disk: counted(host) };
        self.disk.fill();
    }

    fn check(&self, host: &Host) {
        let (found, Counts { reported, on_disk }) = (counted(host), self.counts);
        assert!((on_disk..=reported).contains(&found), "{on_disk} <= {found} <= {reported}");
        assert_eq!(load::status(host).expect("a status").store_notice, None);
    }

    fn recover(&mut self, host: &mut Host) {
        self.disk.empty();
        let begun = Instant::now();
        wait_until("the alarm ends", || !is_alarmed(host));
        self.figures.recovery = self.figures.recovery.max(begun.elapsed());
        wait_until("logins are possible", || host.login(OWNER, AWAY, RIGHT) == SUCCESS);
        assert_eq!(counted(host), self.counts.reported, "before the daemon is killed");
        host.kill_daemon(libc::SIGKILL);
        load::started(host, PATIENCE);
        assert_eq!(counted(host), self.counts.reported, "after it was killed");
        assert!(!is_alarmed(host));
    }
}

/// Whether a daemon starts; where it does not, it says why and is gone soon.
fn starts(host: &mut Host) -> bool {
    let begun = Instant::now();
    host.launch(host.daemon_command());
    while load::status(host).is_none() {
        assert!(begun.elapsed() < PATIENCE, "axesd hangs: {}", host.log());
        if let Some(status) = host.daemon_ended() {
            let log = host.log();
            assert_eq!(status.code(), Some(1), "{log}");
            assert!(log.contains("No space left on device"), "{log}");
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

fn is_alarmed(host: &Host) -> bool {
    load::status(host).is_some_and(|status| status.store_alarm.is_some())
}

fn counted(host: &Host) -> u64 {
    load::counted_of_callers(host).iter().sum()
}
