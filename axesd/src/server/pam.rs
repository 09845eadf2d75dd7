//! One connection of a module: one attempt, or one question about an account. Whoever may not
//! open the control socket asks about himself here.

#[cfg(test)]
mod tests;

use std::time::Duration;

use axes_proto::control;
use axes_proto::frame::{self, FrameError, Message as _};
use axes_proto::pam::{self, Reply, Request, Stage};
use tokio::net::UnixStream;

use crate::engine::{Address, Answer, AttemptId, Client, Engine, Reporter, Visitor, Word};
use crate::server::frames::{self, Fault};
use crate::server::peer::Peer;
use crate::server::prompts::{AtPrompt, Prompts};
use crate::server::{Service, convert, why};

/// For the first message of a connection, and for one that has no attempt.
const FIRST: Duration = Duration::from_secs(5);

/// Serves a module until it hangs up.
pub(super) async fn serve(
    service: &Service,
    prompts: &Prompts,
    mut stream: UnixStream,
    peer: Peer,
) {
    let mut attempt = InFlight { engine: &service.engine, id: None };
    match converse(service, prompts, &mut stream, peer, &mut attempt).await {
        // A module that hangs up has said what it had to say.
        Ok(()) | Err(Fault::Io(_)) => {}
        Err(fault) => service.logger.warning(format!("module of uid {}: {fault}", peer.uid())),
    }
}

/// The attempt of a connection; over when the connection is.
struct InFlight<'a> {
    engine: &'a Engine,
    id: Option<AttemptId>,
}

impl InFlight<'_> {
    fn withdraw(&mut self) {
        if let Some(id) = self.id.take() {
            self.engine.withdraw(id);
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.engine.hang_up(id);
        }
    }
}

/// What is said at this door.
enum Heard {
    Module(Request),
    Person(control::Request),
}

async fn converse(
    service: &Service,
    prompts: &Prompts,
    stream: &mut UnixStream,
    peer: Peer,
    attempt: &mut InFlight<'_>,
) -> Result<(), Fault> {
    let mut at_prompt: Option<AtPrompt<'_>> = None;
    loop {
        // A prompt may stay open for days on a locked screen; whoever has no attempt has to hurry.
        let patience = attempt.id.is_none().then_some(FIRST);
        let heard = match at_prompt.take() {
            None => frames::read_with(stream, patience, decode).await?,
            Some(mut prompt) => tokio::select! {
                heard = frames::read_with(stream, None, decode) => heard?,
                () = prompt.sent_away() => {
                    attempt.withdraw();
                    return Ok(());
                }
            },
        };
        let request = match heard {
            Heard::Module(request) => request,
            Heard::Person(question) => return why::serve(service, stream, &question, peer).await,
        };
        let reply = match request {
            Request::Begin(client, stage) => match reported(service, &client, peer).await {
                Ok(visitor) => begin(service, stream, attempt, visitor, stage).await?,
                Err(reply) => reply,
            },
            Request::Answered => answered(service, stream, attempt).await?,
            Request::Verdict(outcome) => verdict(service, attempt, outcome).await,
            Request::Account(client) => match reported(service, &client, peer).await {
                Ok(visitor) => reply(service.engine.account(visitor)),
                Err(reply) => reply,
            },
        };
        frames::write(stream, &reply).await?;
        match reply {
            Reply::Failed(_) => return Ok(()),
            Reply::Admitted { .. } => at_prompt = Some(prompts.enter()),
            _ => {}
        }
    }
}

fn decode(body: &[u8]) -> Result<Heard, FrameError> {
    match frame::decode(body) {
        Err(FrameError::Kind(control::Request::KIND)) => frame::decode(body).map(Heard::Person),
        decoded => decoded.map(Heard::Module),
    }
}

/// The client that a peer may report: root anybody, a user himself and on this machine.
async fn reported(service: &Service, client: &pam::Client, peer: Peer) -> Result<Visitor, Reply> {
    let engine = &service.engine;
    let person = service.names.person(client.user.as_str(), engine.detail()).await;
    let client = convert::client(client, person.name.clone());
    let Peer::User(uid) = peer else {
        return Ok(engine.visitor(client, person.account, Reporter::Root));
    };
    if service.names.of_uid(uid).await.as_ref() != Some(&person.name) {
        let visitor = engine.visitor(client, None, Reporter::Owner);
        let named = Word(&visitor.stored.user);
        service.logger.warning(format!("uid {uid} may not report attempts of {named}"));
        return Err(failed("only root may report attempts of somebody else"));
    }
    let client = Client { address: Address::Local, ruser: None, ..client };
    Ok(engine.visitor(client, person.account, Reporter::Owner))
}

async fn begin(
    service: &Service,
    stream: &UnixStream,
    attempt: &mut InFlight<'_>,
    visitor: Visitor,
    stage: Stage,
) -> Result<Reply, Fault> {
    if attempt.id.is_some() {
        return Ok(failed("this connection has an attempt already"));
    }
    if stage == Stage::Verified && visitor.reporter == Reporter::Root {
        attempt.id = Some(service.engine.verified(visitor));
        return Ok(Reply::Proceed);
    }
    match service.engine.begin(visitor) {
        Ok(id) => attempt.id = Some(id),
        Err(sentence) => return Ok(Reply::Refused(convert::sentence(&sentence))),
    }
    if stage == Stage::Answered {
        return answered(service, stream, attempt).await;
    }
    let wait = service.engine.gate_wait().as_millis();
    Ok(Reply::Admitted { gate_wait_ms: u32::try_from(wait).unwrap_or(u32::MAX) })
}

/// Waits at the gate, unless the module hangs up first.
async fn answered(
    service: &Service,
    stream: &UnixStream,
    attempt: &mut InFlight<'_>,
) -> Result<Reply, Fault> {
    let Some(id) = attempt.id else {
        return Ok(failed("no attempt has begun"));
    };
    let answer = tokio::select! {
        biased;
        answer = service.engine.answered(id) => answer,
        fault = frames::hung_up(stream) => return Err(fault),
    };
    if matches!(answer, Answer::Refused(_)) {
        attempt.id = None;
    }
    Ok(reply(answer))
}

async fn verdict(service: &Service, attempt: &mut InFlight<'_>, outcome: pam::Outcome) -> Reply {
    let Some(id) = attempt.id.take() else {
        return failed("no attempt has begun");
    };
    match service.engine.verdict(id, convert::outcome(outcome)).await {
        Ok(()) => Reply::Recorded,
        Err(error) => failed(&format!("it counts, but is not on disk: {error}")),
    }
}

fn reply(answer: Answer) -> Reply {
    match answer {
        Answer::GoOn => Reply::Proceed,
        Answer::Refused(sentence) => Reply::Refused(convert::sentence(&sentence)),
    }
}

fn failed(sentence: &str) -> Reply {
    Reply::Failed(convert::sentence(sentence))
}
