//! What a shell offers after TAB: commands and options, and users and addresses as they are now.
//!
//! The scripts in packaging/completions ask with `axesctl __complete -- axesctl reset --user al`
//! and get lines: a value, a tab, what it is. Names come from whoever tried to log in, and a shell
//! runs what it is offered: only what is plain in every shell is printed.

mod live;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};

use axes_proto::control::ListName;
use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use super::arguments::CONTROL_SOCKET;
use super::{DONE, FAILED};
use live::{Live, is_plain};

/// No command: no help text shows it.
const ASKED: &str = "__complete";
/// The shell completes files itself: it knows how to quote their names.
const FILES: &str = "<files>";

/// The words up to the cursor, where a shell asks what could follow.
pub(super) fn asked(mut words: impl Iterator<Item = OsString>) -> Option<Vec<OsString>> {
    words.nth(1).filter(|word| word == ASKED)?;
    words.next().filter(|word| word == "--")?;
    Some(words.collect())
}

/// Prints what could stand in place of the last word; the exit status.
pub(super) fn answer(words: Vec<OsString>, output: &mut impl Write) -> u8 {
    match output.write_all(offers(words).as_bytes()) {
        Ok(()) => DONE,
        Err(_) => FAILED,
    }
}

fn offers(words: Vec<OsString>) -> String {
    let Some(current) = words.last().cloned() else { return String::new() };
    let (mut command, last) = (completing(&socket(&words)), words.len() - 1);
    // Whoever asks for nothing that can be completed is offered nothing.
    let candidates = complete(&mut command, words, last, None).unwrap_or_default();
    let offered = candidates.iter().filter(|candidate| {
        let value = candidate.get_value();
        wants_file(value) || is_offered(value, &current)
    });
    offered.map(line).collect()
}

fn line(candidate: &CompletionCandidate) -> String {
    if wants_file(candidate.get_value()) {
        return format!("{FILES}\n");
    }
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    let first = help.lines().next().unwrap_or_default();
    format!("{}\t{first}\n", candidate.get_value().to_string_lossy())
}

/// Options only where one was begun; nothing that any shell could understand as more than a word.
fn is_offered(value: &OsStr, current: &OsStr) -> bool {
    let [value, current] = [value.as_encoded_bytes(), current.as_encoded_bytes()];
    let as_begun = value.starts_with(b"-") == current.starts_with(b"-");
    as_begun && value.iter().all(|byte| is_plain(byte) || *byte == b'=')
}

fn wants_file(value: &OsStr) -> bool {
    value.as_encoded_bytes().ends_with(FILES.as_bytes())
}

/// The socket that the line names, else the usual one.
fn socket(words: &[OsString]) -> PathBuf {
    let next = |word: &OsStr| words.iter().skip_while(|it| *it != word).nth(1);
    let joined = || words.iter().find_map(|it| it.to_str()?.strip_prefix("--socket="));
    let named = next(OsStr::new("--socket")).map(PathBuf::from);
    named.or_else(|| joined().map(PathBuf::from)).unwrap_or_else(|| CONTROL_SOCKET.into())
}

/// The definitions, and what the daemon knows in the places where it is of use.
fn completing(socket: &Path) -> Command {
    let live = |arg: Arg, what: Live| arg.add(what.completer(socket.to_owned()));
    let client = |command: Command| {
        let command = command.mut_arg("user", |arg| live(arg, Live::Users));
        command.mut_arg("address", |arg| live(arg, Live::Addresses))
    };
    let removal = |list| {
        move |command: Command| {
            command.mut_subcommand("remove", |it| {
                it.mut_arg("either", |arg| live(arg, Live::Entries(list)))
            })
        }
    };
    files(super::command())
        .mut_subcommand("show", |it| client(it).mut_arg("either", |arg| live(arg, Live::Both)))
        .mut_subcommand("reset", client)
        .mut_subcommand("log", client)
        .mut_subcommand("why", |it| {
            let it = it.mut_arg("user", |arg| live(arg, Live::Users));
            it.mut_arg("from", |arg| live(arg, Live::Hosts))
        })
        .mut_subcommand("whitelist", removal(ListName::White))
        .mut_subcommand("blacklist", removal(ListName::Black))
}

/// Where a file is wanted, the shell is told so.
fn files(command: Command) -> Command {
    let file = |arg: Arg| match arg.get_value_hint() {
        ValueHint::AnyPath => {
            arg.add(ArgValueCompleter::new(|_: &OsStr| vec![CompletionCandidate::new(FILES)]))
        }
        _ => arg,
    };
    command.mut_args(file).mut_subcommands(files)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::time::Instant;

    use axes_proto::control::{Counter, Reply};
    use axes_proto::text::Name;

    use super::*;
    use crate::ctl::samples::{Daemon, counter};

    fn offered(line: &str) -> Vec<String> {
        let words = line.split(' ').map(OsString::from).collect();
        let first = |line: &str| line.split('\t').next().unwrap().to_owned();
        offers(words).lines().map(first).collect()
    }

    fn locked(names: &[&str]) -> Daemon {
        let named = |name: &&str| Counter { username: Some(Name::from_typed(name)), ..counter() };
        let replies = names.iter().map(named).map(Reply::Counter);
        Daemon::answering(&replies.chain([Reply::End]).collect::<Vec<_>>())
    }

    #[test]
    fn a_shell_asks_with_a_word_that_is_no_command() {
        let words = |line: &str| asked(line.split(' ').map(OsString::from));
        let expected = ["axesctl", "list", ""].map(OsString::from).to_vec();
        assert_eq!(words("axesctl __complete -- axesctl list "), Some(expected));
        assert_eq!(words("axesctl list"), None);
        assert!(super::super::command().find_subcommand(ASKED).is_none());
    }

    #[test]
    fn commands_and_options_are_those_of_the_definition() {
        assert_eq!(offered("axesctl white"), ["whitelist"]);
        assert_eq!(offered("axesctl list --lo"), ["--locked"]);
        assert_eq!(offered("axesctl --color "), ["auto", "always", "never"]);
        let commands = offered("axesctl ");
        assert!(commands.contains(&"reset".to_owned()), "{commands:?}");
        assert!(commands.iter().all(|it| !it.starts_with('-')), "{commands:?}");
    }

    #[test]
    fn locked_users_and_addresses_are_offered_once_each() {
        for (line, names) in [
            ("reset --user ", &["alice", "bob"][..]),
            ("reset --user=a", &["--user=alice"]),
            ("show ", &["192.0.2.7", "alice", "bob"]),
            ("why b", &["bob"]),
            ("why bob --from ", &["192.0.2.7"]),
            ("log --address 1", &["192.0.2.7"]),
        ] {
            let daemon = locked(&["bob", "alice", "bob"]);
            let socket = daemon.socket.display();
            assert_eq!(offered(&format!("axesctl --socket {socket} {line}")), names, "{line}");
        }
    }

    #[test]
    fn a_name_that_is_not_plain_in_every_shell_is_left_out() {
        let hostile = [
            "$(reboot)",
            "`reboot`",
            "; rm -rf",
            "a b",
            "a\tb",
            "a\nb",
            "--all",
            "-x",
            "a*",
            "~root",
            "a'b",
            "a\"b",
            "a\\b",
            "a|b",
            "a&b",
            "a>b",
            "{a,b}",
            "!1",
            "#a",
            "ä",
            "a=b",
            "%41",
            "",
        ];
        let daemon = locked(&[&hostile[..], &["CORP/a.b-c_d@x:1"]].concat());
        let line = format!("axesctl --socket={} reset --user ", daemon.socket.display());
        assert_eq!(offered(&line), ["CORP/a.b-c_d@x:1"]);
    }

    #[test]
    fn files_are_left_to_the_shell() {
        for line in
            ["replay --config ", "check --root x", "--socket=/x", "whitelist add --from-file "]
        {
            let offered = offered(&format!("axesctl {line}"));
            assert!(offered.iter().all(|it| it == FILES) && offered.len() == 1, "{line}");
        }
    }

    #[test]
    fn nobody_waits_long_for_a_daemon_that_is_away_or_silent_or_has_too_much_to_say() {
        assert!(offered("axesctl --socket /nonexistent reset --user ").is_empty());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("silent");
        let _silent = UnixListener::bind(&path).unwrap();
        let started = Instant::now();
        assert!(offered(&format!("axesctl --socket {} reset --user ", path.display())).is_empty());
        assert!(started.elapsed() < live::PATIENCE * 4);

        let many: Vec<_> = (0..2 * live::MOST).map(|number| format!("u{number}")).collect();
        let daemon = locked(&many.iter().map(String::as_str).collect::<Vec<_>>());
        let line = format!("axesctl --socket {} reset --user ", daemon.socket.display());
        assert_eq!(offered(&line).len(), live::MOST);
    }
}
