//! The account phase: where keys are held against the lists.

use super::Problem;
use super::auth::is_guarded;
use super::modules::{Outcome, axes, name};
use super::stack::Step;
use super::walk::{State, Ways, after};
use crate::ctl::check::rule::{ACCOUNT_AROUND, NO_ACCOUNT};

const LINE: &str = "account requisite pam_axes.so";

/// What is wrong with the account phase of a service whose auth phase asks axesd.
pub(super) fn problems(auth: &[Step], account: &[Step]) -> Option<Problem> {
    let guard = auth.iter().find(|step| axes(step).is_some()).filter(|_| is_guarded(auth))?;
    let Some(line) = account.iter().find(|step| axes(step).is_some()) else {
        return Some(Problem {
            rule: &NO_ACCOUNT,
            place: guard.place.clone(),
            text: "the account phase has no line of pam_axes.".to_owned(),
            fix: format!("Write `{LINE}` as the first account line."),
        });
    };
    let text = if can_go_around(account) {
        "the account phase can succeed before it comes to pam_axes."
    } else if ignores_refusal(account) {
        "the account phase can succeed although pam_axes refused."
    } else {
        return None;
    };
    Some(Problem {
        rule: &ACCOUNT_AROUND,
        place: line.place.clone(),
        text: text.to_owned(),
        fix: format!("Write `{LINE}` as the first account line."),
    })
}

fn can_go_around(steps: &[Step]) -> bool {
    // Root, and whoever the administrator exempts by name, may have a way of their own.
    let stops = |step: &Step| axes(step).is_some() || exempts(step);
    Ways::from(steps, [State::START], stops).can_succeed()
}

fn exempts(step: &Step) -> bool {
    let names = ["pam_rootok", "pam_succeed_if"];
    step.module.as_ref().is_some_and(|module| names.contains(&name(module)))
}

fn ignores_refusal(steps: &[Step]) -> bool {
    let ways = Ways::from(steps, [State::START], |step| axes(step).is_some());
    let refused = ways.reached.iter().filter_map(|state| {
        let module = axes(steps.get(state.index)?)?;
        // In this phase the module answers PAM_PERM_DENIED whatever `code=` says.
        Some(after(steps, *state, Outcome::Failure, module.control.on("perm_denied")))
    });
    Ways::from(steps, refused, |_| false).can_succeed()
}

#[cfg(test)]
mod tests {
    use super::super::samples::stack;
    use super::*;

    const AUTH: &str = "auth requisite pam_axes.so\nauth required pam_unix.so";
    const UNIX: &str = "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n\
        account requisite pam_deny.so\naccount required pam_permit.so\n";

    fn found(auth: &str, account: &str) -> Option<String> {
        let problem = problems(&stack(auth), &stack(account))?;
        Some(format!("{} {}", problem.rule.id(), problem.place.line.unwrap()))
    }

    #[test]
    fn both_phases_belong_together() {
        assert_eq!(found(AUTH, &format!("account requisite pam_axes.so\n{UNIX}")), None);
        assert_eq!(found(AUTH, &format!("account required pam_axes.so\n{UNIX}")), None);
        assert_eq!(found(AUTH, UNIX), Some("axes.W012 1".into()));
        // Of an unprotected service something worse is said already.
        assert_eq!(found("auth required pam_unix.so", UNIX), None);
    }

    #[test]
    fn the_account_phase_must_not_succeed_without_pam_axes_or_against_it() {
        let axes = "account required pam_axes.so\n";
        let early = format!("account sufficient pam_localuser.so\n{axes}{UNIX}");
        assert_eq!(found(AUTH, &early), Some("axes.W013 2".into()));
        let weak = format!("account optional pam_axes.so\n{UNIX}");
        assert_eq!(found(AUTH, &weak), Some("axes.W013 1".into()));
    }

    #[test]
    fn root_may_be_exempted() {
        let lines = "account sufficient pam_succeed_if.so uid = 0 use_uid quiet\n\
            account required pam_axes.so\n";
        assert_eq!(found(AUTH, &format!("{lines}{UNIX}")), None);
    }
}
