//! What can be typed after `axesctl why`.

use std::path::PathBuf;

use axes_proto::pam;
use axes_proto::text::{Host, Label, Name};
use clap::Args;
use ipnetwork::IpNetwork;

use super::{Task, typed};

/// What sshd calls every terminal.
const SSH_TTY: &str = "ssh";

const NOTES: &str = "\
Without being root or in group axes you may ask about yourself: on this machine, and from an
address from which somebody came under your name lately.

Exit status:
  0  The client would be let in.
  1  It would be refused.
  2  The command line is wrong.
  3  There is no answer: the daemon could not be reached, or you may not ask that.";

/// Say whether a client would be let in now, and why: which rule, which counter, which failures,
/// until when, and what lifts it.
///
/// Asking changes nothing.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(in crate::ctl) struct WhyArguments {
    /// Who would log in.
    #[arg(value_name = "USER", value_parser = typed::<256>)]
    user: Name,
    /// The address or host name to come from; without it, this machine.
    #[arg(long, value_name = "ADDRESS", value_parser = origin)]
    from: Option<Host>,
    /// The PAM service; without it `sshd` from an address, `login` on this machine.
    #[arg(long, value_name = "NAME", value_parser = typed::<64>)]
    service: Option<Label>,
    /// The terminal, as PAM names it; without it none, or `ssh` in sshd.
    #[arg(long, value_name = "TTY", value_parser = typed::<64>)]
    tty: Option<Label>,
    /// Where axesd listens for PAM, asked where the control socket is closed to you; without it
    /// `axesd.sock` beside that.
    #[arg(long, value_name = "PATH")]
    pam_socket: Option<PathBuf>,
}

impl WhyArguments {
    /// What the daemon is asked.
    pub(super) fn task(self) -> Task {
        let remote = self.from.filter(|from| from.as_str() != "local");
        let usual = if remote.is_some() { "sshd" } else { "login" };
        let service = self.service.unwrap_or_else(|| Label::from_typed(usual));
        let ssh = || (service.as_str() == "sshd").then(|| Label::from_typed(SSH_TTY));
        let tty = self.tty.or_else(ssh);
        let client = pam::Client { user: self.user, remote, service, tty, ruser: None };
        Task::Why { client, pam_socket: self.pam_socket }
    }
}

/// One address: a network logs in nowhere.
fn origin(text: &str) -> Result<Host, &'static str> {
    if text.contains('/') && text.parse::<IpNetwork>().is_ok() {
        return Err("it is a network; name one address of it");
    }
    typed(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::ctl::arguments::Arguments;

    fn asked(words: &[&str]) -> Result<pam::Client, String> {
        let parsed = Arguments::try_parse_from([&["axesctl", "why"], words].concat());
        match parsed.map(|arguments| arguments.command.task()) {
            Ok(Task::Why { client, .. }) => Ok(client),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    fn client(remote: Option<&str>, service: &str, tty: Option<&str>) -> pam::Client {
        pam::Client {
            user: Name::from_typed("alice"),
            remote: remote.map(Host::from_typed),
            service: Label::from_typed(service),
            tty: tty.map(Label::from_typed),
            ruser: None,
        }
    }

    #[test]
    fn what_is_not_said_is_what_is_usual_there() {
        assert_eq!(asked(&["alice"]), Ok(client(None, "login", None)));
        assert_eq!(asked(&["alice", "--from", "local"]), Ok(client(None, "login", None)));
        let from = ["alice", "--from", "192.0.2.7"];
        assert_eq!(asked(&from), Ok(client(Some("192.0.2.7"), "sshd", Some("ssh"))));
        let all = [&from[..], &["--service", "vsftpd", "--tty", "ftp"]].concat();
        assert_eq!(asked(&all), Ok(client(Some("192.0.2.7"), "vsftpd", Some("ftp"))));
    }

    #[test]
    fn wrong_usage_is_refused() {
        for words in [
            &[][..],
            &[""],
            &["alice", "bob"],
            &["alice", "--from", ""],
            &["alice", "--from", "192.0.2.0/24"],
            &["alice", "--service", ""],
        ] {
            assert!(asked(words).is_err(), "{words:?}");
        }
    }
}
