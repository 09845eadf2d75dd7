//! Whether an edit changes who gets in, as far as the lines themselves tell.

use super::refusal::Refusal;
use crate::ctl::check::pam::Service;
use crate::ctl::check::pam::file::Module;
use crate::ctl::check::pam::modules::{
    Outcome, Role, axes_module, name, outcomes, role, verifies_module,
};
use crate::ctl::check::pam::stack::Step;
use crate::ctl::check::pam::walk::{State, Ways};

/// Compares the services of a host before and after. They come in the same order.
pub(super) fn judge(before: &[Service], after: &[Service]) -> Result<(), Refusal> {
    for (old, new) in before.iter().zip(after) {
        let opens = |answer| admits(&new.auth, answer) && !admits(&old.auth, answer);
        let closes = |old: &[Step], new: &[Step]| {
            admits(old, Outcome::Success) && !admits(new, Outcome::Success)
        };
        if opens(Outcome::Failure) {
            return Err(Refusal::Opens(new.name.clone()));
        }
        if closes(&old.auth, &new.auth) || closes(&old.account, &new.account) {
            return Err(Refusal::Closes(new.name.clone()));
        }
    }
    Ok(())
}

/// Whether somebody gets in whose every secret has this outcome, and who is neither root nor
/// locked out.
fn admits(steps: &[Step], secrets: Outcome) -> bool {
    let answers = |module: &Module| answers(module, secrets);
    Ways::given(steps, [State::START], |_| false, answers).can_succeed()
}

/// What a module answers then.
pub(super) fn answers(module: &Module, secrets: Outcome) -> &'static [Outcome] {
    match (axes_module(module), role(module)) {
        (true, Role::Authfail) => &[Outcome::Failure],
        (true, _) => &[Outcome::Ignore],
        (false, _) if name(module) == "pam_rootok" => &[Outcome::Failure],
        (false, _) if verifies_module(module) => match secrets {
            Outcome::Success => &[Outcome::Success],
            _ => &[Outcome::Failure],
        },
        (false, _) => outcomes(module),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::check::pam::samples::all;

    const UNIX: &str = "auth [success=1 default=ignore] pam_unix.so\n\
        auth requisite pam_deny.so\nauth required pam_permit.so\n";

    fn judged(before: &str, after: &str) -> Result<(), Refusal> {
        judge(&all(&[("su", before)]), &all(&[("su", after)]))
    }

    #[test]
    fn a_line_in_its_place_changes_nothing() {
        assert_eq!(judged(UNIX, &format!("auth requisite pam_axes.so\n{UNIX}")), Ok(()));
        assert_eq!(judged(&format!("auth requisite pam_axes.so\n{UNIX}"), UNIX), Ok(()));
    }

    #[test]
    fn a_door_that_opens_or_closes_is_found_behind_the_one_of_root_too() {
        for root in ["", "auth sufficient pam_rootok.so\n"] {
            let open = UNIX.replace("requisite pam_deny", "optional pam_deny");
            let (before, after) = (format!("{root}{UNIX}"), format!("{root}{open}"));
            assert_eq!(judged(&before, &after), Err(Refusal::Opens("su".into())));
            // The jump ends on the line that refuses.
            let shut = UNIX.replace("success=1", "success=ignore");
            let after = format!("{root}{shut}");
            assert_eq!(judged(&before, &after), Err(Refusal::Closes("su".into())));
        }
        let closed = judged("account required pam_unix.so", "account requisite pam_axes.so");
        assert_eq!(closed, Err(Refusal::Closes("su".into())));
    }
}
