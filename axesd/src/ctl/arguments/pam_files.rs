//! What can be typed after `axesctl pam`.

use clap::{Args, Subcommand};

use super::Task;
use crate::ctl::pam::{Change, Consent, Verb};

/// As libpam finds it in the folder of its modules.
pub(super) const MODULE: &str = "pam_axes.so";

const NOTES: &str = "\
Where pam-auth-update or authselect write the files of PAM, use them instead: this refuses such
files, and says the command.

What is there is kept in /etc/axes/pam-backup before anything is written; where the machine loses
power in the middle, .sshd.axes-old beside sshd is what it was, too. Keep a root shell open until
you have seen a login work.

Exit status:
  0  It is done, there was nothing to do, or (status) every service that checks secrets is
     protected.
  1  The files are as they were: you said no, they are not to be edited, or a test failed and
     everything was put back. Or (status) a service is not protected.
  2  The command line is wrong, or names a service that PAM does not have.
  3  It could not be tried: you are not root, axesd does not answer, or a file could not be
     written.";

#[derive(Debug, Subcommand)]
#[command(after_help = NOTES)]
pub(in crate::ctl) enum PamCommand {
    /// Write the lines of pam_axes into the files of PAM.
    ///
    /// Shows what would change, and asks. `auth requisite pam_axes.so` goes directly before the
    /// first line that leads to a module which asks for a secret, and `account requisite
    /// pam_axes.so` before the first account line; jumps such as [success=2] go as far as before.
    /// First of all axesctl selftest has to pass. When the files are written, a made-up user tries
    /// a wrong answer at every service that they are part of: each has to refuse him, as it did
    /// before, and axesd has to record it. Else all files are put back. A service is not tried
    /// where that tells nothing, such as su, which lets root in without a question.
    #[command(after_help = NOTES)]
    Enable {
        /// The services to protect, each in its own file; without any, the files that services
        /// share (common-auth, system-auth, password-auth, base-auth), or where there is none,
        /// every service that checks secrets.
        #[arg(value_name = "SERVICE", value_parser = service)]
        services: Vec<String>,
        /// The module, with options.
        #[arg(long, value_name = "WORDS", default_value = MODULE, value_parser = module)]
        module: String,
        #[command(flatten)]
        consent: ConsentArguments,
    },
    /// Take the lines of pam_axes out of the files of PAM, whoever wrote them.
    ///
    /// Shows what would change, and asks. Works without axesd too. What `enable` wrote is taken
    /// out to the byte.
    #[command(after_help = NOTES)]
    Disable {
        /// The services to take them out of; without any, every file in /etc/pam.d.
        #[arg(value_name = "SERVICE", value_parser = service)]
        services: Vec<String>,
        #[command(flatten)]
        consent: ConsentArguments,
    },
    /// Show which services are protected, and by which line of which file.
    #[command(after_help = NOTES)]
    Status {
        /// Only these; without any, every service that checks secrets.
        #[arg(value_name = "SERVICE", value_parser = service)]
        services: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(in crate::ctl) struct ConsentArguments {
    /// Write without asking.
    #[arg(short, long, conflicts_with = "dry_run")]
    yes: bool,
    /// Only show what would change.
    #[arg(short = 'n', long)]
    dry_run: bool,
}

impl PamCommand {
    pub(super) fn task(self) -> Task {
        match self {
            Self::Enable { services, module, consent } => {
                let (verb, consent) = (Verb::Enable, consent.consent());
                Task::Pam(Change { verb, services, module, consent })
            }
            Self::Disable { services, consent } => {
                let (verb, consent) = (Verb::Disable, consent.consent());
                Task::Pam(Change { verb, services, module: MODULE.to_owned(), consent })
            }
            Self::Status { services } => Task::PamStatus(services),
        }
    }
}

impl ConsentArguments {
    const fn consent(&self) -> Consent {
        match (self.dry_run, self.yes) {
            (true, _) => Consent::Refused,
            (false, true) => Consent::Given,
            (false, false) => Consent::ToBeAsked,
        }
    }
}

/// The name of a file in `/etc/pam.d`.
fn service(text: &str) -> Result<String, &'static str> {
    match text {
        "" => Err("it is empty"),
        text if text.contains('/') || text.starts_with('.') => {
            Err("it is a path; name a service, such as sshd")
        }
        text => Ok(text.to_owned()),
    }
}

/// The third word of a line of PAM, and what follows.
pub(super) fn module(text: &str) -> Result<String, &'static str> {
    let name = text.split_whitespace().next().unwrap_or_default();
    let is_ours = |name: &str| name.ends_with("pam_axes.so");
    match text {
        text if text.contains(['#', '\\']) || text.contains(char::is_control) => {
            Err("it is to stand in one line of PAM")
        }
        _ if !is_ours(name) => Err("it is not pam_axes.so, perhaps with a path and options"),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::ctl::arguments::Arguments;

    fn change(line: &str) -> Option<(Vec<String>, String, Consent)> {
        let words = ["axesctl", "pam"].into_iter().chain(line.split('|'));
        match Arguments::try_parse_from(words).ok()?.command.task() {
            Task::Pam(Change { services, module, consent, .. }) => {
                Some((services, module, consent))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn consent_is_given_on_the_line_or_asked_for() {
        let (services, module, consent) = change("enable|sshd|sudo").unwrap();
        assert_eq!((services.len(), module.as_str()), (2, MODULE));
        assert_eq!(consent, Consent::ToBeAsked);
        assert_eq!(change("disable|--yes").unwrap().2, Consent::Given);
        assert_eq!(change("disable|-n").unwrap().2, Consent::Refused);
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "enable|--yes|--dry-run",
            "enable|/etc/pam.d/sshd",
            "enable|",
            "enable|..",
            "disable|--module|pam_axes.so",
            "enable|--module|pam_unix.so",
            "enable|--module|pam_axes.so\nauth sufficient pam_permit.so",
            "enable|--module|pam_axes.so # quiet",
        ] {
            assert_eq!(change(line), None, "{line}");
        }
        let options = change("enable|--module|/x/libpam_axes.so failmode=secure").unwrap().1;
        assert_eq!(options, "/x/libpam_axes.so failmode=secure");
    }
}
