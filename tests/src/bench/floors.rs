//! What nothing can be faster than: a word to another process and back, a block on the disk, a
//! read of memory.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::caller::{Caller, How, Login};
use super::table::Series;

const WORD: [u8; 64] = [7; 64];
const BLOCK: [u8; 4096] = [7; 4096];
const READS: u32 = 1000;
/// An odd number of 64 bits, half of them set: what it is multiplied by is scattered.
const SCATTER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Floors of this machine.
#[derive(Debug)]
pub struct Floors {
    /// A word to a thread behind a Unix socket, and back.
    pub to_thread: Series,
    /// The same to a process.
    pub to_process: Series,
    /// The same to a socket that is connected for it, by a process that was forked for it.
    pub by_fork: Series,
    /// A block written in place, and made durable.
    pub sync: Series,
}

/// Measures them, the last one in a file of this folder.
pub fn measure(folder: &Path, rounds: u32) -> Floors {
    Floors {
        to_thread: to_thread(rounds),
        to_process: to_process(rounds),
        by_fork: by_fork(folder, rounds),
        sync: sync(folder, rounds),
    }
}

/// A read at a random place of so many bytes of memory, known from the read before it; the mean
/// of a thousand at a time.
pub fn read(bytes: u64, rounds: u32) -> Series {
    let memory: Vec<_> = (0..bytes.div_ceil(8).max(1)).map(|it| it.wrapping_mul(SCATTER)).collect();
    let (mut word, mut step) = (0, 0_u64);
    let round = |_| {
        let begun = Instant::now();
        for _ in 0..READS {
            step = step.wrapping_add(SCATTER);
            // Never twice the same way, as it would be by what was read alone.
            word = memory[scaled(word ^ step, memory.len())];
        }
        begun.elapsed() / READS
    };
    let series = (0..rounds.max(1)).map(round).collect();
    std::hint::black_box(word);
    series
}

/// A number of 64 bits as one of so many.
fn scaled(number: u64, many: usize) -> usize {
    ((u128::from(number) * many as u128) >> 64) as usize
}

fn to_thread(rounds: u32) -> Series {
    let (near, far) = UnixStream::pair().expect("a socket");
    thread::scope(|scope| {
        scope.spawn(move || echo(far));
        // The socket closes here, which ends the thread.
        round_trips(near, rounds)
    })
}

fn to_process(rounds: u32) -> Series {
    let (near, far) = UnixStream::pair().expect("a socket");
    let far: std::os::fd::OwnedFd = far.into();
    let mut cat = Command::new("cat");
    cat.stdin(far.try_clone().expect("a descriptor")).stdout(Stdio::from(far));
    let mut process = cat.spawn().expect("cat");
    // Its command holds the other end as well, and keeps it open.
    drop(cat);
    let series = round_trips(near, rounds);
    assert!(process.wait().expect("cat ends").success());
    series
}

fn by_fork(folder: &Path, rounds: u32) -> Series {
    let name = "echo";
    let listener = UnixListener::bind(folder.join(name)).expect("a socket");
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(echo));
    let mut caller = Caller::start(folder);
    let [service, user, address] = [name, "-", "-"].map(str::to_owned);
    let login = Login { service, user, address, how: How::Ask };
    (0..rounds).map(|_| caller.once(&login).wall).collect()
}

fn echo(mut stream: UnixStream) {
    let mut word = WORD;
    while stream.read_exact(&mut word).is_ok() && stream.write_all(&word).is_ok() {}
}

fn round_trips(mut stream: UnixStream, rounds: u32) -> Series {
    let mut word = WORD;
    let round = |_| {
        let begun = Instant::now();
        stream.write_all(&word).expect("a word");
        stream.read_exact(&mut word).expect("the word");
        begun.elapsed()
    };
    (0..rounds).map(round).collect()
}

/// A block written in place in a file of this folder, and made durable.
pub fn sync(folder: &Path, rounds: u32) -> Series {
    let file = tempfile::tempfile_in(folder).expect("a file");
    durable(&file);
    (0..rounds).map(|_| durable(&file)).collect()
}

fn durable(file: &File) -> Duration {
    let begun = Instant::now();
    file.write_all_at(&BLOCK, 0).expect("a block");
    file.sync_data().expect("fdatasync");
    begun.elapsed()
}
