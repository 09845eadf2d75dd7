//! One line of a replay.

use axes_policy::attempt::Outcome;
use axes_policy::client::{Address, Client};
use axes_policy::filter::{AddressFilter, Filter};
use axes_proto::text::{Host, Label, Name};
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;

use crate::replay::moment::Moment;

/// What happens.
#[derive(Debug)]
pub(super) enum Event {
    /// A whole attempt.
    Attempt(Client, Outcome),
    /// Nothing; what would happen?
    Check(Client),
    /// An attempt goes to be verified.
    Begin(String, Client),
    /// And comes back.
    Verdict(String, Outcome),
    /// Failures are forgotten.
    Reset(Resets),
    /// The settings change.
    Configure(String),
}

/// Filters of which a failure has to match any.
#[derive(Debug)]
pub(super) struct Resets(pub(super) Vec<Filter>);

/// A line as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Line {
    at: Option<Value>,
    event: String,
    token: Option<String>,
    user: Option<String>,
    address: Option<String>,
    service: Option<String>,
    tty: Option<String>,
    ruser: Option<String>,
    outcome: Option<String>,
    #[serde(rename = "match")]
    matching: Option<String>,
    all: Option<bool>,
    config: Option<String>,
}

/// Reads one line; an event without a time happens at the last one.
pub(super) fn parse(text: &[u8], last: Moment) -> Result<(Moment, Event), String> {
    let line: Line = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let moment = line.at.as_ref().map_or(Ok(last), Moment::parse)?;
    let event = match line.event.as_str() {
        "attempt" => Event::Attempt(line.client(), line.outcome()?),
        "check" => Event::Check(line.client()),
        "begin" => Event::Begin(line.token()?, line.client()),
        "verdict" => Event::Verdict(line.token()?, line.outcome()?),
        "reset" => Event::Reset(line.resets()?),
        "configure" => Event::Configure(line.config.ok_or("configure needs a config")?),
        "" => return Err("the event has no name".to_owned()),
        other => return Err(format!("the event {other:?} does not exist")),
    };
    Ok((moment, event))
}

impl Line {
    fn client(&self) -> Client {
        let text = |it: &Option<String>| it.clone().unwrap_or_default();
        let label = |it: &Option<String>| it.as_deref().map(|it| word(&Label::from_typed(it)));
        Client {
            user: word(&Name::from_typed(&text(&self.user))),
            address: Address::parse(Host::from_typed(&text(&self.address)).as_str()),
            service: label(&self.service).unwrap_or_default(),
            tty: label(&self.tty),
            ruser: self.ruser.as_deref().map(|it| word(&Name::from_typed(it))),
        }
    }

    fn outcome(&self) -> Result<Outcome, String> {
        match self.outcome.as_deref() {
            Some("success") => Ok(Outcome::Success),
            Some("failure") => Ok(Outcome::Failure),
            Some("abandoned") => Ok(Outcome::Abandoned),
            Some("error") => Ok(Outcome::Error),
            other => Err(format!(
                "outcome: {} is not success, failure, abandoned or error",
                other.unwrap_or("nothing")
            )),
        }
    }

    fn token(&self) -> Result<String, String> {
        self.token.clone().ok_or_else(|| format!("{} needs a token", self.event))
    }

    fn resets(&self) -> Result<Resets, String> {
        if self.all == Some(true) {
            return Ok(Resets(vec![Filter::default()]));
        }
        let (user, address, service) = (&self.user, &self.address, &self.service);
        if [user, address, service].into_iter().all(|it| it.as_deref().unwrap_or("").is_empty()) {
            return Err("reset needs a user, an address, a service, or \"all\": true".to_owned());
        }
        let user = user.as_deref().map(|it| word(&Name::from_typed(it)));
        let address = address.as_deref().map(AddressFilter::parse);
        let service = service.as_deref().map(|it| word(&Label::from_typed(it)));
        match self.matching.as_deref() {
            None | Some("all") => Ok(Resets(vec![Filter { user, address, service }])),
            Some("any") => Ok(Resets(any(user, address, service))),
            Some(other) => Err(format!("match: {other:?} is not all or any")),
        }
    }
}

fn any(
    user: Option<SmolStr>,
    address: Option<AddressFilter>,
    service: Option<SmolStr>,
) -> Vec<Filter> {
    let none = Filter::default;
    let user = user.map(|user| Filter { user: Some(user), ..none() });
    let address = address.map(|address| Filter { address: Some(address), ..none() });
    let service = service.map(|service| Filter { service: Some(service), ..none() });
    [user, address, service].into_iter().flatten().collect()
}

fn word<const MAX: usize>(text: &axes_proto::Text<MAX>) -> SmolStr {
    text.as_str().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_event_says_why() {
        for (text, words) in [
            ("", "EOF"),
            ("{\"event\": \"attempt\"}", "outcome"),
            ("{\"event\": \"attempt\", \"outcome\": \"refused\"}", "refused is not"),
            ("{\"event\": \"dance\"}", "dance"),
            ("{\"event\": \"begin\"}", "token"),
            ("{\"event\": \"reset\", \"user\": \"\"}", "all"),
            ("{\"event\": \"check\", \"usr\": \"a\"}", "usr"),
            ("{\"event\": \"check\", \"at\": \"noon\"}", "RFC 3339"),
            ("{\"at\": 1}", "no name"),
        ] {
            let error = parse(text.as_bytes(), Moment::START).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
