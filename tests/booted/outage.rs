//! axesd goes away and comes back.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::doors::{ssh_password, sudo};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};

const UNITS: &str = "axesd.socket axesd-control.socket axesd.service";

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("the_count_goes_on_after_kill_9", killed),
        lab.trial("failmode_safe_lets_the_right_password_in_and_says_so", safe),
        lab.trial("failmode_secure_refuses_and_says_so", secure),
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
    assert!(logged.contains("failmode=safe"), "{logged}");
    Ok(())
}

fn secure(host: &Host) -> Outcome {
    let user = "unlucky";
    host.account(user)?;
    host.guest.sh("sed -i 's/pam_axes.so/& failmode=secure/' /etc/pam.d/common-auth")?;
    let logged = without_axesd(host, || {
        assert!(!ssh_password(host, user, RIGHT)?);
        assert!(!sudo(host, user, RIGHT)?);
        Ok(())
    });
    host.guest.sh("sed -i 's/ failmode=secure//' /etc/pam.d/common-auth")?;
    let logged = logged?;
    assert!(logged.contains("failmode=secure"), "{logged}");
    assert!(ssh_password(host, user, RIGHT)?);
    Ok(())
}

/// What pam_axes logged while there was no daemon.
fn without_axesd(
    host: &Host,
    body: impl FnOnce() -> Outcome,
) -> Result<String, libtest_mimic::Failed> {
    host.guest.sh(&format!("systemctl stop {UNITS}"))?;
    let end = host.guest.journal_end()?;
    let done = body();
    let journal = host.guest.journal_after(&end)?;
    host.guest.sh(&format!("systemctl start {UNITS}"))?;
    done?;
    let lines = journal.lines().filter(|line| line.contains("pam_axes"));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
