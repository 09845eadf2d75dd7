//! Where the lines of pam_axes go.

use std::path::Path;

use super::refusal::Refusal;
use super::sound;
use super::stacks::{Edit, Stacks};
use crate::ctl::check::finding::Place;
use crate::ctl::check::pam::file::{Entry, Line, Phase};
use crate::ctl::check::pam::modules::{asks, axes, guards, verifies};
use crate::ctl::check::pam::stack::Step;
use crate::ctl::check::pam::{self, Service};

/// Protects a file of PAM: a service, or one that services include. The module may have options.
///
/// The auth line goes directly before the first line of this file that leads to a module which
/// asks for a secret, or further up where that does not protect it; the account line before the
/// first account line.
pub(super) fn protect(stacks: &mut Stacks, name: &str, module: &str) -> Result<(), Refusal> {
    let (path, _) = stacks.file(name).ok_or_else(|| Refusal::NoService(name.to_owned()))?;
    let before = stacks.services_and(name);
    let whole = stacks.service(name);
    if whole.auth.iter().any(verifies) {
        match whole.auth.iter().any(guards) {
            true => errors(stacks, name).map_or(Ok(()), |errors| Err(faulty(name, &errors)))?,
            false => insert_auth(stacks, name, &path, module)?,
        }
    }
    let accounted = whole.account.iter().any(|step| axes(step).is_some());
    if let Some(first) = first(stacks, &path, name, Phase::Account, |_| true).filter(|_| !accounted)
    {
        insert(stacks, name, Phase::Account, &Place::line(&path, first), module)?;
    }
    sound::judge(&before, &stacks.services_and(name))
}

/// The names of the files that many services include, and that are to be protected.
pub(super) fn shared(stacks: &mut Stacks) -> Vec<&'static str> {
    let names = [
        "common-auth",
        "system-auth",
        "password-auth",
        "base-auth",
        "common-account",
        "base-account",
    ];
    let there = names.into_iter().filter(|name| stacks.file(name).is_some()).collect::<Vec<_>>();
    let checks = there.iter().any(|name| checks_secrets(stacks, name));
    if checks { there } else { Vec::new() }
}

/// The services that check secrets.
pub(super) fn services(stacks: &mut Stacks) -> Vec<String> {
    let services = stacks.services().into_iter();
    services.filter(|service| service.auth.iter().any(verifies)).map(|it| it.name).collect()
}

/// Whether a file leads to a module that checks secrets.
pub(super) fn checks_secrets(stacks: &mut Stacks, name: &str) -> bool {
    stacks.stack(name, Phase::Auth).iter().any(verifies)
}

fn insert_auth(stacks: &mut Stacks, name: &str, path: &Path, module: &str) -> Result<(), Refusal> {
    let Some(last) = first(stacks, path, name, Phase::Auth, asks) else {
        return Err(Refusal::NoSecrets(name.to_owned()));
    };
    let (_, lines) = stacks.file(name).unwrap_or_default();
    let mut reason = None;
    for line in lines.iter().rev().filter(|line| line.number <= last && may_be_auth(line)) {
        let drafts = stacks.drafts();
        let place = Place::line(path, line.number);
        let placed = insert(stacks, name, Phase::Auth, &place, module);
        match placed.and_then(|()| protected(stacks, name)) {
            Ok(()) => return Ok(()),
            Err(refusal) => {
                stacks.restore(drafts);
                // What speaks against the usual place is what the administrator can understand.
                reason.get_or_insert(refusal);
            }
        }
    }
    Err(reason.unwrap_or_else(|| Refusal::NoSecrets(name.to_owned())))
}

/// Writes a line before the one at a place, and lets the jumps over it go as far as before.
fn insert(
    stacks: &mut Stacks,
    name: &str,
    phase: Phase,
    at: &Place,
    module: &str,
) -> Result<(), Refusal> {
    let number = at.line.unwrap_or(1);
    let word = match phase {
        Phase::Auth => "auth",
        Phase::Account => "account",
    };
    let line = format!("{word}\trequisite\t{module}");
    stacks.edit(&at.file, |draft| draft.insert(number, &line))?;
    let crossings = stacks.crossings(name, phase, at);
    change_jumps(stacks, at, &crossings, |count| count + 1)
}

/// Lets jumps over a place leave out another number of modules.
pub(super) fn change_jumps(
    stacks: &mut Stacks,
    over: &Place,
    crossings: &[(Place, usize)],
    change: impl Fn(usize) -> usize,
) -> Result<(), Refusal> {
    for pair in crossings.windows(2) {
        if let [(one, _), (other, _)] = pair
            && one == other
        {
            return Err(Refusal::JumpInTwoWays(one.clone()));
        }
    }
    for (place, left_out) in crossings {
        if place.file != over.file {
            return Err(Refusal::JumpElsewhere(place.clone(), over.file.clone()));
        }
        let farther = |count: usize| if count > *left_out { change(count) } else { count };
        stacks.edit(&place.file, |draft| draft.change_jumps(place.line.unwrap_or(1), farther))?;
    }
    Ok(())
}

/// The number of the first line that is, or leads to, a wanted step of this phase.
fn first(
    stacks: &mut Stacks,
    path: &Path,
    name: &str,
    phase: Phase,
    wanted: fn(&Step) -> bool,
) -> Option<usize> {
    let (_, lines) = stacks.file(name)?;
    lines.into_iter().find(|line| leads_to(stacks, path, line, phase, wanted)).map(|it| it.number)
}

fn leads_to(
    stacks: &mut Stacks,
    path: &Path,
    line: &Line,
    phase: Phase,
    wanted: fn(&Step) -> bool,
) -> bool {
    match &line.entry {
        Entry::Module(of, module) => {
            let place = Place::line(path, line.number);
            *of == phase && wanted(&Step { place, level: 0, module: Some(module.clone()) })
        }
        Entry::All(other) => stacks.stack(other, phase).iter().any(wanted),
        Entry::Include(of, other) | Entry::Substack(of, other) => {
            *of == phase && stacks.stack(other, phase).iter().any(wanted)
        }
    }
}

const fn may_be_auth(line: &Line) -> bool {
    match &line.entry {
        Entry::All(_) => true,
        Entry::Module(phase, _) | Entry::Include(phase, _) | Entry::Substack(phase, _) => {
            matches!(phase, Phase::Auth)
        }
    }
}

fn protected(stacks: &mut Stacks, name: &str) -> Result<(), Refusal> {
    match errors(stacks, name) {
        Some(errors) => Err(Refusal::NoPlace(name.to_owned(), errors)),
        None => Ok(()),
    }
}

fn faulty(name: &str, errors: &str) -> Refusal {
    Refusal::Faulty(name.to_owned(), errors.to_owned())
}

/// What `axesctl check` calls errors in a service.
pub(super) fn errors(stacks: &mut Stacks, name: &str) -> Option<String> {
    let service = stacks.service(name);
    let findings = pam::judge([&service]).into_iter().filter(|finding| finding.is_error());
    let sentence = |text: &str| text.trim_end_matches('.').to_owned();
    let errors: Vec<_> = findings
        .map(|finding| format!("{} {}", finding.id(), sentence(&finding.message)))
        .collect();
    (!errors.is_empty()).then(|| errors.join("; "))
}

/// The services whose stack holds a line of one of these files.
pub(super) fn reached(stacks: &mut Stacks, edits: &[Edit]) -> Vec<String> {
    let services = stacks.services();
    let tree = stacks.tree();
    let edited = |step: &Step| edits.iter().any(|edit| edit.path == tree.real(&step.place.file));
    let touches = |service: &Service| service.auth.iter().chain(&service.account).any(edited);
    let touched = services.iter().filter(|service| touches(service));
    touched.map(|service| service.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::check::pam::samples::pam_tree;

    const UNIX: &str = "auth [success=1 default=ignore] pam_unix.so\n\
        auth requisite pam_deny.so\nauth required pam_permit.so\n";
    const ACCOUNT: &str = "account required pam_unix.so\n";
    const AUTH_LINE: &str = "auth\trequisite\tpam_axes.so\n";
    const ACCOUNT_LINE: &str = "account\trequisite\tpam_axes.so\n";

    /// What becomes of the first file when it is protected.
    fn protected(files: &[(&str, &str)]) -> Result<String, Refusal> {
        let (_folder, tree) = pam_tree(files);
        let mut stacks = Stacks::new(tree);
        let (name, text) = files[0];
        protect(&mut stacks, name, "pam_axes.so")?;
        let edits = stacks.edits();
        assert!(edits.len() <= 1, "{edits:?}");
        Ok(edits.into_iter().next().map_or(text.to_owned(), |edit| edit.after))
    }

    #[test]
    fn lines_go_before_the_first_module_that_asks_and_the_first_account_line() {
        let head = "#%PAM-1.0\nauth required pam_env.so\n";
        let text = format!("{head}{UNIX}\n# account\n{ACCOUNT}");
        let expected = format!("{head}{AUTH_LINE}{UNIX}\n# account\n{ACCOUNT_LINE}{ACCOUNT}");
        assert_eq!(protected(&[("x", &text)]), Ok(expected));
    }

    #[test]
    fn a_service_is_protected_in_its_own_file_before_the_line_that_includes() {
        let text = "auth required pam_env.so\n@include common-auth\n\
            account required pam_nologin.so\n@include common-account\n";
        let expected = text
            .replace("@include common-auth", &format!("{AUTH_LINE}@include common-auth"))
            .replace("account required", &format!("{ACCOUNT_LINE}account required"));
        let files = [("sshd", text), ("common-auth", UNIX), ("common-account", ACCOUNT)];
        assert_eq!(protected(&files), Ok(expected));
        let text = "auth substack password-auth\naccount include password-auth\n";
        let files = [("sshd", text), ("password-auth", &format!("{UNIX}{ACCOUNT}"))];
        let expected = format!(
            "{AUTH_LINE}auth substack password-auth\n{ACCOUNT_LINE}account include password-auth\n"
        );
        assert_eq!(protected(&files), Ok(expected));
    }

    #[test]
    fn a_jump_over_the_place_goes_as_far_as_before() {
        // Members of the group need no password: the jump leads behind it.
        let text = "auth [success=2 default=ignore] pam_succeed_if.so user ingroup guests\n\
            auth requisite pam_unix.so\nauth required pam_env.so\nauth required pam_permit.so\n";
        let expected = text
            .replace("success=2", "success=3")
            .replace("auth requisite pam_unix", &format!("{AUTH_LINE}auth requisite pam_unix"));
        assert_eq!(protected(&[("x", text)]), Ok(expected));
    }

    #[test]
    fn a_jump_onto_the_place_comes_to_the_line() {
        let text =
            format!("auth [default=1] pam_succeed_if.so x\nauth required pam_env.so\n{UNIX}");
        let expected = text.replace("auth [success", &format!("{AUTH_LINE}auth [success"));
        assert_eq!(protected(&[("x", &text)]), Ok(expected));
    }

    #[test]
    fn the_line_goes_above_a_jump_from_one_module_that_asks_to_the_next() {
        let text = "auth [success=1 default=ignore] pam_succeed_if.so user ingroup ldap\n\
            auth [success=2 default=die] pam_unix.so\nauth [success=1 default=die] pam_ldap.so\n\
            auth requisite pam_deny.so\nauth required pam_permit.so\n";
        assert_eq!(protected(&[("x", text)]), Ok(format!("{AUTH_LINE}{text}")));
    }

    #[test]
    fn a_jump_in_another_file_over_the_place_is_refused() {
        let file = "auth required pam_env.so\nauth requisite pam_unix.so\n";
        let jumps = "auth [success=2 default=ignore] pam_rootok.so\n@include common-auth\n\
            auth required pam_permit.so\n";
        let refused = protected(&[("common-auth", file), ("su", jumps)]);
        let place = Place::line(Path::new("/etc/pam.d/su"), 1);
        assert_eq!(refused, Err(Refusal::JumpElsewhere(place, "/etc/pam.d/common-auth".into())));
    }

    #[test]
    fn what_is_protected_stays_as_it_is_and_what_is_wrong_is_not_made_worse() {
        let good = format!("{AUTH_LINE}{UNIX}{ACCOUNT_LINE}{ACCOUNT}");
        assert_eq!(protected(&[("x", &good)]), Ok(good.clone()));
        let half = format!("{AUTH_LINE}{UNIX}{ACCOUNT}");
        assert_eq!(protected(&[("x", &half)]), Ok(good));
        let late = format!("{UNIX}{AUTH_LINE}");
        let refused = protected(&[("x", &late)]).unwrap_err().to_string();
        assert!(refused.contains("axes.E005"), "{refused}");
    }

    #[test]
    fn a_service_without_account_lines_gets_none_that_would_answer_alone() {
        let other = format!("{UNIX}{ACCOUNT}");
        let expected = Ok(format!("{AUTH_LINE}{UNIX}"));
        assert_eq!(protected(&[("x", UNIX), ("other", &other)]), expected);
    }

    #[test]
    fn shared_files_are_those_that_check_secrets_with_their_account_file() {
        let named = |files: &[(&str, &str)]| shared(&mut Stacks::new(pam_tree(files).1));
        let debian = [("common-auth", UNIX), ("common-account", ACCOUNT), ("sshd", UNIX)];
        assert_eq!(named(&debian), ["common-auth", "common-account"]);
        assert_eq!(named(&[("system-auth", UNIX)]), ["system-auth"]);
        assert_eq!(named(&[("common-account", ACCOUNT), ("sshd", UNIX)]), [""; 0]);
    }

    #[test]
    fn neither_a_file_in_another_encoding_nor_one_that_is_missing_is_edited() {
        let (folder, tree) = pam_tree(&[]);
        let latin = [UNIX.as_bytes(), b"# K\xf6ln\n"].concat();
        std::fs::write(folder.path().join("etc/pam.d/x"), latin).unwrap();
        let mut stacks = Stacks::new(tree);
        let refused = protect(&mut stacks, "x", "pam_axes.so");
        assert_eq!(refused, Err(Refusal::NotText("/etc/pam.d/x".into())));
        let missing = protect(&mut stacks, "y", "pam_axes.so");
        assert_eq!(missing, Err(Refusal::NoService("y".into())));
    }
}
