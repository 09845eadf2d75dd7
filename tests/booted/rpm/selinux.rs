//! The policy that semodule made of the base policy and the module of the package.
//!
//! Whether the kernel enforces it cannot be tried here.

use std::process::Command;

use axes_e2e::guest::GuestError;

use crate::host::Host;
use crate::lab::Outcome;

const COMPILED: &str = "/etc/selinux/targeted/policy/policy.33";
const LABELS: &str = "/etc/selinux/targeted/contexts/files/file_contexts";
/// The domains of sshd, login, sudo, su, cockpit and display managers.
const DOORS: &[&str] =
    &["sshd_t", "local_login_t", "user_sudo_t", "staff_su_t", "cockpit_session_t", "xdm_t"];

pub(super) fn doors(host: &Host) -> Outcome {
    let installed = host.guest.sh("semodule -s targeted --list-modules=full")?;
    assert!(installed.lines().any(|line| line.starts_with("200 axes ")), "{installed}");
    for door in DOORS {
        let rules =
            rules(host, &["--source", door, "--target", "axesd_t", "--perms", "connectto"])?;
        assert!(rules.contains("axesd_t:unix_stream_socket connectto"), "{door}: {rules}");
        let rules = rules_on_files(host, door)?;
        assert!(rules.contains("axesd_var_run_t:sock_file"), "{door}: {rules}");
    }
    let strangers =
        rules(host, &["--source", "sulogin_t", "--target", "axesd_t", "--perms", "connectto"])?;
    assert!(!strangers.contains("axesd_t"), "{strangers}");
    Ok(())
}

/// With `NoNewPrivileges=yes` the domain is entered only where that is allowed too.
pub(super) fn labels(host: &Host) -> Outcome {
    let entered =
        rules(host, &["--source", "init_t", "--target", "axesd_t", "--class", "process2"])?;
    assert!(entered.contains("nnp_transition"), "{entered}");
    let paths =
        "/usr/sbin/axesd /usr/bin/axesd /run/axes/axesd.sock /var/run/axes /var/lib/axes/db";
    let labels = host.guest.sh(&format!("matchpathcon -n -f {LABELS} {paths}"))?;
    let types = labels.lines().filter_map(|label| label.split(':').nth(2)).collect::<Vec<_>>();
    let expected = [["axesd_exec_t"; 2], ["axesd_var_run_t"; 2]].concat();
    assert_eq!(types, [expected, vec!["axesd_var_lib_t"]].concat());
    Ok(())
}

fn rules_on_files(host: &Host, door: &str) -> Result<String, GuestError> {
    rules(host, &["--source", door, "--target", "axesd_var_run_t", "--perms", "write"])
}

/// What sesearch of this machine finds in the policy of the guest.
fn rules(host: &Host, query: &[&str]) -> Result<String, GuestError> {
    let found = Command::new("sesearch")
        .arg("--allow")
        .args(query)
        .arg(host.guest.outside(COMPILED))
        .output()
        .map_err(GuestError::Start)?;
    assert!(found.status.success(), "{found:?}");
    Ok(String::from_utf8_lossy(&found.stdout).into_owned())
}
