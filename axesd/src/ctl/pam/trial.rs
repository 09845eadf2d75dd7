//! Real logins at the services whose files were edited, before and after.
//!
//! A made-up user types a wrong answer. Some services tell nothing that way: su lets root in
//! without a question, login wants a terminal. What a service did before says which.

use std::path::Path;

use super::managed::Verb;
use super::{Change, enable};
use crate::ctl::error::CtlError;
use crate::ctl::pam::stacks::Stacks;
use crate::ctl::selftest::{Check, EXPECTED_FAILURE, Login, Seen, Witness, judged, try_login};

/// Services that are tried at most; each may take as long as its modules want.
const MOST: usize = 20;

/// The services to try again.
#[derive(Debug)]
pub(super) struct Trials<'a> {
    socket: &'a Path,
    comparable: Vec<String>,
    /// Services, each with the reason.
    pub(super) not_tried: Vec<(String, String)>,
}

impl<'a> Trials<'a> {
    /// Tries the services as they are.
    pub(super) fn before(
        verb: Verb,
        socket: &'a Path,
        services: &[String],
    ) -> Result<Self, CtlError> {
        let mut trials = Self { socket, comparable: Vec::new(), not_tried: Vec::new() };
        for (index, service) in services.iter().enumerate() {
            let seen = match index < MOST {
                true => Some(trials.seen(verb, service)?),
                false => None,
            };
            match seen {
                Some(seen) if is_comparable(seen) => trials.comparable.push(service.clone()),
                Some(seen) => trials.not_tried.push((service.clone(), seen.to_string())),
                None => trials.not_tried.push((service.clone(), format!("more than {MOST}"))),
            }
        }
        Ok(trials)
    }

    /// Looks at the files as they are now, and tries again.
    pub(super) fn after(
        &mut self,
        stacks: &mut Stacks,
        change: &Change,
    ) -> Result<Vec<Check>, CtlError> {
        let mut checks = Vec::new();
        for service in &self.comparable {
            checks.push(match change.verb {
                Verb::Enable => self.counted(service)?,
                Verb::Disable => still_refuses(service, self.seen(change.verb, service)?),
            });
        }
        if change.verb == Verb::Enable {
            checks.push(rules(stacks, &self.comparable));
        }
        Ok(checks)
    }

    fn seen(&self, verb: Verb, service: &str) -> Result<Seen, CtlError> {
        if verb == Verb::Enable {
            return Ok(try_login(&Witness::call(self.socket, service)?.login())?);
        }
        // Without axesd too; where it runs and counts, it counts somebody whom nobody knows.
        match Witness::call(self.socket, service) {
            Ok(witness) => Ok(try_login(&witness.login())?),
            Err(_) => Ok(try_login(&Login::of_a_stranger(service))?),
        }
    }

    fn counted(&self, service: &str) -> Result<Check, CtlError> {
        let mut witness = Witness::call(self.socket, service)?;
        let seen = try_login(&witness.login())?;
        let told = witness.told()?;
        Ok(judged(format!("{service}: a wrong answer"), EXPECTED_FAILURE, &seen, &told))
    }
}

/// A question was asked, and a wrong answer was nothing but wrong.
fn is_comparable(seen: Seen) -> bool {
    const NOBODY_KNOWS: [i32; 4] = [6, 7, 10, 11];
    matches!(seen, Seen::Ended { code, asked: true } if NOBODY_KNOWS.contains(&code))
}

fn still_refuses(service: &str, seen: Seen) -> Check {
    let good = is_comparable(seen);
    let expected = "refused";
    let found = if good { expected.to_owned() } else { seen.to_string() };
    Check { what: format!("{service}: a wrong answer"), expected, found, good }
}

/// What `axesctl check` says of the files as they are on the disk.
fn rules(stacks: &mut Stacks, services: &[String]) -> Check {
    let mut errors = services.iter().filter_map(|name| enable::errors(stacks, name));
    let found = errors.next();
    let expected = "no error";
    let good = found.is_none();
    let found = found.unwrap_or_else(|| expected.to_owned());
    Check { what: "axesctl check".to_owned(), expected, found, good }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_refusal_can_be_compared() {
        assert!(is_comparable(Seen::Ended { code: 7, asked: true }));
        for seen in [
            Seen::Ended { code: 0, asked: false },
            Seen::Ended { code: 0, asked: true },
            Seen::Ended { code: 7, asked: false },
            Seen::Ended { code: 9, asked: true },
            Seen::Crashed(11),
            Seen::TimedOut,
        ] {
            assert!(!is_comparable(seen), "{seen:?}");
            assert!(!still_refuses("sshd", seen).good);
        }
    }
}
