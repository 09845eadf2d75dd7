//! Rules for some clients, lists, familiar addresses: who is judged by what.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{ADDRESS, Host, PAIR, USER, at, client, counter, list, settings, visitor};
use axes_policy::Exemption;
use axes_policy::account::{Account, Home};
use axes_policy::attempt::{Lane, Outcome, Reporter};
use axes_policy::client::{Client, Visitor};
use axes_policy::effect::{AttemptId, Effect, Refusal};
use axes_policy::keeper::Gate;
use axes_policy::lists::{Entry, ListName};
use axes_policy::networks::Networks;
use axes_policy::settings::{CounterId, Enforcement, Profile, Rule, Services, Settings, Users};
use axes_policy::subject::Subject;

const DAY: Duration = Duration::from_secs(86_400);

/// The settings with a rule in front whose clients have these pair counters of their own.
fn with_rule(mut settings: Settings, accounts: &[&str], limit: u32) -> Settings {
    let mut own = counter(PAIR, limit);
    own.name = Some("strict".into());
    settings.counters.push(Arc::new(own));
    let id = CounterId(u16::try_from(settings.counters.len() - 1).unwrap());
    let profile =
        Profile { rule: Some("strict".into()), counters: vec![id], ..(*settings.base).clone() };
    let accounts = accounts.iter().map(|name| Subject::account(name).unwrap()).collect();
    settings.rules.push(Rule {
        services: Default::default(),
        accounts,
        networks: Networks::default(),
        profile: Arc::new(profile),
    });
    settings
}

fn account(name: &str, uid: u32, groups: &[&str], home: Home) -> Option<Arc<Account>> {
    let groups = groups.iter().map(|group| Arc::from(*group)).collect();
    Some(Arc::new(Account { name: name.into(), uid, groups, home }))
}

fn known(client: &Client, account: Option<Arc<Account>>) -> Visitor {
    Visitor { account, ..Visitor::plain(client.clone(), Reporter::Root) }
}

#[test]
fn the_first_rule_that_matches_applies_and_names_itself() {
    let rules = with_rule(settings(&[(PAIR, 5)]), &["root"], 2);
    let mut host = Host::new(with_rule(rules, &["root", "alice"], 3));
    for (user, limit) in [("root", 2), ("alice", 3), ("bob", 5)] {
        host.fail(at(0), &client(user, "192.0.2.1"), limit);
        assert!(!host.admits(at(0), &client(user, "192.0.2.1")), "{user}");
    }
    let refusal = host.keeper.would_refuse(&visitor("root", "192.0.2.1")).unwrap().to_string();
    assert_eq!(refusal, "locked by rule strict: user=root address=192.0.2.1 (2/2) in strict");
}

#[test]
fn a_rule_for_a_group_judges_history_as_soon_as_the_members_are_known() {
    let rules = with_rule(settings(&[(PAIR, 5)]), &["@admins", "3000-3999"], 2);
    let mut host = Host::new(rules.clone());
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 3);
    assert!(host.admits(at(0), &alice), "nobody said that she is one");
    let visitor = known(&alice, account("alice", 1000, &["users", "admins"], Home::Local));
    assert!(host.begin_as(at(1), AttemptId(100), visitor).is_none());
    let mut host = host.restarted(at(2), rules);
    assert!(!host.admits(at(2), &alice), "and it is remembered");
    let carol = client("carol", "192.0.2.1");
    let visitor = known(&carol, account("carol", 3500, &[], Home::Local));
    assert_eq!(host.keeper.explain(&visitor).rule.as_deref(), Some("strict"));
}

#[test]
fn a_service_that_is_not_enforced_is_counted_and_never_refused() {
    let services = Services::Only([Arc::from("sudo")].into());
    let mut host = Host::new(Settings { services, ..settings(&[(PAIR, 2)]) });
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 3);
    assert!(host.admits(at(0), &alice));
    let sudo = Client { service: "sudo".into(), ..alice };
    assert!(!host.admits(at(0), &sudo));
    let explanation = host.keeper.explain(&visitor("alice", "192.0.2.1"));
    assert_eq!((explanation.enforcement, explanation.refusal), (Enforcement::Monitor, None));
}

#[test]
fn accounts_of_a_directory_are_left_to_it_where_only_local_users_are_counted() {
    let mut host = Host::new(Settings { users: Users::Local, ..settings(&[(PAIR, 1)]) });
    let alice = client("alice", "192.0.2.1");
    let visitor = known(&alice, account("alice", 70_000, &[], Home::Directory));
    for number in 1..4 {
        let id = host.begin_as(at(0), AttemptId(number), visitor.clone()).unwrap();
        let _ = host.keeper.answered(at(0), id);
        host.end(at(0), id, Outcome::Failure);
    }
    assert_eq!(host.keeper.counters().count(), 0);
    assert_eq!(host.keeper.explain(&visitor).exemption, Some(Exemption::DirectoryAccount));
    let nobody = client("no-such-user", "192.0.2.1");
    host.fail(at(0), &nobody, 1);
    assert!(!host.admits(at(0), &nobody), "names that exist nowhere are nobody's business else");
}

#[test]
fn users_groups_and_uids_can_be_listed() {
    let alice = client("alice", "192.0.2.1");
    let visitor = known(&alice, account("alice", 1234, &["staff"], Home::Local));
    for entry in ["alice", "@staff", "1000-1999", "192.0.2.0/24"] {
        let white = Settings { whitelist: list(entry), ..settings(&[(PAIR, 1)]) };
        let exemption = Host::new(white).keeper.explain(&visitor).exemption;
        assert!(matches!(exemption, Some(Exemption::Whitelisted(_))), "{entry}");
        let black =
            Settings { whitelist: list("alice"), blacklist: list(entry), ..settings(&[(PAIR, 1)]) };
        let refusal = Host::new(black).keeper.would_refuse(&visitor).unwrap();
        assert_eq!(refusal.to_string(), format!("blacklisted: {entry}"));
    }
    for entry in ["bob", "@wheel", "2000-", "198.51.100.0/24"] {
        let black = Settings { blacklist: list(entry), ..settings(&[(PAIR, 1)]) };
        assert_eq!(Host::new(black).keeper.would_refuse(&visitor), None, "{entry}");
    }
}

#[test]
fn a_user_on_the_whitelist_is_no_address_on_it() {
    let rules =
        Settings { whitelist: list("alice"), only_whitelist: true, ..settings(&[(PAIR, 1)]) };
    let refusal = Host::new(rules).keeper.would_refuse(&visitor("alice", "192.0.2.1"));
    assert_eq!(refusal, Some(Refusal::NotWhitelisted));
}

#[test]
fn an_entry_made_at_run_time_holds_until_it_ends_and_survives_a_restart() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let entry = Entry {
        list: ListName::Black,
        subject: Subject::network("192.0.2.0/24").unwrap(),
        comment: None,
        since: at(0),
        until: Some(at(60)),
    };
    let effects = host.keeper.put_entry(at(0), entry).unwrap();
    host.store(&effects);
    let alice = client("alice", "192.0.2.1");
    assert!(!host.admits(at(1), &alice));
    let mut host = host.restarted(at(2), settings(&[(PAIR, 1)]));
    assert!(!host.admits(at(59), &alice));
    assert_eq!(host.keeper.next_deadline(), Some(at(60)));
    let effects = host.keeper.advance(at(60));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ended(_))));
    host.store(&effects);
    assert!(host.admits(at(60), &alice));
    assert!(host.notes.is_empty());
}

#[test]
fn removing_an_entry_that_is_not_there_says_so() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let subject = Subject::account("alice").unwrap();
    assert_eq!(host.keeper.remove_entry(at(0), ListName::White, &subject), (None, Vec::new()));
}

#[test]
fn a_bastion_is_never_locked_alone() {
    let trusted_proxies = ["192.0.2.1/32".parse().unwrap()].into_iter().collect();
    let rules = settings(&[(PAIR, 2), (ADDRESS, 3)]);
    let mut host = Host::new(Settings { trusted_proxies, ..rules });
    for user in ["alice", "bob", "carol"] {
        host.fail(at(0), &client(user, "192.0.2.1"), 2);
        assert!(!host.admits(at(0), &client(user, "192.0.2.1")), "with a user name it is");
    }
    assert!(host.admits(at(0), &client("dave", "192.0.2.1")));
    host.fail(at(0), &client("dave", "192.0.2.2"), 2);
    host.fail(at(0), &client("erin", "192.0.2.2"), 1);
    assert!(!host.admits(at(0), &client("frank", "192.0.2.2")), "other addresses are");
}

fn logged_in(rules: &Settings) -> (Host, Client) {
    let mut host = Host::new(rules.clone());
    let home = client("alice", "198.51.100.9");
    assert!(host.attempt(at(0), &home, Outcome::Success));
    (host, home)
}

#[test]
fn strangers_do_not_lock_the_owner_out_of_an_address_he_logged_in_from() {
    let rules = settings(&[(PAIR, 5), (USER, 10)]);
    let (mut host, home) = logged_in(&rules);
    for number in 1..=5 {
        host.fail(at(1), &client("alice", &format!("192.0.2.{number}")), 2);
    }
    assert!(!host.admits(at(2), &client("alice", "203.0.113.1")), "the account is locked");
    assert!(host.admits(at(2), &home));
    let mut host = host.restarted(at(3), rules);
    assert!(!host.admits(at(3), &client("alice", "203.0.113.1")));
    assert!(host.admits(at(3), &home), "which is remembered");
    host.fail(at(4), &home, 5);
    assert!(!host.admits(at(4), &home), "its own pair counter still locks it");
}

#[test]
fn failures_from_a_familiar_address_lock_strangers_out_too() {
    let rules = settings(&[(USER, 3)]);
    let (mut host, home) = logged_in(&rules);
    let stranger = client("alice", "192.0.2.1");
    host.fail(at(1), &home, 2);
    host.fail(at(1), &stranger, 1);
    assert!(!host.admits(at(2), &stranger));
    host.fail(at(2), &home, 1);
    assert!(!host.admits(at(3), &home));
    let counts = |host: &Host| {
        let mut counts: Vec<_> = host.keeper.counters().map(|it| it.to_string()).collect();
        counts.sort();
        counts
    };
    let both = ["user=alice (3/3)", "user=alice familiar=198.51.100.9 (3/3)"];
    assert_eq!(counts(&host), both, "the limit is the limit");
    let mut host = host.restarted(at(3), rules);
    assert_eq!(counts(&host), both);
    let until = host.keeper.would_refuse(&visitor("alice", "192.0.2.1"));
    let Some(Refusal::Locked(counter, _)) = until else { panic!("{until:?}") };
    assert_eq!(counter.last, at(1), "and not made longer by what it does not refuse");
    let (reset, _) = host.keeper.reset(at(4), &axes_policy::filter::Filter::default());
    assert_eq!((reset.failures, host.keeper.counters().count()), (4, 0));
}

#[test]
fn a_stranger_in_line_gets_the_place_that_a_login_of_the_owner_frees() {
    let (mut host, home) = logged_in(&settings(&[(USER, 2)]));
    let stranger = client("alice", "192.0.2.1");
    host.fail(at(1), &stranger, 1);
    let first = host.begin(at(1), &stranger).unwrap();
    assert_eq!(host.answer(at(1), first), Gate::Open);
    let second = host.begin(at(1), &stranger).unwrap();
    assert_eq!(host.answer(at(1), second), Gate::Wait);
    let owner = host.begin(at(2), &home).unwrap();
    assert_eq!(host.answer(at(2), owner), Gate::Open);
    let effects = host.end(at(2), owner, Outcome::Success);
    assert!(effects.contains(&Effect::Admit(second)), "{effects:?}");
}

#[test]
fn a_familiar_address_is_a_stranger_again_after_its_time() {
    let rules = Settings { familiar_for: Some(DAY), ..settings(&[(PAIR, 50), (USER, 4)]) };
    let (mut host, home) = logged_in(&rules);
    assert_eq!(host.keeper.explain(&visitor("alice", "198.51.100.9")).lane, Lane::Familiar);
    host.fail(at(0).after(DAY), &client("alice", "192.0.2.1"), 4);
    assert!(!host.admits(at(0).after(DAY), &home));
    assert!(host.notes.is_empty());
}

#[test]
fn a_login_forgives_the_guesses_of_strangers_at_its_user() {
    let (mut host, home) = logged_in(&settings(&[(USER, 4)]));
    let stranger = client("alice", "192.0.2.1");
    host.fail(at(1), &stranger, 3);
    assert!(host.attempt(at(1), &home, Outcome::Success));
    host.fail(at(1), &stranger, 3);
    assert!(host.admits(at(1), &stranger));
}

#[test]
fn what_a_user_says_of_himself_makes_no_address_familiar() {
    let mut host = Host::new(settings(&[(USER, 4)]));
    let alice = client("alice", "");
    let visitor = Visitor::plain(alice, Reporter::Owner);
    let id = host.begin_as(at(0), AttemptId(1), visitor.clone()).unwrap();
    host.end(at(0), id, Outcome::Success);
    assert_eq!(host.keeper.explain(&visitor).lane, Lane::Stranger);
}

#[test]
fn nobody_is_familiar_where_that_is_switched_off() {
    let rules = Settings { familiar_for: None, ..settings(&[(USER, 4)]) };
    let (mut host, home) = logged_in(&rules);
    host.fail(at(1), &client("alice", "192.0.2.1"), 4);
    assert!(!host.admits(at(1), &home));
}
