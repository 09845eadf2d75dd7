//! The access log for axesctl: what is there, and for whoever follows, what is to come.
//!
//! A follower has no queue of his own: he reads from the log, and hears of what left it before
//! he came to it.

use std::ops::Range;

use axes_proto::control::{self, Reading, Reply};
use tokio::sync::watch;

use crate::engine::LogFilter;
use crate::server::frames::{self, Fault};
use crate::server::stream::Stream;
use crate::server::{Service, control::filter, convert};

/// Sends the entries that match, and an end; to a follower then those to come.
pub(super) async fn send(
    service: &Service,
    stream: &mut Stream,
    wanted: &control::LogFilter,
) -> Result<(), Fault> {
    let client = match filter(service, &wanted.client).await {
        Ok(client) => client,
        Err(unkept) => {
            let sentence = convert::sentence(&unkept.to_string());
            return frames::write(stream, &Reply::Failed(sentence)).await;
        }
    };
    let filter = convert::log_filter(wanted, client, service.engine.clock());
    let newest = wanted.newest.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
    let begin = service.engine.log_begin(&filter, newest);
    let mut reader = Reader { service, stream, filter };
    match wanted.reading {
        Reading::Once => {
            reader.pass_on(begin..service.engine.log_end()).await?;
            frames::write(reader.stream, &Reply::End).await
        }
        Reading::Follow => match service.engine.follow_log() {
            Some(end) => reader.follow(begin, end).await,
            None => {
                let sentence = convert::sentence("too many follow the access log; end one of them");
                frames::write(reader.stream, &Reply::Failed(sentence)).await
            }
        },
    }
}

struct Reader<'a> {
    service: &'a Service,
    stream: &'a mut Stream,
    filter: LogFilter,
}

impl Reader<'_> {
    async fn follow(&mut self, begin: u64, mut end: watch::Receiver<u64>) -> Result<(), Fault> {
        let mut seen = *end.borrow_and_update();
        // What is gone of these was gone before anybody asked.
        self.pass_on(begin..seen).await?;
        frames::write(self.stream, &Reply::End).await?;
        loop {
            tokio::select! {
                _ = end.changed() => {}
                // Whoever follows ends by hanging up.
                _ = frames::hung_up(self.stream) => return Ok(()),
            }
            let news = seen..*end.borrow_and_update();
            seen = news.end;
            let gone = self.pass_on(news).await?;
            if gone > 0 {
                frames::write(self.stream, &Reply::Missed(gone)).await?;
            }
        }
    }

    /// Sends the entries of a range that match; how many numbers have no entry any more.
    async fn pass_on(&mut self, mut numbers: Range<u64>) -> Result<u64, Fault> {
        let (engine, mut gone) = (&self.service.engine, 0);
        while numbers.start < numbers.end {
            let slice = engine.log_slice(numbers.clone(), &self.filter);
            let clock = engine.clock();
            let replies =
                slice.attempts.iter().map(|it| Reply::Attempt(convert::attempt(it, clock)));
            frames::write_all(self.stream, replies).await?;
            gone += slice.gone;
            numbers.start = slice.next;
            // Logins come first, however long the log is.
            tokio::task::yield_now().await;
        }
        Ok(gone)
    }
}
