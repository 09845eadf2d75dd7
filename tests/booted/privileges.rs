//! What axesd may do on a real system: next to nothing.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::host::Host;
use crate::lab::{Lab, Outcome};

/// `systemd-analyze security` says 10 for a unit without any protection.
const EXPOSURE: f64 = 1.5;

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("axesd_runs_without_privileges_and_with_a_filter_of_system_calls", process),
        lab.trial("the_unit_of_axesd_leaves_little_exposed", exposure),
        lab.trial("nobody_but_axes_reads_the_database_or_writes_beside_the_sockets", files),
    ]
}

fn process(host: &Host) -> Outcome {
    let status = host.guest.sh("cat /proc/$(systemctl show -P MainPID axesd)/status")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
        line.unwrap_or_default().to_owned()
    };
    let axes = host.guest.sh("id -u axes")?.trim().to_owned();
    assert_eq!(field("Uid").split('\t').collect::<Vec<_>>(), [axes.as_str(); 4]);
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(field(set), "0000000000000000", "{set}");
    }
    assert_eq!((field("NoNewPrivs").as_str(), field("Seccomp").as_str()), ("1", "2"), "{status}");
    Ok(())
}

fn exposure(host: &Host) -> Outcome {
    let report = host.guest.sh("systemd-analyze security --no-pager axesd.service | tail -1")?;
    let (_, rest) = report.split_once("axesd.service: ").unwrap_or_default();
    let exposure: f64 = rest.split(' ').next().unwrap_or_default().parse().unwrap_or(10.0);
    assert!(exposure <= EXPOSURE, "{report}");
    Ok(())
}

fn files(host: &Host) -> Outcome {
    let shown = host.guest.sh(
        "stat -c '%a %U %G %n' /var/lib/axes /run/axes /run/axes/axesd.sock /run/axes/control.sock
         find /var/lib/axes -type f -perm /077",
    )?;
    let expected = "700 axes axes /var/lib/axes\n755 root root /run/axes\n\
        666 root root /run/axes/axesd.sock\n660 root axes /run/axes/control.sock\n";
    assert_eq!(shown, expected);
    Ok(())
}
