//! Accounts of another machine, which SSSD knows.

use crate::doors::ssh_password;
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::Outcome;

use super::profile;

/// The directory: a file of names that only SSSD reads, and a stack that checks their passwords.
const SETUP: &str = "\
mkdir -p /var/lib/extrausers
echo 'far:x:5000:100:Far away:/home/far:/bin/sh' > /var/lib/extrausers/passwd
: > /var/lib/extrausers/group
cat > /usr/local/bin/directory <<'END'
#!/bin/sh
[ \"$(tr -d '\\0')\" = correct-horse ]
END
chmod 755 /usr/local/bin/directory
cat > /etc/sssd/sssd.conf <<'END'
[sssd]
services = nss, pam
domains = elsewhere
[domain/elsewhere]
id_provider = proxy
proxy_lib_name = extrausers
auth_provider = proxy
proxy_pam_target = directory
END
chmod 600 /etc/sssd/sssd.conf
systemctl restart sssd
systemctl restart oddjobd
";
const UP: &str = "auth required pam_exec.so expose_authtok /usr/local/bin/directory\naccount required pam_permit.so\n";
const DOWN: &str = "auth required pam_debug.so auth=authinfo_unavail\n";
const TARGET: &str = "/etc/pam.d/directory";

pub(super) fn remote(host: &Host) -> Outcome {
    host.guest.write(TARGET, UP)?;
    host.guest.sh(SETUP)?;
    profile::select(host, &["with-axes", "with-sssd", "with-mkhomedir"])?;
    host.guest.sh("getent passwd far; ! grep far /etc/passwd")?;
    assert!(!ssh_password(host, "far", WRONG)?);
    assert!(ssh_password(host, "far", RIGHT)?);
    host.guest.sh("test -d /home/far")?;
    host.guest.write(TARGET, DOWN)?;
    assert!(!ssh_password(host, "far", RIGHT)?);
    assert_eq!(host.failures("far")?, 0, "nobody's wrong password");
    assert_eq!(host.outcomes("far")?, ["failure", "success", "error"]);
    Ok(())
}
