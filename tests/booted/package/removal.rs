//! Taken away again, and brought back.

use super::visitors::during;
use super::{DOORS, INSTALL, REMOVE, files};
use crate::doors::su;
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::Outcome;

pub(super) fn refused(host: &Host) -> Outcome {
    let _restored = host.afterwards("rm /etc/pam.d/by-hand");
    host.guest.write("/etc/pam.d/by-hand", "auth required pam_axes.so\n")?;
    let removed = host.guest.run(&["apt-get", "remove", "-y", "axes"])?;
    assert_ne!(removed.code, Some(0));
    assert!(removed.out.contains("/etc/pam.d/by-hand"), "{removed:?}");
    host.guest.sh("systemctl is-active axesd.service axesd.socket axesd-control.socket")?;
    host.guest.sh("grep pam_axes.so /etc/pam.d/common-auth /etc/pam.d/common-account")?;
    Ok(())
}

/// Without the package nobody is locked; with it again, whoever was locked before.
pub(super) fn under_load(host: &Host) -> Outcome {
    let _restored = host.afterwards(INSTALL);
    let user = "remembered";
    host.account(user)?;
    for _ in 0..3 {
        assert!(!su(host, user, WRONG)?);
    }
    let end = host.guest.journal_end()?;
    during(host, REMOVE, "leaving")?;
    assert!(su(host, user, RIGHT)?, "nothing is left that could refuse");
    assert!(!su(host, user, WRONG)?);
    during(host, INSTALL, "returning")?;
    let logged = host.guest.journal_after(&end)?;
    assert!(!logged.contains("dlopen"), "somebody met a missing module: {logged}");
    assert!(host.is_locked(user)?);
    assert!(!su(host, user, RIGHT)?);
    Ok(())
}

pub(super) fn without_a_trace(host: &Host) -> Outcome {
    let _restored = host.afterwards(INSTALL);
    let user = "traceless";
    host.account(user)?;
    host.purge()?;
    let before = files::all(host)?;
    for step in [INSTALL, REMOVE, INSTALL] {
        host.guest.sh(step)?;
        one_login(host, user)?;
    }
    assert_eq!(host.outcomes(user)?, ["failure", "success"].repeat(2), "twice with axes");
    host.purge()?;
    one_login(host, user)?;
    let after = files::all(host)?;
    assert_eq!(files::differences(&before, &after), [""; 0]);
    Ok(())
}

fn one_login(host: &Host, user: &str) -> Outcome {
    assert!(!su(host, user, WRONG)?);
    assert!(su(host, user, RIGHT)?);
    Ok(())
}

pub(super) fn purge(host: &Host) -> Outcome {
    host.guest.sh("usermod --append --groups axes asker")?;
    host.purge()?;
    host.guest.sh("diff --recursive /var/tmp/pam.before /etc/pam.d")?;
    let left = host.guest.sh(
        "find / -xdev -iname '*axes*' ! -path '/root/axes*.deb' ! -path '/sys/*' ! -path '/proc/*'
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
