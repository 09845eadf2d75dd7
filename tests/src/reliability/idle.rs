//! Logins of root through libpam while a crowd of users sits on the public socket: saying nothing,
//! half of it, or slowly, and reading nothing.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::geteuid;
use serde_json::Value;

use super::middle_and_longest;
use crate::application::{SUCCESS, describe};
use crate::host::{Host, RIGHT, built, wait_until};

/// Connections that each user tries to hold.
pub const EACH: usize = 100;
/// What one user may hold, and all but root.
pub const PLACES: (u64, u64) = (64, 3072);
/// How much later than it should a connection may be cut off, with all that goes on.
const SLACK: f64 = 2.0;
/// Memory that the daemon may take for the crowd.
const MEMORY_KB: u64 = 64 << 10;
/// Descriptors of logins at the moment that they are counted, and of a dump of the database.
const OTHERS: u64 = 16;
const BEFORE: Duration = Duration::from_secs(3);

/// Ways to misbehave for which a user needs an account of his own, with two accounts that exist on
/// every Debian for each; and when those are cut off who do, if ever.
const KNOWN: [(&str, [(u32, &str); 2]); 3] = [
    ("deaf", [(1, "daemon"), (2, "bin")]),
    ("done", [(3, "sys"), (4, "sync")]),
    ("prompt", [(5, "games"), (6, "man")]),
];
/// And for which he needs none.
const UNKNOWN: [&str; 3] = ["idle", "half", "slow"];
const FIRST_UNKNOWN: u32 = 20_000;

/// What came of it.
#[derive(Debug)]
pub struct Figures {
    /// Connections that were tried, again and again.
    pub tries: u64,
    /// Of these, turned away at once.
    pub turned_away: u64,
    /// Connections that were held at one time, of all users.
    pub held: u64,
    /// How each kind was cut off.
    pub kinds: Vec<Kind>,
    /// Logins meanwhile, all let in.
    pub logins: usize,
    /// The middle one and the longest without the crowd, and with it.
    pub times: [(Duration, Duration); 2],
    /// Memory of the daemon before, and at most, in KiB.
    pub memory_kb: (u64, u64),
    /// Until all places were free after the crowd left.
    pub free_again: Duration,
}

/// How those who misbehave in one way were cut off.
#[derive(Debug)]
pub struct Kind {
    /// As `axes-crowd` calls it.
    pub how: &'static str,
    /// So many times.
    pub cut_off: u64,
    /// After so many seconds at the earliest, and at the latest.
    pub between: Option<(f64, f64)>,
}

struct Process {
    how: &'static str,
    child: Child,
}

/// What the daemon holds.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    descriptors: u64,
    memory_kb: u64,
}

/// Logins during such a time with a crowd of so many users. Panics where one is not let in, or the
/// crowd gets more than it may.
pub fn crowd(users: usize, time: Duration) -> Figures {
    let host = host();
    let quiet = logins(&host, BEFORE);
    let before = held(&host);
    let crowd: Vec<_> = people(users).map(|it| spawn(&host, it)).collect();
    let (busy, most) = watched(&host, || logins(&host, time));
    let left = Instant::now();
    let told: Vec<_> = crowd.into_iter().map(leave).collect();
    let none = before.descriptors + OTHERS;
    wait_until("all places are free", || held(&host).descriptors <= none);
    let free_again = left.elapsed();
    let number = |name: &str| told.iter().map(|(_, it)| it[name].as_u64().expect(name)).sum();
    let figures = Figures {
        tries: number("tries"),
        turned_away: number("turned_away"),
        held: most.descriptors.saturating_sub(before.descriptors),
        kinds: kinds(&told),
        logins: busy.len(),
        times: [quiet, busy].map(|mut times| middle_and_longest(&mut times)),
        memory_kb: (before.memory_kb, most.memory_kb),
        free_again,
    };
    check(&figures, &told);
    places_are_free(&host);
    figures
}

fn host() -> Host {
    let host = Host::start("");
    // A login that does not reach the daemon is not to go unnoticed; a slow one is reported as such.
    host.write_service("login", "failmode=secure timeout=10000");
    // Where the workspace is, other users may not come in.
    let copied = Command::new("cp").arg(built("axes-crowd")).arg(host.path("axes-crowd")).status();
    assert!(copied.expect("cp").success());
    host
}

/// Who does what: all ways in turn.
fn people(users: usize) -> impl Iterator<Item = (&'static str, u32, &'static str)> {
    let known = KNOWN
        .into_iter()
        .flat_map(|(how, accounts)| accounts.into_iter().map(move |(uid, name)| (how, uid, name)));
    let unknown = (FIRST_UNKNOWN..).zip(UNKNOWN.into_iter().cycle());
    known.chain(unknown.map(|(uid, how)| (how, uid, "nobody"))).take(users)
}

fn spawn(host: &Host, (how, uid, name): (&'static str, u32, &str)) -> Process {
    // Only root can be others; all is one user's otherwise, who has more places than the crowd.
    let mut command = if geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={uid}"), &format!("--regid={uid}"), "--clear-groups"]);
        command
    } else {
        Command::new("env")
    };
    command.arg(host.path("axes-crowd")).arg(host.socket()).arg(EACH.to_string()).args([name, how]);
    let child = command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    Process { how, child: child.expect("axes-crowd") }
}

/// Ends a part of the crowd; what became of its connections.
fn leave(Process { how, mut child }: Process) -> (&'static str, Value) {
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("axes-crowd");
    assert!(output.status.success(), "{how}: {output:?}");
    (how, serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// Logs in again and again; how long each took.
fn logins(host: &Host, time: Duration) -> Vec<Duration> {
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        let login = Instant::now();
        let code = host.login("alice", "192.0.2.7", RIGHT);
        assert_eq!(code, SUCCESS, "login {}: {}", times.len(), describe(code));
        times.push(login.elapsed());
    }
    times
}

/// Runs something; the most that the daemon held meanwhile.
fn watched<T>(host: &Host, run: impl FnOnce() -> T) -> (T, Held) {
    let (most, stop) = (Mutex::new(Held::default()), AtomicBool::new(false));
    let watch = || {
        while !stop.load(Ordering::SeqCst) {
            let (now, mut most) = (held(host), most.lock().expect("figures"));
            most.descriptors = most.descriptors.max(now.descriptors);
            most.memory_kb = most.memory_kb.max(now.memory_kb);
            drop(most);
            thread::sleep(Duration::from_millis(100));
        }
    };
    let result = thread::scope(|scope| {
        scope.spawn(watch);
        let result = run();
        stop.store(true, Ordering::SeqCst);
        result
    });
    (result, most.into_inner().expect("figures"))
}

fn held(host: &Host) -> Held {
    let process = format!("/proc/{}", host.daemon_id());
    let descriptors = fs::read_dir(format!("{process}/fd")).expect("descriptors").count();
    let status = fs::read_to_string(format!("{process}/status")).expect("a status");
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let memory = memory.and_then(|it| it.trim().split(' ').next()?.parse().ok());
    Held {
        descriptors: u64::try_from(descriptors).expect("a number"),
        memory_kb: memory.expect("a memory"),
    }
}

fn kinds(told: &[(&'static str, Value)]) -> Vec<Kind> {
    let all = UNKNOWN.into_iter().chain(KNOWN.map(|(how, _)| how));
    let kind = |how| {
        let own = told.iter().filter(|it| it.0 == how).map(|it| &it.1);
        let cut_off = own.clone().map(|it| it["cut_off"].as_u64().expect("a number")).sum();
        let times =
            own.filter_map(|it| Some((it["between"][0].as_f64()?, it["between"][1].as_f64()?)));
        let between = times.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        Kind { how, cut_off, between }
    };
    all.map(kind).collect()
}

fn check(figures: &Figures, told: &[(&'static str, Value)]) {
    figures.kinds.iter().for_each(check_deadline);
    let (before, most) = figures.memory_kb;
    assert!(most < before + MEMORY_KB, "{before} KiB before, {most} KiB with the crowd");
    if geteuid().is_root() {
        assert!(figures.held <= PLACES.1 + OTHERS, "{} connections", figures.held);
        let most_of_one = told.iter().map(|it| it.1["held_at_most"].as_u64().expect("a number"));
        assert_eq!(most_of_one.max(), Some(PLACES.0));
    }
}

fn check_deadline(Kind { how, cut_off, between }: &Kind) {
    let due = match *how {
        "idle" | "done" => 5.0,
        "half" | "slow" | "deaf" => 2.0,
        // A locked screen waits for days.
        _ => return assert_eq!(*cut_off, 0, "{how}"),
    };
    let (earliest, latest) = between.unwrap_or_else(|| panic!("{how}: nobody was cut off"));
    assert!(earliest >= due && latest < due + SLACK, "{how}: {earliest} to {latest} s");
}

/// A user who held all that he may gets as much again.
fn places_are_free(host: &Host) {
    let again = people(KNOWN.len() * 2).find(|it| it.0 == "prompt").expect("a prompt");
    let process = spawn(host, again);
    let prompts = || host.ask(&["status"])["in_flight"].as_u64().expect("a number");
    let all = if geteuid().is_root() { PLACES.0 } else { EACH as u64 };
    wait_until("places are given again", || prompts() == all);
    leave(process);
    wait_until("places are free again", || prompts() == 0);
}
