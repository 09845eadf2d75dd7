//! Connections of one user to axesd that misbehave until standard input ends; whoever is turned
//! away or cut off tries again after a second. Prints what became of them as a line of JSON.
//!
//! `axes-crowd SOCKET COUNT USER HOW`, where HOW is
//! - `idle`: says nothing
//! - `half`: sends half a message
//! - `slow`: sends a byte each second
//! - `deaf`: asks again and again, and reads no answer
//! - `done`: asks once, reads the answer, and stays
//! - `prompt`: begins an attempt, and stays at the prompt

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::time::{Duration, Instant};

use axes_proto::frame;
use axes_proto::pam::{Client, Request, Stage};
use axes_proto::text::{Label, Name};
use serde_json::{Value, json};

/// Between one try and the next, and between two bytes of whoever is slow.
const PAUSE: Duration = Duration::from_secs(1);
/// Whoever held a place for less had none: the shortest deadline is 2 s.
const TURNED_AWAY: Duration = Duration::from_millis(1500);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, count, user, how] = arguments.as_slice() else {
        eprintln!("see the head of this file");
        exit(99);
    };
    let count = count.parse().expect("a number");
    let mut crowd = Crowd::new(PathBuf::from(socket), Manners::named(how, user));
    let mut callers: Vec<_> = (0..count).map(|_| Caller::Away(Instant::now())).collect();
    while !crowd.wait(&callers) {
        for caller in &mut callers {
            crowd.go_on(caller);
        }
        let is_held = |it: &&Caller| matches!(it, Caller::There(at) if at.age() > TURNED_AWAY);
        crowd.held_at_most = crowd.held_at_most.max(callers.iter().filter(is_held).count());
    }
    println!("{}", crowd.told());
}

/// What everybody of the crowd does.
struct Manners {
    /// Sent at once.
    first: Vec<u8>,
    /// Sent byte by byte after that.
    slowly: &'static [u8],
    repeats: bool,
}

enum Caller {
    /// Until then.
    Away(Instant),
    There(Connection),
}

struct Connection {
    stream: UnixStream,
    since: Instant,
    /// Bytes of what is being sent that are gone.
    sent: usize,
    slow: usize,
}

struct Crowd {
    socket: PathBuf,
    manners: Manners,
    tries: u64,
    turned_away: u64,
    cut_off: u64,
    earliest: Duration,
    latest: Duration,
    held_at_most: usize,
}

impl Manners {
    fn named(how: &str, user: &str) -> Self {
        let client = Client {
            user: Name::from_typed(user),
            remote: None,
            service: Label::from_typed("sshd"),
            tty: None,
            ruser: None,
        };
        let message = |request| frame::encode(&request).expect("a message");
        let (first, slowly, repeats): (_, &[u8], _) = match how {
            "idle" => (Vec::new(), &[], false),
            // A message of 64 bytes, of which some come.
            "half" => (vec![0, 64, 1, 1, 7], &[], false),
            "slow" => (vec![0], &[64, 1, 1, 7, 7, 7, 7, 7, 7, 7], false),
            "deaf" => (message(Request::Account(client)), &[], true),
            "done" => (message(Request::Account(client)), &[], false),
            "prompt" => (message(Request::Begin(client, Stage::Prompting)), &[], false),
            other => panic!("{other}: see the head of this file"),
        };
        Self { first, slowly, repeats }
    }
}

impl Connection {
    fn open(socket: &Path) -> Option<Self> {
        let since = Instant::now();
        let stream = UnixStream::connect(socket).ok()?;
        stream.set_nonblocking(true).expect("a socket");
        Some(Self { stream, since, sent: 0, slow: 0 })
    }

    fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Does what is to be done by now; false when the daemon hung up.
    fn go_on(&mut self, manners: &Manners) -> bool {
        let slow = usize::try_from(self.age().as_secs()).expect("seconds");
        let slow = &manners.slowly[..slow.min(manners.slowly.len())];
        if slow.len() > self.slow {
            let written = self.stream.write(&slow[self.slow..]);
            self.slow = slow.len();
            if written.is_err() {
                return false;
            }
        }
        self.send(manners) && (manners.repeats || self.hears())
    }

    fn send(&mut self, manners: &Manners) -> bool {
        while self.sent < manners.first.len() {
            match self.stream.write(&manners.first[self.sent..]) {
                Ok(written) => self.sent += written,
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
            if manners.repeats && self.sent == manners.first.len() {
                self.sent = 0;
            }
        }
        true
    }

    fn hears(&mut self) -> bool {
        match self.stream.read(&mut [0; 1024]) {
            Ok(length) => length > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }
}

impl Crowd {
    const fn new(socket: PathBuf, manners: Manners) -> Self {
        let (earliest, latest) = (Duration::MAX, Duration::ZERO);
        let (tries, turned_away, cut_off, held_at_most) = (0, 0, 0, 0);
        Self { socket, manners, tries, turned_away, cut_off, earliest, latest, held_at_most }
    }

    /// Waits until something happens, or a while; true when standard input ended.
    fn wait(&self, callers: &[Caller]) -> bool {
        // What nobody reads stays there to be read: no reason to wake.
        let events = if self.manners.repeats { 0 } else { libc::POLLIN };
        let entry = |fd, events| libc::pollfd { fd, events, revents: 0 };
        let open = callers.iter().filter_map(|caller| match caller {
            Caller::There(connection) => Some(entry(connection.stream.as_raw_fd(), events)),
            Caller::Away(_) => None,
        });
        let mut entries: Vec<_> = std::iter::once(entry(0, libc::POLLIN)).chain(open).collect();
        let count = libc::nfds_t::try_from(entries.len()).expect("a number");
        unsafe { libc::poll(entries.as_mut_ptr(), count, 200) };
        entries.first().is_some_and(|input| input.revents != 0)
    }

    fn go_on(&mut self, caller: &mut Caller) {
        match caller {
            Caller::Away(until) if Instant::now() < *until => return,
            Caller::Away(_) => {
                self.tries += 1;
                if let Some(opened) = Connection::open(&self.socket) {
                    *caller = Caller::There(opened);
                }
            }
            Caller::There(_) => {}
        }
        if let Caller::There(connection) = caller
            && !connection.go_on(&self.manners)
        {
            let age = connection.age();
            self.ended(age);
            *caller = Caller::Away(Instant::now() + PAUSE);
        }
    }

    fn ended(&mut self, age: Duration) {
        if age < TURNED_AWAY {
            self.turned_away += 1;
        } else {
            self.cut_off += 1;
            (self.earliest, self.latest) = (self.earliest.min(age), self.latest.max(age));
        }
    }

    fn told(&self) -> Value {
        let between = [self.earliest, self.latest].map(|time| time.as_secs_f64());
        json!({
            "tries": self.tries, "turned_away": self.turned_away, "cut_off": self.cut_off,
            "held_at_most": self.held_at_most, "between": (self.cut_off > 0).then_some(between),
        })
    }
}
