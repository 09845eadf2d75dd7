//! An explanation in the words of the wire.

use axes_proto::control::{Enforcement, Exemption, Explanation, ListEntry, Origin, Verdict, View};
use axes_proto::pam;
use axes_proto::text::{Host, Label, Name};

use crate::engine::{
    self, Address, Client, Engine, Lane, ListName, Place, Refusal, Subject, Visitor,
};
use crate::server::convert;

/// What is told of a visitor.
pub(super) fn explanation(
    engine: &Engine,
    visitor: &Visitor,
    explanation: &engine::Explanation,
    view: View,
) -> Explanation {
    let verdict = verdict(engine, visitor, explanation);
    let room = explanation.room.iter().map(|(_, room)| *room).min();
    Explanation {
        client: client(&visitor.client),
        failures_left: room.filter(|_| verdict == Verdict::Admitted),
        verdict,
        rule: explanation.rule.as_deref().map(Label::from_typed),
        enforcement: enforcement(engine, visitor, explanation),
        familiar: explanation.lane == Lane::Familiar,
        view,
    }
}

fn client(client: &Client) -> pam::Client {
    let remote = Some(&client.address).filter(|address| **address != Address::Local);
    pam::Client {
        user: Name::from_typed(&client.user),
        remote: remote.map(|address| Host::from_typed(&address.to_string())),
        service: Label::from_typed(&client.service),
        tty: client.tty.as_deref().map(Label::from_typed),
        ruser: None,
    }
}

fn verdict(engine: &Engine, visitor: &Visitor, explanation: &engine::Explanation) -> Verdict {
    let listed = |list, subject| listed(engine, list, visitor, subject);
    match (&explanation.refusal, &explanation.exemption) {
        (Some(Refusal::Locked(counter, _)), _) => {
            let name = counter.name.as_deref().map(Label::from_typed);
            Verdict::Locked(convert::counter(counter, engine.clock()), name)
        }
        (Some(Refusal::Blacklisted(subject)), _) => {
            Verdict::Blacklisted(listed(ListName::Black, subject))
        }
        (Some(Refusal::NotWhitelisted), _) => Verdict::NotWhitelisted,
        (Some(Refusal::Unkept), _) => Verdict::Unkept,
        // Only who waits at the gate is told that it is busy.
        (Some(Refusal::Busy) | None, None) => Verdict::Admitted,
        (_, Some(exemption)) => Verdict::Exempt(match exemption {
            engine::Exemption::Off(_) => Exemption::Off,
            engine::Exemption::Whitelisted(subject) => {
                Exemption::Whitelisted(listed(ListName::White, subject))
            }
            engine::Exemption::RootConsole => Exemption::RootConsole,
            engine::Exemption::DirectoryAccount => Exemption::DirectoryAccount,
        }),
    }
}

fn listed(engine: &Engine, list: ListName, visitor: &Visitor, subject: &Subject) -> ListEntry {
    let (origin, until) = match engine.place_of(list, subject, visitor) {
        Place::Configured => (Origin::Configured, None),
        Place::RunTime(until) => (Origin::RunTime, until),
    };
    let left = until.map(|until| until.since(engine.clock().now()).as_millis());
    let left_ms = left.map(|left| u64::try_from(left).unwrap_or(u64::MAX));
    // As it is typed: without the quotation marks of the log.
    let subject = match subject {
        Subject::User(name) => name.to_string(),
        Subject::Group(name) => format!("@{name}"),
        Subject::Network(_) | Subject::Uids(..) => subject.to_string(),
    };
    ListEntry { subject: convert::sentence(&subject), origin, left_ms }
}

fn enforcement(
    engine: &Engine,
    visitor: &Visitor,
    explanation: &engine::Explanation,
) -> Enforcement {
    match explanation.enforcement {
        engine::Enforcement::Off => Enforcement::Off,
        _ if engine.panic_held().is_some() => Enforcement::PanicOff,
        _ if !engine.enforces(&visitor.client.service) => Enforcement::OtherServices,
        engine::Enforcement::Monitor => Enforcement::Monitor,
        engine::Enforcement::On => Enforcement::On,
    }
}
