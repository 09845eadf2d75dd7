//! From the definition of a command to its page, in mdoc.

use std::fmt::Write as _;

use clap::{Arg, ArgGroup, Command};
use jiff::civil::Date;

use crate::examples;
use crate::notes::Notes;
use crate::roff;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const EXIT_STATUS: &str = "EXIT STATUS";

/// The page of one command.
#[derive(Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) command: &'a Command,
    /// The commands it is a part of, the program first.
    pub(crate) above: &'a [&'a Command],
    pub(crate) section: u8,
    /// Of the release.
    pub(crate) date: Date,
    /// Sections that no definition knows.
    pub(crate) more: &'a str,
}

/// The commands below one, without `help`.
pub(crate) fn commands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|it| it.get_name() != "help" && !it.is_hide_set())
}

impl Page<'_> {
    /// `axesctl-whitelist-add.1`
    pub(crate) fn file(&self) -> String {
        format!("{}.{}", self.name("-"), self.section)
    }

    pub(crate) fn text(&self) -> String {
        let (name, section) = (self.name("-"), self.section);
        let notes = self.notes();
        let parts = [
            format!(
                ".\\\" Made from the definitions in axesd/src: change those.\n.Dd {}\n",
                self.date()
            ),
            format!(".Dt {} {section}\n.Os axes {VERSION}\n", name.to_uppercase()),
            format!(".Sh NAME\n.Nm {name}\n.Nd {}\n", roff::phrase(&about(self.command))),
            format!(".Sh SYNOPSIS\n.Nm {}\n{}", self.name(" "), self.synopsis()),
            self.description(&notes),
            self.commands(),
            self.options(),
            self.more.to_owned(),
            self.exit_status(&notes),
            others(&notes),
            examples::of(&name),
            self.see_also(),
        ];
        parts.concat()
    }

    /// `January 31, 2026`
    fn date(&self) -> String {
        self.date.strftime("%B %-d, %Y").to_string()
    }

    fn name(&self, between: &str) -> String {
        let path = self.above.iter().copied().chain([self.command]).map(Command::get_name);
        path.collect::<Vec<_>>().join(between)
    }

    fn notes(&self) -> Notes {
        let text = self.command.get_after_long_help().or(self.command.get_after_help());
        Notes::of(&text.map(ToString::to_string).unwrap_or_default())
    }

    fn synopsis(&self) -> String {
        let choices: Vec<_> = self.command.get_groups().filter(|it| is_choice(it)).collect();
        let chosen =
            |arg: &Arg| choices.iter().any(|it| it.get_args().any(|id| id == arg.get_id()));
        let single = self.arguments().filter(|arg| !chosen(arg) && !is_standard(arg));
        let mut text: String = single.map(alone).collect();
        for group in &choices {
            let args =
                group.get_args().filter_map(|id| self.arguments().find(|it| it.get_id() == id));
            let args: Vec<_> = args.map(usage).collect();
            // Writing to a text does not fail.
            let _ = writeln!(text, ".Brq {}", args.join(" | "));
        }
        if self.command.has_subcommands() {
            text.push_str(".Ar COMMAND\n");
        }
        text
    }

    fn description(&self, notes: &Notes) -> String {
        let long = self.command.get_long_about().or(self.command.get_about());
        let long = long.map(ToString::to_string).unwrap_or_default();
        let paragraphs: String = notes.paragraphs.iter().map(|it| format!(".Pp\n{it}")).collect();
        format!(".Sh DESCRIPTION\n{}{paragraphs}", roff::sentence(&long))
    }

    fn commands(&self) -> String {
        let item = |it: &Command| {
            let page = format!("{}-{}", self.name("-"), it.get_name());
            format!(".It Xr {page} 1\n{}", roff::sentence(&about(it)))
        };
        list("COMMANDS", commands(self.command).map(item).collect())
    }

    fn options(&self) -> String {
        let mut text = list("OPTIONS", self.arguments().map(option).collect());
        if let [program, ..] = self.above {
            let _ = write!(
                text,
                "{}The options\n.Fl -socket ,\n.Fl -json\nand\n.Fl -color\nof\n.Xr {} 1\ncan be \
                 given as well;\n.Fl -help\nprints a summary.\n",
                if text.is_empty() { ".Sh OPTIONS\n" } else { ".Pp\n" },
                program.get_name()
            );
        }
        text
    }

    /// Those of the command itself: what all of them have stands on the page of the program.
    fn arguments(&self) -> impl Iterator<Item = &Arg> {
        let inherited = |arg: &Arg| arg.is_global_set() || is_standard(arg);
        let below = !self.above.is_empty();
        let arguments = self.command.get_arguments();
        arguments.filter(move |arg| !(arg.is_hide_set() || below && inherited(arg)))
    }

    /// Where a command says nothing, what the program says.
    fn exit_status(&self, notes: &Notes) -> String {
        let program = self.above.first().map(|command| Page { command, above: &[], ..*self });
        let general = program.map(|page| page.notes()).unwrap_or_default();
        let list = notes.list(EXIT_STATUS).or(general.list(EXIT_STATUS)).unwrap_or_default();
        format!(".Sh {EXIT_STATUS}\n{list}")
    }

    fn see_also(&self) -> String {
        let mut pages: Vec<_> =
            [("axes.toml", 5), ("axes", 7), ("axesd", 8), ("pam_axes", 8)].into();
        let parent = self.above.iter().map(|it| it.get_name()).collect::<Vec<_>>().join("-");
        pages.insert(0, (if parent.is_empty() { "axesctl" } else { &parent }, 1));
        let itself = (self.name("-"), self.section);
        pages.retain(|(name, section)| (*name, *section) != (itself.0.as_str(), itself.1));
        let links: Vec<_> =
            pages.iter().map(|(name, section)| format!(".Xr {name} {section}")).collect();
        format!(".Sh SEE ALSO\n{}\n", links.join(" ,\n"))
    }
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn others(notes: &Notes) -> String {
    let others = notes.lists.iter().filter(|(title, _)| title != EXIT_STATUS);
    others.map(|(title, items)| format!(".Sh {title}\n{items}")).collect()
}

/// One of these, and no more than one, has to be given.
fn is_choice(group: &ArgGroup) -> bool {
    group.is_required_set() && !group.clone().is_multiple()
}

/// What clap adds by itself.
fn is_standard(arg: &Arg) -> bool {
    ["help", "version"].contains(&arg.get_id().as_str())
}

fn alone(arg: &Arg) -> String {
    let usage = usage(arg);
    if arg.is_required_set() { format!(".{usage}\n") } else { format!(".Op {usage}\n") }
}

/// `Fl -lines Ar COUNT`
fn usage(arg: &Arg) -> String {
    let flag = match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("Fl -{long}"),
        (None, Some(short)) => format!("Fl {short}"),
        (None, None) => String::new(),
    };
    format!("{flag}{}", value(arg)).trim_start().to_owned()
}

fn value(arg: &Arg) -> String {
    let takes = arg.get_action().takes_values();
    let names = arg.get_value_names().filter(|_| takes).unwrap_or_default();
    let more = if arg.get_long().is_none() && is_repeated(arg) { " ..." } else { "" };
    names.iter().map(|name| format!(" Ar {}{more}", name.replace('|', " | "))).collect()
}

fn is_repeated(arg: &Arg) -> bool {
    matches!(arg.get_action(), clap::ArgAction::Append)
}

fn option(arg: &Arg) -> String {
    let short = arg.get_short().filter(|_| arg.get_long().is_some());
    let short = short.map(|short| format!("Fl {short} , ")).unwrap_or_default();
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
    format!(
        ".It {short}{}\n{}{}{}",
        usage(arg),
        roff::sentence(&help.unwrap_or_default()),
        values(arg),
        default(arg)
    )
}

/// The words that an option takes, with what they mean where that is said.
fn values(arg: &Arg) -> String {
    let values = arg.get_possible_values();
    if !arg.get_action().takes_values() || values.is_empty() {
        return String::new();
    }
    if values.iter().all(|value| value.get_help().is_none()) {
        let words: Vec<_> = values.iter().map(|value| roff::literal(value.get_name())).collect();
        return format!("One of {}.\n", words.join(", "));
    }
    let item = |value: &clap::builder::PossibleValue| {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        format!(".It Cm {}\n{}", value.get_name(), roff::sentence(&help))
    };
    let items: String = values.iter().map(item).collect();
    format!(".Bl -tag -width Ds -compact\n{items}.El\n")
}

fn default(arg: &Arg) -> String {
    let defaults = arg.get_default_values().iter().filter_map(|it| it.to_str());
    let words: Vec<_> =
        defaults.filter(|_| arg.get_action().takes_values()).map(roff::literal).collect();
    if words.is_empty() { String::new() } else { format!("The default is {}.\n", words.join(", ")) }
}

fn list(title: &str, items: Vec<String>) -> String {
    if items.is_empty() {
        return String::new();
    }
    format!(".Sh {title}\n.Bl -tag -width Ds\n{}.El\n", items.concat())
}
