//! Lists, and changes of them, as scripts read them. Add, never change.

use axes_proto::control::{Entry, Kind, ListName, Remark, Source, Subject};
use axes_proto::text::Text;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::text::list_word;
use super::{Amended, Done};
use crate::ctl::json::counter_objects;
use crate::ctl::time::{later, moment, rfc3339};

/// A list.
pub(in crate::ctl) fn entries(list: ListName, entries: &[Entry], now: Timestamp) -> Value {
    json!({ "list": list_word(list), "entries": objects(entries, now) })
}

/// What was done.
pub(in crate::ctl) fn render(amended: &Amended, now: Timestamp) -> Value {
    let list = list_word(amended.list);
    let changed = objects(&amended.entries, now);
    let lockouts = counter_objects(&amended.lockouts, now);
    let configured = amended.whom(|remark| matches!(remark, Remark::Configured(_)));
    match amended.done {
        Done::Added => json!({
            "list": list, "added": changed, "no_longer_refused": lockouts,
            "replaced": amended.whom(|remark| *remark == Remark::Replaced),
            "configured": configured,
            "blacklisted": amended.whom(|remark| *remark == Remark::Blacklisted),
            "unknown": amended.whom(|remark| *remark == Remark::Unknown),
            "warning": amended.warning().map(str::trim_end),
        }),
        Done::Removed => json!({
            "list": list, "removed": changed, "refused_again": lockouts,
            "missing": amended.whom(|remark| *remark == Remark::Missing),
            "configured": configured,
        }),
    }
}

impl Amended {
    fn whom(&self, is_meant: impl Fn(&Remark) -> bool) -> Vec<&Text<256>> {
        let meant = self.remarks.iter().filter(|(_, remark)| is_meant(remark));
        let whom = meant.map(|(subject, _)| match subject {
            Subject::User(name) => name,
            Subject::Address(address) => address,
        });
        whom.collect()
    }
}

fn objects(entries: &[Entry], now: Timestamp) -> Value {
    entries.iter().map(|entry| object(entry, now)).collect()
}

fn object(entry: &Entry, now: Timestamp) -> Value {
    let (source, since, left) = match entry.source {
        Source::Configuration => ("configuration", None, None),
        Source::RunTime { since_ms, left_ms } => ("runtime", Some(since_ms), left_ms),
    };
    json!({
        "kind": kind_word(entry.kind), "subject": entry.subject,
        "source": source, "comment": entry.comment,
        "since": since.map(|since| rfc3339(moment(since))),
        "until": left.map(|left| rfc3339(later(now, left))),
        "seconds_left": left.map(|left| left.div_ceil(1000)),
    })
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Network => "network",
        Kind::User => "user",
        Kind::Group => "group",
        Kind::Uids => "uids",
    }
}

#[cfg(test)]
mod tests {
    use axes_proto::text::{Comment, Listed, Name, Sentence};

    use super::*;
    use crate::ctl::samples::{self, NOW_MS};

    fn entry() -> Entry {
        Entry {
            list: ListName::White,
            kind: Kind::Group,
            subject: Listed::from_typed("@wheel"),
            comment: Some(Comment::from_typed("staff")),
            source: Source::RunTime { since_ms: NOW_MS, left_ms: Some(1500) },
        }
    }

    fn shown() -> Value {
        json!({
            "kind": "group", "subject": "@wheel", "source": "runtime", "comment": "staff",
            "since": "2025-11-23T09:31:40.000Z", "until": "2025-11-23T09:31:41.500Z",
            "seconds_left": 2,
        })
    }

    #[test]
    fn an_entry_has_every_member_also_where_it_is_null() {
        let configured = Entry { comment: None, source: Source::Configuration, ..entry() };
        let list = entries(ListName::White, &[configured, entry()], moment(NOW_MS));
        let configured = json!({
            "kind": "group", "subject": "@wheel", "source": "configuration", "comment": null,
            "since": null, "until": null, "seconds_left": null,
        });
        assert_eq!(list, json!({ "list": "whitelist", "entries": [configured, shown()] }));
    }

    #[test]
    fn a_change_says_what_was_done_to_whom() {
        let bob = Subject::User(Name::from_typed("bob"));
        let file = Remark::Configured(Sentence::from_typed("/etc/axes/axes.toml"));
        let mut amended = Amended {
            list: ListName::White,
            done: Done::Added,
            entries: vec![entry()],
            remarks: vec![(bob.clone(), Remark::Blacklisted), (bob.clone(), file)],
            lockouts: vec![samples::counter()],
        };
        let added = render(&amended, moment(NOW_MS));
        assert_eq!((&added["list"], &added["added"]), (&json!("whitelist"), &json!([shown()])));
        assert_eq!(added["no_longer_refused"][0]["username"], "alice");
        assert_eq!(
            (&added["blacklisted"], &added["configured"]),
            (&json!(["bob"]), &json!(["bob"]))
        );
        assert_eq!((&added["replaced"], &added["unknown"]), (&json!([]), &json!([])));
        assert!(added["warning"].as_str().unwrap().contains("without a limit"));

        (amended.done, amended.remarks) = (Done::Removed, vec![(bob, Remark::Missing)]);
        let removed = render(&amended, moment(NOW_MS));
        let expected = json!({
            "list": "whitelist", "removed": [shown()], "missing": ["bob"], "configured": [],
            "refused_again": added["no_longer_refused"],
        });
        assert_eq!(removed, expected);
    }
}
