//! Lists, and clients of the control socket that are no axesctl.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use axes_e2e::application::SUCCESS;
use axes_e2e::host::{Host, RIGHT};
use axes_proto::client::{Connection, Patience};
use axes_proto::control::{Change, Deed, ListName, Reach, Reply, Request, Subject};
use axes_proto::frame;
use axes_proto::text::Text;

use crate::lists::{from_stdin, listed, networks};

const FROM: &str = "192.0.2.7";
const LONG: Duration = Duration::from_secs(10);

fn connection(host: &Host) -> Connection {
    Connection::open(&host.path("control.sock"), &mut Patience::of(LONG)).expect("a connection")
}

fn change(deed: Deed, subjects: &[&str]) -> Request {
    let subjects = subjects.iter().map(|text| Subject::User(Text::from_typed(text))).collect();
    Request::Change(Change { list: ListName::Black, deed, subjects })
}

fn add(subjects: &[&str]) -> Request {
    let for_ms = Some(u64::MAX);
    change(Deed::Add { reach: Reach::Some, comment: None, for_ms }, subjects)
}

fn answer(connection: &Connection, request: &Request) -> Reply {
    connection.ask(request, &mut Patience::of(LONG)).expect("a reply")
}

#[test]
fn changes_may_follow_one_another_and_nothing_else_may() {
    let host = Host::start("");
    let connection = connection(&host);
    for user in ["alice", "bob"] {
        let reply = answer(&connection, &add(&[user]));
        assert!(matches!(reply, Reply::Entry(_)), "{reply:?}");
        while connection.receive::<Reply>(&mut Patience::of(LONG)).unwrap() != Reply::End {}
    }
    assert!(matches!(answer(&connection, &Request::Status), Reply::Failed(_)));
    assert_eq!(listed(&host, "blacklist"), ["alice runtime", "bob runtime"]);
}

#[test]
fn too_many_at_once_and_nobody_at_all_are_refused_and_checking_changes_nothing() {
    let host = Host::start("");
    let many = answer(&connection(&host), &add(&["7"; 101]));
    assert!(matches!(many, Reply::Failed(_)), "{many:?}");
    let empty = answer(&connection(&host), &add(&["7", ""]));
    assert!(matches!(empty, Reply::Unusable(1, _)), "{empty:?}");
    let checked = answer(&connection(&host), &change(Deed::Check(Reach::Some), &["7"]));
    assert_eq!(checked, Reply::End);
    assert!(listed(&host, "blacklist").is_empty());
}

#[test]
fn garbage_in_every_byte_of_a_change_ends_nothing_but_its_connection() {
    let host = Host::start("");
    let comment = Some(Text::from_typed("why"));
    let deed = Deed::Add { reach: Reach::Some, comment, for_ms: Some(3_600_000) };
    let frame = frame::encode(&change(deed, &["alice", "@guests"])).unwrap();
    for place in 2..frame.len() {
        for garbage in [0x00, 0x0a, 0x1b, 0x7f, 0xff] {
            let mut frame = frame.clone();
            frame[place] = garbage;
            let mut stream = UnixStream::connect(host.path("control.sock")).unwrap();
            stream.write_all(&frame).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            // Answered or cut off, in time.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
    let shown = host.axesctl(&["blacklist", "list"]).stdout;
    let control = |byte: &u8| byte.is_ascii_control() && *byte != b'\n';
    assert!(!shown.iter().any(control), "{}", String::from_utf8_lossy(&shown));
    assert_eq!(host.login("carol", FROM, RIGHT), SUCCESS);
}

#[test]
fn whoever_asks_for_a_long_list_and_does_not_read_it_holds_nobody_up() {
    let host = Host::start("");
    let words = ["blacklist", "add", "--from-file", "-"];
    assert!(from_stdin(&host, &words, &networks(10_000)).status.success());
    let silent: Vec<_> = (0..4).map(|_| connection(&host)).collect();
    for connection in &silent {
        connection.send(&Request::Entries(ListName::Black), &mut Patience::of(LONG)).unwrap();
    }
    let started = Instant::now();
    for _ in 0..5 {
        assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(listed(&host, "blacklist").len(), 10_000, "and others still see it");
}
