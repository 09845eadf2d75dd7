//! `axesctl selftest`: a wrong and a right answer, through libpam and the module to axesd.

mod attempt;
mod show;
mod witness;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use axes_proto::control::Enforcement;
use nix::unistd::geteuid;

pub(super) use attempt::{Login, Seen, judge_answer, log_in, try_login};
pub(super) use show::{json, text};
pub(super) use witness::Witness;

use self::attempt::{RIGHT, WRONG};
use super::error::CtlError;

/// The name of the private service.
const SERVICE: &str = "axes-selftest";

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) what: String,
    pub(super) expected: &'static str,
    pub(super) found: String,
    pub(super) good: bool,
}

/// Why there was no self-test.
#[derive(Debug, thiserror::Error)]
pub(super) enum SelftestError {
    #[error(
        "this is for root: axesd believes nobody else who logs in others, and PAM's files are root's; use sudo"
    )]
    NotRoot,
    #[error("interrupted")]
    Interrupted,
    #[error("cannot make a private service in {path}: {1}", path = .0.display())]
    Folder(PathBuf, #[source] io::Error),
    #[error("cannot start `axesctl` once more, to log in with: {0}")]
    Start(#[source] io::Error),
}

/// Logs a made-up user in, wrong and right, and asks axesd what it makes of that. Nothing of it
/// stays counted; the access log keeps it.
pub(super) fn run(socket: &Path, module: &str) -> Result<Vec<Check>, CtlError> {
    for_root()?;
    let mut witness = Witness::call(socket, SERVICE)?;
    let folder = private_service(module)?;
    let login = |answer| Login { folder: Some(folder.path()), answer, ..witness.login() };
    let wrong = try_login(&login(WRONG))?;
    let wrong = judged("a wrong answer", EXPECTED_FAILURE, &wrong, &witness.told()?);
    // With a limit of one failure he is locked out by now.
    witness.lift_lockout()?;
    let login = |answer| Login { folder: Some(folder.path()), answer, ..witness.login() };
    let right = try_login(&login(RIGHT))?;
    let right = judged("the right answer", EXPECTED_SUCCESS, &right, &witness.told()?);
    let counted = witness.counted()?;
    let forgiven = Check {
        what: "failures afterwards".to_owned(),
        expected: "0",
        found: counted.to_string(),
        good: counted == 0,
    };
    Ok(vec![wrong, right, forgiven, lockouts(witness.enforcement()?)])
}

/// The administrator may have reasons to refuse nobody for now, but not to count nobody.
fn lockouts(enforcement: Enforcement) -> Check {
    let expected = "refuse";
    let found = match enforcement {
        Enforcement::On | Enforcement::StoreFails => expected,
        Enforcement::OtherServices => "refuse in the services that `services` names",
        Enforcement::Monitor => "are only logged (lock_out_at_failure = false)",
        Enforcement::PanicOff => "refuse nobody for now (panic-off)",
        Enforcement::Off => "are off: nobody is counted (enabled = false, or handler dummy)",
    };
    let good = enforcement != Enforcement::Off;
    Check { what: "lockouts".to_owned(), expected, found: found.to_owned(), good }
}

pub(super) const EXPECTED_FAILURE: &str = "refused; axesd recorded: failure";
const EXPECTED_SUCCESS: &str = "let in; axesd recorded: success";

/// What was seen at the prompt and by axesd, held against what is right.
pub(super) fn judged(
    what: impl Into<String>,
    expected: &'static str,
    seen: &Seen,
    told: &str,
) -> Check {
    let verdict = if seen.let_in() { "let in" } else { "refused" };
    let good = expected == format!("{verdict}; axesd recorded: {told}") && seen.was_asked();
    let found = format!("{seen}; axesd recorded: {told}");
    let found = if good { expected.to_owned() } else { found };
    Check { what: what.into(), expected, found, good }
}

/// Refuses everybody but root.
pub(super) fn for_root() -> Result<(), SelftestError> {
    if geteuid().is_root() { Ok(()) } else { Err(SelftestError::NotRoot) }
}

/// A folder that only root can look into, with a service whose password module is this program.
fn private_service(module: &str) -> Result<tempfile::TempDir, SelftestError> {
    let folder = tempfile::Builder::new().prefix("axes-selftest").tempdir();
    let folder = folder.map_err(|error| SelftestError::Folder(std::env::temp_dir(), error))?;
    let program = std::env::current_exe().map_err(SelftestError::Start)?;
    let lines = format!(
        "auth requisite {module}\n\
         auth [success=1 default=ignore] pam_exec.so expose_authtok quiet [{}] {JUDGE}\n\
         auth requisite pam_deny.so\n\
         auth required pam_permit.so\n\
         account requisite {module}\n\
         account required pam_permit.so\n",
        program.display()
    );
    let path = folder.path().join(SERVICE);
    fs::write(&path, lines).map_err(|error| SelftestError::Folder(path, error))?;
    Ok(folder)
}

/// The hidden command that tells a right answer from a wrong one.
const JUDGE: &str = "selftest-judge";
