//! Panic-off: nobody is refused for a while, and everybody counted.

use std::sync::Arc;
use std::time::Duration;

use axes_policy::attempt::Outcome;
use axes_policy::effect::Effect;
use axes_policy::keeper::Gate;
use axes_policy::note::NoteKey;
use axes_policy::panic_off::{MOST, Span};
use axes_policy::settings::{RefusedTries, Settings};

use crate::support::{Host, PAIR, at, client, list, settings, visitor, with_profile};

const TEN_MINUTES: Duration = Duration::from_secs(600);
const FROM: &str = "192.0.2.7";

fn off(host: &mut Host, seconds: u64, time: Duration) {
    let effects = host.keeper.panic_off(at(seconds), time, Some(Arc::from("why"))).unwrap();
    host.store(&effects);
}

fn locked() -> Host {
    let mut host = Host::new(settings(&[(PAIR, 2)]));
    host.fail(at(0), &client("alice", FROM), 2);
    assert!(!host.admits(at(0), &client("alice", FROM)));
    host
}

#[test]
fn whoever_is_locked_may_try_and_is_counted() {
    let (mut host, alice) = (locked(), client("alice", FROM));
    off(&mut host, 1, TEN_MINUTES);
    host.fail(at(2), &alice, 3);
    assert_eq!(host.keeper.counters_of(&visitor("alice", FROM))[0].failures, 5);
    assert_eq!(host.keeper.panic_span(), Some(Span::Until(at(601))));
}

#[test]
fn its_end_closes_again_and_is_told_once() {
    let mut host = locked();
    off(&mut host, 1, TEN_MINUTES);
    assert_eq!(host.keeper.next_deadline(), Some(at(601)));
    assert!(host.admits(at(600), &client("alice", FROM)));
    let over = |effects: &[Effect]| {
        effects.iter().filter(|effect| matches!(effect, Effect::PanicOver(_))).count()
    };
    let effects = host.keeper.advance(at(601));
    host.store(&effects);
    assert_eq!(over(&effects), 1);
    assert_eq!(over(&host.keeper.advance(at(602))), 0);
    assert!(!host.notes.contains_key(&NoteKey::PanicOff));
    assert!(!host.admits(at(602), &client("alice", FROM)));
}

#[test]
fn it_can_be_ended_at_once_and_what_was_not_there_not() {
    let mut host = locked();
    off(&mut host, 1, TEN_MINUTES);
    let (ended, effects) = host.keeper.panic_on(at(2));
    host.store(&effects);
    assert_eq!(ended.unwrap().reason.as_deref(), Some("why"));
    assert!(!host.admits(at(2), &client("alice", FROM)));
    assert!(host.notes.is_empty());
    assert_eq!(host.keeper.panic_on(at(3)).0, None);
}

#[test]
fn lists_made_by_mistake_refuse_nobody_either() {
    let lists = [
        Settings { blacklist: list("0.0.0.0/0"), ..settings(&[(PAIR, 2)]) },
        Settings { only_whitelist: true, ..settings(&[(PAIR, 2)]) },
    ];
    for settings in lists {
        let (mut host, alice) = (Host::new(settings), client("alice", FROM));
        assert!(host.keeper.account(&visitor("alice", FROM)).is_some());
        assert!(!host.admits(at(0), &alice));
        off(&mut host, 1, TEN_MINUTES);
        assert_eq!(host.keeper.account(&visitor("alice", FROM)), None, "with a key");
        assert_eq!(host.keeper.would_refuse(&visitor("alice", FROM)), None);
        host.fail(at(2), &alice, 1);
        assert_eq!(host.keeper.counters_of(&visitor("alice", FROM)).len(), 1, "counted");
        assert!(!host.admits(at(601), &alice));
    }
}

#[test]
fn a_rule_that_counts_refused_tries_refuses_nobody() {
    let strict =
        with_profile(settings(&[(PAIR, 1)]), |base| base.refused_tries = RefusedTries::Counted);
    let (mut host, alice) = (Host::new(strict), client("alice", FROM));
    host.fail(at(0), &alice, 1);
    off(&mut host, 1, TEN_MINUTES);
    host.fail(at(2), &alice, 5);
}

#[test]
fn whoever_waits_at_the_gate_goes_through_when_it_begins() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", FROM);
    let [first, second] = [(); 2].map(|()| host.begin(at(0), &alice).unwrap());
    assert_eq!(host.answer(at(0), first), Gate::Open);
    assert_eq!(host.answer(at(0), second), Gate::Wait);
    let effects = host.keeper.panic_off(at(1), TEN_MINUTES, None).unwrap();
    assert!(effects.contains(&Effect::Admit(second)), "{effects:?}");
}

#[test]
fn an_answer_typed_during_it_is_refused_after_it() {
    let mut host = locked();
    off(&mut host, 1, TEN_MINUTES);
    let id = host.begin(at(2), &client("alice", FROM)).unwrap();
    assert!(matches!(host.answer(at(601), id), Gate::Closed(_)));
}

#[test]
fn a_restart_remembers_it_and_its_end_and_nothing_after_it() {
    let mut host = locked();
    off(&mut host, 1, TEN_MINUTES);
    let mut host = host.restarted(at(300), settings(&[(PAIR, 2)]));
    assert!(host.admits(at(600), &client("alice", FROM)));
    assert!(!host.admits(at(601), &client("alice", FROM)));

    let mut host = locked();
    off(&mut host, 1, TEN_MINUTES);
    let mut host = host.restarted(at(700), settings(&[(PAIR, 2)]));
    assert!(!host.admits(at(700), &client("alice", FROM)));
    assert!(!host.notes.contains_key(&NoteKey::PanicOff));
}

#[test]
fn a_clock_set_back_before_restarts_gives_its_time_once_more_however_many_there_are() {
    let mut host = locked();
    off(&mut host, 100_000, TEN_MINUTES);
    let mut host = host.restarted(at(1000), settings(&[(PAIR, 2)]));
    assert_eq!(host.keeper.panic_span(), Some(Span::Until(at(1600))));
    host = host.restarted(at(1500), settings(&[(PAIR, 2)]));
    assert_eq!(host.keeper.panic_span(), Some(Span::Until(at(1600))));
    host.advance(at(1600));
    assert_eq!(host.keeper.panic_span(), None);
}

#[test]
fn while_the_daemon_runs_a_clock_set_back_changes_nothing() {
    let mut host = locked();
    off(&mut host, 100, TEN_MINUTES);
    host.advance(at(650));
    host.advance(at(5));
    off(&mut host, 5, TEN_MINUTES);
    assert_eq!(host.keeper.panic_span(), Some(Span::Until(at(1250))));
}

#[test]
fn more_than_a_day_is_refused_and_changes_nothing() {
    let mut host = locked();
    let more = MOST + Duration::from_millis(1);
    assert!(host.keeper.panic_off(at(1), more, None).is_err());
    assert_eq!(host.keeper.panic_span(), None);
}

#[test]
fn another_one_takes_the_place_of_the_first() {
    let mut host = locked();
    off(&mut host, 1, MOST);
    off(&mut host, 2, TEN_MINUTES);
    assert_eq!(host.keeper.panic_span(), Some(Span::Until(at(602))));
}

#[test]
fn what_the_kernel_command_line_says_has_no_end() {
    let mut host = locked();
    let effects = host.keeper.panic_off_while_up();
    host.store(&effects);
    off(&mut host, 1, TEN_MINUTES);
    assert!(host.keeper.panic_on(at(2)).0.is_some());
    assert_eq!(host.keeper.panic_span(), Some(Span::Uptime));
    // Far beyond any cool-off: locked anew meanwhile.
    let alice = client("alice", FROM);
    host.fail(at(1_000_000), &alice, 3);
    let id = host.begin(at(1_000_001), &alice).unwrap();
    host.end(at(1_000_001), id, Outcome::Failure);
    let mut host = host.restarted(at(1_000_002), settings(&[(PAIR, 2)]));
    assert!(!host.admits(at(1_000_002), &alice), "the next daemon reads it anew");
}
