//! Stacks of all shapes: a line that admits changes no way through them, and goes without a trace.

use std::collections::BTreeSet;

use super::disable::release;
use super::enable::protect;
use super::refusal::Refusal;
use super::sound::answers;
use super::stacks::Stacks;
use crate::ctl::check::pam::file::{Module, Phase};
use crate::ctl::check::pam::modules::{Outcome, axes};
use crate::ctl::check::pam::samples::pam_tree;
use crate::ctl::check::pam::stack::Step;
use crate::ctl::check::pam::walk::{Impression, State, Ways};

const LINES: [&str; 10] = [
    "auth required pam_env.so",
    "auth requisite pam_nologin.so",
    "auth [success=JUMP default=ignore] pam_succeed_if.so user ingroup x",
    "auth [success=JUMP default=ignore] pam_unix.so",
    "auth [success=ok auth_err=JUMP default=die] pam_krb5.so",
    "auth sufficient pam_sss.so",
    "auth requisite pam_deny.so",
    "auth required pam_permit.so",
    "auth include part",
    "auth substack part",
];
const PART: &str = "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n\
    auth required pam_permit.so\n";

/// Numbers that look like chance, and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn stack(&mut self) -> String {
        let count = 1 + self.below(7);
        let line = |_| {
            let jump = (1 + self.below(4)).to_string();
            format!("{}\n", LINES[self.below(LINES.len())].replace("JUMP", &jump))
        };
        (0..count).map(line).collect()
    }
}

/// Every step that can be come to, and with what, as if there were no line of pam_axes.
fn ways(steps: &[Step], secrets: Outcome) -> (BTreeSet<(usize, Impression)>, bool) {
    let answers = |module: &Module| answers(module, secrets);
    let ways = Ways::given(steps, [State::START], |_| false, answers);
    let before = |index: usize| steps[..index].iter().filter(|step| axes(step).is_some()).count();
    let reached = ways.reached.iter().filter(|state| axes(&steps[state.index]).is_none());
    let reached = reached.map(|state| (state.index - before(state.index), state.impression));
    (reached.collect(), ways.can_succeed())
}

#[test]
fn a_line_changes_no_way_of_whom_it_admits_and_goes_without_a_trace() {
    let mut chance = Chance(1);
    let (mut protected, mut bumped, mut refused) = (0, 0, BTreeSet::new());
    for _ in 0..400 {
        let text = chance.stack();
        let (_folder, tree) = pam_tree(&[("x", &text), ("part", PART)]);
        let mut stacks = Stacks::new(tree);
        let before = stacks.stack("x", Phase::Auth);
        match protect(&mut stacks, "x", "pam_axes.so") {
            Ok(()) => {}
            Err(refusal @ Refusal::NoPlace(..)) => {
                refused.insert(refusal.to_string().split(": ").count());
                continue;
            }
            Err(refusal) => panic!("{refusal}\n{text}"),
        }
        let Some(edit) = stacks.edits().into_iter().next() else { continue };
        protected += 1;
        bumped += usize::from(edit.after.replace("auth\trequisite\tpam_axes.so\n", "") != text);
        let after = stacks.stack("x", Phase::Auth);
        for secrets in [Outcome::Success, Outcome::Failure] {
            assert_eq!(ways(&before, secrets), ways(&after, secrets), "{text}\n{}", edit.after);
        }
        release(&mut stacks, "x").unwrap();
        assert_eq!(stacks.edits(), [], "{text}");
    }
    assert!(protected > 150 && bumped > 15, "{protected} protected, {bumped} with longer jumps");
    assert_eq!(refused, BTreeSet::new());
}
