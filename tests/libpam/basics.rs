//! Counting, locking, refusing, releasing.

use std::thread::sleep;
use std::time::Duration;

use axes_e2e::application::{AUTH_ERR, Answer, MAXTRIES, PERM_DENIED, SILENT, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

const FROM: &str = "192.0.2.7";

fn lock(host: &Host, user: &str, limit: usize) {
    for _ in 0..limit {
        assert_eq!(host.login(user, FROM, WRONG), AUTH_ERR);
    }
}

#[test]
fn wrong_passwords_are_counted_and_the_limit_locks() {
    let host = Host::start("failure_limit = 3");
    for failures in 1..=3 {
        assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
        assert_eq!(host.failures("alice"), failures);
    }
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    assert_eq!(host.outcomes("alice"), ["failure", "failure", "failure", "refused"]);
    assert_eq!(host.verified(), 3);
    assert_eq!(host.login("alice", "192.0.2.8", RIGHT), SUCCESS, "from elsewhere she gets in");
    assert_eq!(host.login("bob", FROM, RIGHT), SUCCESS, "and so does somebody else");
}

#[test]
fn several_tries_on_one_handle_are_several_attempts() {
    let host = Host::start("failure_limit = 3");
    let mut session = host.session("alice").from(FROM).at("ssh");
    assert_eq!(session.try_password(WRONG), AUTH_ERR);
    assert_eq!(session.try_password(WRONG), AUTH_ERR);
    assert_eq!(session.try_password(RIGHT), SUCCESS);
    assert_eq!((session.account(), session.credentials()), (SUCCESS, SUCCESS));
    assert_eq!(host.outcomes("alice"), ["failure", "failure", "success"]);
    assert_eq!(host.failures("alice"), 0, "a success forgives");
}

#[test]
fn without_reset_on_success_a_success_forgives_nothing() {
    let host = Host::start("failure_limit = 3\nreset_on_success = false");
    lock(&host, "alice", 2);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert_eq!(host.failures("alice"), 2);
}

#[test]
fn a_cancelled_prompt_is_abandoned() {
    let host = Host::start("failure_limit = 3");
    for _ in 0..5 {
        let mut session = host.session("alice").from(FROM);
        assert_ne!(session.authenticate([Answer::Cancel]), SUCCESS);
    }
    assert_eq!(host.outcomes("alice"), vec!["abandoned"; 5]);
    assert_eq!(host.failures("alice"), 0);
}

#[test]
fn a_locked_client_is_told_until_when_before_any_prompt() {
    let host = Host::start("failure_limit = 1");
    lock(&host, "alice", 1);
    let mut session = host.session("alice").from(FROM);
    assert_eq!(session.try_password(RIGHT), MAXTRIES);
    let person = session.person();
    assert!(person.prompts.is_empty());
    let [message] = person.messages.as_slice() else { panic!("{:?}", person.messages) };
    assert!(message.contains("locked until ") && message.contains("(for 1"), "{message}");
}

#[test]
fn quiet_lines_and_silent_applications_say_nothing() {
    let host = Host::start("failure_limit = 1");
    host.write_service("quiet", "quiet");
    lock(&host, "alice", 1);
    let mut quiet = host.session_of("quiet", "alice").from(FROM);
    assert_eq!(quiet.try_password(RIGHT), MAXTRIES);
    let mut silent = host.session("alice").from(FROM);
    let typed = [Answer::Text(RIGHT.to_owned())];
    assert_eq!(silent.authenticate_with(typed, SILENT), MAXTRIES);
    assert!(quiet.person().messages.is_empty() && silent.person().messages.is_empty());
}

#[test]
fn the_code_for_a_locked_client_can_be_chosen() {
    let host = Host::start("failure_limit = 1");
    lock(&host, "alice", 1);
    for (option, code) in [
        ("code=maxtries", MAXTRIES),
        ("code=auth_err", AUTH_ERR),
        ("code=perm_denied", PERM_DENIED),
    ] {
        host.write_service("coded", option);
        assert_eq!(host.session_of("coded", "alice").from(FROM).try_password(RIGHT), code);
    }
}

#[test]
fn a_lockout_ends_with_its_cool_off() {
    let host = Host::start("failure_limit = 1\ncooloff_time = \"2s\"");
    lock(&host, "alice", 1);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    sleep(Duration::from_millis(2100));
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert!(host.log().contains("unlocked user=alice address=192.0.2.7 (1/1): cool-off is over"));
}

#[test]
fn a_lockout_ends_with_a_reset_and_one_that_matches_nothing_says_so() {
    let host = Host::start("failure_limit = 2");
    lock(&host, "alice", 2);
    assert_eq!(host.axesctl(&["reset", "--user", "bob"]).status.code(), Some(1));
    assert_eq!(host.axesctl(&["reset", "--user", ""]).status.code(), Some(2));
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    let done = host.ask(&["reset", "--user", "alice", "--address", FROM, "--service", "login"]);
    assert_eq!((&done["failures"], &done["unlocked"]), (&2.into(), &1.into()));
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}

#[test]
fn a_permanent_lockout_has_no_end() {
    let host = Host::start("failure_limit = 1\ncooloff_time = \"never\"");
    lock(&host, "alice", 1);
    let mut session = host.session("alice").from(FROM);
    assert_eq!(session.try_password(RIGHT), MAXTRIES);
    assert!(session.person().messages[0].contains("until an administrator lifts it"));
    assert!(host.ask(&["show", "alice"])["counters"][0]["until"].is_null());
}

#[test]
fn a_reload_puts_good_settings_in_force_and_leaves_broken_ones() {
    let host = Host::start("failure_limit = 2");
    lock(&host, "alice", 2);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    host.configure("failure_limt = 9");
    host.reload();
    assert!(host.log().contains("did you mean `failure_limit`?"), "{}", host.log());
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    host.configure("failure_limit = 3");
    host.reload();
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}

#[test]
fn axesctl_reload_says_what_is_wrong() {
    let host = Host::start("failure_limit = 2");
    lock(&host, "alice", 2);
    host.configure("failure_limt = 9");
    let refused = host.axesctl(&["reload"]);
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(3));
    assert!(error.contains("axes.toml:1: unknown key `failure_limt`"), "{error}");
    host.configure("failure_limit = 3");
    assert_eq!(host.ask(&["reload"])["reloaded"], true);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}

#[test]
fn the_dummy_handler_lets_everybody_try() {
    let host = Host::without_daemon("failure_limit = 1");
    let text = std::fs::read_to_string(host.path("axes.toml")).unwrap();
    std::fs::write(host.path("axes.toml"), text + "handler = \"dummy\"\n").unwrap();
    let mut host = host;
    host.start_daemon();
    lock(&host, "alice", 3);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}
