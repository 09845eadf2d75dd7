//! What one login costs, stack by stack in turn.

use std::time::Duration;

use super::caller::{Caller, Cost, How, Login};
use super::processor;
use super::stacks::Stack;
use super::table::Series;
use crate::host::Host;

/// A user whom every Debian has, and who is not root: pam_faillock lets root alone.
pub const USER: &str = "daemon";
const HOME: &str = "192.0.2.7";

/// Logins of one kind through one stack.
#[derive(Debug)]
pub struct Logins {
    /// The stack.
    pub stack: Stack,
    /// How they ended.
    pub how: How,
    /// On the wall.
    pub wall: Series,
    /// Of the processor, in the process that logs in.
    pub cpu: Series,
    /// Of the processor in the daemon, for each; it goes on after the answer.
    pub daemon_cpu: Duration,
}

impl Logins {
    const fn none(stack: Stack, how: How) -> Self {
        Self { stack, how, wall: Series::none(), cpu: Series::none(), daemon_cpu: Duration::ZERO }
    }

    fn add(&mut self, cost: Cost) {
        self.wall.add(cost.wall);
        self.cpu.add(cost.cpu);
    }
}

/// A login of each stack, so many times over: first successes, then failures, each of them
/// followed by a success that is not looked at, so that nobody is locked.
pub fn compare(host: &Host, stacks: &[Stack], rounds: u32, progress: impl Fn(u32)) -> Vec<Logins> {
    let mut caller = Caller::start(&host.path("pam.d"));
    let mut all = Vec::new();
    for how in [How::Success, How::Failure] {
        let mut logins: Vec<_> = stacks.iter().map(|stack| Logins::none(*stack, how)).collect();
        let before = processor::time_of(host.daemon_id());
        for round in 0..rounds {
            // Each stack comes first, second and third equally often.
            let turn = round as usize % logins.len();
            logins.rotate_left(turn);
            for series in &mut logins {
                series.add(one(&mut caller, series.stack, how, round));
            }
            logins.rotate_right(turn);
            progress(round);
        }
        let daemon = processor::time_of(host.daemon_id()) - before;
        share(daemon / rounds.max(1), how, &mut logins, &all);
        all.append(&mut logins);
    }
    all
}

fn one(caller: &mut Caller, stack: Stack, how: How, round: u32) -> Cost {
    let address = match how {
        // An address counter is not forgiven at a success.
        How::Failure => stranger(round),
        _ => HOME.to_owned(),
    };
    let login = login(stack, &address, how);
    let cost = caller.once(&login);
    if how == How::Failure {
        caller.once(&Login { how: How::Success, ..login });
    }
    cost
}

/// A login through a stack.
pub fn login(stack: Stack, address: &str, how: How) -> Login {
    let (service, user) = (stack.name().to_owned(), USER.to_owned());
    Login { service, user, address: address.to_owned(), how }
}

/// An address of its own for each number.
pub fn stranger(number: u32) -> String {
    let [_, b, c, d] = number.to_be_bytes();
    format!("10.{b}.{c}.{d}")
}

/// What the daemon did is what pam_axes asked for, with what stood beside a failure taken off.
fn share(each: Duration, how: How, logins: &mut [Logins], before: &[Logins]) {
    let success = before.iter().find(|it| it.stack == Stack::Axes).map(|it| it.daemon_cpu);
    let beside = if how == How::Failure { success.unwrap_or_default() } else { Duration::ZERO };
    if let Some(axes) = logins.iter_mut().find(|it| it.stack == Stack::Axes) {
        axes.daemon_cpu = each.saturating_sub(beside);
    }
}
