//! `axesctl why`: the verdict is what the next login meets, and the command it names lifts it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, built};
use serde_json::{Value, json};

const FROM: &str = "192.0.2.7";
const HOME: &str = "203.0.113.5";

fn start(settings: &str) -> Host {
    let host = Host::start(settings);
    host.write_service("sshd", "");
    host
}

fn login(host: &Host, user: &str, from: &str, password: &str) -> i32 {
    host.session_of("sshd", user).from(from).at("ssh").try_password(password)
}

fn fail(host: &Host, user: &str, from: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(login(host, user, from, WRONG), AUTH_ERR);
    }
}

/// The answer, when its exit status says the same.
fn why(host: &Host, arguments: &[&str]) -> Value {
    let output = host.axesctl(&[&["why", "--json"], arguments].concat());
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let admitted = answer["admitted"].as_bool().expect("a verdict");
    assert_eq!(output.status.code(), Some(i32::from(!admitted)), "{answer}");
    answer
}

fn admitted(host: &Host, user: &str, from: &str) -> Value {
    let answer = why(host, &[user, "--from", from]);
    assert_eq!(answer["verdict"], "admitted", "{answer}");
    assert_eq!(answer["lift"], json!([]));
    assert_eq!(login(host, user, from, RIGHT), SUCCESS);
    answer
}

fn refused(host: &Host, user: &str, from: &str, verdict: &str) -> Value {
    let answer = why(host, &[user, "--from", from]);
    assert_eq!(answer["verdict"], verdict, "{answer}");
    assert_eq!(login(host, user, from, RIGHT), MAXTRIES);
    answer
}

/// Runs the commands as a shell does, after which there is nothing left to lift.
fn lift(host: &Host, answer: &Value) {
    let commands = answer["lift"].as_array().expect("commands");
    assert!(!commands.is_empty(), "{answer}");
    for command in commands {
        let command = command.as_str().expect("a command");
        let line = command.replacen("axesctl ", "\"$0\" --socket \"$1\" ", 1);
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(line).arg(built("axesctl")).arg(host.path("control.sock"));
        let done = shell.output().expect("sh");
        assert!(done.status.success(), "{command}: {done:?}");
    }
}

fn refused_until_lifted(host: &Host, user: &str, from: &str, commands: &[&str]) -> Value {
    let answer = refused(host, user, from, "locked");
    assert_eq!(answer["lift"], json!(commands));
    lift(host, &answer);
    assert_eq!(login(host, user, from, RIGHT), SUCCESS);
    answer
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn nothing_speaks_against_somebody_and_the_failures_left_are_told() {
    let host = start("failure_limit = 3");
    assert_eq!(why(&host, &["alice", "--from", FROM])["failures_left"], 3);
    fail(&host, "alice", FROM, 2);
    let output = host.axesctl(&["why", "alice", "--from", FROM]);
    assert!(text(&output).starts_with("alice from 192.0.2.7 in sshd would be let in.\n"));
    assert!(text(&output).contains("the next failure locks it"), "{output:?}");
    let answer = admitted(&host, "alice", FROM);
    assert_eq!((&answer["failures_left"], &answer["familiar"]), (&json!(1), &json!(false)));
    assert_eq!(answer["attempts"].as_array().expect("attempts").len(), 2);
}

#[test]
fn asking_is_no_attempt() {
    let host = start("failure_limit = 1");
    fail(&host, "alice", FROM, 1);
    let before = host.ask(&["status"])["totals"].clone();
    for _ in 0..3 {
        assert_eq!(why(&host, &["alice", "--from", FROM])["verdict"], "locked");
    }
    assert_eq!(host.ask(&["status"])["totals"], before);
    assert_eq!(host.outcomes("alice"), ["failure"]);
}

#[test]
fn a_locked_pair_is_told_with_counter_attempts_and_end() {
    let host = start("failure_limit = 2\ncooloff_time = \"10m\"");
    fail(&host, "bob", FROM, 1);
    fail(&host, "alice", HOME, 1);
    fail(&host, "alice", FROM, 2);
    let shown = text(&host.axesctl(&["why", "alice", "--from", FROM]));
    assert!(shown.starts_with("alice from 192.0.2.7 in sshd would be REFUSED until "), "{shown}");
    let command = "sudo axesctl reset --user alice --address 192.0.2.7";
    assert!(shown.ends_with(&format!("\nTo lift it: {command}\n")), "{shown}");
    let answer = refused_until_lifted(&host, "alice", FROM, &[&command["sudo ".len()..]]);
    let left = answer["seconds_left"].as_u64().expect("an end");
    assert!((590..=600).contains(&left), "{left}");
    assert_eq!(answer["counter"]["failures"], 2);
    let attempts = answer["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 2, "of alice from there: {attempts:?}");
    assert_eq!(answer["until"], answer["counter"]["until"]);
}

#[test]
fn a_locked_address_is_told_to_whoever_comes_from_there() {
    let host = start("failure_limit = 2\nlockout_parameters = [\"ip_address\"]");
    fail(&host, "alice", FROM, 1);
    fail(&host, "bob", FROM, 1);
    let reset = "axesctl reset --address 192.0.2.7";
    let answer = refused_until_lifted(&host, "carol", FROM, &[reset]);
    assert_eq!(answer["counter"]["username"], Value::Null);
    let attempts = answer["attempts"].as_array().expect("attempts").iter();
    let users: Vec<_> = attempts.map(|attempt| &attempt["username"]).collect();
    assert_eq!(users, ["alice", "bob"]);
}

#[test]
fn a_locked_user_is_refused_to_strangers_and_not_where_he_is_familiar() {
    let host = start("failure_limit = 2\nlockout_parameters = [\"username\"]");
    assert_eq!(login(&host, "alice", HOME, RIGHT), SUCCESS);
    fail(&host, "alice", FROM, 2);
    let at_home = why(&host, &["alice", "--from", HOME]);
    assert_eq!((&at_home["verdict"], &at_home["familiar"]), (&json!("admitted"), &json!(true)));
    assert_eq!(at_home["failures_left"], 2);
    refused(&host, "alice", FROM, "locked");
    assert_eq!(login(&host, "alice", HOME, RIGHT), SUCCESS);
    // Which forgave the guesses of strangers.
    fail(&host, "alice", FROM, 2);
    refused_until_lifted(&host, "alice", FROM, &["axesctl reset --user alice"]);
}

#[test]
fn every_lockout_of_several_is_lifted() {
    let host = start("failure_limit = 2\nlockout_parameters = [\"username\", \"ip_address\"]");
    fail(&host, "alice", HOME, 1);
    fail(&host, "alice", FROM, 1);
    fail(&host, "bob", FROM, 1);
    let resets = ["axesctl reset --address 192.0.2.7", "axesctl reset --user alice"];
    let answer = refused(&host, "alice", FROM, "locked");
    let mut named: Vec<_> = answer["lift"].as_array().expect("commands").iter().collect();
    named.sort_by_key(|command| command.to_string());
    assert_eq!(named, resets);
    lift(&host, &answer);
    assert_eq!(login(&host, "alice", FROM, RIGHT), SUCCESS);
}

#[test]
fn a_rule_names_itself() {
    let rule = "[[rule]]\nname = \"strict\"\nservice = \"sshd\"\nfailure_limit = 1\n";
    let host = start(&format!("failure_limit = 9\n{rule}"));
    fail(&host, "alice", FROM, 1);
    let reset = "axesctl reset --user alice --address 192.0.2.7";
    let answer = refused_until_lifted(&host, "alice", FROM, &[reset]);
    assert_eq!(answer["rule"], "strict");
    let elsewhere = why(&host, &["alice", "--from", FROM, "--service", "login"]);
    assert_eq!((&elsewhere["rule"], &elsewhere["service"]), (&Value::Null, &json!("login")));
}

#[test]
fn a_counter_that_has_a_name_is_told_by_it() {
    let counter = "[[counter]]\nname = \"slow\"\nparameters = [\"username\"]\nfailure_limit = 1\n";
    let host = start(counter);
    fail(&host, "alice", FROM, 1);
    let answer = refused_until_lifted(&host, "alice", FROM, &["axesctl reset --user alice"]);
    assert_eq!(answer["counter_name"], "slow");
    assert!(answer["reason"].as_str().expect("a reason").contains("Counter slow of alice"));
}

#[test]
fn lists_are_told_with_the_entry() {
    let host = start("ip_blacklist = [\"192.0.2.0/24\"]\nip_whitelist = [\"203.0.113.0/24\"]");
    let black = refused(&host, "alice", FROM, "blacklisted");
    assert_eq!(black["entry"], json!({ "subject": "192.0.2.0/24", "configured": true }));
    assert_eq!(black["lift"], json!([]), "the configuration is no command's business");
    let shown = text(&host.axesctl(&["why", "alice", "--from", FROM]));
    assert!(shown.contains("To lift it: take the entry out of ip_blacklist"), "{shown}");
    let white = admitted(&host, "alice", HOME);
    assert_eq!(white["exemption"], "whitelisted");
    assert_eq!(white["entry"]["subject"], "203.0.113.0/24");
}

#[test]
fn whoever_is_not_in_the_only_whitelist_is_told_how_to_get_there() {
    let host = start("only_whitelist = true\nip_whitelist = [\"203.0.113.0/24\"]");
    let answer = refused(&host, "alice", FROM, "not_whitelisted");
    assert_eq!(answer["lift"], json!(["axesctl whitelist add 192.0.2.7"]));
    admitted(&host, "alice", HOME);
    assert_eq!(why(&host, &["alice"])["verdict"], "admitted", "this machine has no address");
}

#[test]
fn where_lockouts_are_only_counted_everybody_is_let_in() {
    for (setting, enforcement) in
        [("lock_out_at_failure = false", "monitor"), ("services = [\"sudo\"]", "other_services")]
    {
        let host = start(&format!("failure_limit = 1\n{setting}"));
        fail(&host, "alice", FROM, 1);
        let answer = admitted(&host, "alice", FROM);
        assert_eq!(answer["enforcement"], enforcement);
        assert_eq!(answer["counters"][0]["locked"], true);
    }
    let host = start("enabled = false");
    assert_eq!(admitted(&host, "alice", FROM)["exemption"], "off");
}

#[test]
fn root_is_let_in_at_the_console_and_locked_elsewhere_on_this_machine() {
    let host = start("failure_limit = 1");
    let at = |tty: &str| host.session("root").at(tty);
    assert_eq!(at("pts/0").try_password(WRONG), AUTH_ERR);
    let console = why(&host, &["root", "--tty", "tty1"]);
    assert_eq!(console["exemption"], "root_console");
    assert_eq!(at("tty1").try_password(RIGHT), SUCCESS);
    let answer = why(&host, &["root", "--tty", "pts/0"]);
    assert_eq!((&answer["verdict"], &answer["address"]), (&json!("locked"), &json!("local")));
    assert_eq!(answer["lift"], json!(["axesctl reset --user root --address local"]));
    assert_eq!(at("pts/0").try_password(RIGHT), MAXTRIES);
    lift(&host, &answer);
    assert_eq!(at("pts/0").try_password(RIGHT), SUCCESS);
}

#[test]
fn a_permanent_lockout_has_no_end_and_a_command_that_ends_it() {
    let host = start("failure_limit = 1\ncooloff_time = \"never\"");
    fail(&host, "alice", FROM, 1);
    let shown = text(&host.axesctl(&["why", "alice", "--from", FROM]));
    assert!(shown.contains("REFUSED until an administrator lifts it."), "{shown}");
    let reset = "axesctl reset --user alice --address 192.0.2.7";
    let answer = refused_until_lifted(&host, "alice", FROM, &[reset]);
    assert_eq!((&answer["until"], &answer["seconds_left"]), (&Value::Null, &Value::Null));
}

#[test]
fn pseudonyms_and_names_that_need_quoting_are_lifted_too() {
    let hashed = start("failure_limit = 1\nstore_username = \"hash\"\nstore_ip_address = \"hash\"");
    fail(&hashed, "alice", FROM, 1);
    let answer = refused(&hashed, "alice", FROM, "locked");
    assert_eq!((&answer["username"], &answer["address"]), (&json!("alice"), &json!(FROM)));
    lift(&hashed, &answer);
    assert_eq!(login(&hashed, "alice", FROM, RIGHT), SUCCESS);

    let host = start("failure_limit = 1");
    for user in ["o'neill $HOME", "--all", "a b;c", "CORP\\alice"] {
        fail(&host, user, "2001:db8::7", 1);
        // A value that begins with a dash is no option.
        let answer = why(&host, &["--from", "2001:db8::7", "--", user]);
        assert_eq!(answer["verdict"], "locked", "{user}");
        lift(&host, &answer);
        assert_eq!(login(&host, user, "2001:db8::7", RIGHT), SUCCESS, "{user}");
    }
}

#[test]
fn wrong_usage_and_no_answer_have_exit_statuses_of_their_own() {
    let mut host = start("");
    for words in [&["why"][..], &["why", ""], &["why", "alice", "--from", "192.0.2.0/24"]] {
        assert_eq!(host.axesctl(words).status.code(), Some(2), "{words:?}");
    }
    host.kill_daemon(libc::SIGTERM);
    assert_eq!(host.axesctl(&["why", "alice"]).status.code(), Some(3));
}

/// As a user to whom the control socket is closed. Who may ask what, when he is not the one that
/// axesd runs as, is tested beside the code and in the booted Debian.
#[test]
fn whoever_may_not_open_the_control_socket_asks_at_the_door_for_modules() {
    let host = start("failure_limit = 1");
    fs::set_permissions(host.path("control.sock"), Permissions::from_mode(0o000)).expect("chmod");
    fail(&host, "daemon", FROM, 1);
    let listed = as_daemon(&host, &["list"]);
    assert_eq!(listed.status.code(), Some(3), "the control socket is closed: {listed:?}");
    let refused = as_daemon(&host, &["why", "daemon", "--from", FROM]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(text(&refused).starts_with("daemon from 192.0.2.7 in sshd would be REFUSED"));
    let admitted = as_daemon(&host, &["why", "daemon"]);
    assert_eq!(admitted.status.code(), Some(0), "{admitted:?}");
    let socket = host.path("axesd.sock").display().to_string();
    let moved = host.path("moved.sock").display().to_string();
    fs::rename(&socket, &moved).expect("rename");
    assert_eq!(as_daemon(&host, &["why", "daemon"]).status.code(), Some(3));
    let named = as_daemon(&host, &["why", "daemon", "--pam-socket", &moved]);
    assert_eq!(named.status.code(), Some(0), "{named:?}");
}

/// Root becomes the user daemon; nobody else can, and stays who he is.
fn as_daemon(host: &Host, arguments: &[&str]) -> Output {
    if !nix::unistd::geteuid().is_root() {
        return host.axesctl(arguments);
    }
    // Where the workspace is, other users may not come in. Not copied by this process: what it
    // has open for writing, a fork of it in another thread holds on to, and cannot be executed.
    let program = host.path("axesctl");
    let copied = Command::new("cp").arg(built("axesctl")).arg(&program).status();
    assert!(copied.expect("cp").success());
    let mut command = Command::new("setpriv");
    command.args(["--reuid=1", "--regid=1", "--clear-groups"]).arg(program);
    command.arg("--socket").arg(host.path("control.sock")).args(arguments);
    command.current_dir("/").output().expect("setpriv")
}
