//! One connection of axesctl: one request, its items, an end. Who may connect, the file system
//! decides: the socket belongs to root and the group axes.

use std::cmp::Reverse;
use std::time::Duration;

use axes_proto::control::{
    self, Backup, Enforcement, Reply, Request, Reset, Scope, Status, Subject, Totals, Which,
};
use axes_proto::text::Label;

use crate::engine::{self, CounterState, Filter, Services, Unkept};
use crate::server::frames::{self, Fault};
use crate::server::stream::Stream;
use crate::server::why::Asker;
use crate::server::{Service, convert, lists, log, panic_off, why};

/// For the request.
pub(super) const FIRST: Duration = Duration::from_secs(5);
/// Attempts that are shown of one user or address.
const SHOWN: usize = 100;

/// Serves one request.
pub(super) async fn serve(service: &Service, mut stream: Stream) {
    if let Err(fault) = answer(service, &mut stream).await {
        service.logger.info(format!("axesctl: {fault}"));
    }
}

async fn answer(service: &Service, stream: &mut Stream) -> Result<(), Fault> {
    let request = frames::read(stream, Some(FIRST)).await?;
    let replies = match request {
        Request::Status => vec![Reply::Status(status(service))],
        Request::List(which) => list(service, which),
        Request::Show(subject) => show(service, subject).await.unwrap_or_else(failed),
        Request::Reload => match (service.reload)() {
            Ok(pending) => vec![Reply::Reloaded(pending.map(convert::sentence))],
            Err(error) => failed(error),
        },
        Request::Entries(list) => return lists::send(service, stream, list).await,
        Request::Change(change) => return lists::change(service, stream, change).await,
        Request::Log(wanted) => return log::send(service, stream, &wanted).await,
        Request::Why(client) => return why::send(service, stream, &client, Asker::Trusted).await,
        Request::PanicOff(switch) => panic_off::switch(service, switch).await,
        Request::Backup => back_up(service).await,
        Request::ResetLogs(scope) => {
            match service.engine.reset_log(convert::log_scope(scope)).await {
                Ok(removed) => vec![Reply::LogsReset(number(removed))],
                Err(error) => failed(format!("not all of that is gone from the disk: {error}")),
            }
        }
        Request::Reset(Scope::All) => reset(service, &Filter::default()).await,
        Request::Reset(Scope::Matching(wanted)) => match filter(service, &wanted).await {
            Ok(filter) if filter == Filter::default() => {
                failed("the filter is empty; to reset everything, say so")
            }
            Ok(filter) => reset(service, &filter).await,
            Err(unkept) => failed(unkept),
        },
    };
    for reply in replies.iter().chain([&Reply::End]) {
        frames::write(stream, reply).await?;
        // Whoever hears this does not listen any longer.
        if matches!(reply, Reply::Failed(_)) {
            return Ok(());
        }
    }
    Ok(())
}

fn status(service: &Service) -> Status {
    let engine = &service.engine;
    let (counters, locked) = engine.tally();
    let (in_flight, waiting) = engine.in_flight();
    let alarm = service.alarm.borrow().clone();
    let panic_off = panic_off::held(service);
    Status {
        version: Label::from_typed(env!("CARGO_PKG_VERSION")),
        uptime_s: engine.clock().uptime().as_secs(),
        store: Label::from_typed(service.store),
        store_alarm: alarm.as_deref().map(convert::sentence),
        store_notice: service.notice.as_deref().map(convert::sentence),
        enforcement: match engine.enforcement() {
            (engine::Enforcement::Off, _) => Enforcement::Off,
            _ if panic_off.is_some() => Enforcement::PanicOff,
            (engine::Enforcement::Monitor, _) => Enforcement::Monitor,
            _ if engine.refuses_unkept() => Enforcement::StoreFails,
            (engine::Enforcement::On, Services::Only(_)) => Enforcement::OtherServices,
            (engine::Enforcement::On, Services::All) => Enforcement::On,
        },
        panic_off,
        counters: number(counters),
        locked: number(locked),
        crowded_out: engine.crowded_out(),
        in_flight: number(in_flight),
        waiting: number(waiting),
        totals: totals(engine.totals()),
    }
}

fn list(service: &Service, which: Which) -> Vec<Reply> {
    let mut counters = service.engine.counters();
    if which == Which::Locked {
        counters.retain(|counter| counter.locked.is_some());
    }
    shown(service, counters)
}

async fn show(service: &Service, subject: Subject) -> Result<Vec<Reply>, Unkept> {
    let (user, address) = match subject {
        Subject::User(name) => (Some(name), None),
        Subject::Address(address) => (None, Some(address)),
    };
    let filter = filter(service, &control::Filter { user, address, service: None }).await?;
    let mut counters = service.engine.counters();
    counters.retain(|counter| filter.names(&counter.key));
    let mut replies = shown(service, counters);
    let clock = service.engine.clock();
    let attempts = service.engine.attempts(&filter, SHOWN);
    replies.extend(attempts.iter().map(|it| Reply::Attempt(convert::attempt(it, clock))));
    Ok(replies)
}

async fn reset(service: &Service, filter: &Filter) -> Vec<Reply> {
    let result = service.engine.reset(filter).await;
    let done = Reset { failures: number(result.failures), unlocked: number(result.unlocked) };
    let mut replies = shown(service, result.counters);
    replies.push(Reply::Reset(done));
    replies
}

async fn back_up(service: &Service) -> Vec<Reply> {
    match service.engine.back_up().await {
        Ok(Some(dumped)) => vec![Reply::Backup(Backup {
            path: convert::sentence(&dumped.path.display().to_string()),
            records: number(dumped.records),
            bytes: number(dumped.bytes),
        })],
        Ok(None) => failed(format!(
            "no backup: the store {} keeps nothing on disk; set handler = \"sled\" in [store] and \
             restart axesd",
            service.store
        )),
        Err(error) => failed(format!("no backup was written: {error}")),
    }
}

/// Locked ones first, then those that failed last.
fn shown(service: &Service, mut counters: Vec<CounterState>) -> Vec<Reply> {
    counters.sort_by_key(|counter| (counter.locked.is_none(), Reverse(counter.last)));
    let clock = service.engine.clock();
    counters.iter().map(|counter| Reply::Counter(convert::counter(counter, clock))).collect()
}

/// A filter as axesctl sends it, for what is kept under the account's own name.
pub(super) async fn filter(service: &Service, wanted: &control::Filter) -> Result<Filter, Unkept> {
    let user = match &wanted.user {
        Some(name) => Some(service.names.canonical(name.as_str()).await),
        None => None,
    };
    service.engine.stored_filter(convert::filter(wanted, user))
}

fn failed(reason: impl ToString) -> Vec<Reply> {
    vec![Reply::Failed(convert::sentence(&reason.to_string()))]
}

const fn totals(totals: engine::Totals) -> Totals {
    let engine::Totals { success, failure, refused, abandoned, error } = totals;
    Totals { success, failure, refused, abandoned, error }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
