//! The auth phase: every way to a password leads through axesd, and a refusal is final.

use super::Problem;
use super::control::Action;
use super::file::Module;
use super::modules::{Outcome, Role, axes, guards, locks, name, role, verifies};
use super::stack::Step;
use super::walk::{State, Ways, after};
use crate::ctl::check::finding::Place;
use crate::ctl::check::rule::{
    ADMITTED_FAILS, CLASSIC_TORN, FAILLOCK, JUMPED, REFUSED_ASKED, REFUSED_PASSES, Rule, TOO_LATE,
    UNPROTECTED,
};

const LINE: &str = "auth requisite pam_axes.so";

/// What is wrong with a stack that checks secrets.
pub(super) fn problems(steps: &[Step], account: &[Step]) -> Vec<Problem> {
    let unguarded = Ways::from(steps, [State::START], guards);
    if !checks_secrets(steps, &unguarded) {
        return Vec::new();
    }
    let around = unguarded.first(steps, verifies).map(|verifier| around(steps, verifier));
    let mut problems: Vec<_> = around.into_iter().collect();
    for state in unguarded.reached {
        let step = steps.get(state.index).filter(|step| guards(step));
        problems.extend(step.and_then(|step| refusal(steps, step, state)));
    }
    // The same line, reached after different answers.
    problems.dedup();
    problems.extend(steps.iter().filter_map(admission));
    problems.extend(torn(steps, account));
    problems.extend(also_locks(steps));
    problems
}

/// Whether both phases are to be looked at: a line of pam_axes is there.
pub(super) fn is_guarded(steps: &[Step]) -> bool {
    steps.iter().any(guards)
}

/// Also where a wrong control of the line of pam_axes keeps everybody from it.
fn checks_secrets(steps: &[Step], unguarded: &Ways) -> bool {
    let reached = unguarded.reached.iter();
    let guarded = reached.filter(|state| steps.get(state.index).is_some_and(guards));
    let behind = guarded.map(|state| State { index: state.index + 1, ..*state });
    let ways = Ways::from(steps, behind.chain([State::START]), |_| false);
    ways.first(steps, verifies).is_some()
}

/// A secret is looked at, and axesd was not asked.
fn around(steps: &[Step], verifier: &Step) -> Problem {
    let position = |wanted: &dyn Fn(&Step) -> bool| steps.iter().position(wanted);
    let its_own = position(&|step| std::ptr::eq(step, verifier));
    let place = verifier.place.clone();
    let module = verifier.module.as_ref().map(name).unwrap_or_default();
    match position(&guards) {
        None => Problem {
            rule: &UNPROTECTED,
            text: format!("{module} checks secrets here and axesd is not asked before."),
            fix: protect(&place),
            place,
        },
        Some(guard) if Some(guard) > its_own => Problem {
            rule: &TOO_LATE,
            text: format!(
                "pam_axes stands below {module}, which has looked at the password by then."
            ),
            fix: format!("Move the line of pam_axes above {place}."),
            place,
        },
        Some(_) => Problem {
            rule: &JUMPED,
            text: format!("a jump leads over pam_axes to {module}."),
            fix: "Move the line of pam_axes above the line that jumps.".to_owned(),
            place,
        },
    }
}

fn protect(place: &Place) -> String {
    let name = place.file.file_name().unwrap_or_default().display();
    if place.file.ends_with("common-auth") {
        "Run `pam-auth-update --enable axes`.".to_owned()
    } else {
        format!("Run `axesctl pam enable {name}`, or write `{LINE}` above this line.")
    }
}

/// What becomes of a client whom the line refuses.
fn refusal(steps: &[Step], step: &Step, state: State) -> Option<Problem> {
    let module = step.module.as_ref()?;
    let refused = after(steps, state, Outcome::Failure, module.control.on(refusal_code(module)));
    let ways = Ways::from(steps, [refused], |_| false);
    let (rule, text) = match ways.first(steps, verifies).and_then(|step| step.module.as_ref()) {
        _ if ways.can_succeed() => {
            (&REFUSED_PASSES, "somebody whom pam_axes refuses can get in all the same.".to_owned())
        }
        Some(verifier) => {
            let text = format!("{} still looks at the password after a refusal.", name(verifier));
            (&REFUSED_ASKED, text)
        }
        None => return None,
    };
    Some(at_control(rule, step, text))
}

/// What becomes of a client whom the line lets go on.
fn admission(step: &Step) -> Option<Problem> {
    let module = axes(step).filter(|module| role(module) != Role::Authfail)?;
    let fails = matches!(module.control.on("ignore"), Action::Bad | Action::Die);
    let text = "the control of the line turns an admission into a failure.".to_owned();
    fails.then(|| at_control(&ADMITTED_FAILS, step, text))
}

fn at_control(rule: &'static Rule, step: &Step, text: String) -> Problem {
    let fix = "Make the control of this line `requisite`.".to_owned();
    Problem { rule, place: step.place.clone(), text, fix }
}

/// The answer of the module to a client who is locked out.
pub(super) fn refusal_code(module: &Module) -> &'static str {
    let code = module.arguments.iter().rev().find_map(|word| word.strip_prefix("code="));
    match code.map(str::to_ascii_lowercase).as_deref() {
        Some("auth_err") => "auth_err",
        Some("perm_denied") => "perm_denied",
        _ => "maxtries",
    }
}

/// Some of the three classic lines are missing.
fn torn(steps: &[Step], account: &[Step]) -> Option<Problem> {
    let find = |wanted| steps.iter().find(|step| axes(step).map(role) == Some(wanted));
    let [begins, fails, succeeds] = [Role::Preauth, Role::Authfail, Role::Authsucc].map(find);
    let accounted = account.iter().any(|step| axes(step).is_some());
    let (step, missing) = match (begins, fails, succeeds) {
        (None, Some(step), _) | (None, None, Some(step)) => (step, Role::Preauth),
        (Some(step), None, _) => (step, Role::Authfail),
        (Some(step), Some(_), None) if !accounted => (step, Role::Authsucc),
        _ => return None,
    };
    let (word, control, where_to) = match missing {
        Role::Authfail => ("authfail", "[default=die]", "where the password module failed"),
        Role::Authsucc => ("authsucc", "required", "where the password module succeeded"),
        _ => ("preauth", "requisite", "above the password module"),
    };
    Some(Problem {
        rule: &CLASSIC_TORN,
        place: step.place.clone(),
        text: format!("there is no line of pam_axes with {word}."),
        fix: format!("Write `auth {control} pam_axes.so {word}` {where_to}."),
    })
}

fn also_locks(steps: &[Step]) -> Option<Problem> {
    let step = steps.iter().find(|step| locks(step)).filter(|_| is_guarded(steps))?;
    let module = step.module.as_ref().map(name)?;
    Some(Problem {
        rule: &FAILLOCK,
        place: step.place.clone(),
        text: format!("{module} locks as well as pam_axes."),
        fix: format!("Take the lines of {module} out if one of them is enough."),
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::stack;
    use super::*;

    const UNIX: &str = "auth [success=1 default=ignore] pam_unix.so nullok\n\
        auth requisite pam_deny.so\nauth required pam_permit.so\nauth optional pam_cap.so\n";
    const CLASSIC: [&str; 5] = [
        "auth requisite pam_axes.so preauth\n",
        "auth [success=1 default=ignore] pam_unix.so\n",
        "auth [default=die] pam_axes.so authfail\n",
        "auth required pam_axes.so authsucc\n",
        "auth required pam_permit.so\n",
    ];

    /// Ids, each with the line that it names.
    fn found(auth: &str) -> Vec<String> {
        found_with(auth, "account required pam_axes.so")
    }

    fn found_with(auth: &str, account: &str) -> Vec<String> {
        let problems = problems(&stack(auth), &stack(account));
        let show = |it: &Problem| format!("{} {}", it.rule.id(), it.place.line.unwrap());
        problems.iter().map(show).collect()
    }

    #[test]
    fn debian_as_pam_auth_update_writes_it_is_protected() {
        assert_eq!(found(&format!("auth requisite pam_axes.so\n{UNIX}")), [""; 0]);
        // With sssd and a fingerprint reader.
        let more = "auth [success=3 default=ignore] pam_fprintd.so max-tries=1\n\
            auth [success=2 default=ignore] pam_unix.so nullok try_first_pass\n\
            auth [success=1 default=ignore] pam_sss.so use_first_pass\n\
            auth requisite pam_deny.so\nauth required pam_permit.so\n";
        assert_eq!(found(&format!("auth requisite pam_axes.so\n{more}")), [""; 0]);
        assert_eq!(found(more), ["axes.E004 1"]);
    }

    #[test]
    fn a_stack_without_pam_axes_is_unprotected_if_it_checks_secrets() {
        assert_eq!(found(UNIX), ["axes.E004 1"]);
        for harmless in [
            "auth required pam_deny.so",
            "auth sufficient pam_rootok.so\nauth required pam_permit.so",
            "auth requisite pam_deny.so\nauth required pam_unix.so",
            "",
        ] {
            assert_eq!(found(harmless), [""; 0], "{harmless}");
        }
    }

    #[test]
    fn a_verifier_above_the_line_is_too_early() {
        let lines = format!("auth sufficient pam_fprintd.so\nauth requisite pam_axes.so\n{UNIX}");
        assert_eq!(found(&lines), ["axes.E005 1"]);
        let rootok = format!("auth sufficient pam_rootok.so\nauth requisite pam_axes.so\n{UNIX}");
        assert_eq!(found(&rootok), [""; 0]);
    }

    #[test]
    fn a_jump_over_the_line_is_found() {
        let jump = "auth [success=1 default=ignore] pam_succeed_if.so user ingroup trusted\n";
        let axes = "auth requisite pam_axes.so\n";
        assert_eq!(found(&format!("{jump}{axes}{UNIX}")), ["axes.E006 3"]);
        // Over another line it does no harm.
        assert_eq!(found(&format!("{jump}auth optional pam_echo.so\n{axes}{UNIX}")), [""; 0]);
        // And past everything it meets no password.
        let end = "auth [success=2 default=ignore] pam_rootok.so\nauth requisite pam_axes.so\n\
            auth required pam_unix.so\nauth required pam_permit.so\n";
        assert_eq!(found(end), [""; 0]);
    }

    #[test]
    fn a_refusal_must_be_final() {
        for (control, expected) in [
            ("requisite", None),
            ("[success=ok ignore=ignore default=die]", None),
            ("[maxtries=die default=ignore]", None),
            ("[auth_err=die default=ignore]", Some("axes.E007 1")),
            ("optional", Some("axes.E007 1")),
            ("sufficient", Some("axes.E007 1")),
            ("required", Some("axes.W011 1")),
            ("[ignore=ignore default=1]", None),
            ("[ignore=ignore default=2]", Some("axes.E007 1")),
        ] {
            let lines = format!("auth {control} pam_axes.so\n{UNIX}");
            assert_eq!(found(&lines), Vec::from_iter(expected), "{control}");
        }
        let coded = "auth [auth_err=die default=ignore] pam_axes.so code=AUTH_ERR\n";
        assert_eq!(found(&format!("{coded}{UNIX}")), [""; 0]);
    }

    #[test]
    fn an_admission_must_not_be_a_failure() {
        assert_eq!(found(&format!("auth [default=die] pam_axes.so\n{UNIX}")), ["axes.E008 1"]);
        assert_eq!(found(&format!("auth [success=ok default=bad] pam_axes.so\n{UNIX}")).len(), 2);
    }

    #[test]
    fn the_classic_lines_belong_together() {
        assert_eq!(found(&CLASSIC.concat()), [""; 0]);
        let without = |index: usize| {
            let mut lines = CLASSIC;
            lines[index] = "";
            lines.concat()
        };
        assert_eq!(found(&without(0)), ["axes.E004 1", "axes.E009 2"]);
        assert_eq!(found(&without(2)), ["axes.E009 1"]);
        assert_eq!(found(&without(3)), [""; 0]);
        assert_eq!(found_with(&without(3), ""), ["axes.E009 1"]);
    }

    #[test]
    fn a_second_lock_is_noted() {
        let faillock = "auth required pam_faillock.so preauth\n";
        let axes = "auth requisite pam_axes.so\n";
        assert_eq!(found(&format!("{faillock}{axes}{UNIX}")), ["axes.N002 1"]);
        assert_eq!(found(&format!("{faillock}{UNIX}")), ["axes.E004 2"]);
    }
}
