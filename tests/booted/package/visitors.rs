//! People who log in all the time, whatever happens meanwhile.

use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use axes_e2e::guest::GuestError;

use super::DOORS;
use crate::doors::Door;
use crate::host::{Host, RIGHT};
use crate::lab::Outcome;

/// Runs a script while accounts of this name log in by every door; each must get in each time.
pub(super) fn during(host: &Host, script: &str, account: &str) -> Outcome {
    for (name, _) in DOORS {
        host.account(&format!("{account}_{name}"))?;
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let visit = |(name, door): &(&str, Door)| {
            let (user, door, over) = (format!("{account}_{name}"), *door, &over);
            scope.spawn(move || come_and_go(host, &user, door, over))
        };
        let visitors: Vec<_> = DOORS.iter().map(visit).collect();
        let done = host.guest.sh(script);
        over.store(true, Ordering::Relaxed);
        for visitor in visitors {
            visitor.join().unwrap_or_else(|cause| panic::resume_unwind(cause))?;
        }
        done.map(drop).map_err(Into::into)
    })
}

fn come_and_go(host: &Host, user: &str, door: Door, over: &AtomicBool) -> Result<(), GuestError> {
    let mut logins = 0;
    // Once more when it is over, and more often than that while it lasts.
    let mut last = false;
    while !last {
        last = over.load(Ordering::Relaxed);
        assert!(door(host, user, RIGHT)?, "{user} was turned away at login {logins}");
        logins += 1;
    }
    assert!(logins > 2, "{user} logged in {logins} times only");
    Ok(())
}
