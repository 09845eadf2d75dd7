//! authselect's profile, rendered with and without each feature, and real logins through it.

use std::collections::BTreeSet;
use std::thread;

use axes_e2e::authselect::{features as features_of, render};
use axes_e2e::guest::{Done, GuestError};
use serde_json::Value;

use crate::doors::{Door, got_in, login, ssh_keyboard, ssh_password, su, sudo};
use crate::host::{Host, RIGHT, WRONG};
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

const DOORS: &[(&str, Door)] = &[
    ("ssh", ssh_password),
    ("keyboard", ssh_keyboard),
    ("sudo", sudo),
    ("su", su),
    ("login", login),
];

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

pub(super) fn readme(_: &Host) -> Outcome {
    let templates = STACKS.iter().chain(REST).filter(|(name, _)| *name != "README");
    let known: BTreeSet<String> =
        templates.flat_map(|(_, template)| features_of(template)).collect();
    let (_, readme) = REST.iter().find(|(name, _)| *name == "README").expect("a README");
    let described = readme.lines().filter_map(|line| line.strip_suffix("::")).map(str::to_owned);
    assert_eq!(described.collect::<BTreeSet<_>>(), known);
    Ok(())
}

/// Each feature alone, none, and all; in both stacks; all at the same time, since libpam waits
/// two seconds after each wrong answer.
pub(super) fn features(host: &Host) -> Outcome {
    let all = features_of(&STACKS.iter().chain(REST).map(|(_, text)| *text).collect::<String>());
    let all = all.iter().map(String::as_str).filter(|it| *it != "with-axes").collect::<Vec<_>>();
    let mut selections = all.iter().map(|feature| vec![*feature]).collect::<Vec<_>>();
    selections.extend([vec![], all]);
    let _restored = host.afterwards("rm /etc/pam.d/tried-*; cp /var/tmp/nsswitch.conf /etc");
    host.guest.sh("cp /etc/nsswitch.conf /var/tmp")?;
    let numbered = selections.iter().enumerate();
    let tries = numbered.flat_map(|(number, selection)| {
        let features = [&["with-axes"], selection.as_slice()].concat();
        ["system-auth", "password-auth"].map(|stack| Try {
            stack,
            service: format!("tried-{stack}-{number}"),
            features: features.clone(),
        })
    });
    let tries = tries.collect::<Vec<_>>();
    thread::scope(|scope| {
        let start = |it| scope.spawn(move || is_counted_locked_and_forgiven(host, it));
        let started = tries.iter().map(start).collect::<Vec<_>>();
        started.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    Ok(())
}

pub(super) fn without_axes(host: &Host) -> Outcome {
    let service = "tried-without";
    let _restored = host.afterwards("rm /etc/pam.d/tried-without");
    write_service(host, "system-auth", service, &["with-sssd"])?;
    let user = "unlocked";
    host.account(user)?;
    for _ in 0..4 {
        assert!(!got_in(answer(host, service, user, WRONG)?));
    }
    assert!(got_in(answer(host, service, user, RIGHT)?));
    assert_eq!(host.outcomes(user)?, Vec::<String>::new());
    Ok(())
}

pub(super) fn every_door(host: &Host) -> Outcome {
    select(host, &["with-axes"])?;
    thread::scope(|scope| {
        let knock = |&(name, door)| scope.spawn(move || is_guarded(host, name, door));
        let started = DOORS.iter().map(knock).collect::<Vec<_>>();
        started.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    Ok(())
}

fn is_guarded(host: &Host, name: &str, door: Door) -> Result<(), GuestError> {
    let user = format!("fedora_{name}");
    host.account(&user)?;
    assert!(!door(host, &user, WRONG)?);
    assert!(door(host, &user, RIGHT)?, "{name}");
    for _ in 0..3 {
        assert!(!door(host, &user, WRONG)?);
    }
    assert!(host.is_locked(&user)?, "{name}");
    assert!(!door(host, &user, RIGHT)?, "{name} while locked");
    let outcomes = ["failure", "success", "failure", "failure", "failure", "refused"];
    assert_eq!(host.outcomes(&user)?, outcomes, "{name}");
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

/// Without a reader, and without smart cards, nobody gets in by them and nobody is counted.
pub(super) fn other_methods(host: &Host) -> Outcome {
    let user = "fingers";
    host.account(user)?;
    let _restored = host.afterwards("rm /etc/pam.d/tried-*");
    for stack in ["fingerprint-auth", "smartcard-auth", "switchable-auth"] {
        for features in [&["with-axes"][..], &["with-axes", "with-fingerprint"]] {
            let service = format!("tried-{stack}");
            write_service(host, stack, &service, features)?;
            let done = answer(host, &service, user, RIGHT)?;
            assert!(!got_in(done.clone()), "{stack} {features:?}: {done:?}");
        }
    }
    assert_eq!(host.outcomes(user)?, ["error"], "only the reader is asked for");
    assert_eq!(host.failures(user)?, 0);
    Ok(())
}

pub(super) fn empty_password(host: &Host) -> Outcome {
    let (user, service) = ("emptyhanded", "tried-empty");
    host.account(user)?;
    host.guest.sh(&format!("passwd --delete {user}"))?;
    let _restored = host.afterwards("rm /etc/pam.d/tried-empty");
    write_service(host, "system-auth", service, &["with-axes"])?;
    assert!(got_in(answer(host, service, user, "")?));
    write_service(host, "system-auth", service, &["with-axes", "without-nullok"])?;
    assert!(!got_in(answer(host, service, user, "")?));
    Ok(())
}

/// A service that is tried, whose one user has its name.
struct Try<'a> {
    stack: &'static str,
    service: String,
    features: Vec<&'a str>,
}

fn is_counted_locked_and_forgiven(host: &Host, it: &Try<'_>) -> Result<(), String> {
    let failed = |why: String| format!("{} {:?}: {why}", it.stack, it.features);
    let user = &it.service;
    let tried = || -> Result<Vec<String>, GuestError> {
        write_service(host, it.stack, &it.service, &it.features)?;
        host.account(user)?;
        let mut codes = Vec::new();
        for password in [WRONG, RIGHT, WRONG, WRONG, WRONG, RIGHT] {
            codes.push(answer(host, &it.service, user, password)?.code == Some(0));
        }
        let got_in = codes.iter().map(|got_in| got_in.to_string());
        Ok(host.outcomes(user)?.into_iter().chain(got_in).collect())
    };
    let outcomes = ["failure", "success", "failure", "failure", "failure", "refused"];
    let got_in = ["false", "true", "false", "false", "false", "false"];
    match tried() {
        Ok(found) if found == [outcomes, got_in].concat() => Ok(()),
        Ok(found) => Err(failed(found.join(" "))),
        Err(error) => Err(failed(error.to_string())),
    }
}

fn write_service(
    host: &Host,
    stack: &str,
    service: &str,
    features: &[&str],
) -> Result<(), GuestError> {
    let (_, template) = STACKS.iter().find(|(name, _)| *name == stack).expect("a stack");
    host.guest.write(&format!("/etc/pam.d/{service}"), &render(template, features))
}

/// A whole login through a service, in one process.
fn answer(host: &Host, service: &str, user: &str, password: &str) -> Result<Done, GuestError> {
    let steps = ["authenticate", "acct_mgmt", "open_session", "close_session"];
    let words = [&["pamtester", service, user][..], &steps].concat();
    host.guest.run_with_input(&words, &format!("{password}\n"))
}
