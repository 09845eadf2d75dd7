//! What other settings would have made of what happened.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use axes_policy::attempt::{Attempt, Outcome, Reporter};
use axes_policy::client::{Address, Client, Visitor};
use axes_policy::effect::{AttemptId, Refusal};
use axes_policy::keeper::{Admission, Gate, Keeper};
use axes_policy::settings::Settings;
use axes_policy::time::Timestamp;
use smol_str::SmolStr;

use crate::accounts::{self, Detail};

/// What both policies make of the attempts of one user from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who.
    pub user: SmolStr,
    /// From where.
    pub address: Address,
    /// Attempts in all.
    pub attempts: u64,
    /// Under the settings of today.
    pub present: Fate,
    /// Under the others.
    pub proposed: Fate,
}

/// What a policy makes of somebody's attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Attempts that would have been refused because of a lockout.
    pub locked_out: u64,
    /// Attempts that would have been refused by the lists.
    pub banned: u64,
    /// Logins that succeeded and would have been refused: somebody with the right password.
    pub owners_refused: u64,
}

/// Both policies side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Attempts looked at.
    pub attempts: u64,
    /// What becomes of all of them under the settings of today.
    pub present: Fate,
    /// Under the others.
    pub proposed: Fate,
    /// Those whose fate is not the same under both; the most refused first.
    pub lines: Vec<Line>,
}

/// Plays attempts, oldest first, through both. Of an attempt that was refused nobody knows the
/// password: it is taken for a wrong one.
#[must_use]
pub fn compare(present: Settings, proposed: Settings, attempts: &[Attempt]) -> Comparison {
    let mut accounts = Accounts::default();
    let mut policies = [Policy::new(present), Policy::new(proposed)];
    let mut lines: BTreeMap<(SmolStr, Address), Line> = BTreeMap::new();
    for attempt in attempts {
        let client = &attempt.client;
        let visitor = accounts.visitor(client);
        let line = lines.entry((client.user.clone(), client.address.clone()));
        let line = line.or_insert_with(|| Line::of(client));
        line.attempts += 1;
        let [now, then] = &mut policies;
        line.present.add(attempt.outcome, now.play(attempt, &visitor));
        line.proposed.add(attempt.outcome, then.play(attempt, &visitor));
    }
    let sum = |fate: fn(&Line) -> Fate| lines.values().map(fate).fold(Fate::default(), Fate::plus);
    let (present, proposed) = (sum(|line| line.present), sum(|line| line.proposed));
    let total = lines.values().map(|line| line.attempts).sum();
    let mut lines: Vec<_> = lines.into_values().collect();
    lines.retain(|line| line.present != line.proposed);
    lines.sort_by_key(|line| Reverse(line.proposed.refused().max(line.present.refused())));
    Comparison { attempts: total, present, proposed, lines }
}

impl Line {
    fn of(client: &Client) -> Self {
        Self {
            user: client.user.clone(),
            address: client.address.clone(),
            attempts: 0,
            present: Fate::default(),
            proposed: Fate::default(),
        }
    }
}

impl Fate {
    /// Attempts refused for whatever reason.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.locked_out + self.banned
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            locked_out: self.locked_out + other.locked_out,
            banned: self.banned + other.banned,
            owners_refused: self.owners_refused + other.owners_refused,
        }
    }

    fn add(&mut self, outcome: Outcome, refusal: Option<Refusal>) {
        match refusal {
            None => return,
            Some(Refusal::Locked(..)) => self.locked_out += 1,
            Some(_) => self.banned += 1,
        }
        if outcome == Outcome::Success {
            self.owners_refused += 1;
        }
    }
}

struct Policy {
    keeper: Keeper,
    next_id: u64,
}

impl Policy {
    fn new(settings: Settings) -> Self {
        let (keeper, _) = Keeper::new(settings, Timestamp::default(), Vec::new(), Vec::new());
        Self { keeper, next_id: 0 }
    }

    /// Why the attempt would have been refused.
    fn play(&mut self, attempt: &Attempt, visitor: &Visitor) -> Option<Refusal> {
        self.next_id += 1;
        let (now, id) = (attempt.at, AttemptId(self.next_id));
        let outcome = match attempt.outcome {
            Outcome::Refused => Outcome::Failure,
            other => other,
        };
        if let (Admission::Refused(refusal), _) = self.keeper.begin(now, id, visitor.clone()) {
            return Some(refusal);
        }
        // A prompt that nobody answered takes no place, and a broken backend would hold one.
        if matches!(outcome, Outcome::Success | Outcome::Failure)
            && let Gate::Closed(refusal) = self.keeper.answered(now, id).0
        {
            return Some(refusal);
        }
        let ended = if outcome == Outcome::Error { Outcome::Abandoned } else { outcome };
        let _ = self.keeper.verdict(now, id, ended);
        None
    }
}

/// Accounts as they are today, each looked up once.
#[derive(Default)]
struct Accounts(BTreeMap<SmolStr, Option<Arc<axes_policy::account::Account>>>);

impl Accounts {
    fn visitor(&mut self, client: &Client) -> Visitor {
        let look_up = || accounts::named(&client.user, Detail::Groups).map(Arc::new);
        let account = self.0.entry(client.user.clone()).or_insert_with(look_up).clone();
        Visitor { account, ..Visitor::plain(client.clone(), Reporter::Root) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn attempt(second: u64, user: &str, address: &str, outcome: Outcome) -> Attempt {
        let client = Client {
            user: user.into(),
            address: Address::parse(address),
            service: "sshd".into(),
            tty: None,
            ruser: None,
        };
        Attempt { at: Timestamp::from_millis(second * 1000), client, outcome, reason: None }
    }

    fn compared(present: &str, proposed: &str, attempts: &[Attempt]) -> Comparison {
        let settings = |text| config::from_text(text).unwrap().settings;
        compare(settings(present), settings(proposed), attempts)
    }

    #[test]
    fn whoever_is_locked_under_one_policy_only_is_told() {
        let mut attempts: Vec<_> =
            (0..4).map(|at| attempt(at, "alice", "192.0.2.7", Outcome::Failure)).collect();
        attempts.push(attempt(5, "alice", "192.0.2.7", Outcome::Success));
        attempts.push(attempt(6, "bob", "192.0.2.8", Outcome::Failure));
        let comparison = compared("failure_limit = 5", "failure_limit = 3", &attempts);
        assert_eq!(comparison.attempts, 6);
        let [line] = comparison.lines.as_slice() else { panic!("{comparison:?}") };
        assert_eq!((&*line.user, line.attempts, line.present), ("alice", 5, Fate::default()));
        assert_eq!(line.proposed, Fate { locked_out: 2, banned: 0, owners_refused: 1 });
    }

    #[test]
    fn a_refused_attempt_is_taken_for_a_wrong_password() {
        let attempts: Vec<_> =
            (0..5).map(|at| attempt(at, "alice", "192.0.2.7", Outcome::Refused)).collect();
        let comparison = compared("failure_limit = 1", "failure_limit = 3", &attempts);
        let [line] = comparison.lines.as_slice() else { panic!("{comparison:?}") };
        assert_eq!((line.present.locked_out, line.proposed.locked_out), (4, 2));
    }

    #[test]
    fn lists_and_rules_for_real_accounts_count_too() {
        let attempts = [
            attempt(0, "root", "192.0.2.7", Outcome::Success),
            attempt(0, "bob", "192.0.2.8", Outcome::Abandoned),
        ];
        let proposed = "username_blacklist = [\"@root\"]\nip_blacklist = [\"192.0.2.8\"]";
        let comparison = compared("", proposed, &attempts);
        let banned: Vec<_> = comparison.lines.iter().map(|line| line.proposed.banned).collect();
        assert_eq!(banned, [1, 1]);
    }
}
