//! The daemon that is running, if one is.

use std::path::Path;
use std::time::Duration;

use axes_proto::client::{Connection, Patience};
use axes_proto::control::{
    Attempt, Enforcement, Entry, Filter, ListName, LogFilter, Outcome, Reading, Request, Source,
    Status,
};
use axes_proto::pam;

use super::finding::Finding;
use super::rule::{
    CONTROL_SILENT, OTHER_RELEASE, OTHER_STORE, PAM_SILENT, STORE_ALARM, STORE_DAMAGED,
};
use crate::config::Handler;
use crate::ctl::error::CtlError;
use crate::ctl::exchange::{self, Report};

/// How long it may take to answer one question.
const PATIENCE: Duration = Duration::from_secs(3);
/// So many are looked at for addresses that many share.
const LOGINS: u64 = 10_000;
const START: &str = "Run `systemctl start axesd-control.socket axesd.socket axesd.service`.";

/// What the daemon says.
#[derive(Debug)]
pub(super) struct Daemon {
    /// Why no module can ask.
    pam: Option<String>,
    /// Its status, or why there is none.
    control: Result<Status, CtlError>,
    /// Recent logins.
    pub(super) attempts: Vec<Attempt>,
    /// Entries of both lists that were made at run time.
    pub(super) entries: Vec<Entry>,
}

impl Daemon {
    /// Asks on both sockets.
    pub(super) fn ask(pam: &Path, control: &Path) -> Self {
        let connected = Connection::open(pam, &mut Patience::of(PATIENCE));
        let silent = connected.err().map(|error| match CtlError::asking(pam, error) {
            CtlError::NotRunning(socket) => nobody_on(&socket),
            other => format!("{}: {other}.", pam.display()),
        });
        let control_says = status(control);
        let (attempts, entries) = match control_says {
            Ok(_) => (logins(control), entries(control)),
            Err(_) => (Vec::new(), Vec::new()),
        };
        Self { pam: silent, control: control_says, attempts, entries }
    }

    /// Why its status cannot be seen by this user; that is no fault of the host.
    pub(super) fn left_out(&self) -> Option<String> {
        match &self.control {
            Err(error @ CtlError::NotAllowed(_)) => Some(error.to_string()),
            _ => None,
        }
    }

    /// What is wrong with it.
    pub(super) fn judge(&self, handler: Option<Handler>) -> Vec<Finding> {
        let silent = self.pam.as_ref().map(|why| PAM_SILENT.found(None, why, START));
        let mut findings = Vec::from_iter(silent);
        match &self.control {
            Ok(status) => findings.extend(glance(status, handler)),
            Err(error) => findings.extend(silence(error)),
        }
        findings
    }
}

fn status(socket: &Path) -> Result<Status, CtlError> {
    match exchange::ask(socket, Request::Status, PATIENCE)? {
        Report::Status(status) => Ok(status),
        _ => Err(CtlError::Incomplete),
    }
}

/// The newest logins.
fn logins(socket: &Path) -> Vec<Attempt> {
    let filter = LogFilter {
        client: Filter::default(),
        outcomes: vec![Outcome::Reported(pam::Outcome::Success)],
        since_ms: None,
        until_ms: None,
        newest: Some(LOGINS),
        reading: Reading::Once,
    };
    match exchange::ask(socket, Request::Log(filter), PATIENCE) {
        Ok(Report::Log(attempts)) => attempts,
        // Whoever answered with a status and does not answer now is found next time.
        _ => Vec::new(),
    }
}

fn entries(socket: &Path) -> Vec<Entry> {
    let lists = [ListName::White, ListName::Black].into_iter();
    let asked =
        lists.filter_map(|list| match exchange::ask(socket, Request::Entries(list), PATIENCE) {
            Ok(Report::Entries(_, entries)) => Some(entries),
            _ => None,
        });
    asked.flatten().filter(|entry| entry.source != Source::Configuration).collect()
}

fn glance(status: &Status, handler: Option<Handler>) -> Vec<Finding> {
    let Status { version, store, store_alarm, store_notice, .. } = status;
    let ours = env!("CARGO_PKG_VERSION");
    let mut findings = Vec::new();
    if version.as_str() != ours {
        let message = format!("axesd is of release {version}, axesctl of {ours}.");
        findings.push(OTHER_RELEASE.found(None, message, "Run `systemctl restart axesd`."));
    }
    findings.extend(store_alarm.as_ref().map(|alarm| {
        let fix = "Make room or repair the disk; `axesctl status` tells when the alarm is over.";
        let refused = match status.enforcement {
            Enforcement::StoreFails => " Whoever is counted is refused meanwhile (on_store_error).",
            _ => "",
        };
        STORE_ALARM.found(None, format!("axesd alarms: {alarm}.{refused}"), fix)
    }));
    findings.extend(store_notice.as_ref().map(|notice| {
        let fix = "Look for the cause: disk, memory, file system. Run `systemctl restart axesd` \
                   once you know.";
        STORE_DAMAGED.found(None, format!("at its start axesd found: {notice}."), fix)
    }));
    let wanted = handler.map(word).filter(|wanted| *wanted != store.as_str());
    findings.extend(wanted.map(|wanted| {
        let message = format!("axesd still runs with the store {store}; {wanted} is configured.");
        OTHER_STORE.found(None, message, "Run `systemctl restart axesd`.")
    }));
    findings
}

fn silence(error: &CtlError) -> Option<Finding> {
    let look = "See `journalctl -u axesd`, or run `systemctl restart axesd`.";
    Some(match error {
        CtlError::NotAllowed(_) => return None,
        CtlError::NotRunning(socket) => CONTROL_SILENT.found(None, nobody_on(socket), START),
        CtlError::Version(version) => {
            let message = format!("axesd speaks version {version} of the protocol.");
            OTHER_RELEASE.found(None, message, "Run `systemctl restart axesd`.")
        }
        CtlError::TimedOut => CONTROL_SILENT.found(None, "axesd did not answer in time.", look),
        other => CONTROL_SILENT.found(None, format!("{other}."), look),
    })
}

fn nobody_on(socket: &Path) -> String {
    format!("nobody listens on {}.", socket.display())
}

const fn word(handler: Handler) -> &'static str {
    match handler {
        Handler::Sled => "sled",
        Handler::Memory => "memory",
        Handler::Dummy => "dummy",
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::time::Instant;

    use axes_proto::text::{Label, Sentence};

    use super::super::pam::samples::ids;
    use super::*;
    use crate::ctl::samples;

    fn good() -> Status {
        Status { version: Label::from_typed(env!("CARGO_PKG_VERSION")), ..samples::status() }
    }

    fn found(control: Result<Status, CtlError>) -> Vec<String> {
        let daemon = Daemon { pam: None, control, attempts: Vec::new(), entries: Vec::new() };
        ids(&daemon.judge(Some(Handler::Sled)))
    }

    #[test]
    fn a_daemon_that_is_well_is_no_finding() {
        assert_eq!(found(Ok(good())), [""; 0]);
    }

    #[test]
    fn another_release_an_alarm_and_another_store_are_found() {
        assert_eq!(
            found(Ok(Status { version: Label::from_typed("0.0.9"), ..good() })),
            ["axes.W019"]
        );
        let store_alarm = Some(Sentence::from_typed("the disk is full"));
        assert_eq!(found(Ok(Status { store_alarm, ..good() })), ["axes.E017"]);
        let store_notice = Some(Sentence::from_typed("restored"));
        assert_eq!(found(Ok(Status { store_notice, ..good() })), ["axes.W023"]);
        assert_eq!(
            found(Ok(Status { store: Label::from_typed("dummy"), ..good() })),
            ["axes.W003"]
        );
    }

    #[test]
    fn silence_is_found_unless_this_user_may_not_ask() {
        assert_eq!(found(Err(CtlError::NotRunning("/s".into()))), ["axes.E015"]);
        assert_eq!(found(Err(CtlError::TimedOut)), ["axes.E015"]);
        assert_eq!(found(Err(CtlError::Incomplete)), ["axes.E015"]);
        assert_eq!(found(Err(CtlError::Version(9))), ["axes.W019"]);
        let closed = || Err(CtlError::NotAllowed("/s".into()));
        assert_eq!(found(closed()), [""; 0]);
        let daemon =
            Daemon { pam: None, control: closed(), attempts: Vec::new(), entries: Vec::new() };
        assert!(daemon.left_out().unwrap().contains("use sudo"));
    }

    #[test]
    fn sockets_that_do_not_answer_are_found_within_the_patience() {
        let folder = tempfile::tempdir().unwrap();
        let silent = folder.path().join("control.sock");
        let _listener = UnixListener::bind(&silent).unwrap();
        let started = Instant::now();
        let daemon = Daemon::ask(&folder.path().join("axesd.sock"), &silent);
        assert_eq!(ids(&daemon.judge(None)), ["axes.E014", "axes.E015"]);
        assert!(started.elapsed() < PATIENCE * 3);
    }
}
