//! Stands where authselect would be.

use axes_e2e::guest::GuestError;

use crate::host::Host;

/// Notes what it is asked for, says what is selected, and does what comes of `select`: the files in
/// /etc/pam.d name pam_axes no more.
const PROGRAM: &str = "\
#!/bin/sh
echo \"$*\" >> /var/tmp/authselect
case $1 in
    current) echo axes with-axes with-sssd with-faillock without-nullok ;;
    select) sed -i /pam_axes/d /etc/authselect/*-auth ;;
esac
";

pub(super) fn put(host: &Host) -> Result<(), GuestError> {
    host.guest.write("/usr/bin/authselect", PROGRAM)?;
    host.guest.sh("chmod 755 /usr/bin/authselect").map(drop)
}

/// What it was asked for.
pub(super) fn taken_away(host: &Host) -> Result<String, GuestError> {
    let asked = host.guest.read("/var/tmp/authselect")?;
    host.guest.sh("rm /usr/bin/authselect /var/tmp/authselect")?;
    Ok(asked)
}
