//! A few rounds of what `make bench` measures: that it can be measured, never how long it takes.

use axes_e2e::bench::Effort;
use axes_e2e::bench::parts::{self, Part};

fn part(name: &str) -> Part {
    let (.., measure) = parts::ALL.into_iter().find(|it| it.0 == name).expect("a part");
    measure(&Effort::SHORT)
}

/// The first cells of all rows.
fn rows(part: &Part) -> Vec<String> {
    let rows = part.text.lines().filter_map(|line| line.strip_prefix("| "));
    rows.map(|row| row.split('|').next().unwrap_or_default().trim().to_owned()).collect()
}

#[test]
fn every_stack_lets_in_and_keeps_out_and_tells_what_it_cost() {
    let part = part("login");
    for row in ["success, bare", "failure, bare", "success, pam_axes", "failure, pam_faillock"] {
        assert!(rows(&part).contains(&row.to_owned()), "{row}: {}", part.text);
    }
    assert!(rows(&part).contains(&"system calls of a login".to_owned()), "{}", part.text);
    assert!(!part.text.contains("NaN"), "{}", part.text);
    assert_eq!(part.goals(), 3);
}

#[test]
fn instructions_are_told_apart_by_object_and_function_in_caller_and_daemon() {
    let part = part("path");
    let rows = rows(&part);
    for row in ["success, bare", "failure, pam_axes", "libpam_axes.so", "pam_faillock.so", "sled"] {
        assert!(rows.contains(&row.to_owned()), "{row}: {}", part.text);
    }
    let mut lines = part.text.lines();
    let all = lines.find(|line| line.starts_with("| success, pam_axes")).expect("a row");
    let counts = all.split('|').filter_map(|cell| cell.trim().parse::<u64>().ok());
    assert!(counts.filter(|count| *count > 10_000).count() == 3, "caller and two threads: {all}");
    assert!(rows.iter().any(|row| row.contains("pam_axes::")), "{}", part.text);
    assert_eq!(part.goals(), 0);
}

#[test]
fn callers_at_once_are_counted_for_different_users_and_for_one() {
    let part = part("crowd");
    for row in ["different users, 1 callers", "one user, 3 callers"] {
        assert!(rows(&part).contains(&row.to_owned()), "{row}: {}", part.text);
    }
    assert!(!part.text.contains("NaN"), "{}", part.text);
    assert_eq!(part.goals(), 4);
}

#[test]
fn counters_networks_and_updates_are_measured_with_their_space() {
    let part = part("scale");
    for row in ["102", "1002", "10", "100", "disk for each counter", "disk at the end"] {
        assert!(rows(&part).contains(&row.to_owned()), "{row}: {}", part.text);
    }
    let mut lines = part.text.lines();
    let all = lines.any(|line| line.starts_with("| updates ") && line.ends_with(" 1000 |"));
    assert!(all, "all updates are made: {}", part.text);
    assert_eq!(part.goals(), 6);
}

#[test]
fn what_is_idle_is_watched_and_what_is_loaded_is_measured() {
    let part = part("footprint");
    for row in ["pam_axes.so", "pam_permit", "pam_faillock", "axesd, processor meanwhile"] {
        assert!(rows(&part).contains(&row.to_owned()), "{row}: {}", part.text);
    }
    assert_eq!(part.goals(), 6);
}
