//! Counting, locking, refusing, releasing.

use axes_e2e::application::{AUTH_ERR, Answer, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

const FROM: &str = "192.0.2.7";

#[test]
fn wrong_passwords_are_counted_and_the_limit_locks() {
    let host = Host::start("failure_limit = 3");
    for failures in 1..=3 {
        assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
        assert_eq!(host.failures("alice"), failures);
    }
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    assert_eq!(host.outcomes("alice"), ["failure", "failure", "failure", "refused"]);
    assert_eq!(host.verified(), 3);
}

#[test]
fn a_cancelled_prompt_is_abandoned() {
    let host = Host::start("failure_limit = 3");
    for _ in 0..5 {
        let mut session = host.session("alice").from(FROM);
        assert_ne!(session.authenticate([Answer::Cancel]), SUCCESS);
    }
    assert_eq!(host.outcomes("alice"), vec!["abandoned"; 5]);
    assert_eq!(host.failures("alice"), 0);
}
