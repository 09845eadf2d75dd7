//! `axesctl why`, as root and as the person whom it is about.

use std::sync::Arc;

use axes_e2e::guest::{Done, GuestError};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::doors::{CLIENT, ssh_password};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("why_names_the_command_that_lets_a_locked_user_in", lifted),
        lab.trial("a_user_may_ask_why_about_himself_and_nobody_else", about_himself),
    ]
}

fn lifted(host: &Host) -> Outcome {
    let user = "puzzled";
    locked(host, user)?;
    let told = host.guest.run(&["axesctl", "why", "--json", user, "--from", CLIENT])?;
    assert_eq!(told.code, Some(1), "{told:?}");
    let answer: Value = serde_json::from_str(&told.out).unwrap_or_default();
    for command in answer["lift"].as_array().cloned().unwrap_or_default() {
        host.guest.sh(command.as_str().unwrap_or_default())?;
    }
    let told = host.guest.run(&["axesctl", "why", user, "--from", CLIENT])?;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(ssh_password(host, user, RIGHT)?);
    Ok(())
}

fn about_himself(host: &Host) -> Outcome {
    let user = "doubtful";
    locked(host, user)?;
    host.account("neighbour")?;
    let refused = ask(host, user, &[user, "--from", CLIENT])?;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.out.contains("would be REFUSED until"), "{refused:?}");
    assert_eq!(ask(host, user, &[user])?.code, Some(0), "on this machine");
    for closed in [&["neighbour"][..], &["root"], &[user, "--from", "127.0.0.99"]] {
        let told = ask(host, user, closed)?;
        assert_eq!((told.code, told.out.as_str()), (Some(3), ""), "{closed:?}: {told:?}");
    }
    Ok(())
}

fn locked(host: &Host, user: &str) -> Outcome {
    host.account(user)?;
    for _ in 0..3 {
        assert!(!ssh_password(host, user, WRONG)?);
    }
    assert!(host.is_locked(user)?);
    Ok(())
}

fn ask(host: &Host, user: &str, words: &[&str]) -> Result<Done, GuestError> {
    let [reuid, regid] = ["--reuid=", "--regid="].map(|option| format!("{option}{user}"));
    let become_user = ["setpriv", &reuid, &regid, "--init-groups", "axesctl", "why"];
    host.guest.run(&[&become_user[..], words].concat())
}
