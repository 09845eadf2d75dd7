//! All that a package could leave in the file system.

use axes_e2e::guest::GuestError;

use crate::host::Host;

/// Every file with its mode and owners, and what is written in those of /etc and of PAM.
///
/// Left out is what logs, caches, daily copies and apt itself come to hold with whatever is
/// installed.
const LIST: &str = "
    find / -xdev \\( -path /tmp -o -path /var/tmp -o -path /var/log -o -path /var/cache \\
        -o -path /var/backups -o -path /var/lib/apt -o -path /proc -o -path /sys \\) -prune \\
        -o -printf '%M %u:%g %p -> %l\\n'
    find /etc /var/lib/pam -type f ! -name '*-' -exec sha256sum {} +
    find /run -iname '*axes*'
    systemctl list-unit-files --plain --no-legend
    debconf-show libpam-runtime";

/// The list, in order.
pub(super) fn all(host: &Host) -> Result<Vec<String>, GuestError> {
    let mut lines: Vec<_> = host.guest.sh(LIST)?.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    Ok(lines)
}

/// The lines that only one of two lists has.
pub(super) fn differences<'a>(before: &'a [String], after: &'a [String]) -> Vec<&'a String> {
    let gone = before.iter().filter(|line| after.binary_search(line).is_err());
    let new = after.iter().filter(|line| before.binary_search(line).is_err());
    gone.chain(new).collect()
}
