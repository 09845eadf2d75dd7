//! Real logins at the services whose files were edited, before and after.
//!
//! A made-up user types a wrong answer. Some services tell nothing that way: su lets root in
//! without a question, login wants a terminal. What a service did before says which.

use std::path::Path;
use std::time::{Duration, Instant};

use super::managed::Verb;
use super::{enable, status};
use crate::ctl::error::CtlError;
use crate::ctl::pam::stacks::Stacks;
use crate::ctl::selftest::{Check, EXPECTED_FAILURE, Login, Seen, Witness, judged, try_login};

/// How long all of them may take; a module may wait for a directory server that is down.
const BUDGET: Duration = Duration::from_secs(60);

/// The services to try again.
#[derive(Debug)]
pub(super) struct Trials<'a> {
    verb: Verb,
    socket: &'a Path,
    comparable: Vec<String>,
    /// Services, each with the reason.
    pub(super) not_tried: Vec<(String, String)>,
    planned: Vec<Planned>,
}

/// A service as it is to be.
#[derive(Debug)]
struct Planned {
    name: String,
    /// What `axesctl check` is to say.
    errors: Option<String>,
    /// A line of pam_axes stands before its secrets. It does not where only its account phase is
    /// edited, or where it has a module of its own that comes first.
    protected: bool,
}

impl<'a> Trials<'a> {
    /// Tries the services as they are; the stacks are as they are to be.
    pub(super) fn before(
        verb: Verb,
        socket: &'a Path,
        stacks: &mut Stacks,
        services: &[String],
    ) -> Result<Self, CtlError> {
        let planned = services.iter().map(|name| Planned {
            name: name.clone(),
            errors: enable::errors(stacks, name),
            protected: status::protects(&stacks.service(name)),
        });
        let planned = planned.collect();
        let (comparable, not_tried) = (Vec::new(), Vec::new());
        let mut trials = Self { verb, socket, comparable, not_tried, planned };
        let begun = Instant::now();
        for service in services {
            let why_not = match begun.elapsed() < BUDGET {
                true => Some(trials.seen(service)?).filter(|seen| !is_comparable(*seen)),
                false => Some(Seen::TimedOut),
            };
            match why_not {
                None => trials.comparable.push(service.clone()),
                Some(seen) => trials.not_tried.push((service.clone(), seen.to_string())),
            }
        }
        Ok(trials)
    }

    /// Looks at the files as they are now, and tries again.
    pub(super) fn after(&self, stacks: &mut Stacks) -> Result<Vec<Check>, CtlError> {
        let mut checks = vec![self.rules(stacks)];
        for service in &self.comparable {
            let protected = self.planned.iter().any(|it| it.name == *service && it.protected);
            checks.push(match (self.verb, protected) {
                (Verb::Enable, true) => self.counted(service)?,
                _ => still_refuses(service, self.seen(service)?),
            });
        }
        Ok(checks)
    }

    fn seen(&self, service: &str) -> Result<Seen, CtlError> {
        match (Witness::call(self.socket, service), self.verb) {
            (Ok(witness), _) => Ok(try_login(&witness.login())?),
            (Err(error), Verb::Enable) => Err(error),
            // Lines can be taken out without axesd too.
            (Err(_), Verb::Disable) => Ok(try_login(&Login::of_a_stranger(service))?),
        }
    }

    fn counted(&self, service: &str) -> Result<Check, CtlError> {
        let mut witness = Witness::call(self.socket, service)?;
        let seen = try_login(&witness.login())?;
        let told = witness.told()?;
        Ok(judged(format!("{service}: a wrong answer"), EXPECTED_FAILURE, &seen, &told))
    }

    /// Whether the files on the disk are what was judged before.
    fn rules(&self, stacks: &mut Stacks) -> Check {
        let mut others = self.planned.iter().filter_map(|Planned { name, errors, .. }| {
            let found = enable::errors(stacks, name);
            (found != *errors).then(|| format!("{name}: {}", found.unwrap_or_default()))
        });
        let found = others.next();
        let (good, expected) = (found.is_none(), "as planned");
        let found = found.unwrap_or_else(|| expected.to_owned());
        Check { what: "axesctl check".to_owned(), expected, found, good }
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
