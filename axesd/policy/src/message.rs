//! Sentences with places to be filled in.

use std::fmt;

/// Longer than anybody reads at a prompt; fits the wire with everything filled in.
const LONGEST: usize = 300;
const PLACES: &str = "{left}, {until}, {user} and {help}";

/// A sentence for a person who is locked out.
#[derive(Clone, PartialEq, Eq)]
pub struct Message(Vec<Part>);

/// What a person is told whom a lockout refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    /// While the lockout ends by itself.
    pub cooloff: Message,
    /// While an administrator has to lift it.
    pub permalock: Message,
    /// Where to ask for help.
    pub help_address: String,
    /// Whether anything is said.
    pub speech: Speech,
}

/// Whether a person who is refused hears why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// Yes.
    Spoken,
    /// No: whoever guesses does not learn that he is locked out.
    Silent,
}

/// A text that is no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// More than a line.
    #[error("a message is one line of at most {LONGEST} bytes")]
    Shape,
    /// No words at all.
    #[error("an empty message says nothing; to say nothing, use silent = true")]
    Empty,
    /// A place without an end.
    #[error("a `}}` is missing after {{{0}")]
    Unclosed(String),
    /// A place that nothing belongs into.
    #[error("{{{0}}} cannot be filled in; a message knows {PLACES}")]
    Place(String),
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Left,
    Until,
    User,
    Help,
}

/// What is filled in.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// How long the lockout still lasts.
    pub left: &'a str,
    /// When it ends.
    pub until: &'a str,
    /// Who tried.
    pub user: &'a str,
    /// Where to ask for help.
    pub help: &'a str,
}

impl Message {
    /// As shipped, for a lockout that ends by itself.
    #[must_use]
    pub fn cooloff() -> Self {
        let text = |text: &str| Part::Text(text.to_owned());
        let begin = text("Too many failed logins: locked until ");
        Self(vec![begin, Part::Until, text(" (for "), Part::Left, text(").")])
    }

    /// As shipped, for one that does not.
    #[must_use]
    pub fn permalock() -> Self {
        let text = "Too many failed logins: locked until an administrator lifts it.";
        Self(vec![Part::Text(text.to_owned())])
    }

    /// The sentence with everything filled in.
    #[must_use]
    pub fn fill(&self, facts: Facts<'_>) -> String {
        let filled = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Left => facts.left.to_owned(),
            Part::Until => facts.until.to_owned(),
            Part::User => facts.user.to_owned(),
            Part::Help => facts.help.to_owned(),
        };
        self.0.iter().map(filled).collect()
    }

    /// Whether it asks for the end of the lockout, which one for ever does not have.
    #[must_use]
    pub fn names_an_end(&self) -> bool {
        self.0.contains(&Part::Left) || self.0.contains(&Part::Until)
    }
}

/// As it is written in the configuration.
impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = Facts { left: "{left}", until: "{until}", user: "{user}", help: "{help}" };
        fmt::Debug::fmt(&self.fill(places), formatter)
    }
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            cooloff: Message::cooloff(),
            permalock: Message::permalock(),
            help_address: String::new(),
            speech: Speech::Spoken,
        }
    }
}

impl std::str::FromStr for Message {
    type Err = MessageError;

    fn from_str(text: &str) -> Result<Self, MessageError> {
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(MessageError::Shape);
        }
        if text.trim().is_empty() {
            return Err(MessageError::Empty);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let unclosed = || MessageError::Unclosed(after.to_owned());
            let (name, behind) = after.split_once('}').ok_or_else(unclosed)?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::named(name)?);
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self(parts))
    }
}

impl Part {
    fn named(name: &str) -> Result<Self, MessageError> {
        match name {
            "left" => Ok(Self::Left),
            "until" => Ok(Self::Until),
            "user" => Ok(Self::User),
            "help" => Ok(Self::Help),
            _ => Err(MessageError::Place(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Message, String> {
        text.parse().map_err(|error: MessageError| error.to_string())
    }

    #[test]
    fn every_place_is_filled_in() {
        let message = read("{user}: {left} until {until}; ask {help}!").unwrap();
        let facts = Facts { left: "5m", until: "12:30", user: "alice", help: "it@example.org" };
        assert_eq!(message.fill(facts), "alice: 5m until 12:30; ask it@example.org!");
    }

    #[test]
    fn what_cannot_be_filled_in_is_refused_with_what_can() {
        for text in ["{", "{left"] {
            assert!(read(text).unwrap_err().contains("`}` is missing"), "{text}");
        }
        assert!(read(" ").unwrap_err().contains("silent"));
        for text in ["{users}", "{}"] {
            assert!(read(text).unwrap_err().contains(PLACES), "{text}");
        }
        assert!(read("two\nlines").is_err());
        assert!(read(&"x".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn the_defaults_are_what_they_are_written_as() {
        for message in [Message::cooloff(), Message::permalock()] {
            let written = format!("{message:?}");
            assert_eq!(read(written.trim_matches('"')).as_ref(), Ok(&message));
        }
    }
}
