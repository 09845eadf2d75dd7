//! Who may say what at the door for modules. The accounts daemon (1) and bin (2) exist on every
//! host.

use std::os::unix::net::UnixStream;

use axes_proto::control::Which;
use axes_proto::frame::PREFIX;

use super::*;
use crate::server::why::tests::{host, question, run};

const OWNER: Peer = Peer::User(1);
const OTHER: Peer = Peer::User(2);
const AWAY: &str = "192.0.2.7";

fn heard<M: frame::Message>(message: &M) -> Result<Heard, FrameError> {
    decode(&frame::encode(message).unwrap()[PREFIX..])
}

#[test]
fn modules_and_people_are_told_apart_and_nobody_else_is_heard() {
    assert!(matches!(heard(&Request::Answered), Ok(Heard::Module(Request::Answered))));
    let list = control::Request::List(Which::All);
    assert!(matches!(heard(&list), Ok(Heard::Person(control::Request::List(Which::All)))));
    assert!(matches!(heard(&Reply::Proceed), Err(FrameError::Kind(Reply::KIND))));
}

#[test]
fn root_reports_anybody_from_anywhere_and_a_user_himself_on_this_machine() {
    run(async {
        let host = host();
        let by_root = reported(&host, &question("daemon", AWAY), Peer::Root).await.unwrap();
        assert_eq!(
            (by_root.reporter, by_root.client.address),
            (Reporter::Root, Address::parse(AWAY))
        );
        let by_owner = reported(&host, &question("daemon", AWAY), OWNER).await.unwrap();
        assert_eq!((by_owner.reporter, by_owner.client.address), (Reporter::Owner, Address::Local));
    });
}

#[test]
fn a_user_reports_nobody_else_neither_root_nor_who_does_not_exist() {
    run(async {
        let host = host();
        for (peer, user) in [(OTHER, "daemon"), (OWNER, "root"), (OWNER, "no-such-user-here")] {
            let refused = reported(&host, &question(user, ""), peer).await;
            assert!(matches!(refused, Err(Reply::Failed(_))), "{user} by {peer:?}");
        }
        let nobody = Peer::User(4_000_000_000);
        assert!(reported(&host, &question("daemon", ""), nobody).await.is_err());
    });
}

#[test]
fn a_user_who_says_that_he_was_verified_goes_through_the_gate_all_the_same() {
    run(async {
        let host = host();
        for (peer, is_believed) in [(Peer::Root, true), (OWNER, false)] {
            let visitor = reported(&host, &question("daemon", ""), peer).await.unwrap();
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let mut stream = Stream::new(ours).unwrap();
            let mut attempt = InFlight::none(&host.engine);
            attempt.ends = Engine::withdraw;
            let told = begin(&host, &mut stream, &mut attempt, visitor, Stage::Verified).await;
            let told = told.unwrap();
            assert_eq!(told == Reply::Proceed, is_believed, "{told:?}");
        }
    });
}
