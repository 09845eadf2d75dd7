//! Real logins through the profile, rendered with and without each feature.

use std::thread;

use axes_e2e::guest::GuestError;

use crate::doors::{Door, got_in, login, ssh_keyboard, ssh_password, su, sudo};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::Outcome;

use super::profile::{self, answer, select, write_service};

const DOORS: &[(&str, Door)] = &[
    ("ssh", ssh_password),
    ("keyboard", ssh_keyboard),
    ("sudo", sudo),
    ("su", su),
    ("login", login),
];

/// Each feature alone, none, and all; in both stacks; all at the same time, since libpam waits
/// two seconds after each wrong answer.
pub(super) fn features(host: &Host) -> Outcome {
    let known = profile::known_features();
    let all = known.iter().map(String::as_str).filter(|it| *it != "with-axes").collect::<Vec<_>>();
    let mut selections = all.iter().map(|feature| vec![*feature]).collect::<Vec<_>>();
    selections.extend([vec![], all]);
    let _restored = host.afterwards("rm /etc/pam.d/tried-*");
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
