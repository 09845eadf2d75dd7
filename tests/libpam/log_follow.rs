//! `axesctl log --follow`, and followers that behave badly.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use axes_e2e::application::SUCCESS;
use axes_e2e::host::{Host, RIGHT, WRONG, kill, wait_until};
use axes_proto::client::{Connection, Patience};
use axes_proto::control::{Filter, LogFilter, Reading, Reply, Request};
use axes_proto::pam;
use axes_proto::text::Text;

const FROM: &str = "192.0.2.7";
const LONG: Duration = Duration::from_secs(10);

/// `axesctl log -f` as it runs.
pub(crate) struct Follower {
    process: Child,
    lines: Receiver<String>,
}

impl Follower {
    pub(crate) fn start(host: &Host, arguments: &[&str]) -> Self {
        let mut command = host.axesctl_command(&[&["log", "-f"], arguments].concat());
        let mut process =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("axesctl");
        let output = BufReader::new(process.stdout.take().expect("output"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            // Ends with the process, or with whoever reads here.
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { process, lines }
    }

    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(LONG).expect("a line in time")
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn asked(host: &Host, newest: u64) -> Connection {
    let patience = &mut Patience::of(LONG);
    let connection = Connection::open(&host.path("control.sock"), patience).expect("a connection");
    let filter = LogFilter {
        client: Filter::default(),
        outcomes: vec![],
        since_ms: None,
        until_ms: None,
        newest: Some(newest),
        reading: Reading::Follow,
    };
    connection.send(&Request::Log(filter), patience).expect("a request");
    connection
}

fn reply(connection: &Connection) -> Reply {
    connection.receive(&mut Patience::of(LONG)).expect("a reply")
}

/// Reports attempts that are as long as can be and refused, past libpam: that is quicker.
fn flood(host: &Host, count: usize) {
    let client = pam::Client {
        user: Text::from_typed(&"u".repeat(256)),
        remote: Some(Text::from_typed(&"h".repeat(256))),
        service: Text::from_typed(&"s".repeat(64)),
        tty: Some(Text::from_typed(&"t".repeat(64))),
        ruser: Some(Text::from_typed(&"r".repeat(256))),
    };
    for _ in 0..count {
        let patience = &mut Patience::of(LONG);
        let connection = Connection::open(&host.socket(), patience).expect("a connection");
        let begin = pam::Request::Begin(client.clone(), pam::Stage::Prompting);
        let reply: pam::Reply = connection.ask(&begin, patience).expect("a reply");
        assert!(matches!(reply, pam::Reply::Refused(_)), "{reply:?}");
    }
}

#[test]
fn a_login_is_shown_as_it_happens_below_the_last_ones() {
    let host = Host::start("");
    for number in 0..12 {
        assert_eq!(host.login(&format!("user{number}"), FROM, RIGHT), SUCCESS);
    }
    let mut follower = Follower::start(&host, &[]);
    let header = follower.line();
    assert!(header.starts_with("WHEN "), "{header}");
    for number in 2..12 {
        let line = follower.line();
        assert!(line.contains(&format!(" user{number} ")), "{line}");
    }
    for user in ["alice", "bob"] {
        assert_ne!(host.login(user, FROM, WRONG), SUCCESS);
        let line = follower.line();
        assert!(line.contains(user), "{line}");
        assert_eq!(line.find("failure"), header.find("OUTCOME"), "{line}");
    }
    kill(&follower.process, libc::SIGINT);
    follower.process.wait().expect("axesctl ends");
    let mut complaint = String::new();
    follower.process.stderr.take().expect("stderr").read_to_string(&mut complaint).expect("UTF-8");
    assert_eq!(complaint, "");
}

#[test]
fn followers_have_filters_and_json_lines() {
    let host = Host::start("");
    assert_ne!(host.login("alice", FROM, WRONG), SUCCESS);
    let follower = Follower::start(&host, &["--json", "-n", "1", "--user", "alice"]);
    let object = || serde_json::from_str::<serde_json::Value>(&follower.line()).expect("JSON");
    assert_eq!(object()["outcome"], "failure");
    assert_eq!(host.login("bob", FROM, RIGHT), SUCCESS);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    let next = object();
    assert_eq!((&next["username"], &next["outcome"]), (&"alice".into(), &"success".into()));
}

#[test]
fn a_daemon_that_ends_is_told_from_a_quiet_one() {
    let mut host = Host::start("");
    let mut follower = Follower::start(&host, &["--json"]);
    wait_until("axesctl follows", || {
        host.login("alice", FROM, RIGHT);
        follower.lines.recv_timeout(Duration::from_millis(100)).is_ok()
    });
    host.kill_daemon(libc::SIGTERM);
    assert_eq!(follower.process.wait().expect("axesctl ends").code(), Some(3));
}

#[test]
fn only_so_many_follow_at_once_and_whoever_hangs_up_makes_room() {
    let host = Host::start("");
    let follow = || {
        let connection = asked(&host, 0);
        (reply(&connection), connection)
    };
    let mut followers: Vec<_> = (0..8).map(|_| follow()).collect();
    assert!(followers.iter().all(|(reply, _)| *reply == Reply::End));
    let refused = host.axesctl(&["log", "-f"]);
    assert_eq!(refused.status.code(), Some(3));
    let error = String::from_utf8(refused.stderr).expect("UTF-8");
    assert!(error.contains("too many follow"), "{error}");
    assert_eq!(host.axesctl(&["log"]).status.code(), Some(1), "reading once is always possible");
    followers.pop();
    wait_until("a place is free", || follow().0 == Reply::End);
}

#[test]
fn a_slow_follower_is_told_how_many_it_missed() {
    let host = Host::start("only_whitelist = true\naccess_log_entries = 5");
    let follower = asked(&host, 0);
    assert_eq!(reply(&follower), Reply::End);
    // Far more than its socket holds; it is not read from meanwhile.
    flood(&host, 400);
    let (mut seen, mut missed) = (0, 0);
    while seen + missed < 400 {
        match reply(&follower) {
            Reply::Attempt(_) => seen += 1,
            Reply::Missed(entries) => missed += entries,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen + missed, 400);
    assert!(seen > 0 && missed > 0, "{seen} seen, {missed} missed");
}

#[test]
fn a_follower_that_never_reads_is_cut_off() {
    let host = Host::start("only_whitelist = true");
    let follower = asked(&host, 0);
    assert_eq!(reply(&follower), Reply::End);
    flood(&host, 400);
    wait_until("the follower is cut off", || host.log().contains("axesctl: too slow"));
    assert_eq!(host.axesctl(&["status"]).status.code(), Some(0));
}

#[test]
fn a_long_log_arrives_whole_and_in_order() {
    let host = Host::start("only_whitelist = true");
    flood(&host, 1000);
    let listed = host.ask(&["log"]);
    let times: Vec<_> = listed["attempts"].as_array().expect("attempts").iter().collect();
    assert_eq!(times.len(), 1000);
    assert!(times.is_sorted_by_key(|entry| entry["at"].as_str()));
}
