//! The limit is the limit, however many try at once.

use std::thread;
use std::time::{Duration, Instant};

use axes_e2e::application::{AUTH_ERR, Answer, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, kill, wait_until};
use axes_proto::client::{ClientError, Connection, Patience};
use axes_proto::pam::{Client, Outcome, Place, Reply, Request, Stage};
use axes_proto::text::{Label, Name};

const FROM: &str = "192.0.2.7";

fn text(password: &str) -> Answer {
    Answer::Text(password.to_owned())
}

#[test]
fn sixty_at_once_get_exactly_the_limit_verified() {
    let host = Host::start("failure_limit = 3");
    host.write_password_program("sleep 0.1");
    for round in 1..=10 {
        let mut logins: Vec<_> =
            (0..60).map(|_| host.spawn_login("alice", FROM, &text(WRONG))).collect();
        for login in &mut logins {
            login.wait().unwrap();
        }
        assert_eq!(host.verified(), 3 * round);
        assert_eq!(host.failures("alice"), 3);
        assert!(host.axesctl(&["reset", "--all"]).status.success());
    }
}

#[test]
fn right_passwords_in_the_crowd_all_get_in_as_long_as_nothing_is_locked() {
    let host = Host::start("failure_limit = 3");
    host.write_password_program("sleep 0.02");
    let codes: Vec<i32> = thread::scope(|scope| {
        let login = || host.login("alice", FROM, RIGHT);
        let logins: Vec<_> = (0..40).map(|_| scope.spawn(login)).collect();
        logins.into_iter().map(|login| login.join().unwrap()).collect()
    });
    assert_eq!(codes, vec![SUCCESS; 40]);
}

#[test]
fn a_process_killed_while_verifying_counts() {
    let host = Host::start("failure_limit = 1");
    host.write_password_program("sleep 5");
    let mut login = host.spawn_login("alice", FROM, &text(WRONG));
    wait_until("a password is verified", || host.verified() == 1);
    kill(&login, libc::SIGKILL);
    login.wait().unwrap();
    wait_until("it counts", || host.failures("alice") == 1);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
}

#[test]
fn hanging_up_at_the_prompt_costs_nothing() {
    let host = Host::start("failure_limit = 1");
    for _ in 0..3 {
        host.spawn_login("alice", FROM, &Answer::Exit).wait().unwrap();
    }
    wait_until("all are recorded", || host.outcomes("alice") == ["abandoned"; 3]);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}

#[test]
fn nobody_waits_at_the_gate_past_the_bound() {
    let host = Host::start("failure_limit = 1\ngate_wait = \"500ms\"");
    host.write_password_program("sleep 3");
    let mut slow = host.spawn_login("alice", FROM, &text(RIGHT));
    wait_until("a password is verified", || host.verified() == 1);
    let started = Instant::now();
    let mut second = host.session("alice").from(FROM);
    assert_eq!(second.try_password(WRONG), AUTH_ERR);
    assert!(started.elapsed() >= Duration::from_millis(500));
    assert!(started.elapsed() < Duration::from_millis(2500), "{:?}", started.elapsed());
    assert!(second.person().messages[0].contains("Too many logins at once"));
    assert_eq!(slow.wait().unwrap().code(), Some(SUCCESS));
    assert_eq!(host.verified(), 1, "the second password was never looked at");
    assert_eq!(host.outcomes("alice"), ["refused", "success"]);
}

#[test]
fn whoever_waits_is_let_in_when_a_place_is_free() {
    let host = Host::start("failure_limit = 1");
    host.write_password_program("sleep 0.3");
    let mut logins: Vec<_> =
        (0..5).map(|_| host.spawn_login("alice", FROM, &text(RIGHT))).collect();
    for login in &mut logins {
        assert_eq!(login.wait().unwrap().code(), Some(SUCCESS));
    }
}

#[test]
fn a_local_user_who_guesses_locks_himself_out_and_not_the_owner() {
    let host = Host::start("failure_limit = 2");
    let su = |asking: &str| host.session("alice").at("pts/1").asked_by(asking);
    assert_eq!(su("mallory").try_password(WRONG), AUTH_ERR);
    assert_eq!(su("mallory").try_password(WRONG), AUTH_ERR);
    assert_eq!(su("mallory").try_password(RIGHT), MAXTRIES);
    assert_eq!(su("bob").try_password(RIGHT), SUCCESS);
    assert_eq!(host.session("alice").at("tty1").try_password(RIGHT), SUCCESS);
    assert_eq!(su("mallory").try_password(RIGHT), MAXTRIES, "nobody's success helps him");
}

#[test]
fn a_stack_that_ends_in_a_broken_backend_is_no_way_around_the_limit() {
    let host = Host::start("failure_limit = 2\ngate_wait = \"100ms\"\nplace_lease = \"1h\"");
    let axes = host.module_line();
    let program = host.path("check-password");
    // Says PAM_SYSTEM_ERR for a wrong password.
    let check = format!("auth required pam_exec.so expose_authtok quiet {}\n", program.display());
    host.write_stack("odd", &format!("auth requisite {axes}\n{check}"));
    for _ in 0..6 {
        let mut session = host.session_of("odd", "alice").from(FROM);
        assert_ne!(session.try_password(WRONG), SUCCESS);
    }
    assert_eq!(host.verified(), 2);
}

#[test]
fn thousands_of_open_prompts_do_not_switch_protection_off() {
    let host = Host::start("failure_limit = 2");
    let held = open_prompts(&host, 4200);
    assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    assert_eq!(host.failures("alice"), 2);
    drop(held);
}

#[test]
fn a_place_held_at_an_open_prompt_goes_to_whoever_answers() {
    let host = Host::start("failure_limit = 1\nlockout_parameters = [\"username\"]");
    let (idle, place) = open_prompt(&host, "alice");
    assert_eq!(place, Place::Held);
    let started = Instant::now();
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let told = idle.send(&Request::Entered, &mut patience());
    assert!(matches!(told, Err(ClientError::Closed)), "{told:?}");
    assert_eq!(host.outcomes("alice"), ["success"]);
}

#[test]
fn a_place_that_is_in_use_is_not_given_to_somebody_else() {
    let host = Host::start(
        "failure_limit = 1\nlockout_parameters = [\"username\"]\ngate_wait = \"500ms\"",
    );
    let (busy, _) = open_prompt(&host, "alice");
    busy.send(&Request::Entered, &mut patience()).unwrap();
    let mut second = host.session("alice").from(FROM);
    assert_eq!(second.try_password(RIGHT), AUTH_ERR);
    assert!(second.person().messages[0].contains("Too many logins at once"));
    let told: Reply = busy.ask(&Request::Verdict(Outcome::Failure), &mut patience()).unwrap();
    assert_eq!(told, Reply::Recorded);
    assert_eq!(host.outcomes("alice"), ["refused", "failure"]);
}

#[test]
fn whoever_dies_on_a_place_that_was_held_counts_and_whoever_leaves_his_prompt_does_not() {
    let host = Host::start("failure_limit = 5\nlockout_parameters = [\"username\"]");
    drop(open_prompt(&host, "alice"));
    let (killed, _) = open_prompt(&host, "alice");
    killed.send(&Request::Entered, &mut patience()).unwrap();
    drop(killed);
    wait_until("both are recorded", || host.outcomes("alice") == ["abandoned", "failure"]);
    assert_eq!(host.failures("alice"), 1);
}

/// Connections that have begun an attempt and wait for a person, as a module would.
fn open_prompts(host: &Host, count: usize) -> Vec<Connection> {
    let limit = libc::rlimit { rlim_cur: 10_000, rlim_max: 10_000 };
    let raised = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(raised, 0, "this test needs 10,000 descriptors; raise `ulimit -Hn`");
    (0..count).map(|_| open_prompt(host, "mallory").0).collect()
}

fn open_prompt(host: &Host, user: &str) -> (Connection, Place) {
    let client = Client {
        user: Name::from_typed(user),
        remote: None,
        service: Label::from_typed("su"),
        tty: None,
        ruser: None,
    };
    let connection = Connection::open(&host.socket(), &mut patience()).unwrap();
    let begin = Request::Begin(client, Stage::Prompting);
    match connection.ask(&begin, &mut patience()).unwrap() {
        Reply::Admitted { place, .. } => (connection, place),
        other => panic!("{other:?}"),
    }
}

fn patience() -> Patience {
    Patience::of(Duration::from_secs(5))
}
