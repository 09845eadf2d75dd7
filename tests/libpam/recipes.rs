//! The recipes of the manual pages do what their titles say.

use axes_e2e::application::{AUTH_ERR, MAXTRIES, PERM_DENIED, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

use crate::manuals::of_kind;

/// Named by the recipes, as an office or as a bastion.
const OFFICE: &str = "192.0.2.7";
const BASTION: &str = "198.51.100.3";
/// Named by none.
const AWAY: &str = "198.51.100.77";
const ELSEWHERE: &str = "203.0.113.9";

type Trial = fn(&mut Host, &str);

/// By what stands before a recipe; each gets a host with these settings.
const TRIALS: [(&str, Trial); 14] = [
    ("shipped", shipped),
    ("rules", rules),
    ("office", office),
    ("only-office", only_office),
    ("user-and-address", user_and_address),
    ("longer", longer),
    ("for-good", for_good),
    ("bastion", bastion),
    ("screen-locker", screen_locker),
    ("stig", stig),
    ("administrators", administrators),
    ("services", services),
    ("watch", watch),
    ("privacy", privacy),
];

#[test]
fn every_recipe_does_what_it_says() {
    let mut recipes = of_kind("toml");
    recipes.retain(|example| !example.word.is_empty());
    assert_eq!(recipes.len(), TRIALS.len());
    for recipe in recipes {
        let trial = TRIALS.iter().find(|(name, _)| *name == recipe.word);
        let (_, trial) = trial.unwrap_or_else(|| panic!("nobody tries {:?}", recipe.word));
        trial(&mut Host::start(&recipe.text), &recipe.text);
    }
}

fn fail(host: &Host, user: &str, address: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(host.login(user, address, WRONG), AUTH_ERR, "{user} from {address}");
    }
}

fn lets_in(host: &Host, user: &str, address: &str) {
    assert_eq!(host.login(user, address, RIGHT), SUCCESS, "{user} from {address}");
}

fn refuses(host: &Host, user: &str, address: &str) {
    assert_eq!(host.login(user, address, RIGHT), MAXTRIES, "{user} from {address}");
}

/// Wrong passwords from as many users, so that no counter of a user is in the way.
fn spray(host: &Host, address: &str, times: usize) {
    (0..times).for_each(|number| fail(host, &format!("victim{number}"), address, 1));
}

fn local(host: &Host, service: &str, user: &str, password: &str) -> i32 {
    host.write_service(service, "");
    host.session_of(service, user).at("pts/0").try_password(password)
}

/// Seconds that the only lockout still lasts; `None` for ever.
fn left(host: &Host) -> Option<u64> {
    let list = host.ask(&["list", "--locked"]);
    assert_eq!(list["counters"].as_array().map(Vec::len), Some(1), "{list}");
    list["counters"][0]["seconds_left"].as_u64()
}

fn shipped(host: &mut Host, _: &str) {
    fail(host, "alice", AWAY, 5);
    refuses(host, "alice", AWAY);
    spray(host, AWAY, 15);
    refuses(host, "bob", AWAY);
    for number in 0..95 {
        fail(host, "alice", &format!("203.0.113.{number}"), 1);
    }
    refuses(host, "alice", OFFICE);
    lets_in(host, "bob", OFFICE);
}

fn rules(host: &mut Host, _: &str) {
    for _ in 0..2 {
        assert_eq!(local(host, "postgresql", "alice", WRONG), AUTH_ERR);
    }
    assert_eq!(local(host, "postgresql", "alice", RIGHT), MAXTRIES);
    assert_eq!(local(host, "login", "alice", RIGHT), SUCCESS);
    for _ in 0..7 {
        assert_eq!(local(host, "lightdm", "kiosk", WRONG), AUTH_ERR);
    }
    assert_eq!(local(host, "lightdm", "kiosk", RIGHT), SUCCESS);
}

fn office(host: &mut Host, _: &str) {
    for address in [OFFICE, "2001:db8:7::1"] {
        fail(host, "alice", address, 25);
        lets_in(host, "alice", address);
    }
    fail(host, "alice", AWAY, 5);
    refuses(host, "alice", AWAY);
}

fn only_office(host: &mut Host, _: &str) {
    lets_in(host, "alice", OFFICE);
    refuses(host, "alice", AWAY);
    assert_eq!(host.session("alice").from(AWAY).account(), PERM_DENIED, "with a key as well");
    assert_eq!(local(host, "login", "alice", RIGHT), SUCCESS);
}

fn user_and_address(host: &mut Host, _: &str) {
    fail(host, "alice", AWAY, 3);
    refuses(host, "alice", AWAY);
    lets_in(host, "alice", ELSEWHERE);
    lets_in(host, "bob", AWAY);
}

fn longer(host: &mut Host, _: &str) {
    let day = 86_400;
    for (clock, seconds) in [("+0", 300), ("+6m", 3600), ("+2h", day), ("+10d", 300)] {
        host.kill_daemon(libc::SIGKILL);
        host.start_daemon_with_clock(clock);
        fail(host, "alice", AWAY, 5);
        let left = left(host).expect("an end");
        assert!((seconds - 60..=seconds).contains(&left), "{clock}: {left}");
    }
}

fn for_good(host: &mut Host, _: &str) {
    fail(host, "alice", AWAY, 5);
    assert_eq!(left(host), None);
    let mut session = host.session("alice").from(AWAY);
    assert_eq!(session.try_password(RIGHT), MAXTRIES);
    assert_eq!(session.person().messages, ["Locked. Ask it@example.org to let you in again."]);
}

fn bastion(host: &mut Host, _: &str) {
    for address in [BASTION, AWAY] {
        spray(host, address, 20);
    }
    refuses(host, "bob", AWAY);
    fail(host, "alice", BASTION, 5);
    refuses(host, "alice", BASTION);
    lets_in(host, "bob", BASTION);
}

fn screen_locker(host: &mut Host, _: &str) {
    for _ in 0..10 {
        assert_eq!(local(host, "swaylock", "alice", WRONG), AUTH_ERR);
    }
    assert!(left(host).is_some_and(|left| left <= 60));
    assert_eq!(local(host, "swaylock", "alice", RIGHT), MAXTRIES);
    assert_eq!(local(host, "login", "alice", RIGHT), SUCCESS);
}

fn stig(host: &mut Host, _: &str) {
    lets_in(host, "alice", ELSEWHERE);
    fail(host, "alice", AWAY, 3);
    assert_eq!(left(host), None);
    refuses(host, "alice", ELSEWHERE);
    let console = |password| host.session("root").at("tty1").try_password(password);
    for _ in 0..3 {
        assert_eq!(console(WRONG), AUTH_ERR);
    }
    assert_eq!(console(RIGHT), MAXTRIES);
}

fn administrators(host: &mut Host, settings: &str) {
    // Nobody is in the group sudo of every machine; daemon is in that of its name.
    host.configure(&settings.replace("\"sudo\"", "\"daemon\""));
    host.reload();
    fail(host, "daemon", OFFICE, 9);
    lets_in(host, "daemon", OFFICE);
    fail(host, "daemon", AWAY, 5);
    refuses(host, "daemon", AWAY);
    fail(host, "nobody", OFFICE, 5);
    refuses(host, "nobody", OFFICE);
}

fn services(host: &mut Host, _: &str) {
    for _ in 0..6 {
        assert_eq!(local(host, "login", "alice", WRONG), AUTH_ERR);
    }
    assert_eq!(local(host, "login", "alice", RIGHT), SUCCESS);
    for (service, code) in [("sshd", MAXTRIES), ("sudo", MAXTRIES), ("su", SUCCESS)] {
        for _ in 0..5 {
            let _ = local(host, service, "bob", WRONG);
        }
        assert_eq!(local(host, service, "bob", RIGHT), code, "{service}");
    }
}

fn watch(host: &mut Host, _: &str) {
    fail(host, "alice", AWAY, 7);
    assert_eq!(host.failures("alice"), 7);
    lets_in(host, "alice", AWAY);
}

fn privacy(host: &mut Host, _: &str) {
    fail(host, "alice", AWAY, 5);
    refuses(host, "alice", AWAY);
    lets_in(host, "alice", ELSEWHERE);
    assert!(host.keeps("alice") && !host.keeps(AWAY));
    assert!(!host.log().contains(AWAY), "{}", host.log());
}
