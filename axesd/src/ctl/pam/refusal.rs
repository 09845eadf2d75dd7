//! Why the files of PAM are left alone, and what to do about it.

use std::path::PathBuf;

use crate::ctl::check::finding::Place;

/// Why nothing is written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::ctl) enum Refusal {
    #[error("PAM has no service {0}: there is no such file in /etc/pam.d")]
    NoService(String),
    #[error(
        "no file in /etc/pam.d checks passwords: name the services to protect, as \
         `axesctl pam status` lists them"
    )]
    NothingToProtect,
    #[error("service {0} checks no secrets, so there is nothing to protect")]
    NoSecrets(String),
    #[error(
        "{path} is written by pam-auth-update, which would take the lines out again: \
         run `pam-auth-update {1} axes`", path = .0.display()
    )]
    PamAuthUpdate(PathBuf, &'static str),
    #[error(
        "{path} is written by authselect, which would take the lines out again: \
         run `authselect {1} with-axes`", path = .0.display()
    )]
    Authselect(PathBuf, &'static str),
    #[error(
        "{path} is written by pam-config, which would take the lines out again: \
         name the services, such as `axesctl pam {1} sshd`", path = .0.display()
    )]
    PamConfig(PathBuf, &'static str),
    #[error(
        "{path} belongs to the distribution: `cp {path} /etc/pam.d/`, and try again; the copy \
         counts from then on", path = .0.display()
    )]
    Vendor(PathBuf),
    #[error("{path} cannot be read", path = .0.display())]
    Unreadable(PathBuf),
    #[error("{path} is not in UTF-8: write the lines by hand", path = .0.display())]
    NotText(PathBuf),
    #[error(
        "{0} jumps over the place of the line in another file, {path}, and would go wrong: \
         name the services one by one, or change that jump by hand",
        path = .1.display()
    )]
    JumpElsewhere(Place, PathBuf),
    #[error(
        "the jump in {0} would have to leave out one number of modules in one service and \
         another in the next: write the lines by hand"
    )]
    JumpInTwoWays(Place),
    #[error(
        "service {0} has a line of pam_axes that does not protect it ({1}): see \
         `axesctl check`, or begin anew after `axesctl pam disable {0}`"
    )]
    Faulty(String, String),
    #[error("no place for the line protects service {0}: {1}. Write it by hand")]
    NoPlace(String, String),
    #[error(
        "{0} is one of the classic lines (preauth, authfail, authsucc), on which the lines \
         around it depend: take all of them out by hand"
    )]
    Classic(Place),
    #[error("service {0} would let in whoever types a wrong answer: change it by hand")]
    Opens(String),
    #[error("service {0} would let in nobody any more: change it by hand")]
    Closes(String),
    #[error(
        "service {0} is protected by {1}, not by a line of its own: leave out its name, or edit that file"
    )]
    Elsewhere(String, Place),
    #[error("no line of pam_axes is to be taken out")]
    NothingToTakeOut,
}
