//! Each setting changes the outcome of a real login.

use std::thread::sleep;
use std::time::Duration;

use axes_e2e::application::{AUTH_ERR, MAXTRIES, PERM_DENIED, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

const HOME: &str = "198.51.100.9";
const AWAY: &str = "192.0.2.7";

fn fail(host: &Host, user: &str, address: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(host.login(user, address, WRONG), AUTH_ERR, "{user} from {address}");
    }
}

/// What a login with the right password comes to.
fn login(host: &Host, user: &str, address: &str) -> i32 {
    host.login(user, address, RIGHT)
}

fn local(host: &Host, service: &str, user: &str, password: &str) -> i32 {
    host.write_service(service, "");
    host.session_of(service, user).at("pts/0").try_password(password)
}

#[test]
fn shipped_is_five_for_a_pair_twenty_for_an_address_a_hundred_for_a_user() {
    let host = Host::start("");
    fail(&host, "alice", AWAY, 5);
    assert_eq!(login(&host, "alice", AWAY), MAXTRIES);
    assert_eq!(login(&host, "bob", AWAY), SUCCESS);
    for user in ["carol", "dave", "erin"] {
        fail(&host, user, AWAY, 5);
    }
    assert_eq!(login(&host, "frank", AWAY), MAXTRIES, "twenty from this address");
    assert_eq!(login(&host, "frank", HOME), SUCCESS);
    for number in 1..=19 {
        fail(&host, "alice", &format!("203.0.113.{number}"), 5);
    }
    assert_eq!(login(&host, "alice", HOME), MAXTRIES, "a hundred at alice");
}

#[test]
fn enabled_false_counts_and_refuses_nobody() {
    let host = Host::start("enabled = false\nfailure_limit = 1\nip_blacklist = [\"192.0.2.0/24\"]");
    fail(&host, "alice", AWAY, 3);
    assert_eq!(login(&host, "alice", AWAY), SUCCESS);
    assert_eq!(host.failures("alice"), 0);
    host.configure("enabled = true\nfailure_limit = 1\nip_blacklist = [\"192.0.2.0/24\"]");
    host.reload();
    assert_eq!(login(&host, "alice", AWAY), MAXTRIES);
}

#[test]
fn failure_limit_follows_a_reload() {
    let host = Host::start("failure_limit = 2");
    fail(&host, "alice", AWAY, 2);
    assert_eq!(login(&host, "alice", AWAY), MAXTRIES);
    host.configure("failure_limit = 3");
    host.reload();
    assert_eq!(login(&host, "alice", AWAY), SUCCESS);
}

#[test]
fn lock_out_at_failure_false_counts_and_refuses_nobody() {
    let host = Host::start("lock_out_at_failure = false\nfailure_limit = 2");
    fail(&host, "alice", AWAY, 4);
    assert_eq!(host.failures("alice"), 4);
    assert_eq!(login(&host, "alice", AWAY), SUCCESS);
}

#[test]
fn lockout_parameters_decide_who_shares_a_counter() {
    for (parameters, same_user, same_address) in [
        ("[\"username\"]", MAXTRIES, SUCCESS),
        ("[\"ip_address\"]", SUCCESS, MAXTRIES),
        ("[[\"username\", \"ip_address\"]]", SUCCESS, SUCCESS),
        ("[\"username\", \"ip_address\"]", MAXTRIES, MAXTRIES),
    ] {
        let host = Host::start(&format!("failure_limit = 2\nlockout_parameters = {parameters}"));
        fail(&host, "alice", AWAY, 2);
        assert_eq!(login(&host, "alice", AWAY), MAXTRIES, "{parameters}");
        assert_eq!(login(&host, "alice", HOME), same_user, "{parameters}");
        assert_eq!(login(&host, "bob", AWAY), same_address, "{parameters}");
    }
}

#[test]
fn lockout_parameters_can_look_at_service_and_terminal() {
    let host = Host::start(
        "failure_limit = 1\nlockout_parameters = [[\"username\", \"service\"], [\"username\", \"tty\"]]",
    );
    assert_eq!(local(&host, "one", "alice", WRONG), AUTH_ERR);
    assert_eq!(local(&host, "one", "alice", RIGHT), MAXTRIES);
    let mut elsewhere = host.session_of("login", "alice").at("tty9");
    assert_eq!(elsewhere.try_password(RIGHT), SUCCESS);
    let mut same_terminal = host.session_of("login", "bob").at("tty9");
    assert_eq!(same_terminal.try_password(WRONG), AUTH_ERR);
    host.write_service("two", "");
    let mut other_service = host.session_of("two", "bob").at("tty9");
    assert_eq!(other_service.try_password(RIGHT), MAXTRIES);
}

#[test]
fn cooloff_time_as_a_list_makes_each_lockout_longer_until_it_decays() {
    let host = Host::start(
        "failure_limit = 1\ncooloff_time = [\"1s\", \"4s\", \"never\"]\ncooloff_decay = \"2s\"",
    );
    fail(&host, "alice", AWAY, 1);
    assert_eq!(login(&host, "alice", AWAY), MAXTRIES);
    sleep(Duration::from_millis(1100));
    fail(&host, "alice", AWAY, 1);
    sleep(Duration::from_millis(1500));
    assert_eq!(login(&host, "alice", AWAY), MAXTRIES, "the second one is longer");
    // Its end, and the time after which it does not matter any more.
    sleep(Duration::from_millis(2600 + 2100));
    fail(&host, "alice", AWAY, 1);
    sleep(Duration::from_millis(1100));
    assert_eq!(login(&host, "alice", AWAY), SUCCESS, "a first one again");
}

#[test]
fn failure_window_forgets_single_failures() {
    let host = Host::start("failure_limit = 2\nfailure_window = \"2s\"\ncooloff_time = \"1h\"");
    fail(&host, "alice", AWAY, 1);
    sleep(Duration::from_millis(2100));
    fail(&host, "alice", AWAY, 1);
    assert_eq!(host.failures("alice"), 1);
    fail(&host, "alice", AWAY, 1);
    sleep(Duration::from_millis(2100));
    assert_eq!(login(&host, "alice", AWAY), MAXTRIES, "a lockout lasts as long as its cool-off");
}

#[test]
fn reset_cool_off_on_failure_during_lockout_extends_it() {
    let settings = "failure_limit = 1\ncooloff_time = \"3s\"\n";
    for (extends, code) in [("true", MAXTRIES), ("false", SUCCESS)] {
        let setting = format!("{settings}reset_cool_off_on_failure_during_lockout = {extends}");
        let host = Host::start(&setting);
        fail(&host, "alice", AWAY, 1);
        sleep(Duration::from_millis(1600));
        assert_eq!(host.login("alice", AWAY, WRONG), MAXTRIES);
        sleep(Duration::from_millis(1600));
        assert_eq!(login(&host, "alice", AWAY), code, "{extends}");
    }
}

#[test]
fn reset_on_success_never_frees_an_address() {
    let host =
        Host::start("failure_limit = 5\nlockout_parameters = [\"ip_address\", \"username\"]");
    for victim in ["a", "b", "c", "d", "e"] {
        fail(&host, victim, AWAY, 1);
        if victim != "e" {
            assert_eq!(login(&host, "mallory", AWAY), SUCCESS, "he has an account of his own");
        }
    }
    assert_eq!(login(&host, "mallory", AWAY), MAXTRIES);
    assert_eq!(login(&host, "mallory", HOME), SUCCESS);
}

#[test]
fn an_attacker_with_an_account_is_locked_as_shipped() {
    let host = Host::start("");
    for number in 1..=20 {
        fail(&host, &format!("victim{number}"), AWAY, 1);
        let code = login(&host, "mallory", AWAY);
        assert_eq!(code, if number < 20 { SUCCESS } else { MAXTRIES });
    }
}

#[test]
fn familiar_for_keeps_a_lane_for_the_owner() {
    let settings = "failure_limit = 3\nlockout_parameters = [\"username\"]\n";
    for (time, code) in [("30d", SUCCESS), ("never", MAXTRIES)] {
        let mut host = Host::start(&format!("{settings}familiar_for = \"{time}\""));
        assert_eq!(login(&host, "alice", HOME), SUCCESS);
        fail(&host, "alice", AWAY, 3);
        assert_eq!(login(&host, "alice", "203.0.113.5"), MAXTRIES, "strangers are locked out");
        host.kill_daemon(libc::SIGKILL);
        host.start_daemon();
        assert_eq!(login(&host, "alice", HOME), code, "{time}");
    }
}

#[test]
fn a_familiar_address_is_locked_by_its_own_failures() {
    let host = Host::start("failure_limit = 3");
    assert_eq!(login(&host, "alice", HOME), SUCCESS);
    fail(&host, "alice", HOME, 3);
    assert_eq!(login(&host, "alice", HOME), MAXTRIES);
}

#[test]
fn familiar_for_ends() {
    let host = Host::start(
        "failure_limit = 2\nlockout_parameters = [\"username\"]\nfamiliar_for = \"600ms\"",
    );
    assert_eq!(login(&host, "alice", HOME), SUCCESS);
    sleep(Duration::from_millis(700));
    fail(&host, "alice", AWAY, 2);
    assert_eq!(login(&host, "alice", HOME), MAXTRIES);
}

#[test]
fn ipv4_prefix_and_ipv6_prefix_decide_which_addresses_are_one() {
    let settings = "failure_limit = 2\nlockout_parameters = [\"ip_address\"]\n";
    let host = Host::start(settings);
    fail(&host, "alice", "2001:db8::1", 2);
    assert_eq!(login(&host, "alice", "2001:db8::2"), MAXTRIES, "a /64 is one");
    assert_eq!(login(&host, "alice", "2001:db8:0:1::2"), SUCCESS);
    let host = Host::start(&format!("{settings}ipv4_prefix = 24\nipv6_prefix = 128"));
    fail(&host, "alice", "2001:db8::1", 2);
    assert_eq!(login(&host, "alice", "2001:db8::2"), SUCCESS);
    fail(&host, "alice", AWAY, 2);
    assert_eq!(login(&host, "alice", "192.0.2.200"), MAXTRIES);
}

#[test]
fn trusted_proxies_are_never_locked_alone() {
    let settings = "failure_limit = 2\n\
        lockout_parameters = [\"ip_address\", [\"username\", \"ip_address\"]]\n";
    for (proxies, code) in [("", MAXTRIES), ("\"192.0.2.0/24\"", SUCCESS)] {
        let host = Host::start(&format!("{settings}trusted_proxies = [{proxies}]"));
        fail(&host, "alice", AWAY, 2);
        assert_eq!(login(&host, "alice", AWAY), MAXTRIES, "{proxies}");
        assert_eq!(login(&host, "bob", AWAY), code, "{proxies}");
    }
}

#[test]
fn services_that_are_not_named_are_only_counted() {
    let host = Host::start("failure_limit = 1\nservices = [\"strict\"]");
    assert_eq!(local(&host, "lax", "alice", WRONG), AUTH_ERR);
    assert_eq!(local(&host, "lax", "alice", RIGHT), SUCCESS);
    assert_eq!(local(&host, "lax", "alice", WRONG), AUTH_ERR);
    assert_eq!(local(&host, "strict", "alice", RIGHT), MAXTRIES, "counted all the same");
    let host = Host::start("failure_limit = 1\nservices = [\"*\"]");
    assert_eq!(local(&host, "lax", "alice", WRONG), AUTH_ERR);
    assert_eq!(local(&host, "lax", "alice", RIGHT), MAXTRIES);
}

#[test]
fn even_deny_root_closes_the_console_too() {
    for (setting, code) in [("false", SUCCESS), ("true", MAXTRIES)] {
        let host = Host::start(&format!("failure_limit = 1\neven_deny_root = {setting}"));
        let console = |password| host.session("root").at("tty1").try_password(password);
        assert_eq!(console(WRONG), AUTH_ERR);
        assert_eq!(console(RIGHT), code, "{setting}");
    }
}

#[test]
fn ip_whitelist_is_never_refused() {
    let host =
        Host::start("failure_limit = 1\nip_whitelist = [\"192.0.2.0/24\", \"2001:db8::/32\"]");
    fail(&host, "alice", AWAY, 3);
    fail(&host, "alice", "2001:db8::1", 3);
    assert_eq!(login(&host, "alice", AWAY), SUCCESS);
    fail(&host, "alice", HOME, 1);
    assert_eq!(login(&host, "alice", HOME), MAXTRIES);
}

#[test]
fn only_whitelist_and_ip_blacklist_refuse_before_any_password() {
    let host = Host::start(
        "only_whitelist = true\nip_whitelist = [\"192.0.2.0/24\"]\nip_blacklist = [\"192.0.2.66\"]",
    );
    assert_eq!(login(&host, "alice", AWAY), SUCCESS);
    assert_eq!(login(&host, "alice", HOME), MAXTRIES);
    assert_eq!(login(&host, "alice", "192.0.2.66"), MAXTRIES);
    assert_eq!(host.session("alice").from("192.0.2.66").account(), PERM_DENIED, "with a key too");
    assert_eq!(host.verified(), 1);
}

/// `daemon` is an account with uid 1 and a group of that name on every Debian.
const NAMED: [&str; 3] = ["\"daemon\"", "\"@daemon\"", "\"1-5\""];

#[test]
fn username_whitelist_names_users_groups_and_uids() {
    for who in NAMED {
        let host = Host::start(&format!("failure_limit = 1\nusername_whitelist = [{who}]"));
        for user in ["daemon", "nobody"] {
            fail(&host, user, AWAY, 1);
        }
        assert_eq!(login(&host, "daemon", AWAY), SUCCESS, "{who}");
        assert_eq!(login(&host, "nobody", AWAY), MAXTRIES, "{who}");
    }
}

#[test]
fn username_blacklist_names_users_groups_and_uids() {
    for who in NAMED {
        let host = Host::start(&format!("username_blacklist = [{who}]"));
        assert_eq!(login(&host, "daemon", AWAY), MAXTRIES, "{who}");
        assert_eq!(host.session("daemon").from(AWAY).account(), PERM_DENIED, "{who}");
        assert_eq!(login(&host, "nobody", AWAY), SUCCESS, "{who}");
        assert_eq!(host.verified(), 1);
    }
}

#[test]
fn counters_in_their_long_form_have_limits_of_their_own() {
    let host = Host::start(
        "cooloff_time = \"1500ms\"\n\
         [[counter]]\nparameters = [\"username\", \"ip_address\"]\nfailure_limit = 2\n\
         [[counter]]\nname = \"slow\"\nparameters = [\"username\", \"ip_address\"]\n\
         failure_limit = 3\nfailure_window = \"1day\"\ncooloff_time = \"never\"",
    );
    fail(&host, "alice", AWAY, 2);
    assert_eq!(login(&host, "alice", AWAY), MAXTRIES);
    sleep(Duration::from_millis(1600));
    fail(&host, "alice", AWAY, 1);
    sleep(Duration::from_millis(1600));
    assert_eq!(login(&host, "alice", AWAY), MAXTRIES, "for good");
    assert!(host.log().contains("(3/3) in slow"), "{}", host.log());
}

#[test]
fn a_rule_changes_settings_for_those_it_matches_and_names_itself() {
    for matches in [
        "user = \"daemon\"",
        "user = \"1\"",
        "group = \"daemon\"",
        "network = \"192.0.2.0/24\"\nuser = [\"daemon\", \"root\"]",
        "service = [\"login\", \"sshd\"]\nuser = \"@daemon\"",
    ] {
        let rule = format!("[[rule]]\nname = \"strict\"\n{matches}\nfailure_limit = 1");
        let host = Host::start(&format!("failure_limit = 3\n{rule}"));
        fail(&host, "daemon", AWAY, 1);
        fail(&host, "nobody", AWAY, 2);
        assert_eq!(login(&host, "daemon", AWAY), MAXTRIES, "{matches}");
        assert_eq!(login(&host, "nobody", AWAY), SUCCESS, "{matches}");
        let shown = host.ask(&["show", "--user", "daemon"]);
        let reason = shown["attempts"].as_array().unwrap().last().unwrap()["reason"].clone();
        assert!(reason.as_str().unwrap().contains("by rule strict"), "{reason}");
    }
}

#[test]
fn a_rule_can_switch_off_or_only_watch() {
    let rules = "[[rule]]\nname = \"off\"\nuser = \"alice\"\nenabled = false\n\
        [[rule]]\nname = \"watch\"\nuser = [\"alice\", \"bob\"]\nlock_out_at_failure = false";
    let host = Host::start(&format!("failure_limit = 1\n{rules}"));
    for (user, code, counted) in
        [("alice", SUCCESS, 0), ("bob", SUCCESS, 2), ("carol", MAXTRIES, 1)]
    {
        fail(&host, user, AWAY, 1);
        let _ = host.login(user, AWAY, WRONG);
        assert_eq!(host.failures(user), counted, "{user}");
        assert_eq!(login(&host, user, AWAY), code, "{user}");
    }
}

fn told(host: &Host, user: &str) -> Vec<String> {
    let mut session = host.session(user).from(AWAY);
    assert_eq!(session.try_password(RIGHT), MAXTRIES);
    session.person().messages.clone()
}

#[test]
fn messages_say_what_the_administrator_wrote() {
    let messages = "help_address = \"it@example.org\"\n\
        cooloff_message = \"{user}: wait {left}, until {until}; {help}\"\n\
        permalock_message = \"{user}: ask {help}\"\nfailure_limit = 1\n";
    let host = Host::start(messages);
    fail(&host, "alice", AWAY, 1);
    let [message] = told(&host, "alice").try_into().unwrap();
    assert!(
        message.starts_with("alice: wait 1") && message.ends_with("; it@example.org"),
        "{message}"
    );
    let host = Host::start(&format!("{messages}cooloff_time = \"never\""));
    fail(&host, "alice", AWAY, 1);
    assert_eq!(told(&host, "alice"), ["alice: ask it@example.org"]);
}

#[test]
fn silent_says_nothing() {
    let host = Host::start("silent = true\nfailure_limit = 1\nip_blacklist = [\"203.0.113.1\"]");
    fail(&host, "alice", AWAY, 1);
    assert!(told(&host, "alice").is_empty());
    let mut listed = host.session("alice").from("203.0.113.1");
    assert_eq!(listed.try_password(RIGHT), MAXTRIES);
    assert!(listed.person().messages.is_empty());
}

#[test]
fn every_setting_is_tried_here_on_a_real_login() {
    let tried = [
        include_str!("basics.rs"),
        include_str!("settings.rs"),
        include_str!("limit.rs"),
        include_str!("log.rs"),
        include_str!("privacy.rs"),
        include_str!("../booted/policy.rs"),
    ];
    let shipped = include_str!("../../packaging/axes.toml");
    let (settings, _) = shipped.split_once("\n[daemon]").expect("a table");
    let keys = settings.lines().filter_map(|line| line.strip_prefix('#')?.split_once(" = "));
    let keys: Vec<_> = keys.map(|(key, _)| key).filter(|key| !key.contains(' ')).collect();
    assert!(keys.len() > 30, "{keys:?}");
    for key in keys {
        let set = format!("{key} = ");
        assert!(tried.iter().any(|tests| tests.contains(&set)), "no test sets {key}");
    }
}
