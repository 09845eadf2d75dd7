//! What must be true of every door.

use std::panic;
use std::thread;
use std::time::Duration;

use crate::doors::Door;
use crate::host::{Host, RIGHT, WRONG, pair};
use crate::lab::Outcome;

/// Wrong passwords lock, the right one is then refused; a reset opens, and so does the cool-off.
pub(crate) fn lock_and_release(host: &Host, name: &str, door: Door) -> Outcome {
    host.configure(concat!("failure_limit = 3\ncooloff_time = \"10s\"\n", pair!()))?;
    let user = format!("{name}_reset");
    thread::scope(|scope| {
        let reset = scope.spawn(|| reset_opens(host, &user, door));
        let waited = waiting_opens(host, &format!("{name}_wait"), door);
        reset.join().unwrap_or_else(|cause| panic::resume_unwind(cause))?;
        waited
    })
}

fn reset_opens(host: &Host, user: &str, door: Door) -> Outcome {
    lock(host, user, door)?;
    let reset = host.guest.run(&["axesctl", "reset", "--user", user])?;
    assert_eq!(reset.code, Some(0), "{reset:?}");
    let again = host.guest.run(&["axesctl", "reset", "--user", user])?;
    assert_eq!(again.code, Some(1), "nothing was left to reset: {again:?}");
    opens(host, user, door)
}

fn waiting_opens(host: &Host, user: &str, door: Door) -> Outcome {
    lock(host, user, door)?;
    let left = host.counters(user)?.iter().find_map(|counter| counter["seconds_left"].as_u64());
    assert!(matches!(left, Some(1..=10)), "{left:?} seconds left of the cool-off");
    thread::sleep(Duration::from_secs(left.unwrap_or(0)));
    opens(host, user, door)
}

/// Three wrong passwords, then the right one, which must not help.
fn lock(host: &Host, user: &str, door: Door) -> Outcome {
    host.account(user)?;
    for count in 1..=3 {
        assert!(!door(host, user, WRONG)?, "a wrong password let {user} in");
        assert_eq!(host.failures(user)?, count, "failures of {user}");
        assert_eq!(host.is_locked(user)?, count == 3, "locked after {count} failures of {user}");
    }
    assert!(!door(host, user, RIGHT)?, "{user} got in while locked");
    assert_eq!(host.outcomes(user)?, ["failure", "failure", "failure", "refused"]);
    Ok(())
}

fn opens(host: &Host, user: &str, door: Door) -> Outcome {
    assert!(!host.is_locked(user)?);
    assert!(door(host, user, RIGHT)?, "{user} did not get in");
    let outcomes = ["failure", "failure", "failure", "refused", "success"];
    assert_eq!(host.outcomes(user)?, outcomes);
    Ok(())
}
