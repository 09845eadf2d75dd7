//! Programs on the machine itself: sudo, su, login, and one without privileges.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::doors::{self, got_in, su_with, sudo_with};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};
use crate::stories;

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("sudo_locks_and_opens_again", sudo),
        lab.trial("su_locks_and_opens_again", su),
        lab.trial("login_locks_and_opens_again", login),
        lab.trial("a_program_without_privileges_locks_and_opens_again", locker),
        lab.trial(
            "sudo_counts_a_wrong_password_and_forgives_it_after_the_right_one",
            wrong_then_right,
        ),
        lab.trial("each_prompt_of_one_sudo_is_counted", three_prompts),
        lab.trial("a_sudo_prompt_that_is_cancelled_three_times_counts_nothing", cancelled),
        lab.trial("login_counts_a_wrong_password_before_the_right_one", login_twice),
        lab.trial("su_says_why_and_until_when", told),
    ]
}

fn sudo(host: &Host) -> Outcome {
    stories::lock_and_release(host, "sudo", doors::sudo)
}

fn su(host: &Host) -> Outcome {
    stories::lock_and_release(host, "su", doors::su)
}

fn login(host: &Host) -> Outcome {
    stories::lock_and_release(host, "login", doors::login)
}

fn locker(host: &Host) -> Outcome {
    stories::lock_and_release(host, "locker", doors::locker)
}

fn wrong_then_right(host: &Host) -> Outcome {
    let user = "hasty";
    host.account(user)?;
    assert!(!doors::sudo(host, user, WRONG)?);
    assert_eq!(host.failures(user)?, 1);
    assert!(doors::sudo(host, user, RIGHT)?);
    assert_eq!(host.outcomes(user)?, ["failure", "success"]);
    assert_eq!(host.failures(user)?, 0);
    let first = host.attempts(user)?.remove(0);
    assert_eq!((&first["address"], &first["service"]), (&"local".into(), &"sudo".into()));
    Ok(())
}

fn three_prompts(host: &Host) -> Outcome {
    // sudoers(5) in the guest lets this user try three times.
    let user = "thrice";
    host.account(user)?;
    assert!(!got_in(sudo_with(host, user, &[WRONG; 3])?));
    assert_eq!(host.outcomes(user)?, ["failure"; 3]);
    assert!(host.is_locked(user)?);
    Ok(())
}

fn cancelled(host: &Host) -> Outcome {
    let user = "undecided";
    host.account(user)?;
    for _ in 0..3 {
        let cancelled = host.guest.run(&["sudo-cancelled", user])?;
        assert_eq!(cancelled.code, Some(1), "{cancelled:?}");
    }
    assert_eq!(host.outcomes(user)?, ["abandoned"; 3]);
    assert_eq!(host.failures(user)?, 0);
    Ok(())
}

fn login_twice(host: &Host) -> Outcome {
    let user = "sleepy";
    host.account(user)?;
    assert!(got_in(host.guest.run(&["login-with", user, WRONG, RIGHT])?));
    assert_eq!(host.outcomes(user)?, ["failure", "success"]);
    Ok(())
}

fn told(host: &Host) -> Outcome {
    let user = "curious";
    host.account(user)?;
    for _ in 0..3 {
        assert!(!doors::su(host, user, WRONG)?);
    }
    let refused = su_with(host, user, RIGHT)?;
    assert!(refused.err.contains("Too many failed logins: locked until"), "{refused:?}");
    Ok(())
}
