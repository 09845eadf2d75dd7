//! `common-auth` as pam-auth-update makes it of several profiles, with the servers behind them.

use std::panic;
use std::sync::Arc;
use std::thread;

use axes_e2e::guest::GuestError;
use libtest_mimic::Trial;

use crate::doors::su;
use crate::host::{Host, RIGHT, WRONG, pair};
use crate::lab::{Lab, Outcome};

const PROFILES: [&str; 4] = ["fprintd", "krb5", "sss", "unix"];
const LIMIT: &str = concat!("failure_limit = 2\n", pair!());

const UNPLUG: &str = "mv /etc/systemd/system/fprintd.service.d /var/tmp/unplugged
    systemctl daemon-reload; systemctl stop fprintd";
const PLUG_IN: &str = "mv /var/tmp/unplugged /etc/systemd/system/fprintd.service.d
    systemctl daemon-reload; systemctl stop fprintd";

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("axes_comes_before_every_module_that_judges_somebody", order),
        lab.trial("beside_krb5_each_answer_counts_once", beside_krb5),
        lab.trial("a_kdc_that_is_down_keeps_no_local_user_out", kdc_down),
        lab.trial("beside_sss_each_answer_counts_once", beside_sss),
        lab.trial("an_sssd_that_is_down_keeps_no_local_user_out", sssd_down),
        lab.trial("beside_fprintd_a_finger_and_the_password_after_it_count_once", beside_fprintd),
        lab.trial("a_reader_that_is_gone_is_nobody_s_failure", no_reader),
        lab.trial("a_stack_that_would_refuse_everybody_is_left_without_axes", nobody_asks),
    ]
}

fn order(host: &Host) -> Outcome {
    stack(host, &PROFILES)?;
    assert_eq!(modules(host, "auth")?, "axes krb5 fprintd unix sss deny permit");
    assert_eq!(modules(host, "account")?, "axes unix deny permit krb5 localuser sss");
    Ok(())
}

fn beside_krb5(host: &Host) -> Outcome {
    stack(host, &["krb5", "unix"])?;
    assert_eq!(modules(host, "auth")?, "axes krb5 unix deny permit");
    host.account("not_in_krb5")?;
    both(host, "kerberos", "not_in_krb5")
}

fn kdc_down(host: &Host) -> Outcome {
    stack(host, &["krb5", "unix"])?;
    while_down(host, "krb5-kdc", ["without_kdc", "kerberos"])
}

fn beside_sss(host: &Host) -> Outcome {
    stack(host, &["unix", "sss"])?;
    assert_eq!(modules(host, "auth")?, "axes unix sss deny permit");
    host.account("not_in_sss")?;
    both(host, "remote", "not_in_sss")
}

fn sssd_down(host: &Host) -> Outcome {
    stack(host, &["unix", "sss"])?;
    while_down(host, "sssd", ["without_sssd", "remote"])
}

fn beside_fprintd(host: &Host) -> Outcome {
    stack(host, &["fprintd", "unix"])?;
    assert_eq!(modules(host, "auth")?, "axes fprintd unix deny permit");
    assert!(with_finger(host, "thumb", WRONG)?, "nobody asks for the password");
    assert!(with_finger(host, "toe", RIGHT)?, "the password instead");
    assert!(!with_finger(host, "toe", WRONG)?);
    assert_eq!(host.failures("finger")?, 1, "two answers, one attempt");
    assert!(with_finger(host, "thumb", WRONG)?);
    assert_eq!(host.outcomes("finger")?, ["success", "success", "failure", "success"]);
    assert_eq!(host.failures("finger")?, 0);
    assert!(!with_finger(host, "toe", WRONG)?);
    assert!(!with_finger(host, "toe", WRONG)?);
    assert!(host.is_locked("finger")?);
    assert!(!with_finger(host, "thumb", RIGHT)?, "refused before the reader is asked");
    host.guest.sh("pkill -x scan")?;
    Ok(())
}

fn no_reader(host: &Host) -> Outcome {
    stack(host, &["fprintd", "unix"])?;
    let _restored = host.afterwards(PLUG_IN);
    host.guest.sh(UNPLUG)?;
    local_is_unharmed(host, "without_reader")
}

/// pam_sss of this profile takes the password that another module asked for, and there is none.
fn nobody_asks(host: &Host) -> Outcome {
    stack(host, &["unix"])?;
    let _restored = host.afterwards("pam-auth-update --enable axes unix");
    host.guest.sh("pam-auth-update --disable axes unix")?;
    host.guest.sh("pam-auth-update --enable sss axes")?;
    assert_eq!(modules(host, "auth")?, "axes sss deny permit");
    let said = host
        .guest
        .sh("DEBIAN_FRONTEND=noninteractive apt-get install --reinstall -y /root/axes.deb 2>&1")?;
    assert_eq!(modules(host, "auth")?, "sss deny permit", "{said}");
    assert!(said.contains("nothing would ask for a password"), "{said}");
    assert!(su(host, "remote", RIGHT)?);
    Ok(())
}

/// These profiles and axes, and no others.
fn stack(host: &Host, profiles: &[&str]) -> Outcome {
    host.guest.sh("[ -e /etc/krb5.conf ] || set-up-servers > /var/tmp/set-up 2>&1")?;
    let (on, off): (Vec<&str>, Vec<&str>) =
        PROFILES.iter().partition(|profile| profiles.contains(profile));
    host.guest.sh(&format!("pam-auth-update --enable axes {}", on.join(" ")))?;
    host.guest.sh(&format!("pam-auth-update --disable {}", off.join(" ")))?;
    Ok(host.configure(LIMIT)?)
}

/// The modules of one phase, in their order.
fn modules(host: &Host, phase: &str) -> Result<String, GuestError> {
    let names = format!("s/^{phase}.*pam_\\(.*\\)\\.so.*/\\1/p");
    host.guest.sh(&format!("echo $(sed -n '{names}' /etc/pam.d/common-{phase})")).map(trimmed)
}

fn trimmed(line: String) -> String {
    line.trim_end().to_owned()
}

/// One who is known to the server and one who is not.
fn both(host: &Host, known: &str, unknown: &str) -> Outcome {
    thread::scope(|scope| {
        let one = scope.spawn(|| counted_locked_forgiven(host, known));
        let other = counted_locked_forgiven(host, unknown);
        one.join().unwrap_or_else(|cause| panic::resume_unwind(cause))?;
        other
    })
}

fn counted_locked_forgiven(host: &Host, user: &str) -> Outcome {
    assert!(!su(host, user, WRONG)?);
    assert_eq!(host.failures(user)?, 1, "{user}");
    assert!(su(host, user, RIGHT)?);
    assert_eq!(host.failures(user)?, 0, "{user}");
    assert!(!su(host, user, WRONG)?);
    assert!(!su(host, user, WRONG)?);
    assert!(!su(host, user, RIGHT)?, "{user} got in while locked");
    let outcomes = ["failure", "success", "failure", "failure", "refused"];
    assert_eq!(host.outcomes(user)?, outcomes, "{user}");
    Ok(())
}

/// Whoever has no other password cannot be told from somebody who guesses: unix judged him too,
/// and what libpam says in the end is what pam_deny says. It counts, until he gets in.
fn while_down(host: &Host, server: &str, [local, known]: [&str; 2]) -> Outcome {
    let start = format!("systemctl start {server}");
    let _restored = host.afterwards(&start);
    host.guest.sh(&format!("systemctl stop '{server}*'"))?;
    local_is_unharmed(host, local)?;
    host.guest.sh(&format!("axesctl reset --user {known} || true"))?;
    assert!(!su(host, known, RIGHT)?, "{server} is down");
    assert_eq!(host.failures(known)?, 1);
    host.guest.sh(&start)?;
    assert!(su(host, known, RIGHT)?, "{server} is back");
    assert_eq!(host.failures(known)?, 0);
    Ok(())
}

fn local_is_unharmed(host: &Host, user: &str) -> Outcome {
    host.account(user)?;
    assert!(su(host, user, RIGHT)?);
    assert!(!su(host, user, WRONG)?);
    assert_eq!(host.outcomes(user)?, ["success", "failure"]);
    Ok(())
}

/// One try of somebody whose thumb is known.
fn with_finger(host: &Host, name: &str, password: &str) -> Result<bool, GuestError> {
    host.guest.sh(&format!("scan {name} > /dev/null 2>&1 &"))?;
    su(host, "finger", password)
}
