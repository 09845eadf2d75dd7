//! Which services are protected, and by which line.

use std::io::Write;

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::stacks::Stacks;
use crate::ctl::check::finding::{Finding, Place};
use crate::ctl::check::pam::modules::{axes, guards, verifies};
use crate::ctl::check::pam::stack::Step;
use crate::ctl::check::pam::{self, Service};
use crate::ctl::error::CtlError;
use crate::ctl::follow::Form;
use crate::ctl::tables::{ALERT, GOOD, PLAIN, Row, table};
use crate::ctl::{DONE, FOUND};

/// What becomes of secrets that are typed at a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Protected,
    Unprotected,
    /// It looks at none.
    NoSecrets,
}

/// A service.
#[derive(Debug)]
struct Line {
    service: String,
    state: State,
    auth: Option<Place>,
    account: Option<Place>,
    findings: Vec<String>,
}

/// Shows these services, or all; the exit status.
pub(in crate::ctl) fn status(
    names: &[String],
    form: Form,
    output: &mut impl Write,
) -> Result<u8, CtlError> {
    let lines = lines(&mut super::open()?, names)?;
    let shown = match form {
        Form::Text => text(&lines),
        Form::Json => {
            format!("{}\n", json!({ "services": lines.iter().map(object).collect::<Value>() }))
        }
    };
    crate::ctl::print(&shown, output)?;
    let exposed = lines.iter().any(|line| line.state == State::Unprotected);
    Ok(if exposed { FOUND } else { DONE })
}

/// Services that check secrets and are not protected.
pub(super) fn exposed(stacks: &mut Stacks) -> Vec<String> {
    let lines = stacks.services().iter().map(line).collect::<Vec<_>>();
    let exposed = lines.into_iter().filter(|line| line.state == State::Unprotected);
    exposed.map(|line| line.service).collect()
}

/// Whether a line of pam_axes stands before every secret of a service.
pub(super) fn protects(service: &Service) -> bool {
    line(service).state == State::Protected
}

fn lines(stacks: &mut Stacks, names: &[String]) -> Result<Vec<Line>, Refusal> {
    if names.is_empty() {
        return Ok(stacks.services().iter().map(line).collect());
    }
    let named = names.iter().map(|name| {
        stacks.file(name).ok_or_else(|| Refusal::NoService(name.clone()))?;
        Ok(line(&stacks.service(name)))
    });
    named.collect()
}

fn line(service: &Service) -> Line {
    let findings = pam::judge([service]);
    let guarded = service.auth.iter().any(guards) && !findings.iter().any(Finding::is_error);
    let state = match guarded {
        _ if !service.auth.iter().any(verifies) => State::NoSecrets,
        true => State::Protected,
        // Where nothing is found, no way leads to the module that would check.
        false if !findings.iter().any(Finding::is_error) => State::NoSecrets,
        false => State::Unprotected,
    };
    let place = |steps: &[Step]| {
        steps.iter().find(|step| axes(step).is_some()).map(|step| step.place.clone())
    };
    Line {
        service: service.name.clone(),
        state,
        auth: place(&service.auth),
        account: place(&service.account),
        findings: findings.iter().map(Finding::id).collect(),
    }
}

const fn word(state: State) -> &'static str {
    match state {
        State::Protected => "protected",
        State::Unprotected => "unprotected",
        State::NoSecrets => "no_secrets",
    }
}

fn text(lines: &[Line]) -> String {
    let row = |line: &Line| -> Row<5> {
        let (style, state) = match line.state {
            State::Protected => (GOOD, "protected"),
            State::Unprotected => (ALERT, "NOT PROTECTED"),
            State::NoSecrets => (PLAIN, "checks no secrets"),
        };
        let place = |place: &Option<Place>| place.as_ref().map(Place::to_string);
        let findings = (!line.findings.is_empty()).then(|| line.findings.join(", "));
        let cells = [
            ("SERVICE", Some(line.service.clone())),
            ("STATE", Some(state.to_owned())),
            ("AUTH LINE", place(&line.auth)),
            ("ACCOUNT LINE", place(&line.account)),
            ("FINDINGS", findings),
        ];
        (style, cells)
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    if rows.is_empty() { "PAM has no services.\n".to_owned() } else { table(&rows, "-") }
}

/// Names and types in here are a promise: add, never change.
fn object(line: &Line) -> Value {
    let place = |place: &Option<Place>| place.as_ref().map(Place::to_string);
    json!({
        "service": line.service, "state": word(line.state), "auth": place(&line.auth),
        "account": place(&line.account), "findings": line.findings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::check::pam::samples::pam_tree;

    fn shown(names: &[&str]) -> Result<Vec<String>, Refusal> {
        let (_folder, tree) = pam_tree(&[
            ("common-auth", "auth requisite pam_axes.so\nauth required pam_unix.so\n"),
            ("sshd", "@include common-auth\naccount requisite pam_axes.so\n"),
            ("vsftpd", "auth required pam_unix.so\n"),
            ("runuser", "auth sufficient pam_rootok.so\n"),
            ("shut", "auth requisite pam_deny.so\nauth required pam_unix.so\n"),
        ]);
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let lines = lines(&mut Stacks::new(tree), &names)?;
        Ok(lines.iter().map(|line| object(line).to_string()).collect())
    }

    #[test]
    fn each_service_is_told_with_the_lines_that_protect_it() {
        let expected = [
            r#"{"account":null,"auth":null,"findings":[],"service":"runuser","state":"no_secrets"}"#,
            r#"{"account":null,"auth":null,"findings":[],"service":"shut","state":"no_secrets"}"#,
            r#"{"account":"/etc/pam.d/sshd:2","auth":"/etc/pam.d/common-auth:1","findings":[],"service":"sshd","state":"protected"}"#,
            r#"{"account":null,"auth":null,"findings":["axes.E004"],"service":"vsftpd","state":"unprotected"}"#,
        ];
        assert_eq!(shown(&[]).unwrap(), expected);
        assert_eq!(shown(&["sshd"]).unwrap(), [expected[2]]);
        assert_eq!(shown(&["nosuch"]), Err(Refusal::NoService("nosuch".into())));
    }
}
