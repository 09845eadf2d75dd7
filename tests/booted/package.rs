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
