//! `axesctl selftest`.

use std::process::Command;

use axes_e2e::host::{Host, built};

use crate::etc::{Etc, shown};

/// Verdicts of a self-test of this module line.
fn selftest(etc: &Etc, module: &str) -> (i32, String) {
    shown(&etc.axesctl(&["selftest", "--module", module]))
}

#[test]
fn a_wrong_and_a_right_answer_are_told_apart_and_nothing_stays_counted() {
    // The last failure that is verified is the first; nothing is logged; nobody is refused.
    for settings in [
        "",
        "failure_limit = 1",
        "failure_limit = 1\ndisable_access_log = true",
        "disable_success_access_log = true",
        "lock_out_at_failure = false",
        "store_username = \"hash\"",
        "services = [\"sshd\"]",
        "lockout_parameters = [\"ip_address\"]",
        "only_whitelist = true\nip_whitelist = [\"192.0.2.0/24\"]",
    ] {
        let etc = Etc::of(settings);
        let (status, text) = selftest(&etc, &etc.host.module_line());
        assert_eq!((status, text.matches("\nok ").count()), (0, 4), "{settings}: {text}");
        assert_eq!(etc.host.ask(&["list"])["counters"].as_array().unwrap().len(), 0, "{settings}");
    }
}

#[test]
fn its_attempts_are_known_by_the_name_of_the_user_and_of_the_service() {
    let etc = Etc::of("");
    let told = etc.ask(&["selftest", "--module", &etc.host.module_line()]);
    assert_eq!(told["checks"].as_array().unwrap().len(), 4, "{told}");
    assert_eq!(told["checks"][0]["found"], "refused; axesd recorded: failure");
    let log = etc.host.ask(&["log"]);
    let outcomes: Vec<_> = log["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| {
            assert_eq!(attempt["service"], "axes-selftest");
            assert!(
                attempt["username"].as_str().unwrap().starts_with("axes-selftest-"),
                "{attempt}"
            );
            attempt["outcome"].as_str().unwrap()
        })
        .collect();
    assert_eq!(outcomes, ["failure", "success"]);
}

#[test]
fn a_module_that_is_missing_or_asks_elsewhere_is_a_wrong_verdict() {
    let etc = Etc::of("");
    let (status, text) = selftest(&etc, "/nowhere/pam_axes.so");
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("Module is unknown") && text.contains("recorded: nothing"), "{text}");
    let elsewhere = format!("{} socket=/nowhere", etc.host.module_line());
    let (status, text) = selftest(&etc, &elsewhere);
    assert_eq!((status, text.matches("recorded: nothing").count()), (1, 2), "{text}");
}

#[test]
fn a_daemon_that_counts_nobody_is_a_wrong_verdict() {
    let etc = Etc::of("enabled = false");
    let (status, text) = selftest(&etc, &etc.host.module_line());
    assert_eq!((status, text.matches("WRONG").count()), (1, 1), "{text}");
    assert!(text.contains("nobody is counted"), "{text}");
}

#[test]
fn without_a_daemon_or_without_being_root_there_is_no_verdict() {
    let mut etc = Etc::of("");
    let module = etc.host.module_line();
    etc.host.kill_daemon(9);
    let (status, text) = selftest(&etc, &module);
    assert_eq!(status, 3, "{text}");
    assert!(text.contains("axesd is not running"), "{text}");
    let host = Host::without_daemon("");
    let axesctl = built("axesctl");
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--clear-groups"]).arg(axesctl).arg("selftest");
    let output = if nix::unistd::geteuid().is_root() {
        command.output().unwrap()
    } else {
        host.axesctl(&["selftest"])
    };
    let (status, text) = shown(&output);
    assert_eq!(status, 3, "{text}");
    assert!(text.contains("this is for root"), "{text}");
}

#[test]
fn only_axesctl_is_linked_with_libpam() {
    let names_libpam = |program: &str| {
        let bytes = std::fs::read(built(program)).unwrap();
        bytes.windows(11).any(|it| it == b"libpam.so.0")
    };
    assert!(names_libpam("axesctl") && !names_libpam("axesd"));
}
