//! Would a client be let in now? Asking changes nothing: no attempt, no failure, no line.
//!
//! Root and the group axes are told everything. Anybody else is told what a login of his own
//! would tell him, so that an account on this host is no window on those who share it:
//!
//! - He may ask about himself only.
//! - He may ask about this machine, and about an address from which somebody came under his name
//!   already: there an entry of a list, or a locked counter, concerns him. Going through all the
//!   others would show which are locked or listed, and so who comes from where.
//! - Of counters that name him he sees all: they are about him. Of one that does not he sees
//!   that it is locked and until when, as the prompt says, not what others did to fill it.
//! - Of attempts he sees those under his name, from the very address that he asks about.
//!
//! What it costs is bounded as for a login: one question for each connection, a few connections
//! for each user, a bounded look at the access log.

mod tell;
#[cfg(test)]
pub(super) mod tests;

use std::sync::Arc;

use axes_proto::control::{Reply, Request, View};
use axes_proto::pam;

use crate::engine::{
    Address, Attempt, Client, CounterState, Explanation, Lane, Refusal, Reporter, Visitor,
};
use crate::server::frames::{self, Fault};
use crate::server::peer::Peer;
use crate::server::stream::Stream;
use crate::server::{Service, convert};

/// Attempts that are shown.
const SHOWN: usize = 10;
/// Entries of the access log that are looked at for somebody who is not trusted; some 100 us.
const LOOKED_AT: usize = 2_000;

/// Who wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// Root, or whom the file system let through to the control socket.
    Trusted,
    /// The user with this number.
    User(u32),
}

/// Why nothing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Denial {
    #[error("you may only ask whether you would be let in yourself: for the rest use sudo")]
    NotControl,
    #[error("you may only ask about yourself: use sudo to ask about somebody else")]
    SomebodyElse,
    #[error(
        "nobody came from there under your name lately, and of other addresses you are told \
         nothing: try to log in from there and ask again, or use sudo"
    )]
    UnknownAddress,
}

/// Serves a question that came in by the door of the modules.
pub(super) async fn serve(
    service: &Service,
    stream: &mut Stream,
    question: &Request,
    peer: Peer,
) -> Result<(), Fault> {
    let asker = match peer {
        Peer::Root => Asker::Trusted,
        Peer::User(uid) => Asker::User(uid),
    };
    match question {
        Request::Why(client) => send(service, stream, client, asker).await,
        _ => frames::write(stream, &denied(Denial::NotControl)).await,
    }
}

/// Sends the explanation, its counters and attempts, and an end.
pub(super) async fn send(
    service: &Service,
    stream: &mut Stream,
    client: &pam::Client,
    asker: Asker,
) -> Result<(), Fault> {
    match answer(service, client, asker).await {
        Ok(replies) => frames::write_all(stream, replies.into_iter()).await,
        Err(denial) => frames::write(stream, &denied(denial)).await,
    }
}

async fn answer(
    service: &Service,
    client: &pam::Client,
    asker: Asker,
) -> Result<Vec<Reply>, Denial> {
    let engine = &service.engine;
    let person = service.names.person(client.user.as_str(), engine.detail()).await;
    if let Asker::User(uid) = asker
        && service.names.of_uid(uid).await.as_ref() != Some(&person.name)
    {
        return Err(Denial::SomebodyElse);
    }
    let client = Client { ruser: None, ..convert::client(client, person.name) };
    // As a program of root would report it.
    let visitor = engine.visitor(client, person.account, Reporter::Root);
    let explanation = engine.explain(&visitor);
    match asker {
        Asker::Trusted => Ok(whole(service, &visitor, &explanation)),
        Asker::User(_) => own(service, &visitor, explanation),
    }
}

fn whole(service: &Service, visitor: &Visitor, explanation: &Explanation) -> Vec<Reply> {
    let held = |counter| service.engine.held_by(counter, SHOWN, usize::MAX, |_| true);
    let attempts = foremost(explanation).map(held).unwrap_or_default();
    replies(service, visitor, explanation, &attempts, View::Whole)
}

fn own(
    service: &Service,
    visitor: &Visitor,
    explanation: Explanation,
) -> Result<Vec<Reply>, Denial> {
    let engine = &service.engine;
    // Where nothing is kept, everybody looks the same, and nobody's attempts are his.
    let apart = engine.tells_clients_apart();
    let is_own = |client: &Client| apart && is_same(client, &visitor.stored);
    let is_known = visitor.client.address == Address::Local
        || apart && explanation.lane == Lane::Familiar
        || engine.has_tried(LOOKED_AT, is_own);
    if !is_known {
        return Err(Denial::UnknownAddress);
    }
    let held = |counter| engine.held_by(counter, SHOWN, LOOKED_AT, is_own);
    let attempts = foremost(&explanation).map(held).unwrap_or_default();
    Ok(replies(service, visitor, &about_himself(explanation), &attempts, View::Own))
}

/// Without what others did.
fn about_himself(mut explanation: Explanation) -> Explanation {
    explanation.room.retain(|(key, _)| key.names_user());
    explanation.counters.retain(|counter| counter.key.names_user() || counter.locked.is_some());
    explanation.counters.iter_mut().for_each(veil);
    if let Some(Refusal::Locked(counter, _)) = &mut explanation.refusal {
        veil(counter);
    }
    explanation
}

/// Leaves of a counter that others share that it is locked, and until when.
fn veil(counter: &mut CounterState) {
    if counter.key.names_user() {
        return;
    }
    if let Some(locked) = counter.locked {
        (counter.first, counter.last, counter.failures) = (locked, locked, counter.limit);
    }
}

/// Under the same name from the same address, asked for by nobody else.
fn is_same(client: &Client, visitor: &Client) -> bool {
    client.user == visitor.user
        && client.address == visitor.address
        && client.ruser.as_ref().is_none_or(|ruser| *ruser == visitor.user)
}

/// The counter that refuses, else the one that is nearest to its limit.
fn foremost(explanation: &Explanation) -> Option<&CounterState> {
    if let Some(Refusal::Locked(counter, _)) = &explanation.refusal {
        return Some(counter);
    }
    let room = |counter: &&CounterState| counter.limit.saturating_sub(counter.failures);
    explanation.counters.iter().min_by_key(room)
}

fn replies(
    service: &Service,
    visitor: &Visitor,
    explanation: &Explanation,
    attempts: &[Arc<Attempt>],
    view: View,
) -> Vec<Reply> {
    let clock = service.engine.clock();
    let told = tell::explanation(&service.engine, visitor, explanation, view);
    let counters =
        explanation.counters.iter().map(|it| Reply::Counter(convert::counter(it, clock)));
    let attempts = attempts.iter().map(|it| Reply::Attempt(convert::attempt(it, clock)));
    let rest = counters.chain(attempts).chain([Reply::End]);
    [Reply::Why(Box::new(told))].into_iter().chain(rest).collect()
}

fn denied(denial: Denial) -> Reply {
    Reply::Failed(convert::sentence(&denial.to_string()))
}
