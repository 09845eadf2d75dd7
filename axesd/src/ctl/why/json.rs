//! An explanation as scripts read it. Names and types in here are a promise: add, never change.

use axes_proto::control::{Exemption, ListEntry, Origin, Verdict, View};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Why;
use crate::ctl::json::{attempt_object, counter_object, counter_objects, enforcement_word};
use crate::ctl::time::{later, rfc3339};

impl Why {
    /// One object; every member is always there.
    pub(in crate::ctl) fn json(&self, now: Timestamp) -> Value {
        let told = &self.explanation;
        let client = &told.client;
        let address = client.remote.as_ref().map_or("local", |remote| remote.as_str());
        let (counter, counter_name) = match &told.verdict {
            Verdict::Locked(counter, name) => (Some(counter), name.as_ref()),
            _ => (None, None),
        };
        let left = self.left_ms();
        json!({
            "username": client.user, "address": address,
            "service": client.service, "tty": client.tty,
            "admitted": self.admits(), "verdict": verdict(&told.verdict), "reason": self.reason(),
            "until": left.map(|left| rfc3339(later(now, left))),
            "seconds_left": left.map(|left| left.div_ceil(1000)),
            "rule": told.rule, "enforcement": enforcement_word(told.enforcement),
            "familiar": told.familiar, "failures_left": told.failures_left,
            "exemption": exemption(&told.verdict), "entry": entry(&told.verdict),
            "counter": counter.map(|counter| counter_object(counter, now)),
            "counter_name": counter_name,
            "counters": counter_objects(&self.counters, now),
            "attempts": self.attempts.iter().map(attempt_object).collect::<Value>(),
            "lift": self.lift(), "partial": told.view == View::Own,
        })
    }
}

const fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Admitted | Verdict::Exempt(_) => "admitted",
        Verdict::Locked(..) => "locked",
        Verdict::Blacklisted(_) => "blacklisted",
        Verdict::NotWhitelisted => "not_whitelisted",
        Verdict::Unkept => "unkept",
    }
}

const fn exemption(verdict: &Verdict) -> Option<&'static str> {
    let Verdict::Exempt(exemption) = verdict else { return None };
    Some(match exemption {
        Exemption::Off => "off",
        Exemption::Whitelisted(_) => "whitelisted",
        Exemption::RootConsole => "root_console",
        Exemption::DirectoryAccount => "directory_account",
    })
}

fn entry(verdict: &Verdict) -> Option<Value> {
    let (Verdict::Blacklisted(listed) | Verdict::Exempt(Exemption::Whitelisted(listed))) = verdict
    else {
        return None;
    };
    let ListEntry { subject, origin, .. } = listed;
    let configured = *origin == Origin::Configured;
    Some(json!({ "subject": subject, "configured": configured }))
}

#[cfg(test)]
mod tests {
    use axes_proto::text::{Label, Sentence};

    use super::*;
    use crate::ctl::samples::{self, NOW_MS};
    use crate::ctl::time::moment;

    fn value(verdict: Verdict) -> Value {
        let explanation = axes_proto::control::Explanation { verdict, ..samples::explanation() };
        let (counters, attempts) = (vec![samples::counter()], vec![samples::attempt()]);
        Why { explanation, counters, attempts }.json(moment(NOW_MS))
    }

    #[test]
    fn an_explanation_has_every_member() {
        let name = Some(Label::from_typed("pairs"));
        let counter = counter_object(&samples::counter(), moment(NOW_MS));
        let expected = json!({
            "username": "alice", "address": "192.0.2.7", "service": "sshd", "tty": "ssh",
            "admitted": false, "verdict": "locked",
            "reason": "Counter pairs of alice from 192.0.2.7 is locked: 5 failures, and its \
                       limit is 5.",
            "until": "2025-11-23T09:44:09.500Z", "seconds_left": 750,
            "rule": null, "enforcement": "on", "familiar": false, "failures_left": null,
            "exemption": null, "entry": null,
            "counter": counter, "counter_name": "pairs", "counters": [counter],
            "attempts": [attempt_object(&samples::attempt())],
            "lift": ["axesctl reset --user alice --address 192.0.2.7"], "partial": false,
        });
        assert_eq!(value(Verdict::Locked(samples::counter(), name)), expected);
    }

    #[test]
    fn an_entry_of_a_list_says_where_it_stands_and_until_when() {
        let subject = Sentence::from_typed("192.0.2.0/24");
        let listed = ListEntry { subject, origin: Origin::RunTime, left_ms: Some(749_500) };
        let refused = value(Verdict::Blacklisted(listed.clone()));
        assert_eq!(refused["entry"], json!({ "subject": "192.0.2.0/24", "configured": false }));
        assert_eq!((&refused["seconds_left"], &refused["counter"]), (&json!(750), &Value::Null));
        let admitted = value(Verdict::Exempt(Exemption::Whitelisted(listed)));
        assert_eq!(admitted["verdict"], "admitted");
        assert_eq!(admitted["exemption"], "whitelisted");
        assert_eq!((&admitted["admitted"], &admitted["lift"]), (&json!(true), &json!([])));
        assert_eq!(admitted["until"], Value::Null);
    }
}
