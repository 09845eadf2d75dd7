//! `axesctl check`: looks at the configuration and the host, and says what is wrong.
//!
//! Facts are gathered from a tree of files and from the daemon; each subject judges its own in a
//! function that looks at nothing else.

mod accounts;
mod aside;
mod bastion;
mod config;
mod daemon;
pub(super) mod finding;
pub(super) mod pam;
mod permissions;
mod rule;
mod sense;
mod settings;
mod show;
mod sshd;
pub(super) mod tree;

use std::io;
use std::path::{Path, PathBuf};

pub(super) use finding::Report;
pub(super) use rule::{Rule, catalogue};
pub(super) use show::{explanation, explanation_json, json, text};

use self::accounts::Accounts;
use self::aside::Aside;
use self::config::Loaded;
use self::daemon::Daemon;
use self::pam::Lines;
use self::permissions::Permissions;
use self::settings::Policy;
use self::sshd::Sshd;
use self::tree::Tree;

/// What is to be checked.
#[derive(Debug)]
pub(super) struct Scope {
    /// The folder that holds the system.
    pub(super) root: PathBuf,
    /// As that system names it.
    pub(super) config: PathBuf,
    /// Of the daemon; `None` for the one in the configuration.
    pub(super) control_socket: Option<PathBuf>,
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CheckError {
    #[error(
        "cannot check {path}: {1}; name a folder that holds a whole system",
        path = .0.display()
    )]
    Root(PathBuf, #[source] io::Error),
    #[error(
        "{path} has no /etc/pam.d: name a folder that holds a whole system",
        path = .0.display()
    )]
    NoServices(PathBuf),
}

/// Everything about a host that is judged.
struct Facts {
    config: Loaded,
    permissions: Permissions,
    aside: Option<Aside>,
    services: Vec<pam::Service>,
    lines: Lines,
    installed: pam::Installed,
    accounts: Accounts,
    sshd: Sshd,
    /// `None` where the tree is not running.
    daemon: Option<Daemon>,
}

/// Checks.
pub(super) fn run(scope: &Scope) -> Result<Report, CheckError> {
    let cannot = |error| CheckError::Root(scope.root.clone(), error);
    let mut tree = Tree::open(&scope.root).map_err(cannot)?;
    if tree.names(Path::new("/etc/pam.d")).is_none() {
        return Err(CheckError::NoServices(scope.root.clone()));
    }
    let facts = gather(&mut tree, scope).map_err(cannot)?;
    let mut left_out = std::mem::take(&mut tree.left_out);
    match &facts.daemon {
        Some(daemon) => left_out.extend(daemon.left_out()),
        None => left_out.push("sockets and the daemon; the tree is not running.".to_owned()),
    }
    Ok(Report::new(judge(facts), left_out))
}

fn gather(tree: &mut Tree, scope: &Scope) -> io::Result<Facts> {
    let path = match tree.is_running() {
        true => std::path::absolute(&scope.config)?,
        false => Path::new("/").join(&scope.config),
    };
    let config = Loaded::of(tree, &path);
    let policy = config.policy.as_ref();
    let axes = accounts::user_axes(tree);
    let services = pam::services(tree);
    Ok(Facts {
        permissions: Permissions::of(tree, &path, policy, axes),
        aside: policy.map(|policy| Aside::of(tree, &policy.state)),
        lines: Lines::of(tree, &services),
        services,
        installed: pam::installed(tree),
        accounts: Accounts::of(tree),
        sshd: Sshd::of(tree),
        daemon: tree.is_running().then(|| ask(policy, scope)),
        config,
    })
}

fn ask(policy: Option<&Policy>, scope: &Scope) -> Daemon {
    let pam = policy.map_or(Path::new("/run/axes/axesd.sock"), |policy| &policy.socket);
    let configured = policy.map(|policy| policy.control_socket.as_path());
    let control = scope.control_socket.as_deref().or(configured);
    Daemon::ask(pam, control.unwrap_or(Path::new("/run/axes/control.sock")))
}

fn judge(facts: Facts) -> Vec<finding::Finding> {
    let Facts { mut config, permissions, aside, services, lines, installed, .. } = facts;
    let (accounts, sshd, daemon) = (facts.accounts, facts.sshd, facts.daemon);
    let mut findings = Vec::from_iter(config.judge());
    if let (Some(policy), Some(daemon)) = (&mut config.policy, &daemon) {
        policy.add(&daemon.entries);
    }
    let policy = config.policy.as_ref();
    findings.extend(permissions.judge());
    findings.extend(aside.iter().flat_map(Aside::judge));
    // Where lockouts are only logged, nobody is kept from guessing anyway.
    let enforced = |service: &&pam::Service| policy.is_none_or(|it| it.enforces(service));
    findings.extend(pam::judge(services.iter().filter(enforced)));
    findings.extend(lines.judge(policy.map(|policy| policy.socket.as_path()), installed));
    findings.extend(sshd.judge());
    if let Some(policy) = policy {
        findings.extend(sense::judge(policy, |key| config.line(key)));
        findings.extend(sense::services(policy, &services, config.line("services")));
        findings.extend(accounts.judge(policy, |key| config.line(key)));
    }
    if let Some(daemon) = daemon {
        findings.extend(daemon.judge(policy.map(|policy| policy.handler)));
        findings.extend(policy.into_iter().flat_map(|it| bastion::judge(&daemon.attempts, it)));
    }
    findings
}
