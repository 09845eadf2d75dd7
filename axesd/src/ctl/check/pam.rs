//! The services of PAM: does axesd decide before a password is looked at?

mod account;
mod auth;
mod control;
pub(in crate::ctl) mod file;
mod lines;
pub(in crate::ctl) mod modules;
#[cfg(test)]
pub(in crate::ctl) mod samples;
pub(in crate::ctl) mod stack;
pub(in crate::ctl) mod walk;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use lines::{Installed, Lines, installed};

use self::file::Phase;
use self::stack::{FOLDERS, Files, Step};
use super::finding::{Finding, Place};
use super::rule::Rule;
use super::tree::Tree;

/// Files that are there to be included, never services by themselves.
const PARTS: [&str; 11] = [
    "base-",
    "common-",
    "system-auth",
    "password-auth",
    "fingerprint-auth",
    "smartcard-auth",
    "postlogin",
    "system-login",
    "system-local-login",
    "system-remote-login",
    "system-services",
];
/// What editors and package managers leave beside a file.
const LEFTOVERS: [&str; 5] = ["~", ".dpkg-", ".rpm", ".bak", ".ucf-"];

/// A service with the lines of its two phases.
#[derive(Debug)]
pub(in crate::ctl) struct Service {
    pub(in crate::ctl) name: String,
    pub(in crate::ctl) auth: Vec<Step>,
    pub(in crate::ctl) account: Vec<Step>,
}

/// Something that is wrong with a service, and often with many in the same way.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    rule: &'static Rule,
    place: Place,
    /// What follows the names of the services.
    text: String,
    fix: String,
}

/// Reads all services.
pub(in crate::ctl) fn services(tree: &mut Tree) -> Vec<Service> {
    let mut files = Files::default();
    let other_account = files.stack(tree, "other", Phase::Account);
    let mut service = |tree: &mut Tree, name: String| {
        let auth = files.stack(tree, &name, Phase::Auth);
        let mut account = files.stack(tree, &name, Phase::Account);
        if account.is_empty() {
            // What a service does not say, libpam reads in `other`.
            account.clone_from(&other_account);
        }
        Service { name, auth, account }
    };
    let names = names(tree);
    names.into_iter().map(|name| service(tree, name)).collect()
}

/// What is wrong with them.
pub(in crate::ctl) fn judge<'a>(services: impl IntoIterator<Item = &'a Service>) -> Vec<Finding> {
    let mut problems: BTreeMap<(String, Place, String), (Problem, Vec<&str>)> = BTreeMap::new();
    for service in services {
        let found = auth::problems(&service.auth, &service.account);
        for problem in found.into_iter().chain(account::problems(&service.auth, &service.account)) {
            let key = (problem.rule.id(), problem.place.clone(), problem.text.clone());
            let (_, names) = problems.entry(key).or_insert((problem, Vec::new()));
            names.push(&service.name);
        }
    }
    let finding = |(problem, names): (Problem, Vec<&str>)| {
        let message = format!("{}: {}", names.join(", "), problem.text);
        problem.rule.found(problem.place, message, problem.fix)
    };
    problems.into_values().map(finding).collect()
}

fn names(tree: &mut Tree) -> BTreeSet<String> {
    let names = FOLDERS.iter().filter_map(|folder| tree.names(folder.as_ref())).flatten();
    let is_service = |name: &String| {
        !PARTS.iter().any(|part| name.starts_with(part))
            && !LEFTOVERS.iter().any(|part| name.contains(part))
    };
    names.filter(is_service).collect()
}

#[cfg(test)]
mod tests {
    use super::samples::{all, ids};
    use super::*;

    const UNIX: &str = "auth [success=1 default=ignore] pam_unix.so nullok\n\
        auth requisite pam_deny.so\nauth required pam_permit.so\n";

    #[test]
    fn services_with_the_same_problem_are_one_finding() {
        let services = all(&[
            ("sshd", "@include common-auth"),
            ("login", "auth optional pam_faildelay.so delay=3000000\n@include common-auth"),
            (
                "sudo",
                "auth requisite pam_axes.so\n@include common-auth\naccount required pam_axes.so",
            ),
            ("other", "@include common-auth"),
            ("runuser", "auth sufficient pam_rootok.so"),
            ("sshd.dpkg-old", "auth required pam_unix.so"),
            ("common-auth", UNIX),
        ]);
        let findings = judge(&services);
        assert_eq!(ids(&findings), ["axes.E004 /etc/pam.d/common-auth:1"]);
        assert!(findings[0].message.starts_with("login, other, sshd: "), "{findings:?}");
    }

    #[test]
    fn the_account_phase_of_other_stands_in_where_there_is_none() {
        let axes = format!("auth requisite pam_axes.so\n{UNIX}");
        let with = "account required pam_axes.so\naccount required pam_permit.so";
        assert_eq!(judge(&all(&[("sshd", &axes), ("other", with)])), []);
        let without = judge(&all(&[("sshd", &axes), ("other", "account required pam_deny.so")]));
        assert_eq!(ids(&without), ["axes.W012 /etc/pam.d/sshd:1"]);
    }
}
