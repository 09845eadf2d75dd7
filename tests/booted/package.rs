//! Installed, upgraded, removed, installed again, purged; a login in between each.

mod files;
mod removal;
mod upgrade;
mod visitors;

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::doors::{Door, ssh_keyboard, ssh_password, su, sudo};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};

const DOORS: &[(&str, Door)] =
    &[("ssh", ssh_password), ("keyboard", ssh_keyboard), ("sudo", sudo), ("su", su)];

/// Puts the package under test in place of what is there; what was edited stays.
const INSTALL: &str = "DEBIAN_FRONTEND=noninteractive apt-get install --reinstall -y \
    -o Dpkg::Options::=--force-confdef /root/axes.deb";
const REMOVE: &str = "DEBIAN_FRONTEND=noninteractive apt-get remove -y axes";

pub(crate) fn trials(bookworm: &Arc<Lab>, trixie: &Arc<Lab>) -> Vec<Trial> {
    let every_door = trixie
        .trial("ssh_sudo_and_su_are_counted_locked_and_reset_on_the_next_release", every_door);
    let own =
        bookworm.trial("no_step_of_a_package_touches_pam_files_of_one_s_own", upgrade::own_files);
    let silent = bookworm.trial("no_step_of_a_package_asks_a_question", no_debconf);
    [vec![every_door, silent, own], life_cycle(bookworm), life_cycle(trixie)]
        .into_iter()
        .flatten()
        .collect()
}

/// In this order: the last one leaves a host without axes.
fn life_cycle(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("an_upgrade_keeps_edits_locks_and_whoever_is_at_a_prompt", upgrade::under_load),
        lab.trial("a_removal_that_would_break_logins_is_refused", removal::refused),
        lab.trial("a_removal_turns_nobody_away_who_logs_in_meanwhile", removal::under_load),
        lab.trial("a_purge_leaves_every_file_as_it_was_before", removal::without_a_trace),
        lab.trial("a_purge_leaves_nothing_behind_and_logins_work", removal::purge),
    ]
}

/// Counters do not look at the service: what was counted at one door is locked at all of them.
fn every_door(host: &Host) -> Outcome {
    for (name, door) in DOORS {
        let user = format!("door_{name}");
        host.account(&user)?;
        for _ in 0..3 {
            assert!(!door(host, &user, WRONG)?);
        }
        assert!(host.is_locked(&user)?);
        assert!(!door(host, &user, RIGHT)?);
        host.guest.sh(&format!("axesctl reset --user {user}"))?;
        assert!(door(host, &user, RIGHT)?, "{name} after a reset");
        let outcomes = ["failure", "failure", "failure", "refused", "success"];
        assert_eq!(host.outcomes(&user)?, outcomes, "{name}");
    }
    Ok(())
}

fn no_debconf(host: &Host) -> Outcome {
    host.guest.sh("! ls /var/lib/dpkg/info/axes.config /var/lib/dpkg/info/axes.templates")?;
    host.guest.sh("! grep --fixed-strings confmodule /var/lib/dpkg/info/axes.p*")?;
    Ok(())
}
