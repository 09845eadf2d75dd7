//! Events of a replay, one in each line.

use axes_policy::settings::Settings;
use axesd::replay::{ReplayError, run};
use serde_json::Value;

use crate::printable::assert_printable;

/// One answer for each line, as far as the lines are events; then an error that names its line.
pub fn replay_line(bytes: &[u8]) {
    let mut output = Vec::new();
    let end = run(Settings::default(), bytes, &mut output);
    let output = String::from_utf8(output).expect("answers are text");
    let answers: Vec<&str> = output.lines().collect();
    for (line, answer) in (1_u64..).zip(&answers) {
        check(line, answer);
    }
    match end {
        Ok(()) => assert_eq!(answers.len(), bytes.split_inclusive(|byte| *byte == b'\n').count()),
        Err(ReplayError::Line { line, message }) => {
            assert_eq!(line, answers.len() + 1, "{message}");
            assert_printable(&message);
        }
        Err(other) => panic!("neither reading nor writing can fail here: {other}"),
    }
}

fn check(line: u64, answer: &str) {
    assert_printable(answer);
    let answer: Value = serde_json::from_str(answer).expect("an answer is JSON");
    assert_eq!(answer["line"], line);
    assert!(answer.get("at").is_some_and(|at| !at.is_null()), "{answer}");
}
