//! Settings that are allowed, and unwise.

use axes_policy::settings::Services;
use ipnetwork::IpNetwork;

use super::finding::{Finding, Place};
use super::pam::Service;
use super::rule::{
    DUMMY, EVERYBODY_LISTED, GENEROUS, INERT_ENTRY, LOCKED_FOR_EVER, MEMORY, MONITOR,
    NO_SUCH_SERVICE, NOBODY_LISTED, OWNER_LOCKED, Rule, USER_LISTED,
};
use super::settings::{Counter, Locks, Memory, Policy, Scope};
use crate::config::Handler;

/// A counter of a user alone is filled too easily below this.
const LOW: u32 = 20;
/// A counter of user and address guards too little above this.
const HIGH: u32 = 50;

/// What is unwise; `line` says where a key is set.
pub(super) fn judge(policy: &Policy, line: impl Fn(&str) -> Option<Place>) -> Vec<Finding> {
    let mut findings: Vec<_> = store(policy, &line).into_iter().collect();
    findings.extend(lists(policy, &line));
    // Whoever is never refused is locked out by no counter.
    if policy.locks == Locks::Refuse {
        findings.extend(policy.counters.iter().flat_map(|it| counter(it, &line)));
    }
    findings
}

/// Services that are named and do not exist: a slip of the pen leaves one unprotected.
pub(super) fn services(policy: &Policy, there: &[Service], line: Option<Place>) -> Vec<Finding> {
    let Services::Only(named) = &policy.services else { return Vec::new() };
    let exists = |name: &str| there.iter().any(|service| service.name == name);
    let missing = named.iter().filter(|name| !exists(name));
    let finding = |name| {
        let message = format!("{name} in services has no file in /etc/pam.d.");
        let fix = "Write the name of a file there, or \"*\" for all services.";
        NO_SUCH_SERVICE.found(line.clone(), message, fix)
    };
    missing.map(finding).collect()
}

fn store(policy: &Policy, line: &impl Fn(&str) -> Option<Place>) -> Option<Finding> {
    let (rule, key, message, fix): (&'static Rule, _, _, _) = match policy.handler {
        Handler::Dummy => (
            &DUMMY,
            "handler",
            "the handler is dummy: nobody is counted and nobody is refused.",
            "Set `handler = \"sled\"` in [store] and restart axesd.",
        ),
        Handler::Memory => (
            &MEMORY,
            "handler",
            "the handler is memory: a restart of axesd lets everybody in again.",
            "Set `handler = \"sled\"` in [store] and restart axesd.",
        ),
        Handler::Sled if policy.locks == Locks::AreOff => (
            &DUMMY,
            "enabled",
            "enabled is false: nobody is counted and nobody is refused.",
            "Set `enabled = true` and run `axesctl reload`.",
        ),
        Handler::Sled if policy.locks == Locks::AreOnlyLogged => (
            &MONITOR,
            "lock_out_at_failure",
            "lock_out_at_failure is false: failures are counted and logged, and lock nobody out.",
            "Set `lock_out_at_failure = true` when you have seen enough.",
        ),
        Handler::Sled => return None,
    };
    Some(rule.found(line(key), message, fix))
}

fn lists(policy: &Policy, line: &impl Fn(&str) -> Option<Place>) -> Vec<Finding> {
    let Policy { whitelist, blacklist, .. } = policy;
    let mut findings = Vec::new();
    if policy.only_whitelist && whitelist.is_empty() {
        findings.push(NOBODY_LISTED.found(
            line("only_whitelist"),
            "only_whitelist is true and ip_whitelist is empty: no remote login is let in.",
            "Write your networks into ip_whitelist, or set `only_whitelist = false`.",
        ));
    }
    for network in whitelist.iter().filter(|network| network.prefix() == 0) {
        findings.push(EVERYBODY_LISTED.found(
            line("ip_whitelist"),
            format!("{network} in ip_whitelist is everybody: nobody there is counted or refused."),
            format!("Take {network} out and write the networks that you trust."),
        ));
    }
    for who in &policy.listed_users {
        findings.push(USER_LISTED.found(
            line("username_whitelist"),
            format!("{who} in username_whitelist can be guessed at without a limit."),
            format!("Take {who} out, and write the networks that you trust into ip_whitelist."),
        ));
    }
    for entry in whitelist {
        let around = blacklist.iter().find(|network| holds(network, entry));
        findings.extend(around.map(|network| {
            INERT_ENTRY.found(
                line("ip_whitelist"),
                format!(
                    "{entry} in ip_whitelist does nothing: {network} in ip_blacklist refuses it."
                ),
                format!("Take {entry} out of ip_whitelist, or narrow {network} in ip_blacklist."),
            )
        }));
    }
    findings
}

/// Whether all of a network lies inside another.
fn holds(outer: &IpNetwork, inner: &IpNetwork) -> bool {
    outer.prefix() <= inner.prefix() && outer.contains(inner.ip())
}

fn counter(counter: &Counter, line: &impl Fn(&str) -> Option<Place>) -> Vec<Finding> {
    let Counter { name, scope, limit, memory } = counter;
    let mut findings = Vec::new();
    if *memory == Memory::ForEver && *scope != Scope::Pair {
        findings.push(LOCKED_FOR_EVER.found(
            line("cooloff_time"),
            format!("the counter of {name} never forgets: a stranger can fill it for good."),
            "Set a `cooloff_time` such as \"15m\", or count username and ip_address together.",
        ));
    }
    let named = line("failure_limit").or_else(|| line("lockout_parameters"));
    if *scope == Scope::User && *limit < LOW {
        findings.push(OWNER_LOCKED.found(
            line("lockout_parameters").or_else(|| named.clone()),
            format!("{limit} wrong passwords from anywhere fill the counter of {name}."),
            format!("Count [\"username\", \"ip_address\"], or use a limit of {LOW} or more."),
        ));
    }
    if *scope == Scope::Pair && *limit > HIGH {
        findings.push(GENEROUS.found(
            named,
            format!("the counter of {name} lets {limit} passwords be guessed before it locks."),
            format!("Set a limit of {HIGH} or less; 5 is the default."),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::pam::samples::ids;
    use super::*;
    use crate::config;

    fn found(text: &str) -> Vec<String> {
        let config = config::from_text(text).unwrap();
        ids(&judge(&Policy::of(&config), |_| None))
    }

    #[test]
    fn the_default_is_wise() {
        assert_eq!(found(""), [""; 0]);
    }

    #[test]
    fn a_store_that_forgets_or_locks_nobody_is_found() {
        assert_eq!(found("[store]\nhandler = \"dummy\""), ["axes.W001"]);
        assert_eq!(found("[store]\nhandler = \"memory\""), ["axes.W002"]);
        assert_eq!(found("lock_out_at_failure = false"), ["axes.N001"]);
        assert_eq!(found("enabled = false"), ["axes.W001"]);
        // Nobody is locked out, however low the limit is.
        let low = "lock_out_at_failure = false\nlockout_parameters = [\"username\"]";
        assert_eq!(found(low), ["axes.N001"]);
    }

    #[test]
    fn only_whitelist_needs_a_whitelist() {
        assert_eq!(found("only_whitelist = true"), ["axes.E003"]);
        assert_eq!(found("only_whitelist = true\nip_whitelist = [\"192.0.2.0/24\"]"), [""; 0]);
    }

    #[test]
    fn a_whitelist_of_everybody_is_found() {
        let everybody = "ip_whitelist = [\"0.0.0.0/0\", \"::/0\", \"10.0.0.0/8\"]";
        assert_eq!(found(everybody), ["axes.W004", "axes.W004"]);
    }

    #[test]
    fn a_user_on_the_whitelist_is_found() {
        let listed = found("username_whitelist = [\"alice\", \"@staff\", \"1000-\"]");
        assert_eq!(listed, ["axes.W021"; 3]);
    }

    #[test]
    fn an_entry_inside_the_blacklist_is_inert_and_one_around_it_is_not() {
        let lists = |white, black| {
            found(&format!("ip_whitelist = [\"{white}\"]\nip_blacklist = [\"{black}\"]"))
        };
        assert_eq!(lists("192.0.2.7", "192.0.2.7"), ["axes.W005"]);
        assert_eq!(lists("192.0.2.0/28", "192.0.2.0/24"), ["axes.W005"]);
        assert_eq!(lists("::ffff:192.0.2.7", "192.0.2.0/24"), ["axes.W005"]);
        assert_eq!(lists("192.0.2.0/24", "192.0.2.7"), [""; 0]);
        assert_eq!(lists("192.0.2.0/24", "2001:db8::/32"), [""; 0]);
    }

    #[test]
    fn a_lock_for_ever_is_found_unless_it_takes_the_pair() {
        let never = |parameters| {
            let text = "cooloff_time = \"never\"\nfailure_limit = 30\nlockout_parameters = ";
            found(&format!("{text}{parameters}"))
        };
        assert_eq!(never("[\"ip_address\"]"), ["axes.W006"]);
        assert_eq!(never("[\"username\"]"), ["axes.W006"]);
        assert_eq!(never("[[\"username\", \"ip_address\"]]"), [""; 0]);
    }

    #[test]
    fn limits_that_are_too_low_or_too_high_for_their_counter_are_found() {
        let limit = |limit: u32, parameters| {
            found(&format!("failure_limit = {limit}\nlockout_parameters = {parameters}"))
        };
        assert_eq!(limit(19, "[\"username\"]"), ["axes.W007"]);
        assert_eq!(limit(19, "[[\"username\", \"service\"]]"), ["axes.W007"]);
        assert_eq!(limit(20, "[\"username\"]"), [""; 0]);
        assert_eq!(limit(51, "[[\"username\", \"ip_address\"]]"), ["axes.W008"]);
        assert_eq!(limit(50, "[[\"username\", \"ip_address\"]]"), [""; 0]);
        assert_eq!(limit(51, "[\"ip_address\"]"), [""; 0]);
    }
}
