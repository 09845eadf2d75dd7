//! The second word of a PAM line: what libpam does with the answer of a module.

use std::collections::HashMap;

/// What libpam does with one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Action {
    Ignore,
    Ok,
    /// As `Ok`, and the stack ends unless something failed before.
    Done,
    Bad,
    /// As `Bad`, and the stack ends.
    Die,
    /// What came before is forgotten.
    Reset,
    /// So many modules are left out.
    Jump(usize),
}

/// What libpam does with each answer, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ctl) struct Control(HashMap<String, Action>);

impl Control {
    /// Reads a keyword, or what stands between brackets.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let pairs = match text.as_str() {
            "required" => "success=ok new_authtok_reqd=ok ignore=ignore default=bad",
            "requisite" => "success=ok new_authtok_reqd=ok ignore=ignore default=die",
            "sufficient" => "success=done new_authtok_reqd=done default=ignore",
            "optional" => "success=ok new_authtok_reqd=ok default=ignore",
            other => other,
        };
        let pairs = pairs.split_whitespace().filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(answer, action)| (answer.to_owned(), Action::parse(action))).collect())
    }

    /// What is done with an answer.
    pub(super) fn on(&self, answer: &str) -> Action {
        let action = self.0.get(answer).or_else(|| self.0.get("default"));
        // What is not mentioned is a failure.
        action.copied().unwrap_or(Action::Bad)
    }

    /// How many modules the jumps leave out.
    pub(in crate::ctl) fn jumps(&self) -> impl Iterator<Item = usize> {
        self.0.values().filter_map(|action| match action {
            Action::Jump(count) => Some(*count),
            _ => None,
        })
    }

    /// What is done with the answers that are failures.
    pub(super) fn on_failures(&self) -> Vec<Action> {
        let failures = self.0.keys().filter(|answer| {
            !["success", "new_authtok_reqd", "ignore", "default"].contains(&answer.as_str())
        });
        failures.map(String::as_str).chain(["any other"]).map(|answer| self.on(answer)).collect()
    }
}

impl Action {
    fn parse(text: &str) -> Self {
        match text {
            "ignore" => Self::Ignore,
            "ok" => Self::Ok,
            "done" => Self::Done,
            "die" => Self::Die,
            "reset" => Self::Reset,
            number => match number.parse() {
                Ok(0) | Err(_) => Self::Bad,
                Ok(count) => Self::Jump(count),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_brackets_say_the_same() {
        let requisite = Control::parse("requisite");
        assert_eq!(requisite.on("success"), Action::Ok);
        assert_eq!(requisite.on("ignore"), Action::Ignore);
        assert_eq!(requisite.on("maxtries"), Action::Die);
        assert_eq!(Control::parse("OPTIONAL").on("auth_err"), Action::Ignore);
        let jump = Control::parse("success=2 auth_err=die default=ignore");
        assert_eq!(jump.on("success"), Action::Jump(2));
        assert_eq!(jump.on("ignore"), Action::Ignore);
        assert_eq!(jump.on_failures(), [Action::Die, Action::Ignore]);
    }

    #[test]
    fn what_is_not_said_or_not_understood_is_a_failure() {
        let control = Control::parse("success=ok auth_err=whatever");
        assert_eq!(control.on("maxtries"), Action::Bad);
        assert_eq!(control.on("auth_err"), Action::Bad);
        assert_eq!(Control::parse("nonsense").on("success"), Action::Bad);
    }
}
