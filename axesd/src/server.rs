//! The two sockets: accepts, judges peers, turns frames into requests.

mod control;
mod convert;
mod frames;
mod limits;
mod lists;
mod log;
mod pam;
mod panic_off;
mod peer;
mod prompts;
mod stream;
mod why;

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_local};

use crate::engine::{Engine, Names};
use crate::log::Logger;
use crate::server::limits::{Full, Limits};
use crate::server::peer::Peer;
use crate::server::prompts::Prompts;
use crate::server::stream::Stream;
pub(crate) use crate::server::stream::watched;

/// How long accepting pauses when the process has no descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// What reading the configuration again came to: what else is to be done, or why nothing of it
/// is in force.
pub type Reloaded = Result<Option<&'static str>, String>;

/// Everything that a connection needs.
pub struct Service {
    /// Decides.
    pub engine: Rc<Engine>,
    /// Looks accounts up.
    pub names: Names,
    /// Writes to syslog.
    pub logger: Logger,
    /// The store, as it is configured.
    pub store: &'static str,
    /// Why the last changes are not on disk.
    pub alarm: watch::Receiver<Option<String>>,
    /// What was wrong with the store at the start, and what was done about it.
    pub notice: Option<String>,
    /// Reads the configuration again, or says why it is not in force.
    pub reload: Box<dyn Fn() -> Reloaded>,
    /// The file that the configuration begins with.
    pub config: PathBuf,
}

/// The socket that a connection came in by.
#[derive(Clone, Copy, Debug)]
enum Door {
    Pam,
    Control,
}

/// Serves both sockets, which do not block, until dropped.
pub async fn serve(
    service: Rc<Service>,
    pam: AsyncFd<UnixListener>,
    control: AsyncFd<UnixListener>,
) {
    let mut doors = JoinSet::new();
    doors.spawn_local(accept(service.clone(), pam, Door::Pam));
    doors.spawn_local(accept(service, control, Door::Control));
    doors.join_all().await;
}

async fn accept(service: Rc<Service>, listener: AsyncFd<UnixListener>, door: Door) {
    let (limits, prompts) = (Limits::default(), Rc::new(Prompts::default()));
    loop {
        let accepted = listener.async_io(Interest::READABLE, UnixListener::accept).await;
        match accepted {
            Ok((socket, _)) => welcome(&service, &limits, &prompts, socket, door),
            Err(error) => pause(&service, &error).await,
        }
    }
}

fn welcome(
    service: &Rc<Service>,
    limits: &Limits,
    prompts: &Rc<Prompts>,
    socket: UnixStream,
    door: Door,
) {
    // Without a descriptor to spare, or a peer that is still there.
    let Ok(stream) = Stream::new(socket) else { return };
    let Ok(peer) = Peer::of(&stream) else { return };
    let permit = match limits.admit(peer) {
        Ok(permit) => permit,
        Err(full) => {
            refused(service, peer, full);
            // A login of root takes the place of the oldest prompt: nobody can fill them all.
            if peer != Peer::Root || !prompts.make_room() {
                return;
            }
            limits.exchange(peer)
        }
    };
    let (service, prompts) = (service.clone(), prompts.clone());
    spawn_local(async move {
        match door {
            Door::Pam => pam::serve(&service, &prompts, stream, peer).await,
            Door::Control => control::serve(&service, stream).await,
        }
        drop(permit);
    });
}

fn refused(service: &Service, peer: Peer, full: Full) {
    if full == Full::ForTheFirstTime {
        let fate = match peer {
            Peer::Root => "the oldest open prompts make room".to_owned(),
            Peer::User(uid) => format!("new ones of uid {uid} are closed; see what it runs"),
        };
        service.logger.warning(format!("too many connections: {fate}"));
    }
}

async fn pause(service: &Service, error: &io::Error) {
    service.logger.error(format!("accepting a connection failed: {error}"));
    tokio::time::sleep(EXHAUSTED).await;
}
