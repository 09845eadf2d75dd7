//! While axesd is down, slow, or restarted in the middle.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use axes_e2e::application::{AUTH_ERR, AUTHINFO_UNAVAIL, Answer, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, wait_until};

const FROM: &str = "192.0.2.7";

#[test]
fn without_a_daemon_safe_lets_the_stack_decide_and_secure_refuses() {
    let host = Host::without_daemon("");
    host.write_service("secure", "failmode=secure");
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    let mut secure = host.session_of("secure", "alice").from(FROM);
    assert_eq!(secure.try_password(RIGHT), AUTHINFO_UNAVAIL);
    assert_eq!(secure.account(), AUTHINFO_UNAVAIL);
    assert_eq!(host.verified(), 2);
}

#[test]
fn a_daemon_that_never_answers_costs_no_more_than_the_timeout() {
    let host = Host::without_daemon("");
    host.write_service("hasty", "timeout=200");
    let _silent = UnixListener::bind(host.socket()).unwrap();
    let started = Instant::now();
    let mut session = host.session_of("hasty", "alice").from(FROM);
    assert_eq!(session.try_password(RIGHT), SUCCESS);
    let elapsed = started.elapsed();
    assert!(elapsed >= Duration::from_millis(200), "{elapsed:?}");
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
}

#[test]
fn a_daemon_that_talks_nonsense_is_as_good_as_none() {
    let host = Host::without_daemon("");
    host.write_service("secure", "failmode=secure");
    let listener = UnixListener::bind(host.socket()).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(&[0xff; 64]);
        }
    });
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    let mut secure = host.session_of("secure", "alice").from(FROM);
    assert_eq!(secure.try_password(RIGHT), AUTHINFO_UNAVAIL);
}

#[test]
fn a_daemon_that_ends_before_it_answers_is_asked_once_more() {
    let host = Host::without_daemon("");
    host.write_service("login", "failmode=secure");
    let listener = UnixListener::bind(host.socket()).unwrap();
    let daemons = thread::spawn(move || {
        let (mut ends, _) = listener.accept().unwrap();
        ends.read_exact(&mut [0; 2]).unwrap();
        drop(ends);
        let (mut lives, _) = listener.accept().unwrap();
        // Proceed at the prompt and at the gate; nobody waits for an answer to a success.
        for _ in 0..2 {
            read_frame(&mut lives);
            lives.write_all(&[0, 3, 1, 2, 1]).unwrap();
        }
        read_frame(&mut lives);
    });
    let mut session = host.session("alice").from(FROM);
    assert_eq!(session.try_password(RIGHT), SUCCESS);
    daemons.join().unwrap();
}

fn read_frame(stream: &mut UnixStream) {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    stream.read_exact(&mut vec![0; usize::from(u16::from_be_bytes(length))]).unwrap();
}

/// Restarts the daemon while somebody sits at the prompt.
fn restart_at_the_prompt(host: &mut Host, answer: &str) -> i32 {
    let later = Answer::Later(Duration::from_secs(3), answer.to_owned());
    let mut login = host.spawn_login("alice", FROM, &later);
    wait_until("a prompt", || host.ask(&["status"])["in_flight"] == 1);
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon();
    login.wait().unwrap().code().unwrap()
}

#[test]
fn a_restart_at_the_prompt_is_not_a_way_around_the_gate() {
    let mut host = Host::start("failure_limit = 2");
    assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    assert_eq!(restart_at_the_prompt(&mut host, WRONG), AUTH_ERR);
    assert_eq!(host.failures("alice"), 2);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
}

#[test]
fn a_restart_while_verifying_loses_no_verdict() {
    let mut host = Host::start("failure_limit = 2");
    host.write_password_program("sleep 2");
    let mut login = host.spawn_login("alice", FROM, &Answer::Text(WRONG.to_owned()));
    wait_until("a password is verified", || host.verified() == 1);
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon();
    assert_eq!(login.wait().unwrap().code(), Some(AUTH_ERR));
    assert_eq!(host.failures("alice"), 1);
}

#[test]
fn a_graceful_restart_while_verifying_counts_once() {
    let mut host = Host::start("failure_limit = 3");
    // Longer than the daemon waits for it at its end.
    host.write_password_program("sleep 5");
    let mut wrong = host.spawn_login("alice", FROM, &Answer::Text(WRONG.to_owned()));
    let mut right = host.spawn_login("bob", FROM, &Answer::Text(RIGHT.to_owned()));
    wait_until("both are verified", || host.verified() == 2);
    host.kill_daemon(libc::SIGTERM);
    host.start_daemon();
    assert_eq!(wrong.wait().unwrap().code(), Some(AUTH_ERR));
    assert_eq!(right.wait().unwrap().code(), Some(SUCCESS));
    assert_eq!((host.failures("alice"), host.outcomes("alice")), (1, vec!["failure".to_owned()]));
    assert_eq!(host.outcomes("bob"), ["success"]);
}
