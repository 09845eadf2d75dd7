//! Taken away again.

use crate::doors::{ssh_password, su, sudo};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::Outcome;

use super::authselect;
use super::package::rpm;
use super::profile;

pub(super) fn refused(host: &Host) -> Outcome {
    let _restored = host.afterwards("rm -r /etc/authselect/custom");
    profile::select(host, &["with-axes"])?;
    host.guest.sh("mkdir -p /etc/authselect/custom/guarded")?;
    host.guest.write("/etc/authselect/custom/guarded/postlogin", "auth required pam_axes.so\n")?;
    let erased = host.guest.run(&["rpm", "--erase", "--nodeps", "axes"])?;
    assert_ne!(erased.code, Some(0));
    for file in [
        "/etc/pam.d/system-auth",
        "/etc/pam.d/password-auth",
        "/etc/authselect/custom/guarded/postlogin",
    ] {
        assert!(erased.err.contains(file), "{erased:?}");
    }
    host.guest.sh("systemctl is-active axesd.service axesd.socket axesd-control.socket")?;
    rpm(&host.guest, "--query axes")?;
    Ok(())
}

pub(super) fn leaves_nothing(host: &Host) -> Outcome {
    authselect::put(host)?;
    profile::select(host, &["with-axes", "with-faillock"])?;
    host.guest.sh("echo '# mine' >> /etc/axes/axes.toml")?;
    rpm(&host.guest, "--erase --nodeps axes")?;
    let asked = authselect::taken_away(host)?;
    assert_eq!(asked, "current --raw\nselect -b sssd with-faillock without-nullok\n");
    let left = host.guest.sh(
        "find / -xdev '(' -iname '*axes*' -o -name '*.rpmsave' ')' ! -path '/root/*' | sort
         systemctl list-units --all --plain --no-legend 'axes*'
         semodule -s targeted --list-modules=full | grep axes || true",
    )?;
    // The link is of this guest; the rest is the administrator's, and what was counted.
    let kept = "\
/etc/axes
/etc/axes/axes.toml.rpmsave
/usr/lib/x86_64-linux-gnu/security/pam_axes.so
/var/lib/axes
";
    assert_eq!(left, kept);
    let user = "afterwards";
    host.account(user)?;
    for door in [ssh_password, sudo, su] {
        assert!(!door(host, user, WRONG)?);
        assert!(door(host, user, RIGHT)?);
    }
    Ok(())
}
