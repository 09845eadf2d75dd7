//! Messages and a daemon for the tests of this room.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use axes_proto::control::{
    Attempt, Counter, Enforcement, Explanation, Lane, Outcome, Reply, Request, Status, Totals,
    Verdict, View,
};
use axes_proto::frame::{self, PREFIX};
use axes_proto::pam;
use axes_proto::text::{Host, Label, Name, Sentence};

/// What the tests take for the present.
pub(super) const NOW_MS: u64 = 1_763_890_300_000;

/// A daemon for one request.
pub(super) struct Daemon {
    pub(super) socket: PathBuf,
    pub(super) asked: JoinHandle<Request>,
    _folder: tempfile::TempDir,
}

impl Daemon {
    /// Answers, then closes the connection.
    pub(super) fn answering(replies: &[Reply]) -> Self {
        let frames = replies.iter().map(|reply| frame::encode(reply).unwrap());
        Self::sending(frames.flatten().collect())
    }

    pub(super) fn sending(bytes: Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let asked = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 4096];
            let length = stream.read(&mut asked).unwrap();
            stream.write_all(&bytes).unwrap();
            frame::decode(&asked[PREFIX..length]).unwrap()
        });
        Self { socket, asked, _folder: folder }
    }
}

/// Alice from 192.0.2.7, locked for twelve minutes and a half more.
pub(super) fn counter() -> Counter {
    Counter {
        name: None,
        lane: Lane::Shared,
        level: 1,
        username: Some(Name::from_typed("alice")),
        address: Some(Host::from_typed("192.0.2.7")),
        service: None,
        tty: None,
        failures: 5,
        limit: 5,
        first_ms: 1_763_890_000_000,
        last_ms: 1_763_890_100_500,
        locked_ms: Some(1_763_890_100_500),
        left_ms: Some(749_500),
    }
}

/// Anybody from 192.0.2.7, not locked, counted until a reset.
pub(super) fn address_counter() -> Counter {
    Counter { username: None, failures: 3, limit: 20, locked_ms: None, left_ms: None, ..counter() }
}

pub(super) fn attempt() -> Attempt {
    Attempt {
        at_ms: 1_763_890_100_500,
        username: Name::from_typed("alice"),
        address: Host::from_typed("192.0.2.7"),
        service: Label::from_typed("sshd"),
        tty: None,
        ruser: None,
        outcome: Outcome::Refused,
        reason: Some(Sentence::from_typed("locked")),
    }
}

pub(super) fn status() -> Status {
    Status {
        enforcement: Enforcement::On,
        panic_off: None,
        version: Label::from_typed("0.1.0"),
        uptime_s: 273_600,
        store: Label::from_typed("sled"),
        store_alarm: None,
        store_notice: None,
        counters: 12,
        locked: 3,
        crowded_out: 0,
        in_flight: 2,
        waiting: 1,
        totals: Totals { success: 5, failure: 6, refused: 7, abandoned: 8, error: 9 },
    }
}

/// Alice from 192.0.2.7, against whom nothing speaks.
pub(super) fn explanation() -> Explanation {
    Explanation {
        client: pam::Client {
            user: Name::from_typed("alice"),
            remote: Some(Host::from_typed("192.0.2.7")),
            service: Label::from_typed("sshd"),
            tty: Some(Label::from_typed("ssh")),
            ruser: None,
        },
        verdict: Verdict::Admitted,
        rule: None,
        enforcement: Enforcement::On,
        familiar: false,
        failures_left: None,
        view: View::Whole,
    }
}
