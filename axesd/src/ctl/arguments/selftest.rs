//! What can be typed after `axesctl selftest`, and what it starts itself with.

use std::path::PathBuf;

use clap::Args;

use super::Task;
use crate::ctl::selftest::{self, Login};

const NOTES: &str = "\
Exit status:
  0  Every verdict is right.
  1  One is not: the table says what was found instead.
  2  The command line is wrong.
  3  It could not be tried: you are not root, or axesd does not answer.";

/// Log a made-up user in through libpam, with a wrong and with the right answer, and show what
/// the module and axesd make of it.
///
/// It takes a service of its own in a private folder: no file in /etc/pam.d is read or changed,
/// and no real account is touched. The user is called axes-selftest-NUMBER; what is counted
/// against him is reset, and the access log keeps his attempts.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(in crate::ctl) struct SelftestArguments {
    /// The module, with options as they stand in a line of PAM: `"pam_axes.so timeout=500"`.
    #[arg(long, value_name = "WORDS", default_value = super::pam_files::MODULE)]
    #[arg(value_parser = super::pam_files::module)]
    module: String,
}

/// One login.
#[derive(Debug, Args)]
pub(in crate::ctl) struct LoginArguments {
    #[arg(long)]
    folder: Option<PathBuf>,
    #[arg(long)]
    service: String,
    #[arg(long)]
    user: String,
    #[arg(long)]
    answer: String,
}

impl SelftestArguments {
    pub(super) fn task(self) -> Task {
        Task::Selftest(self.module)
    }
}

impl LoginArguments {
    /// The status to end with.
    pub(in crate::ctl) fn run(&self) -> u8 {
        selftest::log_in(&Login {
            folder: self.folder.as_deref(),
            service: &self.service,
            user: &self.user,
            answer: &self.answer,
        })
    }
}
