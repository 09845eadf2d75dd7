//! Every way that libpam can take through a stack.

use std::collections::BTreeSet;

use super::control::Action;
use super::file::Module;
use super::modules::{Outcome, outcomes};
use super::stack::Step;

/// What libpam would answer if the stack ended here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ctl) enum Impression {
    /// Nobody has said anything, which is a failure too.
    None,
    Good,
    Bad,
}

/// Before a step, or behind the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ctl) struct State {
    pub(in crate::ctl) index: usize,
    pub(in crate::ctl) impression: Impression,
}

/// Where all ways together lead.
#[derive(Debug, Default)]
pub(in crate::ctl) struct Ways {
    /// The steps that can be reached.
    pub(in crate::ctl) reached: BTreeSet<State>,
    /// The answers of the whole stack.
    ends: BTreeSet<Impression>,
}

impl State {
    pub(in crate::ctl) const START: Self = Self { index: 0, impression: Impression::None };
}

impl Ways {
    /// All ways from these states; a step that stops is reached, and none leads on from it.
    pub(in crate::ctl) fn from(
        steps: &[Step],
        states: impl IntoIterator<Item = State>,
        stops: impl Fn(&Step) -> bool,
    ) -> Self {
        Self::given(steps, states, stops, outcomes)
    }

    /// The same where modules answer as they are said to.
    pub(in crate::ctl) fn given(
        steps: &[Step],
        states: impl IntoIterator<Item = State>,
        stops: impl Fn(&Step) -> bool,
        answers: impl Fn(&Module) -> &'static [Outcome],
    ) -> Self {
        let mut ways = Self::default();
        let mut open: Vec<State> = states.into_iter().collect();
        while let Some(state) = open.pop() {
            let Some(step) = steps.get(state.index) else {
                ways.ends.insert(state.impression);
                continue;
            };
            if ways.reached.insert(state) && !stops(step) {
                open.extend(next(steps, step, state, &answers));
            }
        }
        ways
    }

    /// The whole stack can answer success.
    pub(in crate::ctl) fn can_succeed(&self) -> bool {
        self.ends.contains(&Impression::Good)
    }

    /// The first step of this kind that can be reached.
    pub(in crate::ctl) fn first<'a>(
        &self,
        steps: &'a [Step],
        wanted: impl Fn(&Step) -> bool,
    ) -> Option<&'a Step> {
        let mut reached = self.reached.iter().filter_map(|state| steps.get(state.index));
        reached.find(|step| wanted(step))
    }
}

/// How many modules a jump at one step leaves out before it comes to a later one; `None` where it
/// never does, because one of them is in a substack of its own.
pub(in crate::ctl) fn between(steps: &[Step], from: usize, to: usize) -> Option<usize> {
    let level = steps.get(from)?.level;
    let reached = steps.get(to)?.level == level && to < end_of_substack(steps, from);
    let left_out = steps.get(from + 1..to)?.iter().filter(|step| step.level == level);
    reached.then(|| left_out.count())
}

/// Where libpam goes on after a step with one outcome and the action on it.
pub(in crate::ctl) fn after(
    steps: &[Step],
    state: State,
    outcome: Outcome,
    action: Action,
) -> State {
    let State { index, impression } = state;
    let next = |impression| State { index: index + 1, impression };
    let leave = |impression| State { index: end_of_substack(steps, index), impression };
    match (action, outcome) {
        (Action::Jump(count), _) => jump(steps, state, count),
        (Action::Reset, _) => next(Impression::None),
        (Action::Ignore, _) | (Action::Ok, Outcome::Ignore) => next(impression),
        (Action::Bad, _) => next(Impression::Bad),
        (Action::Die, _) => leave(Impression::Bad),
        // The code of a failure stays the answer, even where it is called good.
        (Action::Ok, Outcome::Failure) => next(Impression::Bad),
        (Action::Done, Outcome::Failure) => leave(Impression::Bad),
        (Action::Done, _) if impression == Impression::Bad => next(impression),
        (Action::Done, Outcome::Ignore) if impression == Impression::None => next(impression),
        (Action::Done, _) => leave(Impression::Good),
        (Action::Ok, Outcome::Success) => next(impression.max(Impression::Good)),
    }
}

fn next(
    steps: &[Step],
    step: &Step,
    state: State,
    answers: impl Fn(&Module) -> &'static [Outcome],
) -> Vec<State> {
    let Some(module) = &step.module else {
        return vec![State { index: state.index + 1, ..state }];
    };
    let states = answers(module).iter().flat_map(|outcome| {
        let actions = match outcome {
            Outcome::Success => vec![module.control.on("success")],
            Outcome::Ignore => vec![module.control.on("ignore")],
            Outcome::Failure => module.control.on_failures(),
        };
        actions.into_iter().map(|action| after(steps, state, *outcome, action))
    });
    states.collect()
}

fn end_of_substack(steps: &[Step], index: usize) -> usize {
    let level = steps.get(index).map_or(0, |step| step.level);
    let behind = steps.iter().enumerate().skip(index + 1);
    let mut behind = behind.filter(|(_, step)| step.level < level).map(|(index, _)| index);
    behind.next().unwrap_or(steps.len())
}

/// A substack counts as one module. A jump behind the last one is a failure.
fn jump(steps: &[Step], state: State, count: usize) -> State {
    let level = steps.get(state.index).map_or(0, |step| step.level);
    let end = end_of_substack(steps, state.index);
    let peers = steps.iter().enumerate().take(end).skip(state.index + 1);
    let peers = peers.filter(|(_, step)| step.level == level).map(|(index, _)| index);
    match peers.chain([end]).nth(count) {
        Some(index) => State { index, ..state },
        None => State { index: end, impression: Impression::Bad },
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{is, stack};
    use super::*;

    fn ways(lines: &str) -> (Vec<String>, bool) {
        let steps = stack(lines);
        let ways = Ways::from(&steps, [State::START], |_| false);
        let mut reached: Vec<_> = ways.reached.iter().map(|state| state.index + 1).collect();
        reached.dedup();
        (reached.iter().map(usize::to_string).collect(), ways.can_succeed())
    }

    #[test]
    fn a_jump_leaves_modules_out() {
        let lines = "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n";
        assert_eq!(ways(&format!("{lines}auth required pam_permit.so")).0, ["1", "2", "3"]);
        assert!(ways(&format!("{lines}auth required pam_permit.so")).1);
        // Nothing says yes behind the jump.
        assert!(!ways(lines).1);
        // Nor does a jump out of the stack.
        assert!(!ways("auth [success=5] pam_permit.so\nauth required pam_permit.so").1);
    }

    #[test]
    fn requisite_and_sufficient_end_a_stack_and_required_does_not() {
        let deny =
            |control| ways(&format!("auth {control} pam_deny.so\nauth required pam_permit.so"));
        assert_eq!(deny("requisite"), (vec!["1".into()], false));
        assert_eq!(deny("required"), (vec!["1".into(), "2".into()], false));
        assert_eq!(deny("optional"), (vec!["1".into(), "2".into()], true));
        let permit = ways("auth sufficient pam_permit.so\nauth required pam_unix.so");
        assert_eq!(permit, (vec!["1".into()], true));
        // A failure before it takes `sufficient` its force.
        let late = ways(
            "auth required pam_deny.so\nauth sufficient pam_permit.so\nauth required pam_x.so",
        );
        assert_eq!(late.0, ["1", "2", "3"]);
        assert!(!late.1);
    }

    #[test]
    fn what_ends_a_substack_ends_only_that() {
        let mut steps = stack(
            "auth required pam_header.so\nauth sufficient pam_permit.so\n\
             auth required pam_x.so\nauth required pam_unix.so",
        );
        steps[0].module = None;
        steps[1].level = 1;
        steps[2].level = 1;
        let ways = Ways::from(&steps, [State::START], |_| false);
        assert!(ways.first(&steps, |step| is(step, "pam_unix.so")).is_some());
        assert!(ways.first(&steps, |step| is(step, "pam_x.so")).is_none());
        assert!(ways.can_succeed());
    }

    #[test]
    fn a_jump_over_a_substack_counts_it_once() {
        let mut steps = stack(
            "auth [default=1] pam_deny.so\nauth required pam_header.so\n\
             auth required pam_x.so\nauth required pam_unix.so",
        );
        steps[1].module = None;
        steps[2].level = 1;
        let ways = Ways::from(&steps, [State::START], |_| false);
        let reached: Vec<_> = ways.reached.iter().map(|state| state.index).collect();
        assert_eq!(reached, [0, 3]);
    }
}
