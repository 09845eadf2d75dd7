//! One connection of a module: one attempt, or one question about an account. Whoever may not
//! open the control socket asks about himself here.

#[cfg(test)]
mod tests;

use std::time::Duration;

use axes_proto::control;
use axes_proto::frame::{self, FrameError, Message as _};
use axes_proto::pam::{self, Place, Reply, Request, Stage};
use tokio::sync::oneshot;

use crate::engine::{Address, Answer, AttemptId, Client, Engine, NoPlace, Reporter, Visitor, Word};
use crate::server::frames::{self, Fault};
use crate::server::peer::Peer;
use crate::server::prompts::{AtPrompt, Prompts};
use crate::server::stream::Stream;
use crate::server::{Service, convert, why};

/// For the first message of a connection, and for one that has no attempt.
const FIRST: Duration = Duration::from_secs(5);

/// Serves a module until it hangs up.
pub(super) async fn serve(service: &Service, prompts: &Prompts, mut stream: Stream, peer: Peer) {
    let mut attempt = InFlight::none(&service.engine);
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
    /// What the end of the connection means.
    ends: fn(&Engine, AttemptId),
    /// Rings when the place that is held is needed.
    called_back: Option<oneshot::Receiver<()>>,
}

impl InFlight<'_> {
    const fn none(engine: &Engine) -> InFlight<'_> {
        InFlight { engine, id: None, ends: Engine::hang_up, called_back: None }
    }

    /// Holds a place for the answer, where there is one.
    fn hold(&mut self) -> Place {
        self.called_back = self.id.and_then(|id| self.engine.hold(id));
        if self.called_back.is_some() { Place::Held } else { Place::Wanted }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            (self.ends)(self.engine, id);
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
    stream: &mut Stream,
    peer: Peer,
    attempt: &mut InFlight<'_>,
) -> Result<(), Fault> {
    let mut prompt = None;
    loop {
        let request = match hear(stream, attempt, prompt.take()).await? {
            Heard::Module(request) => request,
            Heard::Person(question) => return why::serve(service, stream, &question, peer).await,
        };
        let reply = match request {
            Request::Begin(client, stage) => match reported(service, &client, peer).await {
                Ok(visitor) => begin(service, stream, attempt, visitor, stage).await?,
                Err(reply) => reply,
            },
            Request::Answered => answered(service, stream, attempt).await?,
            Request::Entered => match entered(service, attempt) {
                Ok(()) => continue,
                Err(reply) => reply,
            },
            Request::Verdict(outcome) => return verdict(service, stream, attempt, outcome).await,
            Request::Account(_) if attempt.id.is_some() => failed("ask on another connection"),
            Request::Account(client) => match reported(service, &client, peer).await {
                Ok(visitor) => reply(service.engine.account(visitor)),
                Err(reply) => reply,
            },
        };
        frames::write(stream, &reply).await?;
        match reply {
            Reply::Failed(_) => return Ok(()),
            Reply::Admitted { .. } => prompt = Some(prompts.enter(attempt.called_back.take())),
            _ => {}
        }
    }
}

/// What a module says next. Whoever is at his prompt may have to leave.
async fn hear(
    stream: &mut Stream,
    attempt: &mut InFlight<'_>,
    prompt: Option<AtPrompt<'_>>,
) -> Result<Heard, Fault> {
    if let Some(mut prompt) = prompt {
        tokio::select! {
            biased;
            heard = frames::read_with(stream, None, decode) => return heard,
            () = prompt.is_over() => {}
        }
        // Mostly it has gone on already. If it does so in this very moment, that is still heard,
        // but nothing after it.
        if !stream.look()? {
            stream.stop_listening()?;
            attempt.ends = Engine::withdraw;
        }
    }
    // A prompt may stay open for days on a locked screen; whoever has no attempt has to hurry.
    let patience = attempt.id.is_none().then_some(FIRST);
    frames::read_with(stream, patience, decode).await
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
    stream: &mut Stream,
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
    let place = attempt.hold();
    let wait = service.engine.gate_wait().as_millis();
    Ok(Reply::Admitted { place, gate_wait_ms: u32::try_from(wait).unwrap_or(u32::MAX) })
}

/// Waits at the gate, unless the module hangs up first.
async fn answered(
    service: &Service,
    stream: &mut Stream,
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

/// The answer is verified on the place that was held.
fn entered(service: &Service, attempt: &InFlight<'_>) -> Result<(), Reply> {
    let id = attempt.id.ok_or_else(|| failed("no attempt has begun"))?;
    service.engine.entered(id).map_err(|NoPlace| failed("no place was held"))
}

/// Only a failure is waited for.
async fn verdict(
    service: &Service,
    stream: &Stream,
    attempt: &mut InFlight<'_>,
    outcome: pam::Outcome,
) -> Result<(), Fault> {
    let Some(id) = attempt.id.take() else {
        return frames::write(stream, &failed("no attempt has begun")).await;
    };
    let committed = service.engine.verdict(id, convert::outcome(outcome)).await;
    if outcome != pam::Outcome::Failure {
        return Ok(());
    }
    let reply = match committed {
        Ok(()) => Reply::Recorded,
        Err(error) => failed(&format!("it counts, but is not on disk: {error}")),
    };
    frames::write(stream, &reply).await
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
