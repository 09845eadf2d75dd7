//! What can be typed after `axesctl whitelist` and `axesctl blacklist`.

use std::path::PathBuf;

use axes_proto::control::{ListName, Reach, Request};
use clap::{ArgGroup, Args, Subcommand};
use jiff::Zoned;

use super::Task;
use crate::ctl::lists::{Amendment, Intent, Named, Spelling};
use crate::ctl::when;

/// What is done with a list.
#[derive(Debug, Subcommand)]
pub(in crate::ctl) enum ListCommand {
    /// Add entries, each in place of one that names the same.
    Add {
        #[command(flatten)]
        whom: WhomArguments,
        /// Why, for whoever reads the list: one line of at most 200 bytes.
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
        /// The entries end by themselves after this time: `2h`, `30d`.
        #[arg(long = "for", value_name = "TIME", value_parser = time_ms)]
        for_ms: Option<u64>,
        /// Even an entry that names everybody, such as 0.0.0.0/0.
        #[arg(long)]
        force: bool,
    },
    /// Remove entries that were added here; those of the configuration stay.
    Remove {
        #[command(flatten)]
        whom: WhomArguments,
    },
    /// Show the entries of the configuration and those that were added here.
    List,
}

/// Whom entries name.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).multiple(true))]
pub(in crate::ctl) struct WhomArguments {
    /// Addresses, networks, users, `@groups`, or uids as `1000-1999`. What has a `/`, a `:` or
    /// only digits and dots is an address; digits alone are a uid.
    #[arg(group = "whom", value_name = "WHOM")]
    either: Vec<String>,
    /// A user, a `@group` or uids, whatever the name looks like; may be given several times.
    #[arg(group = "whom", long, value_name = "NAME")]
    user: Vec<String>,
    /// An address or a network; may be given several times.
    #[arg(group = "whom", long, value_name = "ADDR")]
    address: Vec<String>,
    /// A file with one of them in each line, `#` before a remark; `-` is standard input.
    #[arg(group = "whom", long, value_name = "FILE")]
    from_file: Option<PathBuf>,
}

impl ListCommand {
    /// What is to be done.
    pub(super) fn task(self, list: ListName) -> Task {
        Task::Amend(match self {
            Self::List => return Task::Ask(Request::Entries(list)),
            Self::Remove { whom } => whom.amendment(list, Intent::Remove),
            Self::Add { whom, comment, for_ms, force } => {
                let reach = if force { Reach::Everybody } else { Reach::Some };
                whom.amendment(list, Intent::Add { reach, comment, for_ms })
            }
        })
    }
}

impl WhomArguments {
    fn amendment(self, list: ListName, intent: Intent) -> Amendment {
        let spelt = |words: Vec<String>, spelling| {
            words.into_iter().map(move |text| Named { text, spelling, line: None })
        };
        let named = spelt(self.either, Spelling::Either)
            .chain(spelt(self.user, Spelling::User))
            .chain(spelt(self.address, Spelling::Address));
        Amendment { list, intent, named: named.collect(), file: self.from_file }
    }
}

fn time_ms(text: &str) -> Result<u64, String> {
    when::time_ms(text, &Zoned::now())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::ctl::arguments::Arguments;

    fn task(line: &str) -> Result<Task, String> {
        let words = line.split_whitespace();
        let parsed = Arguments::try_parse_from(["axesctl"].into_iter().chain(words));
        parsed.map(|arguments| arguments.command.task()).map_err(|error| {
            assert_eq!(error.exit_code(), 2);
            error.to_string()
        })
    }

    fn amendment(line: &str) -> Amendment {
        match task(line) {
            Ok(Task::Amend(amendment)) => amendment,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn everybody_who_is_named_is_listed_with_comment_and_time() {
        let line = "blacklist add 192.0.2.1 @guests --user x --address ::1 --comment why --for 2h";
        let Amendment { list, intent, named, file } = amendment(line);
        let named: Vec<_> = named.iter().map(|it| (&*it.text, it.spelling)).collect();
        let either = [("192.0.2.1", Spelling::Either), ("@guests", Spelling::Either)];
        assert_eq!(named[..2], either);
        assert_eq!(named[2..], [("x", Spelling::User), ("::1", Spelling::Address)]);
        let (comment, for_ms) = (Some("why".to_owned()), Some(7_200_000));
        assert_eq!(intent, Intent::Add { reach: Reach::Some, comment, for_ms });
        assert_eq!((list, file), (ListName::Black, None));
    }

    #[test]
    fn a_list_is_shown_and_a_file_is_enough_to_change_it() {
        let shown = task("whitelist list").unwrap();
        assert!(matches!(shown, Task::Ask(Request::Entries(ListName::White))));
        let removal = amendment("whitelist remove --from-file -");
        assert_eq!((removal.intent, removal.file), (Intent::Remove, Some("-".into())));
        let everybody = amendment("blacklist add ::/0 --force").intent;
        assert!(matches!(everybody, Intent::Add { reach: Reach::Everybody, .. }));
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "whitelist",
            "whitelist add",
            "whitelist add --comment x",
            "whitelist remove",
            "whitelist remove alice --for 2h",
            "whitelist add alice --for 2",
            "whitelist add alice --for 0s",
            "whitelist add alice --for yesterday",
            "whitelist list alice",
        ] {
            assert!(task(line).is_err(), "{line}");
        }
    }
}
