//! Lists, and changes of them, as people read them.

use axes_proto::control::{Counter, Entry, Kind, ListName, Remark, Source, Subject};
use jiff::Timestamp;

use super::{Amended, Done};
use crate::ctl::tables;
use crate::ctl::tables::fraction;
use crate::ctl::text::whom;
use crate::ctl::time;

/// Of each kind of line; the others are counted.
const NAMED: usize = 20;

/// A list, in columns.
pub(in crate::ctl) fn entries(list: ListName, entries: &[Entry], now: Timestamp) -> String {
    match entries {
        [] => format!("Nobody is on the {}.\n", list_word(list)),
        entries => tables::entry_table(entries, now),
    }
}

/// What was done.
pub(in crate::ctl) fn render(amended: &Amended) -> String {
    let Amended { entries, remarks, lockouts, .. } = amended;
    let mut lines = String::new();
    if entries.is_empty() && remarks.is_empty() {
        lines.push_str("Nobody is named, so nothing was changed.\n");
    }
    lines += &match entries.as_slice() {
        few if few.len() <= NAMED => few.iter().map(|entry| amended.entry_line(entry)).collect(),
        many => amended.sum_line(many),
    };
    lines += &some(lockouts.iter().map(|counter| amended.lockout_line(counter)));
    lines += &some(remarks.iter().filter_map(|(whom, remark)| amended.remark_line(whom, remark)));
    lines + amended.warning().unwrap_or_default()
}

/// Such as `whitelist`.
pub(super) const fn list_word(list: ListName) -> &'static str {
    match list {
        ListName::White => "whitelist",
        ListName::Black => "blacklist",
    }
}

impl Amended {
    /// What the administrator may not have thought of.
    pub(super) fn warning(&self) -> Option<&'static str> {
        let account = |entry: &Entry| entry.kind != Kind::Network;
        let lenient = self.done == Done::Added && self.list == ListName::White;
        (lenient && self.entries.iter().any(account)).then_some(
            "Warning: the passwords of users on the whitelist can be guessed at without a limit, \
             from anywhere; networks are safer.\n",
        )
    }

    fn entry_line(&self, entry: &Entry) -> String {
        let (subject, list) = (&entry.subject, list_word(self.list));
        match self.done {
            Done::Added => format!("{subject} is on the {list} {}.\n", period(&entry.source)),
            Done::Removed => format!("{subject} is no longer on the {list}.\n"),
        }
    }

    fn sum_line(&self, entries: &[Entry]) -> String {
        let (count, list) = (entries.len(), list_word(self.list));
        let replaced = self.remarks.iter().filter(|(_, remark)| *remark == Remark::Replaced);
        match (self.done, replaced.count()) {
            (Done::Added, 0) => format!("{count} entries are on the {list}.\n"),
            (Done::Added, old) => {
                format!("{count} entries are on the {list}, {old} in place of older ones.\n")
            }
            (Done::Removed, _) => format!("{count} entries are no longer on the {list}.\n"),
        }
    }

    fn lockout_line(&self, counter: &Counter) -> String {
        let fate = match self.done {
            Done::Added => "is no longer refused",
            Done::Removed => "is refused again",
        };
        format!("{} ({}) {fate}.\n", whom(counter), fraction(counter))
    }

    fn remark_line(&self, subject: &Subject, remark: &Remark) -> Option<String> {
        let list = list_word(self.list);
        let (whom, key) = match subject {
            Subject::Address(address) => (address, "ip"),
            Subject::User(name) => (name, "username"),
        };
        Some(match (remark, self.done) {
            (Remark::Replaced, _) => return None,
            (Remark::Missing, _) => format!("{whom} is not among the entries made at run time.\n"),
            (Remark::Configured(file), Done::Added) => {
                format!("{whom} is in {key}_{list} too ({file}): there it stays.\n")
            }
            (Remark::Configured(file), Done::Removed) => format!(
                "{whom} is on the {list} by the configuration: take it out of {key}_{list} in \
                 {file} or conf.d beside it, then `axesctl reload`.\n"
            ),
            (Remark::Blacklisted, _) => {
                format!(
                    "{whom} is refused all the same: the blacklist names it, and is stronger.\n"
                )
            }
            (Remark::Unknown, _) => {
                format!("No account named {whom} was found; the entry is made all the same.\n")
            }
        })
    }
}

fn period(source: &Source) -> String {
    match source {
        // Rounded, for what was asked a moment ago.
        Source::RunTime { left_ms: Some(left), .. } => {
            format!("for {}", time::span(left.div_ceil(1000)))
        }
        _ => "until it is removed".to_owned(),
    }
}

/// The first lines, and how many more there are.
fn some(mut lines: impl Iterator<Item = String>) -> String {
    let shown: String = lines.by_ref().take(NAMED).collect();
    match lines.count() {
        0 => shown,
        more => format!("{shown}(and {more} more)\n"),
    }
}

#[cfg(test)]
mod tests {
    use axes_proto::text::{Comment, Listed, Name, Sentence};

    use super::*;
    use crate::ctl::samples;

    fn entry(list: ListName, kind: Kind, subject: &str, left_ms: Option<u64>) -> Entry {
        let source = Source::RunTime { since_ms: samples::NOW_MS - 65_000, left_ms };
        Entry { list, kind, subject: Listed::from_typed(subject), comment: None, source }
    }

    fn named(name: &str, remark: Remark) -> (Subject, Remark) {
        (Subject::User(Name::from_typed(name)), remark)
    }

    fn white(done: Done, entries: Vec<Entry>, remarks: Vec<(Subject, Remark)>) -> Amended {
        Amended { list: ListName::White, done, entries, remarks, lockouts: vec![] }
    }

    #[test]
    fn a_list_tells_who_made_an_entry_and_until_when_it_holds() {
        let made = entry(ListName::Black, Kind::Network, "192.0.2.0/24", Some(7_199_500));
        let comment = Some(Comment::from_typed("scanner"));
        let list = [
            Entry { source: Source::Configuration, ..made.clone() },
            Entry { comment, ..made },
            entry(ListName::Black, Kind::Group, "@guests", None),
        ];
        let shown = entries(ListName::Black, &list, time::moment(samples::NOW_MS));
        assert_eq!(
            anstream::adapter::strip_str(&shown).to_string(),
            "SUBJECT       SOURCE         SINCE   UNTIL          COMMENT\n\
             192.0.2.0/24  configuration  -       -              -\n\
             192.0.2.0/24  run time       1m ago  in 2h          scanner\n\
             @guests       run time       1m ago  until removed  -\n"
        );
        let empty = entries(ListName::White, &[], time::moment(samples::NOW_MS));
        assert_eq!(empty, "Nobody is on the whitelist.\n");
    }

    #[test]
    fn what_an_entry_does_at_once_is_said() {
        let alice = entry(ListName::White, Kind::User, "alice", Some(7_200_000));
        let unknown = named("alice", Remark::Unknown);
        let mut amended = white(Done::Added, vec![alice.clone()], vec![unknown]);
        amended.lockouts = vec![samples::counter()];
        let shown = render(&amended);
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[0], "alice is on the whitelist for 2h.");
        assert_eq!(lines[1], "alice from 192.0.2.7 (5/5) is no longer refused.");
        assert!(lines[2].starts_with("No account named alice"), "{shown}");
        assert!(lines[3].contains("without a limit"), "{shown}");

        let removed = Amended { done: Done::Removed, remarks: vec![], ..amended };
        assert_eq!(
            render(&removed),
            "alice is no longer on the whitelist.\n\
             alice from 192.0.2.7 (5/5) is refused again.\n"
        );
    }

    #[test]
    fn what_could_not_be_removed_is_told_with_the_place_to_look_at() {
        let file = Remark::Configured(Sentence::from_typed("/etc/axes/axes.toml"));
        let remarks = vec![named("bob", Remark::Missing), named("carol", file)];
        assert_eq!(
            render(&white(Done::Removed, vec![], remarks)),
            "bob is not among the entries made at run time.\n\
             carol is on the whitelist by the configuration: take it out of username_whitelist in \
             /etc/axes/axes.toml or conf.d beside it, then `axesctl reload`.\n"
        );
        let nobody = white(Done::Removed, vec![], vec![]);
        assert_eq!(render(&nobody), "Nobody is named, so nothing was changed.\n");
    }

    #[test]
    fn many_entries_are_told_in_a_few_lines() {
        let network = |_| entry(ListName::White, Kind::Network, "192.0.2.1", None);
        let missing = |number| named(&format!("user{number}"), Remark::Missing);
        let many = white(Done::Removed, (0..500).map(network).collect(), vec![]);
        assert_eq!(render(&many), "500 entries are no longer on the whitelist.\n");
        let replaced = vec![named("x", Remark::Replaced); 3];
        let many = white(Done::Added, (0..500).map(network).collect(), replaced);
        assert_eq!(render(&many), "500 entries are on the whitelist, 3 in place of older ones.\n");
        let none = render(&white(Done::Removed, vec![], (0..500).map(missing).collect()));
        assert_eq!(none.lines().count(), NAMED + 1);
        assert!(none.ends_with("(and 480 more)\n"), "{none}");
    }
}
