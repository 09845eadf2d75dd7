//! Who is told what. The accounts daemon (1) and bin (2) exist on every host.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::rc::Rc;

use axes_proto::control::{
    Attempt, Counter, Explanation, ListName, LogScope, PanicSwitch, Scope, Verdict, Which,
};
use axes_proto::text::{Host, Label, Name};
use tokio::sync::watch;

use super::*;
use crate::engine::{Engine, Names, Outcome, samples};
use crate::log;

const OWNER: Asker = Asker::User(1);
const HERE: &str = "192.0.2.7";
const ELSEWHERE: &str = "198.51.100.9";
const LOCAL: &str = "";

struct Told {
    explanation: Explanation,
    counters: Vec<Counter>,
    attempts: Vec<Attempt>,
}

pub(in crate::server) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

pub(in crate::server) fn host() -> Service {
    with(samples::engine())
}

fn with(engine: Engine) -> Service {
    Service {
        engine: Rc::new(engine),
        names: Names::default(),
        logger: log::start(Path::new("/nonexistent/log")),
        store: "memory",
        alarm: watch::channel(None).1,
        notice: None,
        config: "axes.toml".into(),
        reload: Box::new(|| Ok(None)),
    }
}

async fn fail(host: &Service, user: &str, from: &str) {
    let client = Client {
        user: user.into(),
        address: Address::parse(from),
        service: "sshd".into(),
        tty: None,
        ruser: None,
    };
    let visitor = host.engine.visitor(client, None, Reporter::Root);
    let id = host.engine.begin(visitor).unwrap();
    host.engine.verdict(id, Outcome::Failure).await.unwrap();
}

pub(in crate::server) fn question(user: &str, from: &str) -> pam::Client {
    pam::Client {
        user: Name::from_typed(user),
        remote: (!from.is_empty()).then(|| Host::from_typed(from)),
        service: Label::from_typed("sshd"),
        tty: None,
        ruser: None,
    }
}

async fn ask(host: &Service, asker: Asker, user: &str, from: &str) -> Result<Told, Denial> {
    let mut replies = answer(host, &question(user, from), asker).await?.into_iter();
    let Some(Reply::Why(explanation)) = replies.next() else { panic!("no explanation") };
    let mut told = Told { explanation: *explanation, counters: vec![], attempts: vec![] };
    for reply in replies {
        match reply {
            Reply::Counter(counter) => told.counters.push(counter),
            Reply::Attempt(attempt) => told.attempts.push(attempt),
            Reply::End => return Ok(told),
            other => panic!("{other:?}"),
        }
    }
    panic!("no end")
}

fn users(attempts: &[Attempt]) -> Vec<&str> {
    attempts.iter().map(|attempt| attempt.username.as_str()).collect()
}

#[test]
fn a_user_is_told_about_himself_and_nobody_else() {
    run(async {
        let host = host();
        assert!(ask(&host, OWNER, "daemon", LOCAL).await.is_ok());
        for other in ["bin", "root", "no-such-user-here"] {
            let told = ask(&host, OWNER, other, LOCAL).await;
            assert_eq!(told.err(), Some(Denial::SomebodyElse), "{other}");
        }
        let nobody = Asker::User(4_000_000_000);
        assert_eq!(ask(&host, nobody, "daemon", LOCAL).await.err(), Some(Denial::SomebodyElse));
        assert!(ask(&host, Asker::Trusted, "bin", ELSEWHERE).await.is_ok());
    });
}

#[test]
fn a_user_is_told_only_of_addresses_from_which_somebody_came_as_him() {
    run(async {
        let host = host();
        fail(&host, "bin", HERE).await;
        let unknown = Some(Denial::UnknownAddress);
        assert_eq!(ask(&host, OWNER, "daemon", HERE).await.err(), unknown);
        fail(&host, "daemon", HERE).await;
        assert!(ask(&host, OWNER, "daemon", HERE).await.is_ok());
        assert_eq!(ask(&host, OWNER, "daemon", ELSEWHERE).await.err(), unknown);
    });
}

#[test]
fn what_others_did_from_an_address_is_not_told_until_it_locks_and_then_only_that() {
    run(async {
        let host = host();
        fail(&host, "daemon", HERE).await;
        for number in 0..18 {
            fail(&host, &format!("user{number}"), HERE).await;
        }
        let own = ask(&host, OWNER, "daemon", HERE).await.unwrap();
        assert!(own.counters.iter().all(|counter| counter.username.is_some()));
        assert_eq!(own.explanation.failures_left, Some(4), "of the pair, not of the address");
        let all = ask(&host, Asker::Trusted, "daemon", HERE).await.unwrap();
        assert_eq!(all.explanation.failures_left, Some(1));
        assert_eq!(all.explanation.view, View::Whole);

        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        fail(&host, "bin", HERE).await;
        let own = ask(&host, OWNER, "daemon", HERE).await.unwrap();
        let Verdict::Locked(counter, _) = &own.explanation.verdict else { panic!("not locked") };
        assert_eq!((&counter.username, counter.failures, counter.limit), (&None, 20, 20));
        assert!(counter.left_ms.is_some());
        assert_eq!(Some(counter.first_ms), counter.locked_ms, "when others began");
        // What is left is told anew, and may be a millisecond less.
        let told = |it: &Counter| Counter { left_ms: counter.left_ms, ..it.clone() };
        assert!(own.counters.iter().any(|it| told(it) == *counter));
        assert_eq!(users(&own.attempts), ["daemon"]);
        assert_eq!(own.explanation.view, View::Own);
        let all = ask(&host, Asker::Trusted, "daemon", HERE).await.unwrap();
        assert_eq!(all.attempts.len(), SHOWN);
        assert_eq!(all.attempts.last().unwrap().username.as_str(), "bin", "the newest is last");
    });
}

#[test]
fn a_user_sees_how_often_he_was_guessed_at_but_not_from_where() {
    run(async {
        let host = host();
        for _ in 0..4 {
            fail(&host, "daemon", ELSEWHERE).await;
        }
        let own = ask(&host, OWNER, "daemon", LOCAL).await.unwrap();
        let counted: Vec<_> = own.counters.iter().map(|it| (it.failures, &it.address)).collect();
        assert_eq!(counted, [(4, &None)]);
        assert!(own.attempts.is_empty());
        let all = ask(&host, Asker::Trusted, "daemon", LOCAL).await.unwrap();
        assert_eq!(users(&all.attempts), ["daemon"; 4]);
    });
}

#[test]
fn where_nothing_is_kept_nobody_is_taken_for_somebody_else() {
    run(async {
        let host = with(samples::forgetful_engine());
        fail(&host, "bin", HERE).await;
        fail(&host, "bin", LOCAL).await;
        let from_there = ask(&host, OWNER, "daemon", HERE).await;
        assert_eq!(from_there.err(), Some(Denial::UnknownAddress));
        assert!(ask(&host, OWNER, "daemon", LOCAL).await.unwrap().attempts.is_empty());
    });
}

#[test]
fn attempts_are_those_that_the_counter_holds() {
    run(async {
        let host = host();
        fail(&host, "daemon", ELSEWHERE).await;
        for _ in 0..5 {
            fail(&host, "daemon", HERE).await;
        }
        fail(&host, "bin", HERE).await;
        let told = ask(&host, Asker::Trusted, "daemon", HERE).await.unwrap();
        assert!(matches!(told.explanation.verdict, Verdict::Locked(..)));
        assert_eq!(users(&told.attempts), ["daemon"; 5]);
        assert!(told.attempts.iter().all(|attempt| attempt.address.as_str() == HERE));
    });
}

#[test]
fn asking_changes_nothing_and_is_all_that_a_user_may_do_at_this_door() {
    run(async {
        let host = host();
        let requests = [
            Request::Status,
            Request::List(Which::All),
            Request::Reload,
            Request::Reset(Scope::All),
            Request::ResetLogs(LogScope::All),
            Request::Entries(ListName::White),
            Request::PanicOff(PanicSwitch::End),
            Request::PanicOff(PanicSwitch::Begin { for_ms: 1000, reason: None }),
        ];
        for request in requests {
            assert!(matches!(said(&host, &request).await, Reply::Failed(_)), "{request:?}");
        }
        let why = Request::Why(question("daemon", LOCAL));
        assert!(matches!(said(&host, &why).await, Reply::Why(_)));
        let totals = format!("{:?}", host.engine.totals());
        assert!(!totals.contains(|digit: char| ('1'..='9').contains(&digit)), "{totals}");
        assert_eq!((host.engine.in_flight(), host.engine.log_end()), ((0, 0), 0));
    });
}

/// The first word of the answer to user 1.
async fn said(host: &Service, request: &Request) -> Reply {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let [mut ours, mut theirs] = [ours, theirs].map(|socket| Stream::new(socket).unwrap());
    serve(host, &mut ours, request, Peer::User(1)).await.unwrap();
    frames::read(&mut theirs, None).await.unwrap()
}
