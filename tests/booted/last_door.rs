//! Ways in that stay open while everything else is locked.

use std::sync::Arc;

use axes_e2e::guest::GuestError;
use libtest_mimic::Trial;

use crate::doors::{self, CLIENT, got_in, ssh, ssh_keyboard, ssh_password};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};
use crate::ssh::give_key;

/// Users and addresses are locked each for itself, wherever the other comes from.
const STRICT: &str = "failure_limit = 3\nlockout_parameters = [\"username\", \"ip_address\"]\n";
const RESET: &str = "axesctl panic-off --end || true; axesctl reset --all || true";

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("root_gets_in_at_the_console_while_all_else_is_locked", console),
        lab.trial("a_key_gets_in_while_all_else_is_locked", key),
        lab.trial("panic_off_lets_everybody_in_while_all_else_is_locked", panic_off),
        lab.trial("a_kernel_command_line_with_axes_off_lets_everybody_in", kernel),
    ]
}

fn console(host: &Host) -> Outcome {
    let _reset = host.afterwards(RESET);
    let _no_password = host.afterwards("usermod --password '*' root");
    host.guest.sh(&format!("echo root:{RIGHT} | chpasswd"))?;
    sealed(host, "sealed_console")?;
    for _ in 0..3 {
        assert!(!doors::login(host, "root", WRONG)?);
    }
    assert!(!root_at(host, "pts/7", RIGHT)?, "root is locked on other terminals");
    assert!(root_at(host, "tty1", RIGHT)?);
    assert!(!root_at(host, "tty1", WRONG)?);
    Ok(())
}

fn key(host: &Host) -> Outcome {
    let _reset = host.afterwards(RESET);
    let user = "sealed_key";
    sealed(host, user)?;
    give_key(host, user)?;
    assert!(got_in(ssh(host, "publickey", CLIENT, user, &[])?));
    Ok(())
}

fn panic_off(host: &Host) -> Outcome {
    let _reset = host.afterwards(RESET);
    let (user, neighbour) = ("sealed_panic", "sealed_neighbour");
    sealed(host, user)?;
    host.account(neighbour)?;
    let _unlisted = host.afterwards("axesctl blacklist remove sealed_neighbour");
    host.guest.sh("axesctl blacklist add sealed_neighbour")?;
    let end = host.guest.journal_end()?;
    host.guest.sh("axesctl panic-off --for 10m --reason trial")?;
    // Not by the daemon that was told so either.
    host.guest.sh("systemctl kill --signal=KILL axesd")?;
    assert!(!ssh_password(host, user, WRONG)?);
    assert!(ssh_password(host, user, RIGHT)?);
    assert!(ssh_keyboard(host, neighbour, RIGHT)?);
    for _ in 0..3 {
        assert!(!ssh_password(host, user, WRONG)?);
    }
    host.guest.sh("axesctl panic-off --end")?;
    assert!(!ssh_password(host, user, RIGHT)?, "counted all the while");
    assert!(!ssh_password(host, neighbour, RIGHT)?);
    let logged = host.guest.journal_after(&end)?;
    for line in ["panic-off: nobody is refused until", "panic-off still holds", "was ended"] {
        assert!(logged.contains(line), "{line}: {logged}");
    }
    Ok(())
}

/// A guest has the command line of its host: axesd is told to look elsewhere.
fn kernel(host: &Host) -> Outcome {
    let _reset = host.afterwards(RESET);
    let user = "sealed_kernel";
    sealed(host, user)?;
    let journal = host.guest.sh("journalctl --unit axesd --output cat")?;
    assert!(!journal.contains("is not known"), "/proc/cmdline cannot be read: {journal}");
    let _usual = host.afterwards(
        "rm -r /etc/systemd/system/axesd.service.d; systemctl daemon-reload; \
         systemctl restart axesd",
    );
    host.guest.sh("mkdir -p /etc/systemd/system/axesd.service.d
         echo 'quiet axes=off' > /etc/axes/cmdline; chmod 644 /etc/axes/cmdline
         printf '[Service]\nExecStart=\nExecStart=/usr/sbin/axesd --config /etc/axes/axes.toml \
         --kernel-command-line /etc/axes/cmdline\n' > /etc/systemd/system/axesd.service.d/off.conf
         systemctl daemon-reload; systemctl restart axesd")?;
    assert!(ssh_password(host, user, RIGHT)?);
    let status = host.guest.sh("axesctl status")?;
    assert!(status.contains("axes=off"), "{status}");
    Ok(())
}

/// Locks a user, and the address that everybody comes from.
fn sealed(host: &Host, user: &str) -> Outcome {
    host.configure(STRICT)?;
    // What other trials left would refuse before anything is counted against the user.
    host.guest.sh("axesctl reset --all || true")?;
    host.account(user)?;
    for _ in 0..3 {
        assert!(!ssh_password(host, user, WRONG)?);
    }
    assert!(!ssh_password(host, user, RIGHT)?);
    assert!(!got_in(ssh(host, "password", "127.0.0.8", user, &[RIGHT])?), "from anywhere");
    Ok(())
}

/// login, as it is called for somebody at this terminal.
fn root_at(host: &Host, tty: &str, password: &str) -> Result<bool, GuestError> {
    let item = format!("tty={tty}");
    let words = ["pamtester", "-I", &item, "login", "root", "authenticate", "acct_mgmt"];
    host.guest.run_with_input(&words, &format!("{password}\n")).map(got_in)
}
