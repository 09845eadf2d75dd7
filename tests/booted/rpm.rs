//! The .rpm: installed, upgraded, erased; authselect's profile; the policy module for SELinux.
//!
//! There is no Fedora to boot here. The guest is a Debian in which PAM is laid out as Fedora's, and
//! rpm, systemd, libpam and its modules, SSSD, semodule are the real ones; authselect is not.

mod authselect;
mod erase;
mod install;
mod logins;
mod package;
mod profile;
mod root;
mod selinux;
mod sssd;
mod upgrade;

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::lab::Lab;

pub(crate) use package::install;

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("rpm::it_makes_account_folders_and_units", install::is_complete),
        lab.trial("rpm::it_needs_nothing_that_rhel_9_lacks", install::requirements),
        lab.trial("rpm::it_leaves_pam_alone", install::pam_is_as_before),
        lab.trial("rpm::selinux_lets_every_program_that_authenticates_connect", selinux::doors),
        lab.trial("rpm::selinux_labels_the_daemon_and_its_files", selinux::labels),
        lab.trial("rpm::a_profile_names_each_feature_that_it_has", profile::readme),
        lab.trial("rpm::a_profile_counts_locks_and_forgives_with_every_feature", logins::features),
        lab.trial("rpm::a_profile_without_axes_locks_nobody", logins::without_axes),
        lab.trial("rpm::a_profile_without_a_reader_counts_no_finger", logins::other_methods),
        lab.trial("rpm::a_profile_refuses_empty_passwords_if_told", logins::empty_password),
        lab.trial("rpm::ssh_sudo_su_and_login_are_locked_by_the_profile", logins::every_door),
        lab.trial("rpm::a_check_finds_no_mistake_in_the_profile", profile::check),
        lab.trial("rpm::accounts_of_sssd_are_counted_and_its_outage_is_not", sssd::remote),
        lab.trial("rpm::an_upgrade_keeps_settings_counts_and_sockets", upgrade::keeps),
        lab.trial("rpm::it_is_not_erased_while_pam_names_the_module", erase::refused),
        lab.trial(
            "rpm::it_leaves_the_profile_first_and_then_nothing_behind",
            erase::leaves_nothing,
        ),
        lab.trial("rpm::it_goes_into_an_image_and_out_again", root::comes_and_goes),
    ]
}
