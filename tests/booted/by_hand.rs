//! A host on which nobody runs pam-auth-update: `axesctl pam` writes the lines.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::doors::{ssh_keyboard, ssh_password, sudo};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};

/// As somebody leaves it who takes the file over.
const WITHOUT: &str = "pam-auth-update --disable axes";
const WITH: &str = "pam-auth-update --enable axes";

pub(crate) fn trials(bookworm: &Arc<Lab>, trixie: &Arc<Lab>) -> Vec<Trial> {
    vec![
        bookworm.trial("sshd_is_protected_by_hand_and_released_again", by_hand),
        bookworm.trial("the_self_test_passes_on_an_installed_host", selftest),
        bookworm.trial("files_of_pam_auth_update_are_left_to_it", left_alone),
        trixie.trial("sshd_is_protected_by_hand_on_the_next_release", by_hand),
    ]
}

fn by_hand(host: &Host) -> Outcome {
    let user = "handmade";
    host.account(user)?;
    let _restored = host.afterwards(WITH);
    host.guest.sh(WITHOUT)?;
    let before = host.guest.read("/etc/pam.d/sshd")?;
    assert!(!ssh_password(host, user, WRONG)?);
    assert_eq!(host.outcomes(user)?, [""; 0], "nobody is counted");

    let told = host.guest.sh("axesctl pam enable sshd --yes")?;
    for part in ["+auth\trequisite\tpam_axes.so", "sshd: a wrong answer", "Done."] {
        assert!(told.contains(part), "{told}");
    }
    host.guest.sh("axesctl pam status sshd")?;
    for _ in 0..3 {
        assert!(!ssh_password(host, user, WRONG)?);
    }
    assert!(!ssh_password(host, user, RIGHT)?, "locked");
    assert!(!ssh_keyboard(host, user, RIGHT)?, "locked");
    // Only sshd was named.
    assert!(sudo(host, user, RIGHT)?);
    let counted = ["failure", "failure", "failure", "refused", "refused"];
    assert_eq!(host.outcomes(user)?, counted);

    host.guest.sh("axesctl pam disable sshd --yes")?;
    assert_eq!(host.guest.read("/etc/pam.d/sshd")?, before);
    assert!(ssh_password(host, user, RIGHT)?, "nobody asks axesd any more");
    assert_eq!(host.outcomes(user)?, counted);
    let kept = host.guest.sh("ls /etc/axes/pam-backup/*/sshd | wc -l")?;
    assert_eq!(kept.trim(), "2");
    Ok(())
}

fn selftest(host: &Host) -> Outcome {
    let told = host.guest.sh("axesctl selftest; axesctl pam status")?;
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), 4, "{told}");
    assert!(told.contains("/etc/pam.d/common-auth:"), "{told}");
    Ok(())
}

fn left_alone(host: &Host) -> Outcome {
    let _restored = host.afterwards(WITH);
    host.guest.sh(WITHOUT)?;
    let refused = host.guest.run(&["axesctl", "pam", "enable", "--yes"])?;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("`pam-auth-update --enable axes`"), "{refused:?}");
    host.guest.sh(WITH)?;
    let refused = host.guest.run(&["axesctl", "pam", "disable", "--yes"])?;
    assert!(refused.err.contains("pam-auth-update --disable axes"), "{refused:?}");
    host.guest.sh("grep pam_axes.so /etc/pam.d/common-auth")?;
    Ok(())
}
