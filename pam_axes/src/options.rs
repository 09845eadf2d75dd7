//! What stands behind `pam_axes.so` on its line in `/etc/pam.d`.

use std::ffi::CStr;
use std::path::PathBuf;
use std::time::Duration;

use pam::constants::{PAM_SILENT, PamFlag, PamResultCode};
use pam::module::PamHandle;

use crate::log;

const SOCKET: &str = "/run/axes/axesd.sock";
const TIMEOUT: Duration = Duration::from_millis(1000);
const MAX_TIMEOUT_MS: u64 = 60_000;

/// The options of one line.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) layout: Layout,
    pub(crate) socket: PathBuf,
    pub(crate) failmode: FailMode,
    /// For everything that is not waiting at the gate.
    pub(crate) timeout: Duration,
    pub(crate) code: Code,
    pub(crate) manners: Manners,
    pub(crate) verbosity: Verbosity,
    /// What was not understood; the defaults stand.
    pub(crate) complaints: Vec<String>,
    #[cfg(feature = "fault-injection")]
    pub(crate) fault: String,
}

/// Which part of a stack the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The one line that watches an attempt from begin to end.
    Watching,
    /// Classic: before the password module.
    Preauth,
    /// Classic: where the password module failed.
    Authfail,
    /// Classic: where it succeeded.
    Authsucc,
}

/// What to do while axesd cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailMode {
    /// Let the rest of the stack decide.
    Safe,
    /// Refuse.
    Secure,
}

/// What a locked client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    MaxTries,
    AuthErr,
    PermDenied,
}

/// Whether the person at the prompt is told why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    Explain,
    Quiet,
}

/// Whether each step is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    Normal,
    Debug,
}

impl Options {
    /// Reads the arguments; what is not understood is complained of and left at its default.
    pub(crate) fn parse(args: &[&CStr], flags: PamFlag) -> Self {
        let mut options = Self {
            layout: Layout::Watching,
            socket: PathBuf::from(SOCKET),
            failmode: FailMode::of(args),
            timeout: TIMEOUT,
            code: Code::MaxTries,
            manners: if flags & PAM_SILENT == 0 { Manners::Explain } else { Manners::Quiet },
            verbosity: Verbosity::Normal,
            complaints: Vec::new(),
            #[cfg(feature = "fault-injection")]
            fault: String::new(),
        };
        for arg in args {
            let arg = arg.to_string_lossy();
            if options.apply(&arg).is_none() {
                options
                    .complaints
                    .push(format!("option {arg:?} is ignored: it, or its value, is not known"));
            }
        }
        crate::fault::at("options", &options);
        options
    }

    fn apply(&mut self, arg: &str) -> Option<()> {
        match arg.split_once('=') {
            None => self.apply_word(arg),
            Some(("socket", path)) if path.starts_with('/') => {
                self.socket = PathBuf::from(path);
                Some(())
            }
            Some(("failmode", mode)) => FailMode::parse(mode).map(|_| ()),
            Some(("timeout", time)) => parse_timeout(time).map(|time| self.timeout = time),
            Some(("code", code)) => Code::parse(code).map(|code| self.code = code),
            #[cfg(feature = "fault-injection")]
            Some(("fault", place)) => {
                place.clone_into(&mut self.fault);
                Some(())
            }
            Some(_) => None,
        }
    }

    fn apply_word(&mut self, word: &str) -> Option<()> {
        match word {
            "preauth" => self.layout = Layout::Preauth,
            "authfail" => self.layout = Layout::Authfail,
            "authsucc" => self.layout = Layout::Authsucc,
            "quiet" => self.manners = Manners::Quiet,
            "debug" => self.verbosity = Verbosity::Debug,
            _ => return None,
        }
        Some(())
    }
}

impl FailMode {
    /// The last one among the arguments.
    pub(crate) fn of(args: &[&CStr]) -> Self {
        let mode = |arg: &&CStr| Self::parse(arg.to_str().ok()?.strip_prefix("failmode=")?);
        args.iter().rev().find_map(mode).unwrap_or(Self::Safe)
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "safe" => Some(Self::Safe),
            "secure" => Some(Self::Secure),
            _ => None,
        }
    }

    /// The answer to PAM while axesd cannot be asked, with the log line that says so.
    pub(crate) fn code(self, reason: &str, pamh: &PamHandle) -> PamResultCode {
        match self {
            Self::Safe => {
                log::error(
                    pamh,
                    &format!(
                        "not protected: {reason}; failmode=safe lets the rest of the stack decide"
                    ),
                );
                PamResultCode::PAM_IGNORE
            }
            Self::Secure => {
                log::error(pamh, &format!("refused: {reason}; failmode=secure"));
                PamResultCode::PAM_AUTHINFO_UNAVAIL
            }
        }
    }
}

impl Code {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "maxtries" => Some(Self::MaxTries),
            "auth_err" => Some(Self::AuthErr),
            "perm_denied" => Some(Self::PermDenied),
            _ => None,
        }
    }

    pub(crate) const fn to_pam(self) -> PamResultCode {
        match self {
            Self::MaxTries => PamResultCode::PAM_MAXTRIES,
            Self::AuthErr => PamResultCode::PAM_AUTH_ERR,
            Self::PermDenied => PamResultCode::PAM_PERM_DENIED,
        }
    }
}

fn parse_timeout(milliseconds: &str) -> Option<Duration> {
    let milliseconds = milliseconds.parse().ok()?;
    (1..=MAX_TIMEOUT_MS).contains(&milliseconds).then(|| Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&CStr]) -> Options {
        Options::parse(args, 0)
    }

    #[test]
    fn every_documented_option_is_understood() {
        let options = parse(&[
            c"preauth",
            c"socket=/tmp/s",
            c"failmode=secure",
            c"timeout=250",
            c"code=AUTH_ERR",
            c"quiet",
            c"debug",
        ]);
        assert!(options.complaints.is_empty());
        assert_eq!((options.layout, options.failmode), (Layout::Preauth, FailMode::Secure));
        assert_eq!(options.timeout, Duration::from_millis(250));
        assert_eq!((options.code, options.manners), (Code::AuthErr, Manners::Quiet));
        assert_eq!(options.verbosity, Verbosity::Debug);
    }

    #[test]
    fn what_is_not_understood_is_named_and_changes_nothing() {
        for bad in
            [c"failmod=secure", c"timeout=0", c"timeout=1s", c"socket=run/s", c"code=X", c"x"]
        {
            let options = parse(&[bad]);
            assert_eq!(options.complaints.len(), 1, "{bad:?}");
            assert_eq!(options.timeout, TIMEOUT);
            assert_eq!(options.failmode, FailMode::Safe);
        }
    }

    #[test]
    fn a_silent_application_is_told_nothing() {
        assert_eq!(Options::parse(&[], PAM_SILENT).manners, Manners::Quiet);
        assert_eq!(parse(&[]).manners, Manners::Explain);
    }
}
