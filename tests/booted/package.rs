//! Installed, used, purged.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::doors::{Door, ssh_keyboard, ssh_password, su, sudo};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};

const DOORS: &[(&str, Door)] =
    &[("ssh", ssh_password), ("keyboard", ssh_keyboard), ("sudo", sudo), ("su", su)];

pub(crate) fn trials(bookworm: &Arc<Lab>, trixie: &Arc<Lab>) -> Vec<Trial> {
    vec![
        bookworm.trial("an_upgrade_keeps_the_count_and_the_sockets", upgrade),
        bookworm.trial("a_removal_that_would_break_logins_is_refused", removal),
        bookworm.trial("a_purge_leaves_nothing_behind_and_logins_work", purge),
        trixie
            .trial("ssh_sudo_and_su_are_counted_locked_and_reset_on_the_next_release", every_door),
        trixie.trial("a_purge_leaves_nothing_behind_on_the_next_release", purge),
    ]
}

/// Counters do not look at the service: what was counted at one door is locked at all of them.
fn every_door(host: &Host) -> Outcome {
    for (name, door) in DOORS {
        let user = format!("door_{name}");
        host.account(&user)?;
        for _ in 0..3 {
            assert!(!door(host, &user, WRONG)?);
        }
        assert!(host.is_locked(&user)?);
        assert!(!door(host, &user, RIGHT)?);
        host.guest.sh(&format!("axesctl reset --user {user}"))?;
        assert!(door(host, &user, RIGHT)?, "{name} after a reset");
        let outcomes = ["failure", "failure", "failure", "refused", "success"];
        assert_eq!(host.outcomes(&user)?, outcomes, "{name}");
    }
    Ok(())
}

fn upgrade(host: &Host) -> Outcome {
    let user = "patient";
    let opened = "systemctl show --property=ActiveEnterTimestampMonotonic axesd.socket";
    host.account(user)?;
    assert!(!sudo(host, user, WRONG)?);
    let before = host.guest.sh(opened)?;
    host.guest
        .sh("DEBIAN_FRONTEND=noninteractive apt-get install --reinstall -y /root/axes.deb")?;
    assert_eq!(host.guest.sh(opened)?, before, "no login finds a closed door");
    assert_eq!(host.failures(user)?, 1);
    assert!(!sudo(host, user, WRONG)?);
    assert_eq!(host.failures(user)?, 2);
    Ok(())
}

fn removal(host: &Host) -> Outcome {
    let _restored = host.afterwards("rm /etc/pam.d/by-hand");
    host.guest.write("/etc/pam.d/by-hand", "auth required pam_axes.so\n")?;
    let removed = host.guest.run(&["apt-get", "remove", "-y", "axes"])?;
    assert_ne!(removed.code, Some(0));
    assert!(removed.out.contains("/etc/pam.d/by-hand"), "{removed:?}");
    host.guest.sh("systemctl is-active axesd.service axesd.socket axesd-control.socket")?;
    host.guest.sh("grep pam_axes.so /etc/pam.d/common-auth /etc/pam.d/common-account")?;
    Ok(())
}

fn purge(host: &Host) -> Outcome {
    host.guest.sh("usermod --append --groups axes asker")?;
    host.guest.sh("DEBIAN_FRONTEND=noninteractive apt-get purge -y axes")?;
    host.guest.sh("diff --recursive /var/tmp/pam.before /etc/pam.d")?;
    let left = host.guest.sh(
        "find / -xdev -iname '*axes*' ! -path '/root/axes.deb' ! -path '/sys/*' ! -path '/proc/*'
         grep --recursive --files-with-matches axes /etc --exclude='*-' || true
         getent passwd axes || true
         getent group axes || true
         systemctl list-units --all --plain --no-legend 'axes*'",
    )?;
    assert_eq!(left, "", "left behind");
    logins_still_work(host)
}

fn logins_still_work(host: &Host) -> Outcome {
    for (name, door) in DOORS {
        let user = format!("after_{name}");
        host.account(&user)?;
        assert!(!door(host, &user, WRONG)?);
        assert!(door(host, &user, RIGHT)?, "{name} after the purge");
    }
    Ok(())
}
