use std::num::NonZeroUsize;
use std::time::Duration;

use axes_policy::client::{Address, Client};
use axes_policy::filter::Filter;

use super::*;

const UNBOUNDED: LogSettings = LogSettings {
    recorded: Recorded::Everything,
    failures_per_user: None,
    entries: usize::MAX,
    bytes: usize::MAX,
    age: None,
};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn attempt(user: &str, outcome: Outcome, seconds: u64) -> Attempt {
    let client = Client {
        user: user.into(),
        address: Address::Local,
        service: "sudo".into(),
        tty: None,
        ruser: None,
    };
    Attempt { at: at(seconds), client, outcome, reason: None }
}

fn failure(user: &str, seconds: u64) -> Attempt {
    attempt(user, Outcome::Failure, seconds)
}

fn log(settings: LogSettings) -> AccessLog {
    AccessLog::new(settings, Vec::new())
}

/// A log of failures of one user, one in each second from the first.
fn filled(settings: LogSettings, seconds: Range<u64>) -> AccessLog {
    let mut log = log(settings);
    for second in seconds {
        log.record(failure("alice", second));
    }
    log
}

fn forgotten(changes: &[Change]) -> Vec<u64> {
    let number = |change: &Change| match change {
        Change::ForgetAttempt(number) => Some(*number),
        _ => None,
    };
    changes.iter().filter_map(number).collect()
}

fn numbers(log: &AccessLog) -> Vec<u64> {
    log.entries.keys().copied().collect()
}

#[test]
fn an_entry_above_the_count_pushes_the_oldest_out() {
    let mut log = filled(LogSettings { entries: 3, ..UNBOUNDED }, 0..3);
    let changes = log.record(failure("alice", 9));
    assert!(matches!(changes.first(), Some(Change::PutAttempt(3, _))));
    assert_eq!(forgotten(&changes), [0]);
    assert_eq!(numbers(&log), [1, 2, 3]);
}

#[test]
fn an_entry_above_the_bytes_pushes_out_as_many_as_it_takes() {
    let small = settings::size(&failure("alice", 0));
    let mut log = filled(LogSettings { bytes: 10 * small, ..UNBOUNDED }, 0..10);
    let mut large = failure("alice", 10);
    large.reason = Some("x".repeat(small).into());
    assert_eq!(forgotten(&log.record(large)), [0, 1]);
    assert_eq!(log.bytes, 10 * small);
    let everything = log.remove_if(|_| true);
    assert_eq!((everything.len(), log.bytes), (9, 0));
}

#[test]
fn the_estimate_of_an_entry_has_all_its_texts() {
    let mut full = failure("alice", 0);
    let bare = settings::size(&full);
    full.client.address = Address::Name("host".into());
    full.client.tty = Some("tty1".into());
    full.client.ruser = Some("bobby".into());
    full.reason = Some("locked".into());
    assert_eq!(settings::size(&full) - bare, 4 + 4 + 5 + 6);
    assert!(bare > size_of::<Attempt>() + "alice".len() + "sudo".len());
}

#[test]
fn an_old_entry_goes_with_the_next_attempt_and_when_somebody_reads() {
    let settings = LogSettings { age: Some(Duration::from_secs(60)), ..UNBOUNDED };
    let mut log = filled(settings, 0..3);
    assert_eq!(forgotten(&log.record(failure("bob", 61))), [0]);
    assert_eq!(forgotten(&log.expire(at(62))), [1]);
    assert_eq!(numbers(&log), [2, 3]);
}

#[test]
fn an_attempt_after_a_long_silence_does_not_wait_for_all_that_grew_old() {
    let settings = LogSettings { age: Some(Duration::from_secs(60)), ..UNBOUNDED };
    let mut log = filled(settings, 0..50);
    for _ in 0..1000 {
        log.record(failure("alice", 50));
    }
    assert_eq!(forgotten(&log.record(failure("bob", 9000))).len(), AT_ONCE);
    assert_eq!(forgotten(&log.record(failure("bob", 9001))).len(), AT_ONCE);
    log.expire(at(9002));
    assert_eq!(log.entries.len(), 2);
}

#[test]
fn an_old_entry_goes_at_the_start_whatever_stands_before_it() {
    let settings = LogSettings { age: Some(Duration::from_secs(60)), ..UNBOUNDED };
    let kept = vec![(4, failure("alice", 1000)), (5, failure("alice", 1)), (9, failure("bob", 1))];
    let mut log = AccessLog::new(settings, kept);
    assert_eq!(forgotten(&log.expire(at(1000))), [5, 9]);
    assert_eq!((numbers(&log), log.end()), (vec![4], 10));
}

#[test]
fn failures_of_one_user_have_a_limit_of_their_own() {
    let limit = NonZeroUsize::new(2);
    let mut log = log(LogSettings { failures_per_user: limit, ..UNBOUNDED });
    log.record(attempt("alice", Outcome::Success, 0));
    log.record(failure("bob", 1));
    for second in 2..4 {
        log.record(failure("alice", second));
    }
    assert_eq!(forgotten(&log.record(attempt("alice", Outcome::Refused, 4))), [0_u64; 0]);
    assert_eq!(forgotten(&log.record(failure("alice", 5))), [2]);
    assert_eq!(numbers(&log), [0, 1, 3, 4, 5]);
}

#[test]
fn what_is_not_recorded_is_counted_all_the_same() {
    for (recorded, kept) in
        [(Recorded::Everything, 2), (Recorded::AllButSuccesses, 1), (Recorded::Nothing, 0)]
    {
        let mut log = log(LogSettings { recorded, ..UNBOUNDED });
        log.record(attempt("alice", Outcome::Success, 0));
        log.record(failure("alice", 0));
        assert_eq!(numbers(&log).len(), kept);
        assert_eq!((log.totals().success, log.totals().failure), (1, 1));
    }
}

#[test]
fn narrower_bounds_are_in_force_at_once() {
    let mut log = filled(UNBOUNDED, 0..50_000);
    let changes = log.reconfigure(LogSettings { entries: 10_000, ..UNBOUNDED }, at(50_000));
    assert_eq!((forgotten(&changes).len(), log.entries.len()), (40_000, 10_000));
    let limit = NonZeroUsize::new(1);
    log.reconfigure(LogSettings { failures_per_user: limit, ..UNBOUNDED }, at(50_000));
    assert_eq!(numbers(&log), [49_999]);
    let age = Some(Duration::from_secs(1));
    log.reconfigure(LogSettings { age, ..UNBOUNDED }, at(50_001));
    assert_eq!(numbers(&log), [0_u64; 0]);
}

#[test]
fn the_newest_are_found_where_they_begin() {
    let mut log = filled(UNBOUNDED, 0..5);
    log.record(failure("bob", 5));
    let of = |user: &str| Filter { user: Some(user.into()), ..Filter::default() }.into();
    assert_eq!(log.begin_of_newest(&of("alice"), 2), 3);
    assert_eq!(log.begin_of_newest(&of("alice"), 99), 0);
    assert_eq!(log.begin_of_newest(&of("alice"), 0), 6);
    assert_eq!(log.begin_of_newest(&of("carol"), 2), 6);
}

#[test]
fn a_long_log_is_read_in_slices_that_say_what_is_gone() {
    let mut log = filled(UNBOUNDED, 0..1000);
    log.remove_if(|attempt| (at(10)..at(20)).contains(&attempt.at));
    let (mut next, mut found, mut gone, mut slices) = (0, 0, 0, 0);
    while next < log.end() {
        let slice = log.slice(next..log.end(), &LogFilter::default());
        assert!(slice.attempts.len() <= SLICE);
        found += slice.attempts.len();
        (next, gone, slices) = (slice.next, gone + slice.gone, slices + 1);
    }
    assert_eq!((found, gone, slices), (990, 10, 4));
    let empty = log.slice(1000..1003, &LogFilter::default());
    assert_eq!(empty, Slice { attempts: vec![], next: 1003, gone: 3 });
}

#[test]
fn a_filter_takes_outcomes_and_times() {
    let covers = |filter: LogFilter| filter.covers(&failure("alice", 5));
    let outcomes =
        |outcomes: &[Outcome]| LogFilter { outcomes: outcomes.to_vec(), ..LogFilter::default() };
    assert!(covers(outcomes(&[Outcome::Success, Outcome::Failure])));
    assert!(!covers(outcomes(&[Outcome::Success])));
    let between = |since, until| LogFilter {
        since: Some(at(since)),
        until: Some(at(until)),
        ..LogFilter::default()
    };
    assert!(covers(between(5, 5)));
    assert!(!covers(between(6, 9)));
    assert!(!covers(between(0, 4)));
}

#[test]
fn followers_hear_of_each_entry_and_their_number_is_bounded() {
    let mut log = log(UNBOUNDED);
    let mut followers: Vec<_> = (0..FOLLOWERS).filter_map(|_| log.follow()).collect();
    assert_eq!(followers.len(), FOLLOWERS);
    assert!(log.follow().is_none());
    log.record(failure("alice", 0));
    assert!(followers[0].has_changed().unwrap());
    assert_eq!(*followers[0].borrow_and_update(), 1);
    followers.pop();
    assert!(log.follow().is_some());
}

#[test]
fn the_newest_that_are_meant_are_found_and_no_more_than_a_few_looked_at() {
    let log = filled(UNBOUNDED, 0..10);
    let even = |attempt: &Attempt| attempt.at.as_millis().is_multiple_of(2000);
    let found = |most, looked_at| -> Vec<Timestamp> {
        log.newest(most, looked_at, even).iter().map(|attempt| attempt.at).collect()
    };
    assert_eq!(found(2, usize::MAX), [at(6), at(8)]);
    assert_eq!(found(9, 4), [at(6), at(8)]);
    assert_eq!(found(9, 1), []);
}

#[test]
fn prompts_that_somebody_opens_and_closes_do_not_push_everybody_else_out() {
    let limit = NonZeroUsize::new(1000);
    let settings = LogSettings { failures_per_user: limit, entries: 50_000, ..UNBOUNDED };
    let mut log = log(settings);
    log.record(failure("alice", 0));
    for _ in 0..50_000 {
        log.record(attempt("mallory", Outcome::Abandoned, 1));
    }
    assert_eq!(numbers(&log).first(), Some(&0), "who failed as alice is known");
}
