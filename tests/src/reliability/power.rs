//! Power cuts: the daemon keeps its state on an ext4 file system of its own, which is stopped at
//! a random moment under load and mounted again.
//!
//! The stop is `EXT4_IOC_SHUTDOWN` without flushing the journal: from then on nothing more
//! reaches the image, and what was only in the page cache, data or names, is gone, as when the
//! power fails. The image is whole at that moment, which a copy of a file that is being written
//! to would not be. What a disk loses from a cache that it lied about is not shown by this.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::disk::Disk;
use super::load::{self, Load, Tallies};
use super::random_time;
use crate::host::Host;

const SIZE: u64 = 256 << 20;
/// Failures of others in a database that is not new.
const OLDER: u64 = 5_000;
/// The latest moment of a cut, in milliseconds after the daemon was started.
const LATEST: u64 = 400;
/// Of the cuts to a new database, every so manieth falls in the moments of its creation.
const CREATION_EVERY: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of some cuts.
#[derive(Debug, Default)]
pub struct Figures {
    /// Cuts; after each the database opened.
    pub cuts: u32,
    /// Failures that were acknowledged before a cut, and there after it.
    pub acknowledged: u64,
    /// Of the cuts, those that lost bytes of a file beside the database that nobody had synced.
    pub lost_unsynced: u32,
}

/// Cuts the power of new databases so many times.
pub fn cuts_of_new_databases(count: u32, mut progress: impl FnMut(u32)) -> Figures {
    let mut figures = Figures::default();
    for round in 1..=count {
        let mut machine = Machine::new();
        if round % CREATION_EVERY == 0 {
            machine.cut_while_it_starts();
        } else {
            machine.cut_under_load();
        }
        machine.check();
        machine.add_to(&mut figures);
        progress(round);
    }
    figures
}

/// Cuts the power of one database so many times, which grows older from cut to cut.
pub fn cuts_of_an_older_database(count: u32, mut progress: impl FnMut(u32)) -> Figures {
    let mut figures = Figures::default();
    let mut machine = Machine::new();
    machine.grow_older();
    for round in 1..=count {
        machine.cut_under_load();
        machine.check();
        progress(round);
    }
    machine.add_to(&mut figures);
    figures
}

/// A daemon and the disk of its state.
struct Machine {
    disk: Disk,
    host: Host,
    tallies: Tallies,
    cuts: u32,
    lost_unsynced: u32,
    others: usize,
}

impl Machine {
    fn new() -> Self {
        let host = Host::without_daemon(load::SETTINGS);
        // A loss is not to be taken for what made room.
        host.drop_in("[store]\nmax_memory = \"2GiB\"\n");
        let disk = Disk::of(&host, SIZE);
        Self { disk, host, tallies: load::tallies(), cuts: 0, lost_unsynced: 0, others: 0 }
    }

    fn grow_older(&mut self) {
        load::started(&mut self.host, PATIENCE);
        for number in 0..OLDER {
            let other = load::client(&format!("other{number}"));
            load::fail(&self.host.socket(), &other).expect("a failure");
        }
        self.others = usize::try_from(OLDER).expect("a small number");
        self.host.kill_daemon(libc::SIGKILL);
    }

    fn cut_while_it_starts(&mut self) {
        self.host.launch(self.host.daemon_command());
        thread::sleep(random_time(LATEST / 4));
        self.disk.cut();
        self.after_the_cut();
    }

    fn cut_under_load(&mut self) {
        load::started(&mut self.host, PATIENCE);
        let unsynced = Unsynced::start(&self.disk.mounted);
        let callers = Load::start(&self.host, &self.tallies);
        thread::sleep(random_time(LATEST));
        let before = load::acknowledged(&self.tallies);
        let written = unsynced.written();
        self.disk.cut();
        self.host.kill_daemon(libc::SIGKILL);
        callers.ends();
        unsynced.end();
        self.after_the_cut();
        let kept = fs::metadata(self.disk.mounted.join("unsynced")).map_or(0, |file| file.len());
        self.lost_unsynced += u32::from(kept < written);
        forget_what_came_later(&self.tallies, &before);
    }

    fn after_the_cut(&mut self) {
        self.host.kill_daemon(libc::SIGKILL);
        self.disk.unmount();
        self.disk.mount();
        self.cuts += 1;
    }

    /// Everything that was acknowledged is in the database, which opens without an alarm.
    fn check(&mut self) {
        load::started(&mut self.host, PATIENCE);
        load::check(&self.host, &self.tallies);
        let others = load::counted(&self.host).keys().filter(|it| it.starts_with("other")).count();
        assert_eq!(others, self.others, "older failures");
        self.host.kill_daemon(libc::SIGKILL);
    }

    fn add_to(&self, figures: &mut Figures) {
        figures.cuts += self.cuts;
        figures.acknowledged += load::acknowledged(&self.tallies).iter().sum::<u64>();
        figures.lost_unsynced += self.lost_unsynced;
    }
}

/// What was acknowledged after this moment may be lost: the power was off.
fn forget_what_came_later(tallies: &Tallies, before: &[u64]) {
    for (tally, before) in tallies.iter().zip(before) {
        tally.acknowledged.store(*before, Ordering::SeqCst);
    }
}

/// Somebody who writes to the same disk and never syncs: what cuts do lose.
struct Unsynced {
    written: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Unsynced {
    fn start(folder: &Path) -> Self {
        let path = folder.join("unsynced");
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(path);
        let mut file = file.expect("a file");
        let (written, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped) = (written.clone(), stop.clone());
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) && file.write_all(&[b'x'; 512]).is_ok() {
                count.fetch_add(512, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self { written, stop, thread }
    }

    fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("a writer");
    }
}
