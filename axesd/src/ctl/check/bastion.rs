//! Addresses behind which there are many users.

use std::collections::{BTreeMap, BTreeSet};

use axes_policy::client::Address;
use axes_proto::control::{Attempt, Outcome};
use axes_proto::pam;
use ipnetwork::IpNetwork;

use super::finding::Finding;
use super::rule::BASTION;
use super::settings::{Locks, Policy, Scope};

/// So many users who logged in from one address share it; fewer may be a household.
const MANY: usize = 5;

/// Looks for them among attempts; a counter that looks at the address alone would lock them all.
pub(super) fn judge(attempts: &[Attempt], policy: &Policy) -> Vec<Finding> {
    let shared = policy.counters.iter().any(|counter| counter.scope == Scope::Address);
    if !shared || policy.locks != Locks::Refuse {
        return Vec::new();
    }
    let crowded = crowded(attempts).into_iter();
    let counted = crowded.filter(|(address, _)| {
        let trusted = policy.proxies.find(&Address::parse(address)).is_some();
        !trusted && !is_listed(address, &policy.whitelist)
    });
    let finding = |(address, users)| {
        let message = format!(
            "{users} users logged in from {address}, and one of them can lock out all the others."
        );
        BASTION.found(None, message, format!("Add \"{address}\" to trusted_proxies."))
    };
    counted.map(finding).collect()
}

/// Remote addresses from which many users logged in, and how many.
fn crowded(attempts: &[Attempt]) -> BTreeMap<&str, usize> {
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let success = Outcome::Reported(pam::Outcome::Success);
    for attempt in attempts.iter().filter(|attempt| attempt.outcome == success) {
        users.entry(attempt.address.as_str()).or_default().insert(attempt.username.as_str());
    }
    let counted = users.into_iter().map(|(address, users)| (address, users.len()));
    counted.filter(|(address, users)| *users >= MANY && *address != "local").collect()
}

fn is_listed(address: &str, list: &[IpNetwork]) -> bool {
    address.parse().is_ok_and(|ip| list.iter().any(|network| network.contains(ip)))
}

#[cfg(test)]
mod tests {
    use axes_proto::text::{Host, Name};

    use super::super::pam::samples::ids;
    use super::*;
    use crate::config;
    use crate::ctl::samples;

    const BOTH: &str = "lockout_parameters = [\"ip_address\", [\"username\", \"ip_address\"]]";

    fn login(user: usize, address: &str) -> Attempt {
        Attempt {
            username: Name::from_typed(&format!("user{user}")),
            address: Host::from_typed(address),
            outcome: Outcome::Reported(pam::Outcome::Success),
            ..samples::attempt()
        }
    }

    fn found(attempts: &[Attempt], settings: &str) -> Vec<String> {
        let policy = Policy::of(&config::from_text(settings).unwrap());
        ids(&judge(attempts, &policy))
    }

    fn logins(users: usize, address: &str) -> Vec<Attempt> {
        (0..users).chain(0..users).map(|user| login(user, address)).collect()
    }

    #[test]
    fn five_users_at_one_address_are_a_bastion_and_four_are_not() {
        assert_eq!(found(&logins(5, "192.0.2.7"), BOTH), ["axes.W020"]);
        assert_eq!(found(&logins(4, "192.0.2.7"), BOTH), [""; 0]);
        assert_eq!(found(&logins(5, "local"), BOTH), [""; 0]);
        let mut failures = logins(5, "192.0.2.7");
        failures.iter_mut().for_each(|attempt| attempt.outcome = Outcome::Refused);
        assert_eq!(found(&failures, BOTH), [""; 0], "an attacker tries many names");
    }

    #[test]
    fn an_address_that_is_never_locked_alone_may_be_shared() {
        let many = logins(9, "192.0.2.7");
        assert_eq!(found(&many, "lockout_parameters = [\"username\"]"), [""; 0]);
        let trusted = format!("{BOTH}\ntrusted_proxies = [\"192.0.2.7\"]");
        assert_eq!(found(&many, &trusted), [""; 0]);
        let listed = format!("{BOTH}\nip_whitelist = [\"192.0.2.0/24\"]");
        assert_eq!(found(&many, &listed), [""; 0]);
        assert_eq!(found(&many, &format!("{BOTH}\nlock_out_at_failure = false")), [""; 0]);
    }
}
