//! A root that is not running, such as that of an image (`rpm --root`).

use crate::host::Host;
use crate::lab::Outcome;

use super::package::rpm;

/// The guest's own files, and whatever changes in a layer above them.
const MOUNT: &str = "\
mkdir /var/tmp/layer /image
mount -t tmpfs tmpfs /var/tmp/layer
mkdir /var/tmp/layer/upper /var/tmp/layer/work
mount -t overlay -o lowerdir=/,upperdir=/var/tmp/layer/upper,workdir=/var/tmp/layer/work overlay /image
mount -t proc proc /image/proc
rm -rf /image/etc/axes /image/var/lib/axes /image/var/lib/rpm
chroot /image userdel axes
rpm --root /image --initdb
";
const ENABLED: &str = "find /image/etc/systemd -name 'axesd*' -type l";
const MODULES: &str = "chroot /image semodule -s targeted --list-modules=full";
const UNMOUNT: &str = "umount /image/proc /image /var/tmp/layer; rmdir /image /var/tmp/layer";

pub(super) fn comes_and_goes(host: &Host) -> Outcome {
    let _unmounted = host.afterwards(UNMOUNT);
    host.guest.sh(MOUNT)?;
    rpm(&host.guest, "--root /image --install --nodeps /root/axes.rpm")?;
    host.guest.sh("grep axes /image/etc/passwd; grep axes /image/etc/group")?;
    let folders = host.guest.sh("stat --format='%n %a' /image/run/axes /image/var/lib/axes")?;
    assert_eq!(folders, "/image/run/axes 755\n/image/var/lib/axes 700\n");
    assert_eq!(host.guest.sh(ENABLED)?.lines().count(), 3);
    assert!(host.guest.sh(MODULES)?.contains("200 axes "));
    rpm(&host.guest, "--root /image --erase --nodeps axes")?;
    let files = "find /image/etc /image/usr -name '*axes*' ! -name pam_axes.so";
    let left = host.guest.sh(&format!("{files}; {ENABLED}; {MODULES} | grep axes || true"))?;
    assert_eq!(left, "");
    Ok(())
}
