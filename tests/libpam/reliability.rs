//! Short versions of what `make soak` does at length.

use std::time::Duration;

use axes_e2e::reliability::absence::{self, Sockets};
use axes_e2e::reliability::bounds::{self, Caps};
use axes_e2e::reliability::restart::Counted;
use axes_e2e::reliability::{crash, damage, idle, limit, restart};

#[test]
fn what_was_acknowledged_to_32_callers_is_there_after_kill_9() {
    let figures = crash::rounds(5, drop);
    assert!(figures.acknowledged > 100, "{figures:?}");
}

#[test]
fn of_a_crowd_of_100_processes_exactly_the_limit_is_verified() {
    limit::of_wrong_passwords(1, drop);
}

#[test]
fn between_two_logins_no_more_than_the_limit_is_verified_in_a_mixed_crowd() {
    let mixed = limit::of_mixed_passwords(2, drop);
    assert!(mixed.wrong > 0 && mixed.right > 0, "{mixed:?}");
}

#[test]
fn places_of_those_who_hang_up_die_or_say_nothing_come_back() {
    limit::misbehaviour(1, drop);
}

#[test]
fn whatever_file_is_damaged_the_daemon_starts_says_so_and_has_what_its_copies_have() {
    let figures = damage::rounds(40, drop);
    assert!(figures.told > 5 && figures.restored > 2, "{figures:?}");
}

#[test]
fn every_counter_is_there_after_a_restart() {
    for counted in [Counted::AsShipped, Counted::ByUser] {
        let figures = restart::with_counters(1000, counted, drop);
        assert!(figures.restarts.iter().all(|time| *time < Duration::from_secs(5)), "{figures:?}");
    }
}

#[test]
fn while_sockets_are_kept_a_restart_turns_nobody_away() {
    let seen = absence::during(1, Sockets::Passed, "secure");
    assert_eq!(seen.turned_away, 0, "{seen:?}");
    assert!(seen.longest >= absence::ABSENCE / 2, "{seen:?}");
    assert!(seen.longest < absence::ABSENCE + Duration::from_secs(2), "{seen:?}");
}

#[test]
fn without_sockets_a_restart_goes_by_the_fail_mode() {
    let safe = absence::during(1, Sockets::ItsOwn, "safe");
    assert_eq!(safe.turned_away, 0, "{safe:?}");
    let secure = absence::during(1, Sockets::ItsOwn, "secure");
    assert!(secure.turned_away > 0 && secure.let_in > 0, "{secure:?}");
}

#[test]
fn a_crowd_that_sits_on_the_socket_is_cut_off_and_keeps_no_login_of_root_out() {
    let figures = idle::crowd(12, Duration::from_secs(8));
    assert!(figures.logins > 10, "{figures:?}");
}

#[test]
fn a_flood_takes_no_more_room_than_there_is_and_pushes_no_lockout_out() {
    let caps = Caps { memory: 66, disk: 16, settings: "access_log_bytes = \"64KiB\"\n" };
    let figures = bounds::flood(5000, caps, drop);
    assert!(figures.crowded_out > 1000 && figures.counters > 1000, "{figures:?}");
}
