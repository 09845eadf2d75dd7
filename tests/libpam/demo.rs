//! The picture in README.md shows what the demo shows.

use std::fs;
use std::process::Command;

use axes_e2e::host::built;

const PICTURE: &str = include_str!("../../packaging/doc/demo.svg");
const README: &str = include_str!("../../README.md");

/// A picture without its times, of which each recording has its own.
fn timeless(picture: &str) -> String {
    let picture = picture.replace("just now", "0s ago").replace('<', " <").replace('>', "> ");
    let mut words: Vec<_> = picture
        .split_whitespace()
        .map(|word| if is_time(word.trim_matches(['(', ')', '.'])) { "TIME" } else { word })
        .collect();
    words.dedup_by(|word, before| *word == "TIME" && *before == "TIME");
    words.join(" ")
}

/// A date, a time of day, or a part of a span such as `15m`.
fn is_time(word: &str) -> bool {
    let number = word.strip_suffix(['s', 'm', 'h']).unwrap_or(word);
    let signs = word.matches(['-', ':']).count();
    let is_digits = number.chars().all(|letter| letter.is_ascii_digit() || "-:".contains(letter));
    number.starts_with(|first: char| first.is_ascii_digit())
        && is_digits
        && (signs > 0 || number != word)
}

#[test]
fn only_times_are_left_out_of_the_comparison() {
    assert_eq!(
        timeless("<b>2026-11-23 21:01:47</b> until 21:16 (for 14m 59s). just now"),
        timeless("<b>2027-01-02 03:04:05</b> until 3:16 (for 15m). 1s ago")
    );
    for (one, other) in [("3/3", "3/20"), ("5", "6"), ("192.0.2.7", "192.0.2.8"), ("a", "b")] {
        assert_ne!(timeless(one), timeless(other));
    }
}

#[test]
fn the_picture_shows_what_the_demo_shows_today() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("demo.svg");
    let demo = Command::new(built("axes-demo")).arg("--record").arg(&file).output();
    let demo = demo.expect("axes-demo");
    assert!(demo.status.success(), "{demo:?}");
    let today = fs::read_to_string(file).expect("a picture");
    assert!(
        timeless(&today) == timeless(PICTURE),
        "the demo shows something else now: make recording\n{}",
        String::from_utf8_lossy(&demo.stdout)
    );
    for what in ["3/3 ", "fg-red", "fg-green", "axesctl reset --user alice", "module: 5"] {
        assert!(timeless(PICTURE).contains(what), "{what}");
    }
}

#[test]
fn the_picture_is_shown_by_the_readme() {
    assert!(README.contains("](packaging/doc/demo.svg)"));
}

#[test]
fn no_colours_are_written_where_nobody_sees_them() {
    let demo = Command::new(built("axes-demo")).output().expect("axes-demo");
    assert!(demo.status.success() && demo.stdout.len() > 1000);
    assert!(!demo.stdout.contains(&0x1b), "escapes in a pipe");
}
