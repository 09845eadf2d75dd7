//! Files of the store that were cut, emptied, deleted or changed: the daemon starts, says so, and
//! has at least what the newest whole copy holds.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::load::{self, CALLERS};
use super::random;
use crate::host::{Host, wait_until};

/// A daemon that takes longer to start hangs.
const DEADLINE: Duration = Duration::from_secs(20);
/// Address space that it may ask for: damaged lengths must not be believed.
const MEMORY: u64 = 2 << 30;
/// Failures before the older copy, before the newer one, and after it.
const PARTS: [usize; 3] = [1500, 1500, 1500];
const ALL: u64 = (PARTS[0] + PARTS[1] + PARTS[2]) as u64;
/// Of each caller, in the newer copy.
const COPIED: u64 = ((PARTS[0] + PARTS[1]) / CALLERS) as u64;
const WORKERS: u32 = 2;

/// What came of some damages.
#[derive(Debug, Default)]
pub struct Figures {
    /// Damages that were tried.
    pub damages: u32,
    /// Of these, those of which the daemon said something.
    pub told: u32,
    /// Of these, those after which it went on from a copy.
    pub restored: u32,
    /// The longest start.
    pub longest: Duration,
    /// The most memory of any daemon.
    pub memory: u64,
}

/// Tries so many damages; panics at a daemon that does not start, or that has lost more than it
/// may.
pub fn rounds(count: u32, progress: impl Fn(u32) + Sync) -> Figures {
    let original = Original::new();
    let (original, progress) = (&original, &progress);
    let work = |worker| move || original.damaged(count / WORKERS, worker, progress);
    let figures = thread::scope(|scope| {
        let workers = (0..WORKERS).map(work).map(|work| scope.spawn(work));
        let workers: Vec<_> = workers.collect();
        workers.into_iter().map(|worker| worker.join().expect("held")).collect::<Vec<_>>()
    });
    figures.into_iter().fold(Figures::default(), Figures::and)
}

impl Figures {
    fn and(self, other: Self) -> Self {
        Self {
            damages: self.damages + other.damages,
            told: self.told + other.told,
            restored: self.restored + other.restored,
            longest: self.longest.max(other.longest),
            memory: self.memory.max(other.memory),
        }
    }
}

/// A store with two copies of itself, and more than stands in them.
struct Original {
    folder: TempDir,
    files: Vec<PathBuf>,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Deleted,
    /// To so many bytes.
    Cut(u64),
    /// The bytes from here on, so many of them, are something else.
    Changed(u64, u64),
    /// A bit at each of some places that follow from this number.
    Flipped(u64, u32),
}

impl Original {
    fn new() -> Self {
        let mut host = Host::without_daemon(load::SETTINGS);
        load::started(&mut host, DEADLINE);
        let mut numbers = 0..;
        for (part, failures) in PARTS.into_iter().enumerate() {
            for number in numbers.by_ref().take(failures) {
                let user = format!("caller{}", number % CALLERS);
                load::fail(&host.socket(), &load::client(&user)).expect("a failure");
            }
            if part < 2 {
                assert!(host.axesctl(&["backup"]).status.success());
                // Its second start leaves files that the first has not.
                host.kill_daemon(libc::SIGKILL);
                load::started(&mut host, DEADLINE);
            }
        }
        host.kill_daemon(libc::SIGKILL);
        let folder = tempfile::tempdir().expect("a folder");
        copy(&host.path("state"), folder.path());
        let mut files = files_in(folder.path(), Path::new(""));
        files.sort();
        Self { folder, files }
    }

    fn damaged(&self, count: u32, worker: u32, progress: &(impl Fn(u32) + Sync)) -> Figures {
        let mut host = Host::without_daemon(load::SETTINGS);
        let mut figures = Figures::default();
        for round in 0..count {
            let number = (round * WORKERS + worker) as usize;
            let (file, damage) = self.some_damage(number);
            self.lay(&host, file, damage);
            self.check(&mut host, &format!("{} {damage:?}", file.display()), &mut figures);
            progress((round + 1) * WORKERS);
        }
        figures
    }

    /// Each of the plain ones once, then random ones, of which every second hits the database.
    fn some_damage(&self, number: usize) -> (&Path, Damage) {
        let round = number / self.files.len();
        let file = match round {
            3.. if random(2) == 0 => Path::new("sled/db"),
            _ => &self.files[number % self.files.len()],
        };
        let length = fs::metadata(self.folder.path().join(file)).expect("a file").len().max(1);
        let damage = match round {
            0 => Damage::Deleted,
            1 => Damage::Cut(0),
            2 => Damage::Cut(length - 1),
            _ => match random(6) {
                0 => Damage::Cut(random(length)),
                1 => Damage::Changed(random(length), 1 + random(5000)),
                2 => Damage::Flipped(random(u64::MAX), 100),
                3 => Damage::Flipped(random(u64::MAX), 10),
                _ => Damage::Flipped(random(u64::MAX), 1),
            },
        };
        (file, damage)
    }

    /// Puts a damaged copy where this host has its state.
    fn lay(&self, host: &Host, file: &Path, damage: Damage) {
        let state = host.path("state");
        // Not there the first time.
        let _ = fs::remove_dir_all(&state);
        copy(self.folder.path(), &state);
        damage.to(&state.join(file));
    }

    fn check(&self, host: &mut Host, what: &str, figures: &mut Figures) {
        fs::write(host.path("log"), "").expect("a log");
        let took = start(host, what);
        let notice = load::status(host).expect("a status").store_notice;
        let callers = load::counted_of_callers(host);
        let counted: u64 = callers.iter().sum();
        match &notice {
            None => assert_eq!(counted, ALL, "{what}: nothing was said"),
            Some(notice) => {
                // Another thread writes it.
                wait_until("the log says so", || host.log().contains(notice.as_str()));
                assert!(callers.iter().all(|it| *it >= COPIED), "{what}: {callers:?}: {notice}");
                assert!(counted <= ALL, "{what}: {counted} were made up");
            }
        }
        let log = host.log();
        assert!(!log.contains("panicked"), "{what}: {log}");
        let restored = log.contains("restored ");
        figures.memory = figures.memory.max(host.peak_memory());
        host.kill_daemon(libc::SIGKILL);
        start(host, what);
        let again: u64 = load::counted_of_callers(host).iter().sum();
        assert_eq!(again, counted, "{what}: after another start");
        assert_eq!(load::status(host).expect("a status").store_notice, None, "{what}: told twice");
        host.kill_daemon(libc::SIGKILL);
        figures.damages += 1;
        figures.told += u32::from(notice.is_some());
        figures.restored += u32::from(restored);
        figures.longest = figures.longest.max(took);
    }
}

fn start(host: &mut Host, what: &str) -> Duration {
    let daemon = host.daemon_command();
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--as={MEMORY}")).arg(daemon.get_program()).args(daemon.get_args());
    let log = OpenOptions::new().append(true).create(true).open(host.path("log")).expect("a log");
    limited.stdout(log.try_clone().expect("a log")).stderr(log);
    let begun = Instant::now();
    host.launch(limited);
    while load::status(host).is_none() {
        assert!(begun.elapsed() < DEADLINE, "{what}: axesd does not start: {}", host.log());
        thread::sleep(Duration::from_millis(1));
    }
    begun.elapsed()
}

impl Damage {
    fn to(self, path: &Path) {
        let file = || OpenOptions::new().write(true).read(true).open(path).expect("a file");
        match self {
            Self::Deleted => fs::remove_file(path).expect("a file"),
            Self::Cut(length) => file().set_len(length).expect("a file"),
            Self::Changed(from, length) => {
                let end = file().metadata().expect("a file").len();
                let length = length.min(end - from);
                let noise: Vec<u8> = (0..length).map(|_| random(256) as u8).collect();
                file().write_all_at(&noise, from).expect("a file");
            }
            Self::Flipped(seed, times) => flip(&file(), seed, times),
        }
    }
}

/// Where there is something but zeros.
fn flip(file: &File, mut seed: u64, times: u32) {
    let mut bytes = vec![0; file.metadata().expect("a file").len() as usize];
    file.read_exact_at(&mut bytes, 0).expect("a file");
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
    for _ in 0..times.min(bytes.len() as u32) {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes[(seed >> 33) as usize % (used + 1)] ^= 1 << (seed >> 29 & 7);
    }
    file.write_all_at(&bytes, 0).expect("a file");
}

fn files_in(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join(folder)).expect("a folder");
    let below = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("an entry");
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() { files_in(root, &path) } else { vec![path] }
    };
    entries.flat_map(below).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for file in files_in(from, Path::new("")) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        fs::copy(from.join(&file), target).expect("a copy");
    }
}
