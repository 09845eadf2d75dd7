//! Which lines are taken out.

use super::enable::change_jumps;
use super::refusal::Refusal;
use super::sound;
use super::stacks::{PHASES, Stacks};
use crate::ctl::check::finding::Place;
use crate::ctl::check::pam::file::{Entry, Line, Phase};
use crate::ctl::check::pam::modules::{Role, axes, axes_module, role};

/// Takes every line of pam_axes out of a file, whoever wrote it.
pub(super) fn release(stacks: &mut Stacks, name: &str) -> Result<(), Refusal> {
    let (path, _) = stacks.file(name).ok_or_else(|| Refusal::NoService(name.to_owned()))?;
    let before = stacks.services_and(name);
    for phase in PHASES {
        while let Some(line) = ours(stacks, name, phase)? {
            let place = Place::line(&path, line);
            let crossings = stacks.crossings(name, phase, &place);
            change_jumps(stacks, &place, &crossings, |count| count - 1)?;
            stacks.edit(&path, |draft| draft.remove(line))?;
        }
    }
    sound::judge(&before, &stacks.services_and(name))
}

/// The files that have such a line.
pub(super) fn files(stacks: &mut Stacks) -> Vec<String> {
    let names = stacks.tree().names("/etc/pam.d".as_ref()).unwrap_or_default();
    let has = |name: &String| {
        let (_, lines) = stacks.file(name).unwrap_or_default();
        lines.iter().any(|line| module(line, Phase::Auth) || module(line, Phase::Account))
    };
    names.into_iter().filter(has).collect()
}

/// A line that protects a service from another file.
pub(super) fn elsewhere(stacks: &mut Stacks, name: &str) -> Option<Place> {
    let service = stacks.service(name);
    let mut steps = service.auth.iter().chain(&service.account);
    steps.find(|step| axes(step).is_some()).map(|step| step.place.clone())
}

fn ours(stacks: &mut Stacks, name: &str, phase: Phase) -> Result<Option<usize>, Refusal> {
    let (path, lines) = stacks.file(name).unwrap_or_default();
    let Some(line) = lines.iter().find(|line| module(line, phase)) else {
        return Ok(None);
    };
    match &line.entry {
        Entry::Module(_, module) if role(module) != Role::Watching => {
            Err(Refusal::Classic(Place::line(&path, line.number)))
        }
        _ => Ok(Some(line.number)),
    }
}

fn module(line: &Line, phase: Phase) -> bool {
    matches!(&line.entry, Entry::Module(of, module) if *of == phase && axes_module(module))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::check::pam::samples::pam_tree;

    fn released(text: &str) -> Result<String, Refusal> {
        let (_folder, tree) = pam_tree(&[("x", text)]);
        let mut stacks = Stacks::new(tree);
        release(&mut stacks, "x")?;
        let edits = stacks.edits();
        Ok(edits.into_iter().next().map_or(text.to_owned(), |edit| edit.after))
    }

    #[test]
    fn lines_by_hand_go_with_their_options_and_jumps_go_as_far_as_before() {
        let text = "auth [success=2 default=ignore] pam_succeed_if.so uid = 0 # =2\n\
            -auth [ignore=ignore default=die] /opt/pam_axes.so \\\n  failmode=secure\n\
            auth requisite pam_unix.so\nauth required pam_permit.so\n\
            account requisite pam_axes.so\naccount required pam_unix.so\n";
        let expected = "auth [success=1 default=ignore] pam_succeed_if.so uid = 0 # =2\n\
            auth requisite pam_unix.so\nauth required pam_permit.so\n\
            account required pam_unix.so\n";
        assert_eq!(released(text).as_deref(), Ok(expected));
    }

    #[test]
    fn the_classic_lines_are_left_to_whoever_wrote_them() {
        let text = "auth requisite pam_axes.so preauth\n\
            auth [success=1 default=ignore] pam_unix.so\n\
            auth [default=die] pam_axes.so authfail\nauth required pam_permit.so\n";
        let place = Place::line("/etc/pam.d/x".as_ref(), 1);
        assert_eq!(released(text), Err(Refusal::Classic(place)));
    }

    #[test]
    fn a_jump_over_nothing_but_the_line_goes_on() {
        let text = "auth [success=1 default=ignore] pam_rootok.so\nauth requisite pam_axes.so\n\
            auth required pam_unix.so\n";
        let expected = "auth [success=ignore default=ignore] pam_rootok.so\n\
            auth required pam_unix.so\n";
        assert_eq!(released(text).as_deref(), Ok(expected));
    }

    #[test]
    fn a_line_on_which_a_refusal_depends_is_not_taken_out() {
        // Whoever fails is led onto the line by a hand that knew that it refuses nobody.
        let text = "auth [success=1 default=ignore] pam_unix.so\n\
            auth [default=die] pam_axes.so\nauth required pam_permit.so\n";
        assert_eq!(released(text), Err(Refusal::Opens("x".into())));
    }

    #[test]
    fn files_and_the_place_of_another_file_are_found() {
        let (_folder, tree) = pam_tree(&[
            ("common-auth", "auth requisite pam_axes.so\nauth required pam_unix.so\n"),
            ("sshd", "@include common-auth\n"),
        ]);
        let mut stacks = Stacks::new(tree);
        assert_eq!(files(&mut stacks), ["common-auth"]);
        let place = Place::line("/etc/pam.d/common-auth".as_ref(), 1);
        assert_eq!(elsewhere(&mut stacks, "sshd"), Some(place));
    }
}
