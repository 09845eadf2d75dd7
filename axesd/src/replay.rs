//! Plays a list of events through the policy, without a daemon: what would have happened?
//!
//! One JSON object in each line; one line comes out for each that goes in, in the same order.

mod compare;
mod event;
mod moment;

use std::collections::HashMap;
use std::io::{self, BufRead, Read as _, Write};

use axes_policy::attempt::{Outcome, Reporter};
use axes_policy::client::{Client, Visitor};
use axes_policy::effect::{AttemptId, CounterState, Refusal};
use axes_policy::filter::Filter;
use axes_policy::keeper::{Admission, Gate, Keeper};
use axes_policy::settings::Settings;
use serde_json::{Value, json};

pub use compare::{Comparison, Fate, Line, compare};

use crate::config;
use crate::printable::printable;
use crate::replay::event::{Event, Resets};
use crate::replay::moment::Moment;

/// Bytes of a line; a whole configuration, written as JSON, may stand in one.
const LONGEST: u64 = 8 << 20;

/// Why a replay ended before its events did.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A line is not an event.
    #[error("line {line}: {message}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// The events cannot be read.
    #[error("cannot read the events: {0}")]
    Read(#[source] io::Error),
    /// The answers cannot be written.
    #[error("cannot write the answers: {0}")]
    Write(#[source] io::Error),
}

/// Replays all events of `input` under these settings.
///
/// # Errors
///
/// [`ReplayError`], at the first line that cannot be read.
pub fn run(
    settings: Settings,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<(), ReplayError> {
    let mut replay = Replay::new(settings);
    let mut input = input;
    for line in 1.. {
        let bad = |message: String| ReplayError::Line { line, message: printable(&message) };
        let text = match next_line(&mut input).map_err(ReplayError::Read)? {
            None => break,
            Some(text) if text.len() as u64 > LONGEST => {
                return Err(bad(format!("longer than {} MiB", LONGEST >> 20)));
            }
            Some(text) => text,
        };
        let (moment, event) = event::parse(&text, replay.last).map_err(bad)?;
        replay.last = moment;
        let mut answer = replay.play(moment, event).map_err(bad)?;
        answer.insert("line".to_owned(), line.into());
        answer.insert("at".to_owned(), moment.to_json());
        writeln!(output, "{}", Value::Object(answer)).map_err(ReplayError::Write)?;
    }
    Ok(())
}

/// Of a line that is too long only so much that it shows; `None` after the last.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    input.take(LONGEST + 1).read_until(b'\n', &mut text)?;
    Ok((!text.is_empty()).then_some(text))
}

type Answer = serde_json::Map<String, Value>;

struct Replay {
    keeper: Keeper,
    last: Moment,
    next_id: u64,
    /// Attempts that have begun, or why they may not.
    begun: HashMap<String, (Result<AttemptId, Box<Refusal>>, Client)>,
}

impl Replay {
    fn new(settings: Settings) -> Self {
        let last = Moment::START;
        let (keeper, _) = Keeper::new(settings, last.timestamp(), Vec::new(), Vec::new());
        Self { keeper, last, next_id: 0, begun: HashMap::new() }
    }

    fn play(&mut self, at: Moment, event: Event) -> Result<Answer, String> {
        // Nothing is stored and nobody is told: effects are for a daemon.
        let _ = self.keeper.advance(at.timestamp());
        match event {
            Event::Attempt(client, outcome) => {
                let refusal = self.attempt(at, &client, outcome);
                Ok(self.state(at, &client, refusal.as_ref()))
            }
            Event::Check(client) => {
                let refusal = self.keeper.would_refuse(&visitor(&client));
                Ok(self.state(at, &client, refusal.as_ref()))
            }
            Event::Begin(token, client) => {
                let begun = self.begin(at, &client);
                let answer =
                    self.state(at, &client, begun.as_ref().err().map(|refusal| &**refusal));
                self.begun.insert(token, (begun, client));
                Ok(answer)
            }
            Event::Verdict(token, outcome) => self.verdict(at, &token, outcome),
            Event::Reset(resets) => Ok(self.reset(at, &resets)),
            Event::Configure(text) => {
                let config = config::from_text(&text).map_err(|error| error.to_string())?;
                let _ = self.keeper.reconfigure(at.timestamp(), config.settings);
                Ok(object(json!({ "configured": true })))
            }
        }
    }

    /// Why its password was not verified.
    fn attempt(&mut self, at: Moment, client: &Client, outcome: Outcome) -> Option<Refusal> {
        if outcome == Outcome::Abandoned {
            return self.keeper.would_refuse(&visitor(client));
        }
        let id = match self.begin(at, client) {
            Ok(id) => id,
            Err(refusal) => return Some(*refusal),
        };
        let _ = self.keeper.verdict(at.timestamp(), id, outcome);
        None
    }

    /// Through admission and gate. Nobody waits in a replay: a full gate is a closed one.
    fn begin(&mut self, at: Moment, client: &Client) -> Result<AttemptId, Box<Refusal>> {
        self.next_id += 1;
        let (now, id) = (at.timestamp(), AttemptId(self.next_id));
        let (admission, _) = self.keeper.begin(now, id, visitor(client));
        if let Admission::Refused(refusal) = admission {
            return Err(Box::new(refusal));
        }
        match self.keeper.answered(now, id).0 {
            Gate::Open => Ok(id),
            Gate::Closed(refusal) => Err(Box::new(refusal)),
            Gate::Wait => {
                let _ = self.keeper.hang_up(now, id);
                Err(Box::new(Refusal::Busy))
            }
        }
    }

    fn verdict(&mut self, at: Moment, token: &str, outcome: Outcome) -> Result<Answer, String> {
        let begun = self.begun.remove(token);
        let (begun, client) = begun.ok_or_else(|| format!("no begin has the token {token:?}"))?;
        if let Ok(id) = begun {
            let _ = self.keeper.verdict(at.timestamp(), id, outcome);
        }
        Ok(self.state(at, &client, begun.as_ref().err().map(|refusal| &**refusal)))
    }

    fn reset(&mut self, at: Moment, resets: &Resets) -> Answer {
        let reset = |filter: &Filter| self.keeper.reset(at.timestamp(), filter).0.clients;
        let clients: usize = resets.0.iter().map(reset).sum();
        object(json!({ "reset": clients }))
    }

    /// The state of a client, after what happened.
    fn state(&self, at: Moment, client: &Client, refusal: Option<&Refusal>) -> Answer {
        let lockout = self.keeper.would_refuse(&visitor(client));
        let visitor = visitor(client);
        let fullest = self.keeper.counters_of(&visitor).into_iter().max_by(fuller);
        let smallest = || self.keeper.smallest_limit(&visitor);
        let limit = fullest.as_ref().map(|counter| counter.limit).or_else(smallest);
        let until = match &lockout {
            Some(Refusal::Locked(counter, _)) => counter.until,
            _ => None,
        };
        object(json!({
            "admitted": refusal.is_none(),
            "locked": lockout.is_some(),
            "failures": fullest.map_or(0, |counter| counter.failures),
            "limit": limit,
            "until": until.map(|until| at.like(until).to_json()),
            "reason": self.reason(&visitor, refusal.or(lockout.as_ref())),
        }))
    }

    fn reason(&self, visitor: &Visitor, refusal: Option<&Refusal>) -> Option<String> {
        let exemption = || self.keeper.explain(visitor).exemption;
        refusal.map(ToString::to_string).or_else(|| exemption().map(|it| it.to_string()))
    }
}

fn visitor(client: &Client) -> Visitor {
    Visitor::plain(client.clone(), Reporter::Root)
}

/// Which counter is nearer to its limit.
fn fuller(a: &CounterState, b: &CounterState) -> std::cmp::Ordering {
    let part = |counter: &CounterState| f64::from(counter.failures) / f64::from(counter.limit);
    part(a).total_cmp(&part(b)).then(a.failures.cmp(&b.failures))
}

fn object(value: Value) -> Answer {
    match value {
        Value::Object(map) => map,
        _ => Answer::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(input: &[u8]) -> String {
        run(Settings::default(), input, &mut Vec::new()).unwrap_err().to_string()
    }

    #[test]
    fn a_line_that_is_too_long_is_named_and_not_read_to_its_end() {
        let mut input = b"{\"event\": \"check\"}\n".chain(io::repeat(b' ')).take(1 << 30);
        let input = io::BufReader::new(&mut input);
        let error = run(Settings::default(), input, &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "line 2: longer than 8 MiB");
    }

    #[test]
    fn what_is_wrong_is_told_in_characters_that_a_terminal_does_not_obey() {
        for (line, shown) in [
            (r#"{"event": "\u001b]0;x\u0007"}"#, "\\u{1b}]0;x\\u{7}"),
            (r#"{"\u001b[31m": 1}"#, "\\u{1b}[31m"),
            (r#"{"event": "attempt", "outcome": "\u009b2J\n\u202e"}"#, "\\u{9b}2J\\n\\u{202e}"),
            (r#"{"event": "configure", "config": "\"\\u001b\" = 1"}"#, "\\u{1b}"),
        ] {
            let error = refused(line.as_bytes());
            assert!(error.contains(shown), "{error}");
            assert!(!error.contains(char::is_control), "{error:?}");
        }
        assert!(refused(b"\xff").contains("line 1: "), "{}", refused(b"\xff"));
    }
}
