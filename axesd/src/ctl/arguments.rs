//! What can be typed after `axesctl`.

mod lists;
mod log;
mod pam_files;
mod panic_off;
mod selftest;
mod why;

use std::path::{Path, PathBuf};

use anstream::ColorChoice;
use axes_proto::Text;
use axes_proto::control::{Filter, ListName, LogFilter, Request, Scope, Subject, Which};
use axes_proto::pam;
use axes_proto::text::{Host, Label, Name};
use clap::{ArgGroup, Parser, Subcommand};
use ipnetwork::IpNetwork;
use jiff::Timestamp;
use lists::ListCommand;
use log::{LogArguments, ResetLogsArguments};
use pam_files::PamCommand;
use panic_off::PanicOffArguments;
use selftest::{LoginArguments, SelftestArguments};
use why::WhyArguments;

use super::check;
use super::pam::Change;
use super::replay::Trial;

use super::lists::Amendment;

const EXIT_STATUSES: &str = "\
Exit status:
  0  It is done.
  1  Nothing matched: there is nothing to show, to reset or to remove. `check` found an error or a
     warning. `why` says that the client would be refused. `selftest` got a verdict that is not
     right. `pam` left the files as they were, or knows a service that is not protected.
  2  The command line, or a file that it names, is wrong.
  3  The daemon could not be reached or refused, nothing could be checked, or the answer could
     not be written.";
/// Where the daemon listens for us, if nothing else is said.
pub(super) const CONTROL_SOCKET: &str = "/run/axes/control.sock";

/// Shows which logins axesd has counted and locked out, and lifts lockouts.
#[derive(Debug, Parser)]
#[command(name = "axesctl", version, after_help = EXIT_STATUSES)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Arguments {
    /// Control socket of axesd.
    #[arg(long, global = true, value_name = "PATH", default_value = CONTROL_SOCKET)]
    pub(super) socket: PathBuf,
    /// Print one JSON object (`log --follow`: one in each line), and errors as JSON too.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// When to use colour; `auto` is on a terminal, unless NO_COLOR is set.
    #[arg(long = "color", global = true, value_name = "WHEN", default_value = "auto")]
    colour: clap::ColorChoice,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the daemon at a glance: its store, what it counts and how attempts ended.
    Status,
    /// List the counters that hold a failure, locked ones first.
    List {
        /// Only the counters that are at their limit.
        #[arg(long)]
        locked: bool,
    },
    /// Show the counters and the recent attempts of one user or address.
    #[command(group = ArgGroup::new("whom").required(true))]
    Show {
        /// An IP address, a network or `local` is an address; everything else is a user.
        #[arg(group = "whom", value_name = "USER|ADDRESS", value_parser = subject)]
        either: Option<Subject>,
        /// A user, whatever the name looks like.
        #[arg(group = "whom", long, value_name = "NAME", value_parser = typed::<256>)]
        user: Option<Name>,
        /// An address, a network or a host name.
        #[arg(group = "whom", long, value_name = "ADDR", value_parser = typed::<256>)]
        address: Option<Host>,
    },
    /// Forget the failures that have all the attributes given, and lift the lockouts they caused.
    #[command(group = ArgGroup::new("what").required(true).multiple(true))]
    Reset {
        /// Failures of this user.
        #[arg(group = "what", long, value_name = "NAME", value_parser = typed::<256>)]
        user: Option<Name>,
        /// Failures from this address, network or host name; `local` is this machine.
        #[arg(group = "what", long, value_name = "ADDR", value_parser = typed::<256>)]
        address: Option<Host>,
        /// Failures of this PAM service.
        #[arg(group = "what", long, value_name = "NAME", value_parser = typed::<64>)]
        service: Option<Label>,
        /// Every failure of everybody.
        #[arg(group = "what", long, conflicts_with_all = ["user", "address", "service"])]
        all: bool,
    },
    Log(LogArguments),
    ResetLogs(ResetLogsArguments),
    /// Make axesd read its configuration again; a file with a mistake changes nothing.
    Reload,
    /// Look at the configuration and the host, and say what is wrong and how to put it right.
    ///
    /// Works without a daemon too. The exit status is 0 where nothing but notes was found, 1 with a
    /// warning or an error, 3 where nothing could be checked.
    #[command(after_long_help = check::catalogue())]
    Check {
        /// A folder with a system that is not running, such as an image; leaves the daemon out.
        #[arg(long, value_name = "DIR", default_value = "/")]
        root: PathBuf,
        /// The configuration, as the system in DIR names it.
        #[arg(long, value_name = "FILE", default_value = "/etc/axes/axes.toml")]
        config: PathBuf,
        /// Only say what a finding means, such as axes.W004.
        #[arg(long, value_name = "ID", value_parser = check::Rule::parse)]
        #[arg(conflicts_with_all = ["root", "config"])]
        explain: Option<&'static check::Rule>,
    },
    /// Try settings out: what would have happened?
    ///
    /// With EVENTS, plays a list of events through the policy, without a daemon: one JSON object
    /// in each line in, one out. A line that cannot be read ends the replay. With --from-log, plays
    /// the access log of the daemon through two policies, and shows who would have been refused
    /// under the settings of today and under those of --config.
    Replay {
        /// The settings to try, read on their own, without a conf.d beside them; without this, for
        /// EVENTS, the settings of this host.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The events; `-` is standard input.
        #[arg(value_name = "EVENTS", required_unless_present = "from_log")]
        events: Option<PathBuf>,
        /// Play what the access log holds.
        #[arg(long, conflicts_with = "events", requires = "config")]
        from_log: bool,
        /// Only attempts from this time on: `7d`, `2026-11-23`.
        #[arg(long, value_name = "WHEN", requires = "from_log", value_parser = log::moment)]
        since: Option<Timestamp>,
        /// The settings of today; without this those of this host.
        #[arg(long, value_name = "FILE", requires = "from_log")]
        against: Option<PathBuf>,
    },
    Why(WhyArguments),
    PanicOff(PanicOffArguments),
    /// Protect the services of a host without pam-auth-update or authselect, or take that back.
    ///
    /// pam_axes is one auth line above the module that checks passwords and one account line. This
    /// writes both where they belong, and nothing that does not pass a test of a real login.
    Pam {
        #[command(subcommand)]
        command: PamCommand,
    },
    Selftest(SelftestArguments),
    #[command(hide = true)]
    SelftestLogin(LoginArguments),
    #[command(hide = true)]
    SelftestJudge,
    /// Write a copy of the database beside it now; the newest three are kept.
    ///
    /// axesd does so every day by itself, and restores the newest one when it finds the database
    /// damaged.
    Backup,
    /// Show or change the list of clients that are never counted and never refused.
    Whitelist {
        #[command(subcommand)]
        command: ListCommand,
    },
    /// Show or change the list of clients that are always refused, with a key as well.
    Blacklist {
        #[command(subcommand)]
        command: ListCommand,
    },
}

/// What axesctl does itself, or asks the daemon to.
#[derive(Debug)]
pub(super) enum Task {
    Ask(Request),
    Follow(LogFilter),
    Replay {
        config: Option<PathBuf>,
        events: PathBuf,
    },
    Compare(Trial),
    Check {
        root: PathBuf,
        config: PathBuf,
    },
    Explain(&'static check::Rule),
    Why {
        client: pam::Client,
        pam_socket: Option<PathBuf>,
    },
    Amend(Amendment),
    Pam(Change),
    /// Of these services; without any, of all.
    PamStatus(Vec<String>),
    /// The module with its options.
    Selftest(String),
    SelftestLogin(LoginArguments),
    SelftestJudge,
}

impl Arguments {
    /// The control socket, if it is not the usual one.
    pub(super) fn unusual_socket(&self) -> Option<PathBuf> {
        (self.socket != Path::new(CONTROL_SOCKET)).then(|| self.socket.clone())
    }

    pub(super) fn colour(&self) -> ColorChoice {
        match self.colour {
            clap::ColorChoice::Auto => ColorChoice::Auto,
            clap::ColorChoice::Always => ColorChoice::Always,
            clap::ColorChoice::Never => ColorChoice::Never,
        }
    }
}

impl Command {
    /// What is to be done.
    pub(super) fn task(self) -> Task {
        Task::Ask(match self {
            Self::Replay { config, events: Some(events), .. } => {
                return Task::Replay { config, events };
            }
            Self::Replay { config, against, since, .. } => {
                return Task::Compare(Trial {
                    // The parser lets nobody through who left it out.
                    proposed: config.unwrap_or_default(),
                    present: against,
                    since_ms: since.map(log::milliseconds),
                });
            }
            Self::Log(log) => return log.task(),
            Self::Why(why) => return why.task(),
            Self::Pam { command } => return command.task(),
            Self::Selftest(selftest) => return selftest.task(),
            Self::SelftestLogin(login) => return Task::SelftestLogin(login),
            Self::SelftestJudge => return Task::SelftestJudge,
            Self::Whitelist { command } => return command.task(ListName::White),
            Self::Blacklist { command } => return command.task(ListName::Black),
            Self::ResetLogs(reset) => reset.request(),
            Self::PanicOff(switch) => switch.request(),
            Self::Check { explain: Some(rule), .. } => return Task::Explain(rule),
            Self::Check { root, config, explain: None } => return Task::Check { root, config },
            Self::Status => Request::Status,
            Self::Backup => Request::Backup,
            Self::Reload => Request::Reload,
            Self::List { locked: true } => Request::List(Which::Locked),
            Self::List { locked: false } => Request::List(Which::All),
            Self::Show { either, user, address } => {
                let named = either.or(address.map(Subject::Address));
                Request::Show(named.unwrap_or(Subject::User(user.unwrap_or_default())))
            }
            Self::Reset { all: true, .. } => Request::Reset(Scope::All),
            Self::Reset { user, address, service, all: false } => {
                Request::Reset(Scope::Matching(Filter { user, address, service }))
            }
        })
    }
}

/// An IP address, a network or `local` is an address, everything else a user.
fn subject(text: &str) -> Result<Subject, &'static str> {
    // The zone of a link-local address (`%eth0`) is no part of it.
    let (network, _zone) = text.split_once('%').unwrap_or((text, ""));
    if text == "local" || network.parse::<IpNetwork>().is_ok() {
        return typed(text).map(Subject::Address);
    }
    typed(text).map(Subject::User)
}

/// An empty value is most often a variable that was not set, and means nobody, never everybody.
fn typed<const MAX: usize>(text: &str) -> Result<Text<MAX>, &'static str> {
    match text {
        "" => Err("it is empty, and an empty value matches nothing"),
        text => Ok(Text::from_typed(text)),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn asked(command: Command) -> Request {
        match command.task() {
            Task::Ask(request) => request,
            _ => panic!("the daemon is not asked"),
        }
    }

    fn request(words: &[&str]) -> Result<Request, String> {
        let arguments = Arguments::try_parse_from([&["axesctl"], words].concat());
        arguments.map(|arguments| asked(arguments.command)).map_err(|error| {
            assert_eq!(error.exit_code(), 2);
            error.to_string()
        })
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn addresses_networks_and_local_are_told_from_users() {
        for text in ["192.0.2.7", "::1", "fe80::1%eth0", "192.0.2.0/24", "2001:db8::/64", "local"] {
            let address = Subject::Address(Text::from_typed(text));
            assert_eq!(request(&["show", text]), Ok(Request::Show(address)));
        }
        for text in ["alice", "192.0.2", "192.0.2.0/33", "a/b", "local/8", "CORP\\bob"] {
            let user = Subject::User(Text::from_typed(text));
            assert_eq!(request(&["show", text]), Ok(Request::Show(user)));
        }
        // Unless the option says which.
        let user = Request::Show(Subject::User(Name::from_typed("local")));
        assert_eq!(request(&["show", "--user", "local"]), Ok(user));
        let host = Request::Show(Subject::Address(Host::from_typed("host.example")));
        assert_eq!(request(&["show", "--address", "host.example"]), Ok(host));
    }

    #[test]
    fn reset_matches_all_that_is_given_and_everything_only_when_spelled_out() {
        let filter = Filter {
            user: Some(Name::from_typed("evil%07")),
            service: Some(Label::from_typed("sshd")),
            address: None,
        };
        let matching = Request::Reset(Scope::Matching(filter));
        assert_eq!(request(&["reset", "--user", "evil\u{7}", "--service", "sshd"]), Ok(matching));
        assert_eq!(request(&["reset", "--all"]), Ok(Request::Reset(Scope::All)));
    }

    #[test]
    fn wrong_usage_is_refused() {
        for words in [
            &[][..],
            &["show"],
            &["show", ""],
            &["show", "alice", "bob"],
            &["show", "alice", "--user", "bob"],
            &["show", "--user", "bob", "--address", "::1"],
            &["reset"],
            &["reset", "alice"],
            &["reset", "--user"],
            &["reset", "--user", "alice", "--user", "bob"],
            &["--color", "blue", "status"],
            &["check", "/"],
            &["check", "--explain", "axes.W999"],
            &["check", "--explain", "axes.W001", "--root", "/x"],
            &["--socket", "", "status"],
        ] {
            assert!(request(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn an_empty_value_or_a_contradiction_never_resets_anything() {
        for option in ["--user", "--address", "--service"] {
            let refused = request(&["reset", option, ""]).unwrap_err();
            assert!(refused.contains("it is empty"), "{refused}");
            assert!(request(&["reset", &format!("{option}=")]).is_err());
            assert!(request(&["reset", "--all", option, ""]).is_err());
            assert!(request(&["reset", "--all", option, "x"]).is_err());
        }
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        let line = ["axesctl", "list", "--locked", "--json", "--socket", "/s"];
        let arguments = Arguments::try_parse_from(line).unwrap();
        assert!(arguments.json);
        assert_eq!(arguments.socket, PathBuf::from("/s"));
        assert_eq!(asked(arguments.command), Request::List(Which::Locked));
    }
}
