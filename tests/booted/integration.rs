//! Units and profiles that other programs read: systemd's presets, AppArmor's abstractions.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::host::Host;
use crate::lab::{Lab, Outcome};

/// A confined program that speaks PAM, as cupsd and dovecot are written down.
const SPOOLER: &str = "\
abi <abi/3.0>,
include <tunables/global>
profile spooler /usr/sbin/spooler {
  include <abstractions/base>
  include <abstractions/authentication>
}
";
const UNITS: &str = "axesd.socket axesd-control.socket axesd.service";

pub(crate) fn trials(bookworm: &Arc<Lab>, trixie: &Arc<Lab>) -> Vec<Trial> {
    vec![
        bookworm.trial("presets_enable_the_units_where_the_rest_is_disabled", presets),
        bookworm.trial("a_confined_pam_program_may_load_the_module_and_ask_axesd", confined),
        trixie.trial("a_confined_pam_program_may_do_so_on_the_next_release", confined),
    ]
}

/// As Fedora has it: `disable *` comes last.
fn presets(host: &Host) -> Outcome {
    let rest = "/etc/systemd/system-preset/99-rest.preset";
    let cleared = format!("rm {rest}; systemctl enable {UNITS}");
    let _restored = host.afterwards(&cleared);
    host.guest.sh(&format!("mkdir -p $(dirname {rest}); echo 'disable *' > {rest}"))?;
    host.guest.sh(&format!("systemctl disable {UNITS}; systemctl preset ssh.service {UNITS}"))?;
    let enabled = host.guest.run(&["sh", "-c", &format!("systemctl is-enabled ssh {UNITS}")])?;
    assert_eq!(enabled.out, "disabled\nenabled\nenabled\nenabled\n");
    host.guest.sh("systemctl enable ssh.service")?;
    Ok(())
}

/// The rules of the compiled profile: no kernel with AppArmor is needed for these.
fn confined(host: &Host) -> Outcome {
    host.guest.write("/var/tmp/spooler", SPOOLER)?;
    let compile = "apparmor_parser --skip-kernel-load --skip-cache -D rule-exprs /var/tmp/spooler";
    let rules = host.guest.sh(&format!("{compile} 2>&1 | grep --text '^rule:.*axes'"))?;
    assert!(rules.contains(r"/axes/axesd\.sock"), "{rules}");
    assert!(rules.contains(r"/security/pam_axes\.so"), "{rules}");
    let without = format!(
        "mv /etc/apparmor.d/abstractions/authentication.d /var/tmp
         {compile} 2>&1 | grep --text --count '^rule:.*axes' || true
         mv /var/tmp/authentication.d /etc/apparmor.d/abstractions"
    );
    assert_eq!(host.guest.sh(&without)?, "0\n", "they come from the package");
    Ok(())
}
