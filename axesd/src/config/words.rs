//! What serde and toml say, in words for whoever wrote the file.

use crate::config::document::Document;
use crate::printable::printable;

/// How alike two keys must be before one is proposed for the other.
const ALIKE: f64 = 0.8;
/// More keys than this are not listed in an error.
const FEW: usize = 12;

/// An error as one line that can be printed.
pub(super) fn of(message: &str) -> String {
    printable(&line(message))
}

fn line(message: &str) -> String {
    if message.starts_with("unknown field") {
        return unknown_key(message);
    }
    let line = message.lines().collect::<Vec<_>>().join("; ");
    let advice = [
        ("expected a sequence", "write a list, such as [\"...\"]"),
        ("expected a boolean", "write true or false"),
        ("expected a string", "write a text in quotes"),
    ];
    let advice = advice.into_iter().find(|(wrong, _)| line.ends_with(wrong));
    match (advice, line.strip_prefix("missing field ")) {
        (Some((_, advice)), _) => format!("{line}; {advice}"),
        (None, Some(key)) => format!("{key} is missing here"),
        (None, None) => line,
    }
}

/// serde says "unknown field `x`, expected one of `a`, `b`"; an administrator wants to hear
/// which key was meant.
fn unknown_key(message: &str) -> String {
    let (unknown, valid) = keys(message);
    // Names of django-axes are ours but for this.
    let lower = unknown.to_lowercase();
    let meant = lower.strip_prefix("axes_").unwrap_or(&lower);
    if let Some(key) = nearest(meant, &valid) {
        return format!("unknown key `{unknown}`; did you mean `{key}`?");
    }
    let top = toml::from_str::<Document>("_ = 0").err();
    let top = top.as_ref().map(|error| keys(error.message()).1).unwrap_or_default();
    if top.contains(&meant) {
        return format!("`{unknown}` belongs above the first [table] of the file");
    }
    match valid.len() {
        0..=FEW => format!("unknown key `{unknown}`; valid keys are {}", valid.join(", ")),
        _ => format!("unknown key `{unknown}`; axes.toml as shipped explains all there are"),
    }
}

/// The key that is not known, and those that are.
fn keys(message: &str) -> (&str, Vec<&str>) {
    let mut quoted = message.split('`').skip(1).step_by(2);
    (quoted.next().unwrap_or_default(), quoted.collect())
}

fn nearest<'a>(meant: &str, valid: &[&'a str]) -> Option<&'a str> {
    let likeness = |key: &&str| strsim::jaro_winkler(meant, key);
    let nearest = valid.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.filter(|key| likeness(key) >= ALIKE)
}
