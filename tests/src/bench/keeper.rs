//! The policy alone, in this process: decisions among many counters, addresses among many networks.

use std::fs;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use axes_policy::attempt::{Failure, Lane, Marks, Outcome, Reporter};
use axes_policy::client::{Address, Client, Visitor};
use axes_policy::effect::AttemptId;
use axes_policy::keeper::{Admission, Gate, Keeper};
use axes_policy::lists::List;
use axes_policy::networks::fold;
use axes_policy::settings::{CounterRule, Settings};
use axes_policy::subject::Subject;
use axes_policy::time::Timestamp;

use super::floors;
use super::table::Series;

/// By user and address, by address, by user.
const COUNTERS_OF_A_FAILURE: u64 = 3;
const LOOK_UPS: u32 = 1000;
/// What a counter with all that belongs to it may take, so that nobody is caught out of memory.
const ROOM: u64 = 500;

/// What was measured among so many counters.
#[derive(Debug)]
pub struct Decisions {
    /// As many as are asked for, or a few more.
    pub counters: u64,
    /// May this client go on, and may his answer be verified?
    pub verdict: Series,
    /// His failure is counted.
    pub failure: Series,
    /// What the process grew by.
    pub memory: u64,
    /// A read at a random place of as much memory.
    pub read: Series,
}

/// Decides about clients chosen at random, each of whom failed before. `None` where the machine
/// has no room for so many.
pub fn decide(counters: u64, attempts: u32) -> Option<Decisions> {
    if available() < counters * ROOM {
        return None;
    }
    trim();
    let before = resident();
    let clients = counters.div_ceil(COUNTERS_OF_A_FAILURE);
    let failures = (0..clients).map(|number| failure(number, number)).collect();
    let (mut keeper, _) = Keeper::new(settings(), now(), failures, Vec::new());
    trim();
    let memory = resident().saturating_sub(before);
    let counters = clients * COUNTERS_OF_A_FAILURE;
    let [verdict, failure] = [Series::none(), Series::none()];
    let read = floors::read(memory, attempts / LOOK_UPS);
    let mut decisions = Decisions { counters, verdict, failure, memory, read };
    for number in 0..attempts {
        attempt(&mut keeper, number, clients, &mut decisions);
    }
    Some(decisions)
}

/// A failure, and a success that forgives it where a success does.
fn attempt(keeper: &mut Keeper, number: u32, clients: u64, decisions: &mut Decisions) {
    let visitor = Visitor::plain(client(random(number) % clients), Reporter::Root);
    let [id, next] = [0, 1].map(|more| AttemptId(u64::from(number) * 2 + more));
    let again = visitor.clone();
    let begun = Instant::now();
    let (admission, _) = keeper.begin(now(), id, visitor);
    let (gate, _) = keeper.answered(now(), id);
    decisions.verdict.add(begun.elapsed());
    assert_eq!((admission, gate), (Admission::Admitted, Gate::Open));
    let begun = Instant::now();
    let effects = keeper.verdict(now(), id, Outcome::Failure);
    decisions.failure.add(begun.elapsed());
    assert!(!effects.is_empty(), "a failure is kept");
    let _ = keeper.begin(now(), next, again);
    let _ = keeper.answered(now(), next);
    let _ = keeper.verdict(now(), next, Outcome::Success);
}

/// As shipped, but for limits that nobody reaches, and as much memory as it takes.
fn settings() -> Settings {
    let unlimited = |rule| CounterRule { limit: NonZeroU32::MAX, ..rule };
    let settings = Settings { room: usize::MAX, ..Settings::default() };
    settings.with_counters(CounterRule::shipped().into_iter().map(unlimited).collect())
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

/// A failure of one client.
pub fn failure(id: u64, number: u64) -> Failure {
    Failure {
        id,
        at: now(),
        client: client(number),
        reporter: Reporter::Root,
        lane: Lane::Stranger,
        marks: Marks::default(),
    }
}

/// A user of his own, at an address of his own.
fn client(number: u64) -> Client {
    let [.., b, c, d] = number.to_be_bytes();
    Client {
        user: format!("user{number}").into(),
        address: Address::Ip(IpAddr::V4(Ipv4Addr::new(10, b, c, d))),
        service: "sshd".into(),
        tty: Some("ssh".into()),
        ruser: None,
    }
}

/// How long it takes to look an address up in a list of so many networks, by the mean of a
/// thousand at a time.
pub fn look_up(networks: u32, rounds: u32) -> Series {
    let list: List = (0..networks).map(network).map(Subject::Network).collect();
    let at = |number: u32| Address::Ip(IpAddr::V4(Ipv4Addr::from(spread(number))));
    let clients: Vec<_> =
        (0..LOOK_UPS).map(|number| Client { address: at(number), ..client(0) }).collect();
    let round = |_| {
        let begun = Instant::now();
        for client in &clients {
            std::hint::black_box(list.find(std::hint::black_box(client), None));
        }
        begun.elapsed() / LOOK_UPS
    };
    (0..rounds).map(round).collect()
}

/// One of 20 to 32 bits, somewhere.
fn network(number: u32) -> ipnetwork::IpNetwork {
    let prefix = u8::try_from(20 + number % 13).unwrap_or(32);
    fold(IpAddr::V4(Ipv4Addr::from(number.wrapping_mul(2_654_435_761))), prefix)
}

const fn spread(number: u32) -> u32 {
    number.wrapping_mul(40_503_001)
}

/// The same in each run.
fn random(number: u32) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(number)
}

/// Gives back to the system what nobody uses.
fn trim() {
    unsafe { libc::malloc_trim(0) };
}

fn resident() -> u64 {
    kib("/proc/self/status", "VmRSS:") << 10
}

fn available() -> u64 {
    kib("/proc/meminfo", "MemAvailable:") << 10
}

/// A line of a file of /proc, in KiB.
pub(super) fn kib(path: &str, name: &str) -> u64 {
    let text = fs::read_to_string(path).expect("a file of /proc");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("KiB")
}

/// One median in the other.
pub fn ratio(one: &Series, other: &Series) -> f64 {
    let [one, other] = [one, other].map(|it| it.median().max(Duration::from_nanos(1)));
    one.as_secs_f64() / other.as_secs_f64()
}
