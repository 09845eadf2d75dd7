//! The limit is the limit, however many try at once.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::doors::CLIENT;
use crate::host::Host;
use crate::lab::{Lab, Outcome};

const ROUNDS: u32 = 10;
const CLIENTS: usize = 60;
const LIMIT: usize = 3;

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("sixty_ssh_passwords_at_once_are_verified_three_times", password),
        lab.trial("sixty_keyboard_interactive_answers_at_once_are_verified_three_times", keyboard),
    ]
}

fn password(host: &Host) -> Outcome {
    bursts(host, "password", "pw")
}

fn keyboard(host: &Host) -> Outcome {
    bursts(host, "keyboard-interactive", "kbd")
}

fn bursts(host: &Host, method: &str, name: &str) -> Outcome {
    let _restored = host.afterwards("sed -i /note-password/d /etc/pam.d/common-auth");
    count_verified_passwords(host)?;
    for round in 1..=ROUNDS {
        burst(host, method, &format!("burst_{name}_{round}"))?;
    }
    Ok(())
}

/// A line between pam_axes and pam_unix that writes down each password that gets there.
fn count_verified_passwords(host: &Host) -> Outcome {
    host.guest.sh(
        "line='auth optional pam_exec.so expose_authtok quiet /usr/local/bin/note-password'
         sed -i \"/pam_axes.so/a $line\" /etc/pam.d/common-auth
         grep -A1 note-password /etc/pam.d/common-auth | grep 'pam_unix.so.*try_first_pass'",
    )?;
    Ok(())
}

fn burst(host: &Host, method: &str, user: &str) -> Outcome {
    host.account(user)?;
    host.guest.write("/var/tmp/verified", "")?;
    host.guest.run(&["ssh-burst", method, CLIENT, user, &CLIENTS.to_string()])?;
    let verified = host.guest.read("/var/tmp/verified")?;
    let outcomes = host.outcomes(user)?;
    let failures = outcomes.iter().filter(|outcome| *outcome == "failure").count();
    let refused = outcomes.iter().filter(|outcome| *outcome == "refused").count();
    assert_eq!(verified.lines().count(), LIMIT, "passwords verified for {user}: {outcomes:?}");
    assert_eq!((failures, refused), (LIMIT, CLIENTS - LIMIT), "{user}");
    Ok(())
}
