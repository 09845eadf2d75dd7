//! A configuration.

use axesd::config::{Config, ConfigError, from_text};

use crate::printable::assert_printable;

/// Settings that hold together, or an error that names its line.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match from_text(text) {
        Ok(config) => check(&config),
        Err(error) => place(&error, text),
    }
    // A byte order mark is one only where it begins the file.
    if !text.starts_with('\u{feff}') {
        below_another_line(text);
    }
}

fn check(config: &Config) {
    let settings = &config.settings;
    assert!(settings.counters.iter().all(|counter| counter.limit.get() > 0));
    assert!(settings.prefixes.v4 <= 32 && settings.prefixes.v6 <= 128);
    for profile in settings.rules.iter().map(|rule| &rule.profile).chain([&settings.base]) {
        for id in profile.counters.iter() {
            assert!(settings.counter(*id).is_some(), "{id:?} is nowhere");
        }
    }
}

fn place(error: &ConfigError, text: &str) {
    assert_printable(&error.to_string());
    let ConfigError::Invalid { line, .. } = error else {
        panic!("no line is named: {error}");
    };
    let lines = 1 + text.matches('\n').count();
    assert!((1..=lines).contains(line), "{error}: of {lines} lines");
}

/// An empty line above changes nothing but the number of the line.
fn below_another_line(text: &str) {
    let moved = from_text(&format!("\n{text}"));
    match (from_text(text), moved) {
        (Ok(here), Ok(moved)) => assert_eq!(words(&here), words(&moved)),
        (Err(ConfigError::Invalid { line, message, .. }), Err(moved)) => {
            assert_eq!(moved.to_string(), format!("config:{}: {message}", line + 1));
        }
        (here, moved) => panic!("{here:?} became {moved:?}"),
    }
}

/// All that the settings say. Sets are shown in any order.
fn words(config: &Config) -> Vec<String> {
    let shown = format!("{config:?}");
    let mut words: Vec<_> = shown.split([',', '{', '}']).map(|it| it.trim().to_owned()).collect();
    words.sort();
    words
}
