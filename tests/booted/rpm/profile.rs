//! authselect's profile, as it would be written into a guest.

use std::collections::BTreeSet;

use axes_e2e::authselect::{features, render};
use axes_e2e::guest::{Done, GuestError};
use serde_json::Value;

use crate::host::Host;
use crate::lab::Outcome;

/// The files of the profile, as they are packed.
macro_rules! templates {
    ($($name:literal),*) => {
        &[$(($name, include_str!(concat!("../../../packaging/authselect/axes/", $name)))),*]
    };
}

const STACKS: &[(&str, &str)] = templates!(
    "system-auth",
    "password-auth",
    "fingerprint-auth",
    "smartcard-auth",
    "switchable-auth",
    "postlogin"
);
const REST: &[(&str, &str)] =
    templates!("nsswitch.conf", "dconf-db", "dconf-locks", "README", "REQUIREMENTS");

/// As Fedora's sshd has it.
const SSHD: &str = "\
auth       substack     password-auth
auth       include      postlogin
account    required     pam_nologin.so
account    include      password-auth
password   include      password-auth
session    include      password-auth
session    include      postlogin
";

/// Whatever includes Debian's files comes to those of the profile.
const COMMON: &[(&str, &str)] = &[
    ("common-auth", "auth substack system-auth\nauth include postlogin\n"),
    ("common-account", "account include system-auth\n"),
    ("common-password", "password include system-auth\n"),
    ("common-session", "session include system-auth\nsession include postlogin\n"),
    ("common-session-noninteractive", "session include system-auth\n"),
];

/// What `authselect select axes FEATURE...` would write, and services that use it.
pub(super) fn select(host: &Host, features: &[&str]) -> Result<(), GuestError> {
    host.guest.sh("mkdir -p /etc/authselect")?;
    for (name, template) in STACKS {
        host.guest.write(&format!("/etc/authselect/{name}"), &render(template, features))?;
        host.guest.sh(&format!("ln -sf /etc/authselect/{name} /etc/pam.d/{name}"))?;
    }
    for (name, text) in COMMON {
        host.guest.write(&format!("/etc/pam.d/{name}"), text)?;
    }
    host.guest.write("/etc/pam.d/sshd", SSHD)?;
    let (_, names) = REST.first().expect("nsswitch.conf");
    host.guest.write("/etc/nsswitch.conf", &render(names, features))
}

/// The features that the templates know.
pub(super) fn known_features() -> BTreeSet<String> {
    let templates = STACKS.iter().chain(REST).filter(|(name, _)| *name != "README");
    templates.flat_map(|(_, template)| features(template)).collect()
}

/// A service that is one stack of the profile.
pub(super) fn write_service(
    host: &Host,
    stack: &str,
    service: &str,
    features: &[&str],
) -> Result<(), GuestError> {
    let (_, template) = STACKS.iter().find(|(name, _)| *name == stack).expect("a stack");
    host.guest.write(&format!("/etc/pam.d/{service}"), &render(template, features))
}

/// A whole login through a service, in one process.
pub(super) fn answer(
    host: &Host,
    service: &str,
    user: &str,
    password: &str,
) -> Result<Done, GuestError> {
    let steps = ["authenticate", "acct_mgmt", "open_session", "close_session"];
    let words = [&["pamtester", service, user][..], &steps].concat();
    host.guest.run_with_input(&words, &format!("{password}\n"))
}

pub(super) fn readme(_: &Host) -> Outcome {
    let (_, readme) = REST.iter().find(|(name, _)| *name == "README").expect("a README");
    let described = readme.lines().filter_map(|line| line.strip_suffix("::")).map(str::to_owned);
    assert_eq!(described.collect::<BTreeSet<_>>(), known_features());
    Ok(())
}

/// What is found elsewhere, in services of Debian's packages, is not this profile's.
pub(super) fn check(host: &Host) -> Outcome {
    let found = |features: &[&str]| -> Result<Vec<String>, GuestError> {
        select(host, features)?;
        let done = host.guest.run(&["axesctl", "check", "--json"])?;
        let shown: Value = serde_json::from_str(&done.out).expect("JSON");
        let findings = shown["findings"].as_array().expect("findings").iter();
        let places = findings.map(|it| format!("{} {}", it["id"], it["where"]));
        Ok(places.filter(|place| place.contains("/pam.d/") && place.contains("-auth:")).collect())
    };
    let features = ["with-axes", "with-sssd", "with-fingerprint", "without-nullok"];
    assert_eq!(found(&features)?, Vec::<String>::new());
    let (_, without) = features.split_first().expect("features");
    assert!(!found(without)?.is_empty(), "the check looks at the profile");
    Ok(())
}
