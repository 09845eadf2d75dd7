//! axesd goes away and comes back.

use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::doors::{ssh_password, sudo};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};

const STOP: &str = "systemctl stop axesd.socket axesd-control.socket axesd.service";
const START: &str = "systemctl start axesd.socket axesd-control.socket axesd.service";

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("the_count_goes_on_after_kill_9", killed),
        lab.trial("failmode_safe_lets_the_right_password_in_and_says_so", safe),
        lab.trial("failmode_secure_refuses_and_says_so", secure),
        lab.trial("a_mistake_in_the_settings_fails_the_reload_and_changes_nothing", mistake),
    ]
}

fn killed(host: &Host) -> Outcome {
    let user = "survivor";
    host.account(user)?;
    assert!(!ssh_password(host, user, WRONG)?);
    assert!(!sudo(host, user, WRONG)?);
    host.guest.sh("systemctl kill --signal=KILL axesd")?;
    assert!(!ssh_password(host, user, WRONG)?);
    host.guest.sh("systemctl kill --signal=KILL axesd")?;
    assert!(!ssh_password(host, user, WRONG)?);
    host.guest.sh("systemctl kill --signal=KILL axesd")?;
    assert!(!ssh_password(host, user, RIGHT)?, "three failures from one address lock");
    let failures = host.outcomes(user)?;
    assert_eq!(failures, ["failure", "failure", "failure", "failure", "refused"]);
    assert!(sudo(host, user, RIGHT)?, "one failure of sudo does not lock");
    Ok(())
}

fn safe(host: &Host) -> Outcome {
    let user = "lucky";
    host.account(user)?;
    let logged = without_axesd(host, || {
        assert!(ssh_password(host, user, RIGHT)?);
        assert!(sudo(host, user, RIGHT)?);
        assert!(!ssh_password(host, user, WRONG)?);
        Ok(())
    })?;
    assert_each_program_said("failmode=safe", &logged);
    Ok(())
}

fn secure(host: &Host) -> Outcome {
    let user = "unlucky";
    host.account(user)?;
    let _restored = host.afterwards("sed -i 's/ failmode=secure//' /etc/pam.d/common-auth");
    host.guest.sh("sed -i 's/pam_axes.so/& failmode=secure/' /etc/pam.d/common-auth")?;
    let logged = without_axesd(host, || {
        assert!(!ssh_password(host, user, RIGHT)?);
        assert!(!sudo(host, user, RIGHT)?);
        Ok(())
    })?;
    assert_each_program_said("failmode=secure", &logged);
    assert!(ssh_password(host, user, RIGHT)?, "axesd is back");
    Ok(())
}

fn mistake(host: &Host) -> Outcome {
    let _restored = host.afterwards("rm /etc/axes/conf.d/mistake.toml");
    host.guest.write("/etc/axes/conf.d/mistake.toml", "failure_limits = 1\n")?;
    let end = host.guest.journal_end()?;
    assert_ne!(host.guest.run(&["systemctl", "reload", "axesd"])?.code, Some(0));
    let logged = host.guest.journal_after(&end)?;
    assert!(logged.contains("failure_limits"), "{logged}");
    assert_eq!(host.guest.sh("systemctl is-active axesd")?, "active\n");
    Ok(())
}

/// What pam_axes logged while there was no daemon.
fn without_axesd(host: &Host, body: impl FnOnce() -> Outcome) -> Result<String, Failed> {
    let _restored = host.afterwards(START);
    host.guest.sh(STOP)?;
    let end = host.guest.journal_end()?;
    body()?;
    let journal = host.guest.journal_after(&end)?;
    let lines = journal.lines().filter(|line| line.contains("pam_axes"));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn assert_each_program_said(word: &str, logged: &str) {
    for program in ["sshd", "sudo"] {
        let said = |line: &str| line.contains(program) && line.contains(word);
        assert!(logged.lines().any(said), "nothing of {program} about {word}: {logged}");
    }
}
