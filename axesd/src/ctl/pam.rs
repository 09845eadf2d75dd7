//! `axesctl pam`: writes the lines of pam_axes into the files of PAM, and takes them out again.
//!
//! What is written is decided on texts alone: `enable` and `disable` say where lines go, `sound`
//! that nobody else gets in. Then `files` replaces them, and `trial` tries real logins.

mod diff;
mod disable;
mod draft;
mod enable;
mod files;
mod managed;
mod refusal;
mod show;
mod sound;
mod stacks;
mod status;
#[cfg(test)]
mod tests;
mod trial;

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::Path;

use jiff::Zoned;
use nix::sys::signal::SigSet;

pub(super) use files::FileError;
pub(super) use managed::Verb;
pub(super) use refusal::Refusal;
pub(super) use status::status;

use self::show::{Ending, Report};
use self::stacks::{Edit, Stacks};
use self::trial::Trials;
use super::check::tree::Tree;
use super::error::CtlError;
use super::follow::Form;
use super::selftest;

/// Where files are kept as they were; libpam takes all that lies in `/etc/pam.d` for services.
const BACKUPS: &str = "/etc/axes/pam-backup";

/// What is to be done.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) verb: Verb,
    pub(super) services: Vec<String>,
    /// With its options.
    pub(super) module: String,
    pub(super) consent: Consent,
}

/// Whether anything may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    Given,
    ToBeAsked,
    Refused,
}

/// Changes the files of this host; the exit status.
pub(super) fn change(
    change: &Change,
    socket: &Path,
    form: Form,
    output: &mut impl Write,
) -> Result<u8, CtlError> {
    let mut stacks = open()?;
    let mut report = plan(&mut stacks, change)?;
    if form == Form::Text {
        super::print(&show::plan(&report), output)?;
    }
    let agreed = consent(change.consent, &report.edits, form, output)?;
    if agreed.is_none() {
        hold_signals_back();
    }
    report.ending = match agreed {
        Some(ending) => ending,
        None => carry_out(&mut report, &mut stacks, change, socket)?,
    };
    let shown = match form {
        Form::Text => show::ending(&report),
        Form::Json => format!("{}\n", show::json(&report)),
    };
    super::print(&shown, output)?;
    Ok(report.ending.status())
}

fn open() -> Result<Stacks, CtlError> {
    let root = Path::new("/");
    let tree = Tree::open(root).map_err(|error| super::check::CheckError::Root(root.into(), error));
    Ok(Stacks::new(tree?))
}

/// What is to be written, and which services that concerns.
fn plan(stacks: &mut Stacks, change: &Change) -> Result<Report, CtlError> {
    let names = match change.verb {
        Verb::Enable => targets(stacks, &change.services)?,
        Verb::Disable => with_lines(stacks, &change.services)?,
    };
    let mut links = Vec::new();
    for name in &names {
        let (path, _) = stacks.file(name).ok_or_else(|| Refusal::NoService(name.clone()))?;
        match change.verb {
            Verb::Enable => enable::protect(stacks, name, &change.module)?,
            Verb::Disable => disable::release(stacks, name)?,
        }
        let real = stacks.tree().real(&path);
        if stacks.edits().iter().any(|edit| edit.path == real) {
            managed::judge(stacks.tree(), &path, change.verb)?;
            links.extend((real != path).then_some((path, real)));
        }
    }
    let edits = stacks.edits();
    let services = enable::reached(stacks, &edits);
    // Whoever names services knows that there are others.
    let exposed = match change.verb {
        Verb::Enable if change.services.is_empty() => status::exposed(stacks),
        _ => Vec::new(),
    };
    Ok(Report { edits, links, services, exposed, ..Report::default() })
}

/// What is to be protected.
fn targets(stacks: &mut Stacks, services: &[String]) -> Result<Vec<String>, Refusal> {
    if !services.is_empty() {
        for name in services {
            stacks.file(name).ok_or_else(|| Refusal::NoService(name.clone()))?;
            if !enable::checks_secrets(stacks, name) {
                return Err(Refusal::NoSecrets(name.clone()));
            }
        }
        return Ok(services.to_vec());
    }
    let shared: Vec<_> = enable::shared(stacks).into_iter().map(str::to_owned).collect();
    let targets = if shared.is_empty() { enable::services(stacks) } else { shared };
    // Those of the distribution can be copied when they are named.
    let ours = |name: &String| stacks.file(name).is_some_and(|(path, _)| managed::is_ours(&path));
    let targets: Vec<_> = targets.into_iter().filter(ours).collect();
    if targets.is_empty() { Err(Refusal::NothingToProtect) } else { Ok(targets) }
}

/// What lines are to be taken out of.
fn with_lines(stacks: &mut Stacks, services: &[String]) -> Result<Vec<String>, Refusal> {
    let files = disable::files(stacks);
    for name in services.iter().filter(|name| !files.contains(name)) {
        stacks.file(name).ok_or_else(|| Refusal::NoService(name.clone()))?;
        if let Some(place) = disable::elsewhere(stacks, name) {
            return Err(Refusal::Elsewhere(name.clone(), place));
        }
    }
    let named = |name: &String| services.is_empty() || services.contains(name);
    let files: Vec<_> = files.into_iter().filter(named).collect();
    if files.is_empty() { Err(Refusal::NothingToTakeOut) } else { Ok(files) }
}

/// `None` where it may be written; else how it ends.
fn consent(
    consent: Consent,
    edits: &[Edit],
    form: Form,
    output: &mut impl Write,
) -> Result<Option<Ending>, CtlError> {
    if edits.is_empty() {
        return Ok(Some(Ending::NothingToDo));
    }
    if consent != Consent::Refused {
        selftest::for_root()?;
    }
    match consent {
        Consent::Given => Ok(None),
        Consent::Refused => Ok(Some(Ending::DryRun)),
        Consent::ToBeAsked => {
            let somebody = io::stdin().is_terminal() && io::stdout().is_terminal();
            if form == Form::Json || !somebody {
                return Err(CtlError::NobodyToAsk);
            }
            super::print("Write this? [y/N] ", output)?;
            let mut answer = String::new();
            io::stdin().lock().read_line(&mut answer).map_err(CtlError::Input)?;
            let yes = ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str());
            Ok((!yes).then_some(Ending::Declined))
        }
    }
}

/// ^C or a lost connection from here on ends the login that is being tried, and so puts everything
/// back. This process goes on to its end, which is near: nothing is left half done.
fn hold_signals_back() {
    // Cannot fail with a valid set.
    let _ = SigSet::all().thread_block();
}

fn carry_out(
    report: &mut Report,
    stacks: &mut Stacks,
    change: &Change,
    socket: &Path,
) -> Result<Ending, CtlError> {
    if change.verb == Verb::Enable {
        report.checks = selftest::run(socket, &change.module)?;
        if !report.is_good() {
            return Ok(Ending::NotWritten);
        }
    }
    let trials = Trials::before(change.verb, socket, stacks, &report.services)?;
    let moment = Zoned::now().strftime("%Y-%m-%dT%H-%M-%S%.3f").to_string();
    report.backup = Some(files::back_up(&report.edits, Path::new(BACKUPS), &moment)?);
    let replaced = files::replace(&report.edits)?;
    let tried = open().and_then(|mut stacks| trials.after(&mut stacks));
    report.not_tried = trials.not_tried;
    match tried {
        Ok(checks) => report.checks.extend(checks),
        Err(error) => {
            replaced.undo()?;
            return Err(CtlError::PutBack(Box::new(error)));
        }
    }
    if report.is_good() {
        replaced.keep();
        return Ok(Ending::Done);
    }
    replaced.undo()?;
    Ok(Ending::PutBack)
}
