//! Far more failures than there is room for: random users from random addresses.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use axes_proto::pam::Client;
use axes_proto::text::{Host as Address, Name};

use super::load;
use crate::host::Host;

/// Users who are locked before the flood.
pub const LOCKED: u64 = 50;
/// Entries of the whitelist.
pub const LISTED: usize = 100;
/// Lockouts outlast the flood.
const SETTINGS: &str = "cooloff_time = \"1day\"\n";
const LIMIT: u64 = 5;
const PATIENCE: Duration = Duration::from_secs(60);
const SAMPLE_EVERY: Duration = Duration::from_millis(200);

/// What the daemon may take, as its configuration says it.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// MiB of memory.
    pub memory: u64,
    /// MiB of disk.
    pub disk: u64,
    /// More settings.
    pub settings: &'static str,
}

/// As shipped.
pub const SHIPPED: Caps = Caps { memory: 256, disk: 512, settings: "" };

/// What was measured.
#[derive(Debug, Default)]
pub struct Figures {
    /// How long the flood took.
    pub lasted: Duration,
    /// Counters that were held at its end.
    pub counters: u64,
    /// Failures that were forgotten for want of room.
    pub crowded_out: u64,
    /// Bytes of memory that the daemon had at most.
    pub memory: u64,
    /// The same after it was killed and started again.
    pub memory_of_restart: u64,
    /// Bytes of disk that its folder took at most.
    pub disk: u64,
    /// From the start after kill -9 to the first answer.
    pub restart: Duration,
}

/// Floods the daemon; panics where a cap does not hold, or a lockout or an entry is gone.
pub fn flood(count: u64, caps: Caps, progress: impl Fn(u64) + Sync) -> Figures {
    let mut host = Host::without_daemon(&format!("{SETTINGS}{}", caps.settings));
    let Caps { memory, disk, .. } = caps;
    host.drop_in(&format!("[store]\nmax_memory = \"{memory}MiB\"\nmax_disk = \"{disk}MiB\"\n"));
    load::started(&mut host, PATIENCE);
    lock_and_list(&host);
    let mut figures = Figures::default();
    let begun = Instant::now();
    figures.disk = fail(&host, count, &progress);
    figures.lasted = begun.elapsed();
    figures.memory = host.peak_memory();
    let status = load::status(&host).expect("a status");
    (figures.counters, figures.crowded_out) = (status.counters, status.crowded_out);
    assert_eq!(status.totals.failure, count + LOCKED * LIMIT);
    check(&host);
    let told = host.log().matches("no room for more failures").count();
    assert_eq!(told, usize::from(status.crowded_out > 0), "lines in the log");
    host.kill_daemon(libc::SIGKILL);
    figures.restart = load::started(&mut host, PATIENCE);
    figures.memory_of_restart = host.peak_memory();
    check(&host);
    assert!(figures.memory.max(figures.memory_of_restart) <= memory << 20, "{figures:?}");
    assert!(figures.disk <= disk << 20, "{figures:?}");
    figures
}

fn lock_and_list(host: &Host) {
    for number in 0..LOCKED {
        let client = from(&format!("locked{number}"), &format!("203.0.113.{number}"));
        for _ in 0..LIMIT {
            assert_eq!(load::fail(&host.socket(), &client), Ok(()));
        }
    }
    for number in 0..LISTED {
        let added = host.axesctl(&["whitelist", "add", &format!("198.51.100.{number}")]);
        assert!(added.status.success(), "{added:?}");
    }
}

/// What must be there whatever else goes.
fn check(host: &Host) {
    let status = load::status(host).expect("a status");
    assert_eq!(status.locked, LOCKED, "{status:?}");
    let listed = host.ask(&["whitelist", "list"]);
    assert_eq!(listed["entries"].as_array().map(Vec::len), Some(LISTED), "{listed}");
}

/// The bytes that the folder of the daemon took at most.
fn fail(host: &Host, count: u64, progress: &(impl Fn(u64) + Sync)) -> u64 {
    let over = AtomicBool::new(false);
    let watch = || {
        let mut most = 0;
        while !over.load(Ordering::SeqCst) {
            most = most.max(bytes_of(&host.path("state")));
            thread::sleep(SAMPLE_EVERY);
        }
        most
    };
    thread::scope(|scope| {
        let watcher = scope.spawn(watch);
        load::fail_each(host, count, stranger, progress);
        over.store(true, Ordering::SeqCst);
        watcher.join().expect("a size")
    })
}

/// Somebody who was never there before.
fn stranger(number: u64) -> Client {
    // Steele and others, Fast Splittable Pseudorandom Number Generators: every number once.
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let [a, b, c, d, ..] = mixed.to_be_bytes();
    from(&format!("{mixed:x}"), &format!("{}.{b}.{c}.{d}", a % 100))
}

fn from(user: &str, address: &str) -> Client {
    let (user, remote) = (Name::from_typed(user), Some(Address::from_typed(address)));
    Client { user, remote, ..load::client("") }
}

/// What a folder takes on disk.
pub fn bytes_of(folder: &Path) -> u64 {
    // What goes while it is looked at takes nothing.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |path: &Path| match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => bytes_of(path),
        Ok(data) => data.blocks() * 512,
        Err(_) => 0,
    };
    entries.map(|entry| size(&entry.path())).sum()
}
