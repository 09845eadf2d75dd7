//! What can be typed after `axesctl`.

use std::ffi::OsString;
use std::path::PathBuf;

use anstream::ColorChoice;
use axes_proto::control::{Filter, Request, Scope, Subject, Which};
use axes_proto::text::{Host, Label, Name};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::typed::{subject, typed};

const GLOBAL: &str = "Options of every command";

const EXIT_STATUSES: &str = "\
Exit status:
  0  It is done.
  1  Nothing matched: there is nothing to show or to reset.
  2  The command line is wrong.
  3  The daemon could not be reached or refused, or the answer could not be written.";

/// Shows which logins axesd has counted and locked out, and lifts lockouts.
#[derive(Debug, Parser)]
#[command(name = "axesctl", version, after_help = EXIT_STATUSES)]
pub(super) struct Arguments {
    /// Control socket of axesd.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        value_name = "PATH",
        default_value = "/run/axes/control.sock"
    )]
    pub(super) socket: PathBuf,
    /// Print one JSON object, and errors as JSON too.
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    /// When to use colour; `auto` is on a terminal, unless NO_COLOR is set.
    #[arg(
        long = "color",
        global = true,
        help_heading = GLOBAL,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub(super) colour: Colour,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the daemon at a glance: its store, what it counts and how attempts ended.
    Status,
    /// List the counters that hold a failure, locked ones first.
    List(ListArguments),
    /// Show the counters and the recent attempts of one user or address.
    Show(ShowArguments),
    /// Forget the failures that have all the attributes given, and lift the lockouts they caused.
    Reset(ResetArguments),
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Only the counters that refuse somebody now.
    #[arg(long)]
    locked: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct ShowArguments {
    /// An IP address, a network or `local` is an address; everything else is a user.
    #[arg(value_name = "USER|ADDRESS", value_parser = subject)]
    either: Option<Subject>,
    /// A user, whatever the name looks like.
    #[arg(long, value_name = "NAME", value_parser = typed::<256>)]
    user: Option<Name>,
    /// An address, a network or a host name.
    #[arg(long, value_name = "ADDR", value_parser = typed::<256>)]
    address: Option<Host>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct ResetArguments {
    /// Failures of this user.
    #[arg(long, value_name = "NAME", value_parser = typed::<256>)]
    user: Option<Name>,
    /// Failures from this address, network or host name; `local` is this machine.
    #[arg(long, value_name = "ADDR", value_parser = typed::<256>)]
    address: Option<Host>,
    /// Failures of this PAM service.
    #[arg(long, value_name = "NAME", value_parser = typed::<64>)]
    service: Option<Label>,
    /// Every failure of everybody.
    #[arg(long, conflicts_with_all = ["user", "address", "service"])]
    all: bool,
}

impl Arguments {
    pub(super) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

impl Form {
    /// For a command line that could not be parsed.
    pub(super) fn guessed_from(mut words: impl Iterator<Item = OsString>) -> Self {
        if words.any(|word| word == "--json") { Self::Json } else { Self::Text }
    }
}

impl From<Colour> for ColorChoice {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Auto => Self::Auto,
            Colour::Always => Self::Always,
            Colour::Never => Self::Never,
        }
    }
}

impl Command {
    /// What the daemon is asked.
    pub(super) fn request(&self) -> Request {
        match self {
            Self::Status => Request::Status,
            Self::List(list) if list.locked => Request::List(Which::Locked),
            Self::List(_) => Request::List(Which::All),
            Self::Show(show) => Request::Show(show.subject()),
            Self::Reset(reset) => Request::Reset(reset.scope()),
        }
    }
}

impl ShowArguments {
    fn subject(&self) -> Subject {
        let address = self.address.clone().map(Subject::Address);
        let user = || Subject::User(self.user.clone().unwrap_or_default());
        self.either.clone().or(address).unwrap_or_else(user)
    }
}

impl ResetArguments {
    fn scope(&self) -> Scope {
        if self.all {
            return Scope::All;
        }
        Scope::Matching(Filter {
            user: self.user.clone(),
            address: self.address.clone(),
            service: self.service.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn request(words: &[&str]) -> Result<Request, String> {
        let line = ["axesctl"].iter().chain(words);
        let parsed = Arguments::try_parse_from(line);
        parsed.map(|arguments| arguments.command.request()).map_err(|error| {
            assert_eq!(error.exit_code(), 2);
            error.to_string()
        })
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn show_takes_a_user_that_looks_like_an_address() {
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
            &["reset", "--all", "--user", "alice"],
            &["reset", "--all", "--address", "::1"],
            &["reset", "--all", "--service", "sshd"],
            &["reset", "--user", "alice", "--user", "bob"],
            &["--color", "blue", "status"],
            &["--socket", "", "status"],
        ] {
            assert!(request(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn an_empty_value_never_resets_anything() {
        for option in ["--user", "--address", "--service"] {
            let refused = request(&["reset", option, ""]).unwrap_err();
            assert!(refused.contains("it is empty"), "{refused}");
            assert!(request(&["reset", &format!("{option}=")]).is_err());
            assert!(request(&["reset", "--all", option, ""]).is_err());
        }
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        let line = ["axesctl", "list", "--locked", "--json", "--socket", "/s"];
        let arguments = Arguments::try_parse_from(line).unwrap();
        assert_eq!(arguments.form(), Form::Json);
        assert_eq!(arguments.socket, PathBuf::from("/s"));
        assert_eq!(arguments.command.request(), Request::List(Which::Locked));
    }
}
