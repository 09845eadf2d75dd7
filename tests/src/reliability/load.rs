//! Callers that fail to log in as fast as the daemon takes it, and remember what they were told.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axes_proto::client::{ClientError, Connection, Patience};
use axes_proto::control::{self, Status, Which};
use axes_proto::pam::{Client, Outcome, Place, Reply, Request, Stage};
use axes_proto::text::{Host as Address, Label, Name};

use crate::host::Host;

/// Callers at once.
pub const CALLERS: usize = 32;

/// Settings under which every caller has one counter, and never fills it.
pub const SETTINGS: &str =
    "failure_limit = 1000000\nlockout_parameters = [\"username\"]\naccess_log_entries = 1000\n";

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same where nothing but a flood is going on.
const FLOOD_PATIENCE: Duration = Duration::from_secs(120);

/// What one caller knows of its failures.
#[derive(Debug, Default)]
pub struct Tally {
    /// Attempts that it began.
    pub began: AtomicU64,
    /// Failures that the daemon said are on disk.
    pub acknowledged: AtomicU64,
}

/// Why a caller stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// The daemon went away.
    Gone,
    /// It answered with something else than it should.
    Said(String),
}

/// One tally for each caller.
pub type Tallies = Arc<Vec<Tally>>;

/// Tallies in which nothing stands.
pub fn tallies() -> Tallies {
    Arc::new((0..CALLERS).map(|_| Tally::default()).collect())
}

/// What was acknowledged until now, caller by caller.
pub fn acknowledged(tallies: &Tallies) -> Vec<u64> {
    tallies.iter().map(|tally| tally.acknowledged.load(Ordering::SeqCst)).collect()
}

/// What was begun until now, caller by caller.
pub fn began(tallies: &Tallies) -> Vec<u64> {
    tallies.iter().map(|tally| tally.began.load(Ordering::SeqCst)).collect()
}

/// Callers at work, until the daemon is gone.
pub struct Load(Vec<JoinHandle<End>>);

impl Load {
    /// Sets all callers to work.
    pub fn start(host: &Host, tallies: &Tallies) -> Self {
        let caller = |number| {
            let (socket, tallies) = (host.socket(), tallies.clone());
            thread::spawn(move || work(&socket, number, &tallies[number]))
        };
        Self((0..CALLERS).map(caller).collect())
    }

    /// Waits until all have stopped; why they did.
    pub fn ends(self) -> Vec<End> {
        self.0.into_iter().map(|caller| caller.join().expect("a caller")).collect()
    }
}

fn work(socket: &Path, number: usize, tally: &Tally) -> End {
    let client = client(&format!("caller{number}"));
    loop {
        tally.began.fetch_add(1, Ordering::SeqCst);
        if let Err(end) = fail(socket, &client) {
            return end;
        }
        tally.acknowledged.fetch_add(1, Ordering::SeqCst);
    }
}

/// A client of the service `sshd` at one address.
pub fn client(user: &str) -> Client {
    Client {
        user: Name::from_typed(user),
        remote: Some(Address::from_typed("192.0.2.7")),
        service: Label::from_typed("sshd"),
        tty: None,
        ruser: None,
    }
}

/// One attempt that fails, with a prompt, as the module reports it; `Ok` once it is on disk.
pub fn fail(socket: &Path, client: &Client) -> Result<(), End> {
    let mut patience = Patience::of(PATIENCE);
    let connection = Connection::open(socket, &mut patience).map_err(gone)?;
    let begin = Request::Begin(client.clone(), Stage::Prompting);
    let gate = match connection.ask(&begin, &mut patience).map_err(gone)? {
        Reply::Admitted { place: Place::Held, .. } => {
            connection.send(&Request::Entered, &mut patience).map(|()| Reply::Proceed)
        }
        Reply::Admitted { place: Place::Wanted, .. } => {
            connection.ask(&Request::Answered, &mut patience)
        }
        other => return Err(End::Said(format!("{other:?}"))),
    };
    match gate.map_err(gone)? {
        Reply::Proceed => {}
        other => return Err(End::Said(format!("{other:?}"))),
    }
    match connection.ask(&Request::Verdict(Outcome::Failure), &mut patience).map_err(gone)? {
        Reply::Recorded => Ok(()),
        other => Err(End::Said(format!("{other:?}"))),
    }
}

/// One failure of each of so many clients, whose answers are at hand, by all callers at once.
pub fn fail_each(
    host: &Host,
    count: u64,
    client: impl Fn(u64) -> Client + Sync,
    progress: &(impl Fn(u64) + Sync),
) {
    let next = AtomicU64::new(0);
    let caller = || {
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= count {
                return;
            }
            fail_at_once(host, &client(number));
            progress(number);
        }
    };
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(caller);
        }
    });
}

/// One attempt that fails, whose answer was at hand.
fn fail_at_once(host: &Host, client: &Client) {
    let mut patience = Patience::of(FLOOD_PATIENCE);
    let connection = Connection::open(&host.socket(), &mut patience).expect("a connection");
    let begin = Request::Begin(client.clone(), Stage::Answered);
    let begun: Reply = connection.ask(&begin, &mut patience).expect("an answer");
    assert_eq!(begun, Reply::Proceed);
    let verdict = Request::Verdict(Outcome::Failure);
    let told: Reply = connection.ask(&verdict, &mut patience).expect("an answer");
    assert_eq!(told, Reply::Recorded);
}

fn gone(error: ClientError) -> End {
    match error {
        ClientError::Connect(_) | ClientError::Closed | ClientError::Io(_) => End::Gone,
        other => End::Said(other.to_string()),
    }
}

/// Starts the daemon; the time until it answers.
pub fn started(host: &mut Host, patience: Duration) -> Duration {
    let begun = Instant::now();
    host.launch(host.daemon_command());
    while status(host).is_none() {
        assert!(begun.elapsed() < patience, "axesd does not answer: {}", host.log());
        thread::sleep(Duration::from_millis(1));
    }
    begun.elapsed()
}

/// The status; `None` while nobody answers.
pub fn status(host: &Host) -> Option<Status> {
    let replies = ask(&host.path("control.sock"), &control::Request::Status).ok()?;
    replies.into_iter().find_map(|reply| match reply {
        control::Reply::Status(status) => Some(status),
        _ => None,
    })
}

/// Panics unless all that was acknowledged is counted, nothing that was never begun is, no place
/// is taken, and the daemon is content with its database.
pub fn check(host: &Host, tallies: &Tallies) {
    let (least, most) = (acknowledged(tallies), began(tallies));
    let counted = counted_of_callers(host);
    for caller in 0..CALLERS {
        let (least, found, most) = (least[caller], counted[caller], most[caller]);
        assert!(least <= found, "caller{caller}: {least} acknowledged, {found} are left");
        assert!(found <= most, "caller{caller}: {most} begun, {found} are counted");
    }
    let status = status(host).expect("a status");
    assert_eq!((status.in_flight, status.waiting), (0, 0), "places stay taken");
    assert_eq!((status.store_alarm, status.store_notice), (None, None));
}

/// Failures of every user who has one.
pub fn counted(host: &Host) -> HashMap<String, u64> {
    let list = control::Request::List(Which::All);
    let replies = ask(&host.path("control.sock"), &list).expect("a list");
    let counters = replies.into_iter().filter_map(|reply| match reply {
        control::Reply::Counter(counter) => {
            Some((counter.username?.as_str().to_owned(), u64::from(counter.failures)))
        }
        _ => None,
    });
    counters.collect()
}

/// Failures that are counted of each caller.
pub fn counted_of_callers(host: &Host) -> Vec<u64> {
    let counted = counted(host);
    let of = |number| counted.get(&format!("caller{number}")).copied().unwrap_or_default();
    (0..CALLERS).map(of).collect()
}

fn ask(socket: &Path, request: &control::Request) -> Result<Vec<control::Reply>, ClientError> {
    let mut patience = Patience::of(PATIENCE);
    let connection = Connection::open(socket, &mut patience)?;
    connection.send(request, &mut patience)?;
    let mut replies = Vec::new();
    loop {
        match connection.receive(&mut patience)? {
            control::Reply::End => return Ok(replies),
            reply => replies.push(reply),
        }
        if matches!(replies.last(), Some(control::Reply::Failed(_))) {
            return Ok(replies);
        }
    }
}
