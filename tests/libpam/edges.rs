//! What applications and stacks do besides asking for a password.

use std::ffi::{c_int, c_uint, c_void};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axes_e2e::application::{AUTH_ERR, Answer, MAXTRIES, SUCCESS, Session};
use axes_e2e::host::{Host, RIGHT, WRONG};

const FROM: &str = "192.0.2.7";

static DELAYS: AtomicUsize = AtomicUsize::new(0);
static LAST_STATUS: AtomicI32 = AtomicI32::new(-1);

extern "C" fn own_delay(status: c_int, _: c_uint, appdata: *mut c_void) {
    assert!(!appdata.is_null());
    DELAYS.fetch_add(1, Ordering::SeqCst);
    LAST_STATUS.store(status, Ordering::SeqCst);
}

#[test]
fn the_application_s_own_delay_function_is_called_and_everything_is_put_back() {
    let host = Host::start("failure_limit = 2");
    let mut session = host.session("alice").from(FROM).with_delay(own_delay);
    for (password, code) in [(WRONG, AUTH_ERR), (RIGHT, SUCCESS), (WRONG, AUTH_ERR)] {
        let before = DELAYS.load(Ordering::SeqCst);
        assert_eq!(session.try_password(password), code);
        assert_eq!(DELAYS.load(Ordering::SeqCst), before + 1);
        assert_eq!(LAST_STATUS.load(Ordering::SeqCst), code);
        assert!(session.is_untouched(Some(own_delay)));
    }
}

#[test]
fn conversation_and_delay_are_put_back_after_every_kind_of_end() {
    let host = Host::start("failure_limit = 1");
    let mut session = host.session("alice").from(FROM);
    assert_ne!(session.authenticate([Answer::Cancel]), SUCCESS);
    assert!(session.is_untouched(None), "abandoned");
    assert_eq!(session.try_password(RIGHT), SUCCESS);
    assert!(session.is_untouched(None), "success");
    assert_eq!(session.try_password(WRONG), AUTH_ERR);
    assert!(session.is_untouched(None), "failure");
    assert_eq!(session.try_password(WRONG), MAXTRIES);
    assert!(session.is_untouched(None), "refused");
}

#[test]
fn a_failure_is_delayed_as_without_pam_axes() {
    let host = Host::start("");
    let axes = host.module_line();
    let delayed = format!("auth optional pam_faildelay.so delay=2000000\nauth requisite {axes}\n");
    host.write_stack("delayed", &(delayed + &host.password_lines()));
    let time = |password| {
        let started = Instant::now();
        host.session_of("delayed", "alice").from(FROM).try_password(password);
        started.elapsed()
    };
    // libpam varies the delay by a quarter (half in older versions).
    assert!(time(WRONG) >= Duration::from_secs(1));
    assert!(time(RIGHT) < Duration::from_secs(1));
}

#[test]
fn the_address_of_sshd_is_found_where_rhost_is_a_name() {
    let host = Host::start("");
    host.write_service("sshd", "");
    let mut session = host
        .session_of("sshd", "alice")
        .from("client.example")
        .with_environment("SSH_CONNECTION=2001:db8::7 50000 2001:db8::1 22");
    assert_eq!(session.try_password(WRONG), AUTH_ERR);
    let shown = host.ask(&["show", "alice"]);
    assert_eq!(shown["attempts"][0]["address"], "2001:db8::7");
    let counters = shown["counters"].as_array().unwrap();
    assert!(counters.iter().any(|counter| counter["address"] == "2001:db8::/64"), "{shown}");
}

#[test]
fn an_attempt_without_an_address_is_local_and_knows_who_asks() {
    let host = Host::start("");
    let mut session = host.session("root").at("/dev/pts/3").asked_by("alice");
    assert_eq!(session.try_password(WRONG), AUTH_ERR);
    let attempt = &host.ask(&["show", "--user", "root"])["attempts"][0];
    let shown = ["address", "tty", "ruser"].map(|name| attempt[name].as_str().unwrap_or("-"));
    assert_eq!(shown, ["local", "pts/3", "alice"]);
    let counter = &host.ask(&["show", "local"])["counters"][0];
    assert_eq!(counter["address"], "local:alice");
}

#[test]
fn root_at_the_console_is_not_locked_and_elsewhere_is() {
    let host = Host::start("failure_limit = 1");
    for _ in 0..3 {
        assert_eq!(host.session("root").at("tty1").try_password(WRONG), AUTH_ERR);
    }
    assert_eq!(host.session("root").at("tty1").try_password(RIGHT), SUCCESS);
    assert_eq!(host.session("root").at("pts/1").try_password(WRONG), AUTH_ERR);
    assert_eq!(host.session("root").at("pts/1").try_password(RIGHT), MAXTRIES);
    assert_eq!(host.session("root").at("tty1").try_password(RIGHT), SUCCESS);
}

#[test]
fn with_even_deny_root_the_console_is_locked_too() {
    let host = Host::start("failure_limit = 1\neven_deny_root = true");
    assert_eq!(host.session("root").at("tty1").try_password(WRONG), AUTH_ERR);
    assert_eq!(host.session("root").at("tty1").try_password(RIGHT), MAXTRIES);
}

#[test]
fn a_name_that_the_stack_has_to_ask_for_is_known() {
    let host = Host::start("");
    let mut session = Session::start(&host.path("pam.d"), "login", None).at("tty1");
    let answers = ["alice", WRONG].map(|text| Answer::Text(text.to_owned()));
    assert_eq!(session.authenticate(answers), AUTH_ERR);
    assert_eq!(host.outcomes("alice"), ["failure"], "one prompt for a name is not an answer");
}

#[test]
fn a_password_at_hand_passes_the_gate_at_admission() {
    let host = Host::start("failure_limit = 1");
    let axes = host.module_line();
    // The first line asks and lets everybody go on; what it got is verified behind pam_axes.
    let first = "auth optional pam_exec.so expose_authtok quiet /bin/true\n";
    host.write_stack("late", &format!("{first}auth requisite {axes}\n{}", host.password_lines()));
    assert_eq!(host.session_of("late", "alice").from(FROM).try_password(WRONG), AUTH_ERR);
    assert_eq!(host.session_of("late", "alice").from(FROM).try_password(RIGHT), MAXTRIES);
    assert_eq!(host.outcomes("alice"), ["failure", "refused"]);
}

#[test]
fn a_second_line_in_the_same_stack_is_neutral() {
    let host = Host::start("");
    let axes = host.module_line();
    let twice = format!("auth requisite {axes}\nauth requisite {axes}\n");
    host.write_stack("twice", &(twice + &host.password_lines()));
    let mut session = host.session_of("twice", "alice").from(FROM);
    assert_eq!(session.try_password(WRONG), AUTH_ERR);
    assert!(session.is_untouched(None));
    assert_eq!(host.outcomes("alice"), ["failure"]);
}

#[test]
fn a_failure_without_a_prompt_counts_and_a_broken_backend_does_not() {
    let host = Host::start("");
    let axes = host.module_line();
    host.write_stack("deny", &format!("auth requisite {axes}\nauth required pam_deny.so\n"));
    // pam_exec answers PAM_SYSTEM_ERR when its program fails, as a directory that is down does.
    let broken = format!("auth requisite {axes}\nauth required pam_exec.so quiet /bin/false\n");
    host.write_stack("broken", &broken);
    host.session_of("deny", "alice").from(FROM).try_password(WRONG);
    host.session_of("broken", "alice").from(FROM).try_password(WRONG);
    assert_eq!(host.outcomes("alice"), ["failure", "error"]);
    assert_eq!(host.failures("alice"), 1);
}

#[test]
fn a_fork_between_begin_and_verdict_keeps_still() {
    let host = Host::start("");
    let mut login = host.spawn_login("alice", FROM, &Answer::Fork(WRONG.to_owned()));
    assert_eq!(login.wait().unwrap().code(), Some(AUTH_ERR));
    assert_eq!(host.verified(), 2, "both asked the password module");
    assert_eq!(host.outcomes("alice"), ["failure"], "one of them reported");
}
