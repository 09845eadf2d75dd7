//! Whitelist and blacklist for axesctl: what is in them, and changes, one after the other.

mod change;
mod journal;
mod wire;

use axes_proto::control::{Change, ListName, Reply, Request};

use crate::server::control::FIRST;
use crate::server::frames::{self, Fault};
use crate::server::lists::journal::Journal;
use crate::server::stream::Stream;
use crate::server::{Service, convert};

/// Entries of the configuration that are sent before it is the turn of others.
const TOGETHER: usize = 256;

/// Sends the entries of a list, those of the configuration first.
pub(super) async fn send(
    service: &Service,
    stream: &mut Stream,
    list: ListName,
) -> Result<(), Fault> {
    let (engine, name) = (&service.engine, wire::list(list));
    let configured: Vec<_> = engine.configured(name).into_iter().collect();
    for some in configured.chunks(TOGETHER) {
        let replies = some.iter().map(|subject| Reply::Entry(wire::configured(list, subject)));
        frames::write_all(stream, replies).await?;
        tokio::task::yield_now().await;
    }
    let mut last = None;
    loop {
        let entries = engine.entries(name, last.as_ref());
        let replies = entries.iter().map(|entry| Reply::Entry(wire::entry(entry, engine.clock())));
        frames::write_all(stream, replies).await?;
        match entries.last() {
            Some(entry) => last = Some(entry.subject.clone()),
            None => return frames::write(stream, &Reply::End).await,
        }
        // Logins come first, however long the list is.
        tokio::task::yield_now().await;
    }
}

/// Makes a change and those that follow, until axesctl hangs up or one cannot be made.
pub(super) async fn change(
    service: &Service,
    stream: &mut Stream,
    first: Change,
) -> Result<(), Fault> {
    let mut journal = Journal::new(service, stream.peer_uid()?);
    let mut change = first;
    loop {
        match change::made(service, &mut journal, change).await {
            Ok(replies) => {
                let replies = replies.into_iter().chain([Reply::End]);
                frames::write_all(stream, replies).await?;
            }
            Err(why) => return frames::write(stream, &Reply::from(why)).await,
        }
        change = match frames::read(stream, Some(FIRST)).await {
            Ok(Request::Change(next)) => next,
            Ok(_) => {
                let sentence = convert::sentence("only changes of lists may follow one");
                return frames::write(stream, &Reply::Failed(sentence)).await;
            }
            // That was all.
            Err(Fault::Io(_)) => return Ok(()),
            Err(fault) => return Err(fault),
        };
    }
}
