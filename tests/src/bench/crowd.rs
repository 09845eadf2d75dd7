//! Logins of many processes at once.

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::caller::{Caller, How, Login};
use super::stacks::Stack;
use crate::host::Host;
use crate::reliability::load;

/// Turns in which a time is shared out, so that what else goes on meets all alike.
const TURNS: u32 = 3;

/// Whom the callers log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Users {
    /// Each another one.
    Different,
    /// All the same one.
    One,
}

/// Processes that can log in users of their own names.
pub struct Crowd(Vec<Caller>);

impl Crowd {
    /// So many of them. Whom pam_faillock counts must exist, so they come with a passwd of theirs.
    pub fn start(host: &Host, count: usize) -> Self {
        let (passwd, group) = (host.path("passwd"), host.path("group"));
        fs::write(&passwd, accounts(count)).expect("a passwd");
        fs::write(&group, "root:x:0:\nusers:x:100:\n").expect("a group");
        let caller = |_| {
            let mut command = Caller::command(&host.path("pam.d"));
            command.env("LD_PRELOAD", "libnss_wrapper.so");
            command.env("NSS_WRAPPER_PASSWD", &passwd).env("NSS_WRAPPER_GROUP", &group);
            Caller::start_as(command)
        };
        Self((0..count).map(caller).collect())
    }

    /// Logins in a second, of so many of them at once, through each stack in turn.
    pub fn rates(
        &mut self,
        stacks: &[Stack],
        callers: usize,
        users: Users,
        how: How,
        time: Duration,
    ) -> Vec<f64> {
        let mut rates = vec![0.0; stacks.len()];
        for _ in 0..TURNS {
            for (stack, rate) in stacks.iter().zip(&mut rates) {
                *rate += self.rate(*stack, callers, users, how, time / TURNS) / f64::from(TURNS);
            }
        }
        rates
    }

    fn rate(
        &mut self,
        stack: Stack,
        callers: usize,
        users: Users,
        how: How,
        time: Duration,
    ) -> f64 {
        let callers = self.0.get_mut(..callers).expect("enough callers");
        let begun = Instant::now();
        for (number, caller) in callers.iter_mut().enumerate() {
            caller.begin(time, &login(stack, users, how, number));
        }
        let logins: u64 = callers.iter_mut().map(Caller::ended).sum();
        logins as f64 / begun.elapsed().as_secs_f64()
    }
}

fn accounts(count: usize) -> String {
    let mut text = "root:x:0:0:root:/root:/bin/sh\n".to_owned();
    for number in 0..count {
        let uid = 10_000 + number;
        // Writing to a string does not fail.
        let _ = writeln!(text, "user{number}:x:{uid}:100::/nonexistent:/bin/sh");
    }
    text
}

fn login(stack: Stack, users: Users, how: How, number: usize) -> Login {
    let user = if users == Users::One { 0 } else { number };
    let address = format!("192.0.2.{}", user % 256);
    Login { service: stack.name().to_owned(), user: format!("user{user}"), address, how }
}

/// Failures in a second that so many callers report through the socket, each once the one before
/// is on disk.
pub fn reported_failures(host: &Host, callers: usize, time: Duration) -> f64 {
    let begun = Instant::now();
    let caller = |number: usize| {
        let client = load::client(&format!("reporter{number}"));
        let mut failures = 0_u64;
        while begun.elapsed() < time {
            load::fail(&host.socket(), &client).expect("a failure is counted");
            failures += 1;
        }
        failures
    };
    let failures: u64 = thread::scope(|scope| {
        let callers: Vec<_> =
            (0..callers).map(|number| scope.spawn(move || caller(number))).collect();
        callers.into_iter().map(|it| it.join().expect("a caller")).sum()
    });
    failures as f64 / begun.elapsed().as_secs_f64()
}
