//! The one sentence that says why.

use axes_proto::control::{Counter, Enforcement, Exemption, ListEntry, Origin, Verdict};
use axes_proto::text::Label;

use super::Why;
use crate::ctl::text::{amount, whom};

impl Why {
    /// What decides.
    pub(super) fn reason(&self) -> String {
        match &self.explanation.verdict {
            Verdict::Admitted => self.nothing_against_it(),
            Verdict::Exempt(exemption) => exempt(exemption),
            Verdict::Locked(counter, name) => at_its_limit(counter, name.as_ref()),
            Verdict::Blacklisted(listed) => format!("The blacklist names {}.", entry(listed)),
            Verdict::NotWhitelisted => {
                "Only addresses in the whitelist may log in (only_whitelist), and this is none."
                    .to_owned()
            }
            Verdict::Unkept => "Attempts cannot be written to disk, and until they can whoever is \
                                counted is refused (on_store_error)."
                .to_owned(),
        }
    }

    fn nothing_against_it(&self) -> String {
        let service = &self.explanation.client.service;
        let counted = match self.explanation.enforcement {
            Enforcement::Monitor => {
                "Failures are counted, but lock nobody out (lock_out_at_failure)".to_owned()
            }
            Enforcement::OtherServices => {
                format!("Failures in {service} are counted, but lock nobody out there (services)")
            }
            Enforcement::PanicOff => {
                "While panic-off holds, failures are counted, but nobody is refused".to_owned()
            }
            Enforcement::On | Enforcement::Off | Enforcement::StoreFails => return self.free(),
        };
        let locked = self.counters.iter().any(|counter| counter.locked_ms.is_some());
        if locked { format!("{counted}; else it would be locked.") } else { format!("{counted}.") }
    }

    fn free(&self) -> String {
        match self.explanation.failures_left {
            None => "Nothing speaks against it, and no counter counts it.".to_owned(),
            Some(1) => "Nothing speaks against it; the next failure locks it.".to_owned(),
            Some(left) => format!("Nothing speaks against it; {left} more failures lock it."),
        }
    }
}

fn at_its_limit(counter: &Counter, name: Option<&Label>) -> String {
    let Counter { failures, limit, .. } = counter;
    let named = name.map(|name| format!(" {name}")).unwrap_or_default();
    let whom = whom(counter);
    let failures = amount(u64::from(*failures), "failure");
    format!("Counter{named} of {whom} is locked: {failures}, and its limit is {limit}.")
}

fn exempt(exemption: &Exemption) -> String {
    match exemption {
        Exemption::Off => "Protection is switched off: nobody is counted or refused.".to_owned(),
        Exemption::Whitelisted(listed) => {
            format!("Never counted, never refused: the whitelist names {}.", entry(listed))
        }
        Exemption::RootConsole => {
            "Root at the console of this machine is never locked (even_deny_root).".to_owned()
        }
        Exemption::DirectoryAccount => {
            "A directory keeps the account, which is left to it (local_users_only).".to_owned()
        }
    }
}

fn entry(listed: &ListEntry) -> String {
    let subject = &listed.subject;
    match listed.origin {
        Origin::Configured => format!("{subject}, in the configuration"),
        Origin::RunTime => format!("{subject}, by an entry made with axesctl"),
    }
}
