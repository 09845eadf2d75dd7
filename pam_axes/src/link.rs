//! The line to axesd for one attempt: one connection, one budget of time.

use std::path::PathBuf;
use std::time::Duration;

use axes_proto::client::{ClientError, Connection, Patience};
use axes_proto::pam::{Client, Outcome, Place, Reply, Request, Stage};
use axes_proto::text::Sentence;

use crate::options::Options;
use crate::peer;

/// Until the daemon has said how long the gate may take.
const GATE_WAIT: Duration = Duration::from_secs(10);
/// However long the daemon would like it to take.
const MAX_GATE_WAIT: Duration = Duration::from_secs(60);

/// For each exchange, even when the budget is used up: nobody gets past axesd by being slow.
const LEAST: Duration = Duration::from_millis(200);

/// The line to axesd for one attempt.
#[derive(Debug)]
pub(crate) struct Link {
    socket: PathBuf,
    client: Client,
    connection: Option<Connection>,
    /// What is left of the time for everything that is not waiting at the gate.
    budget: Duration,
    gate_wait: Duration,
    /// At the gate.
    place: Place,
}

/// What axesd decided.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    GoOn,
    Refused(Sentence),
}

/// Why axesd could not decide.
#[derive(Debug)]
pub(crate) struct Unreachable(pub(crate) String);

impl Link {
    pub(crate) fn new(options: &Options, client: Client) -> Self {
        Self {
            socket: options.socket.clone(),
            client,
            connection: None,
            budget: options.timeout,
            gate_wait: GATE_WAIT,
            place: Place::Wanted,
        }
    }

    /// Asks for admission.
    pub(crate) fn begin(&mut self, stage: Stage) -> Result<Decision, Unreachable> {
        let reply = self.try_begin(stage);
        self.decide(reply)
    }

    /// Asks the gate, or goes on with the place that is held. A daemon that restarted, made room, or
    /// needed the place has forgotten the attempt: begins again.
    pub(crate) fn answered(&mut self) -> Result<Decision, Unreachable> {
        let mut reply = match self.place {
            Place::Held => self.try_tell(&Request::Entered).map(|()| Reply::Proceed),
            Place::Wanted => self.try_ask(self.gate_wait, &Request::Answered),
        };
        if reply.as_ref().is_err_and(is_gone) {
            reply = self.try_begin(Stage::Answered);
        }
        self.decide(reply)
    }

    /// Reports the end. A failure is on disk when this returns. What else there is to tell is
    /// told, and a login does not wait for the disk.
    pub(crate) fn verdict(&mut self, outcome: Outcome) -> Result<(), Unreachable> {
        let request = Request::Verdict(outcome);
        let mut told = self.tell(&request);
        if told.as_ref().is_err_and(is_gone) {
            let begun = self.try_begin(Stage::Verified);
            self.decide(begun)?;
            told = self.tell(&request);
        }
        self.connection = None;
        match told {
            Ok(None | Some(Reply::Recorded)) => Ok(()),
            Ok(Some(reply)) => Err(self.unexpected(Ok(reply))),
            Err(error) => Err(self.unexpected(Err(error))),
        }
    }

    /// Waits for an answer to what counts.
    fn tell(&mut self, verdict: &Request) -> Result<Option<Reply>, ClientError> {
        if *verdict == Request::Verdict(Outcome::Failure) {
            return self.try_ask(Duration::ZERO, verdict).map(Some);
        }
        self.try_tell(verdict).map(|()| None)
    }

    /// Asks whether an account may be used without authentication through PAM.
    pub(crate) fn account(&mut self) -> Result<Decision, Unreachable> {
        let request = Request::Account(self.client.clone());
        let reply = self.timed(Duration::ZERO, |link, patience| {
            link.ask_anew(&request, patience).map(|(_, reply)| reply)
        });
        self.decide(reply)
    }

    /// Hangs up; axesd draws its own conclusion.
    pub(crate) fn close(&mut self) {
        self.connection = None;
    }

    fn try_begin(&mut self, stage: Stage) -> Result<Reply, ClientError> {
        let wait = match stage {
            Stage::Answered => self.gate_wait,
            Stage::Prompting | Stage::Verified => Duration::ZERO,
        };
        let request = Request::Begin(self.client.clone(), stage);
        self.timed(wait, |link, patience| {
            let (connection, reply) = link.ask_anew(&request, patience)?;
            link.connection = Some(connection);
            Ok(reply)
        })
    }

    /// Asks on a new connection. A daemon that ends in the middle of that is asked once more:
    /// the next one may be listening already.
    fn ask_anew(
        &self,
        request: &Request,
        patience: &mut Patience,
    ) -> Result<(Connection, Reply), ClientError> {
        let mut ask = || {
            let connection = peer::connect(&self.socket, patience)?;
            let reply = connection.ask(request, patience)?;
            Ok((connection, reply))
        };
        match ask() {
            Err(error) if is_gone(&error) => ask(),
            answered => answered,
        }
    }

    /// Asks on the connection; one that failed is not used again.
    fn try_ask(&mut self, wait: Duration, request: &Request) -> Result<Reply, ClientError> {
        self.timed(wait, |link, patience| {
            let connection = link.connection.take().ok_or(ClientError::Closed)?;
            let reply = connection.ask(request, patience)?;
            link.connection = Some(connection);
            Ok(reply)
        })
    }

    /// Tells on the connection what nobody answers; one that failed is not used again.
    fn try_tell(&mut self, request: &Request) -> Result<(), ClientError> {
        self.timed(Duration::ZERO, |link, patience| {
            let connection = link.connection.take().ok_or(ClientError::Closed)?;
            connection.send(request, patience)?;
            link.connection = Some(connection);
            Ok(())
        })
    }

    /// Runs something against the budget; `wait` on top of it is free.
    fn timed<T>(
        &mut self,
        wait: Duration,
        run: impl FnOnce(&mut Self, &mut Patience) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let given = wait.saturating_add(self.budget.max(LEAST));
        let mut patience = Patience::of(given);
        let result = run(self, &mut patience);
        let used = given.saturating_sub(patience.left());
        self.budget = self.budget.saturating_sub(used.saturating_sub(wait));
        result
    }

    fn decide(&mut self, reply: Result<Reply, ClientError>) -> Result<Decision, Unreachable> {
        match reply {
            Ok(Reply::Admitted { place, gate_wait_ms }) => {
                self.place = place;
                self.gate_wait = Duration::from_millis(gate_wait_ms.into()).min(MAX_GATE_WAIT);
                Ok(Decision::GoOn)
            }
            Ok(Reply::Proceed) => Ok(Decision::GoOn),
            Ok(Reply::Refused(sentence)) => {
                self.connection = None;
                Ok(Decision::Refused(sentence))
            }
            reply => Err(self.unexpected(reply)),
        }
    }

    fn unexpected(&self, reply: Result<Reply, ClientError>) -> Unreachable {
        let socket = self.socket.display();
        Unreachable(match reply {
            Ok(Reply::Failed(sentence)) => format!("axesd at {socket} says: {sentence}"),
            Ok(reply) => format!("axesd at {socket} gave an answer out of turn: {reply:?}"),
            Err(error) => format!("axesd at {socket}: {error}; see `systemctl status axesd`"),
        })
    }
}

/// Whether the daemon went away, which is worth one more connection; a slow one is not.
const fn is_gone(error: &ClientError) -> bool {
    matches!(error, ClientError::Closed | ClientError::Io(_))
}
