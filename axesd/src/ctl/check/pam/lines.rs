//! Each line of pam_axes by itself: its module, its options, its socket.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Service;
use super::file::{Missing, Module};
use super::modules::axes;
use crate::ctl::check::finding::{Finding, Place};
use crate::ctl::check::rule::{
    BAD_OPTION, MODULE_OPEN, NO_MODULE, NOT_ENABLED, OTHER_SOCKET, TWO_SOCKETS,
};
use crate::ctl::check::tree::{Stat, Tree};

/// Where a module asks that is not told otherwise.
const SOCKET: &str = "/run/axes/axesd.sock";
/// Milliseconds.
const MAX_TIMEOUT: u64 = 60_000;
const WORDS: [&str; 5] = ["preauth", "authfail", "authsucc", "quiet", "debug"];
const CODES: [&str; 3] = ["maxtries", "auth_err", "perm_denied"];

/// Whether systemd starts axesd with the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ctl::check) enum Installed {
    Enabled,
    NotEnabled,
    /// There is no systemd to say.
    Unknown,
}

/// The lines of pam_axes in all services, and the modules that they name.
#[derive(Debug, Default)]
pub(in crate::ctl::check) struct Lines {
    /// A line that many services include is one line.
    lines: BTreeMap<Place, Module>,
    modules: BTreeMap<String, Option<(PathBuf, Stat)>>,
    /// Who may own a module.
    owner: u32,
}

impl Lines {
    pub(in crate::ctl::check) fn of(tree: &mut Tree, services: &[Service]) -> Self {
        let steps = services.iter().flat_map(|service| service.auth.iter().chain(&service.account));
        let lines = steps.filter_map(|step| Some((step.place.clone(), axes(step)?.clone())));
        let lines: BTreeMap<_, _> = lines.collect();
        let paths: BTreeSet<_> = lines.values().map(|module| module.path.clone()).collect();
        let modules = paths.into_iter().map(|path| {
            let found = find(tree, &path);
            (path, found)
        });
        Self { modules: modules.collect(), lines, owner: tree.owner() }
    }

    /// What is wrong with them; `listens` is the socket of the configuration.
    pub(in crate::ctl::check) fn judge(
        &self,
        listens: Option<&Path>,
        installed: Installed,
    ) -> Vec<Finding> {
        let mut findings: Vec<_> = self.two_sockets().into_iter().collect();
        for (place, module) in &self.lines {
            findings.extend(self.module_file(place, module));
            findings.extend(options(place, module));
            findings.extend(listens.and_then(|listens| other_socket(place, module, listens)));
            let secure = module.arguments.iter().any(|word| word == "failmode=secure");
            if secure && installed == Installed::NotEnabled {
                findings.push(NOT_ENABLED.found(
                    place.clone(),
                    "failmode=secure stands here, and axesd is not started with the machine.",
                    "Run `systemctl enable axesd.socket axesd-control.socket axesd.service`.",
                ));
            }
        }
        findings
    }

    fn module_file(&self, place: &Place, module: &Module) -> Option<Finding> {
        let path = &module.path;
        let Some((path, stat)) = self.modules.get(path)? else {
            let then = match module.missing {
                Missing::Fails => "every login through this line fails",
                Missing::IsIgnored => "the line is left out without a word",
            };
            let message = format!("{path} is not where libpam looks for it, so {then}.");
            let fix = "Install the module into the folder of pam_unix.so, or take the line out.";
            return Some(NO_MODULE.found(place.clone(), message, fix));
        };
        let path = path.display();
        let (message, fix) = match stat {
            Stat { owner, .. } if ![0, self.owner].contains(owner) => {
                (format!("{path} belongs to uid {owner}."), format!("Run `chown root: {path}`."))
            }
            stat if !stat.is_closed() => {
                (format!("{path} may be written by others."), format!("Run `chmod go-w {path}`."))
            }
            _ => return None,
        };
        Some(MODULE_OPEN.found(place.clone(), message, fix))
    }

    /// Lines that ask elsewhere than the first one.
    fn two_sockets(&self) -> Option<Finding> {
        let mut asked = self.lines.iter().map(|(place, module)| (place, socket(module)));
        let (first, usual) = asked.next()?;
        let (place, other) = asked.find(|(_, socket)| *socket != usual)?;
        let message = format!("this line asks on {other}, but {first} asks on {usual}.");
        Some(TWO_SOCKETS.found(place.clone(), message, "Let all lines have the same socket=."))
    }
}

/// Looks for the units of axesd among those that start with the machine.
pub(in crate::ctl::check) fn installed(tree: &mut Tree) -> Installed {
    let units = Path::new("/etc/systemd/system");
    if tree.stat(units).is_none() {
        return Installed::Unknown;
    }
    let links = ["sockets.target.wants/axesd.socket", "multi-user.target.wants/axesd.service"];
    // The link counts, wherever it leads.
    let enabled = links.iter().any(|link| {
        let (folder, unit) = link.split_once('/').unwrap_or_default();
        tree.names(&units.join(folder)).is_some_and(|names| names.iter().any(|name| name == unit))
    });
    if enabled { Installed::Enabled } else { Installed::NotEnabled }
}

fn find(tree: &mut Tree, module: &str) -> Option<(PathBuf, Stat)> {
    let folders = ["/usr/lib", "/lib", "/usr/lib64", "/lib64"].map(Path::new);
    let multiarch = tree.names(folders[0]).unwrap_or_default();
    let multiarch = multiarch.iter().filter(|name| name.contains("-linux-"));
    let multiarch = multiarch.map(|name| Path::new("/usr/lib").join(name));
    let folders = multiarch.chain(folders.map(Path::to_owned));
    // An absolute name replaces the folder.
    let mut paths = folders.map(|folder| folder.join("security").join(module));
    paths.find_map(|path| tree.stat(&path).map(|stat| (path, stat)))
}

fn socket(module: &Module) -> &str {
    let words = module.arguments.iter().rev();
    let mut named = words.filter_map(|word| word.strip_prefix("socket="));
    named.find(|path| path.starts_with('/')).unwrap_or(SOCKET)
}

fn other_socket(place: &Place, module: &Module, listens: &Path) -> Option<Finding> {
    let asked = socket(module);
    let message = format!("this line asks on {asked}, but axesd listens on {}.", listens.display());
    let fix = format!("Write `socket={}` here, or set `socket` in [daemon].", listens.display());
    (Path::new(asked) != listens).then(|| OTHER_SOCKET.found(place.clone(), message, fix))
}

fn options(place: &Place, module: &Module) -> Option<Finding> {
    let unknown: Vec<_> = module.arguments.iter().filter(|word| !is_known(word)).collect();
    let words = unknown.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let message = format!("pam_axes ignores {words}: the option, or its value, is not known.");
    let fix = "Correct it: socket=PATH, failmode=safe|secure, timeout=MS (1 to 60000), \
               code=maxtries|auth_err|perm_denied, quiet, debug, preauth, authfail, authsucc.";
    (!unknown.is_empty()).then(|| BAD_OPTION.found(place.clone(), message, fix))
}

/// As `pam_axes/src/options.rs` reads it.
fn is_known(word: &str) -> bool {
    match word.split_once('=') {
        None => WORDS.contains(&word),
        Some(("socket", path)) => path.starts_with('/'),
        Some(("failmode", mode)) => ["safe", "secure"].contains(&mode),
        Some(("timeout", time)) => time.parse().is_ok_and(|ms| (1..=MAX_TIMEOUT).contains(&ms)),
        Some(("code", code)) => CODES.contains(&code.to_ascii_lowercase().as_str()),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::super::samples::{ids, pam_tree};
    use super::super::services;
    use super::*;

    const MODULE: &str = "usr/lib/x86_64-linux-gnu/security/pam_axes.so";

    /// What is said of these lines where the module is there with this mode.
    fn found(lines: &str, mode: u32, installed: Installed) -> Vec<String> {
        let (folder, mut tree) = pam_tree(&[("sshd", lines)]);
        let module = folder.path().join(MODULE);
        fs::create_dir_all(module.parent().unwrap()).unwrap();
        fs::write(&module, "").unwrap();
        fs::set_permissions(&module, fs::Permissions::from_mode(mode)).unwrap();
        let services = services(&mut tree);
        let lines = Lines::of(&mut tree, &services);
        ids(&lines.judge(Some(Path::new(SOCKET)), installed))
    }

    fn good(lines: &str) -> Vec<String> {
        found(lines, 0o644, Installed::Enabled)
    }

    #[test]
    fn the_module_is_where_libpam_looks_and_closed_to_others() {
        let line = "auth requisite pam_axes.so\naccount requisite pam_axes.so";
        assert_eq!(good(line), [""; 0]);
        let open = ["axes.E011 /etc/pam.d/sshd:1", "axes.E011 /etc/pam.d/sshd:2"];
        assert_eq!(found(line, 0o664, Installed::Enabled), open);
        assert_eq!(good(&format!("auth requisite /{MODULE}")), [""; 0]);
        let missing = ["axes.E010 /etc/pam.d/sshd:1"];
        assert_eq!(good("auth requisite /opt/pam_axes.so"), missing);
        assert_eq!(good("-auth requisite libpam_axes.so"), missing);
    }

    #[test]
    fn options_are_those_of_the_module() {
        let known =
            "socket=/run/axes/axesd.sock failmode=safe timeout=250 code=AUTH_ERR quiet debug";
        assert_eq!(good(&format!("auth requisite pam_axes.so {known}")), [""; 0]);
        for word in ["failmod=secure", "timeout=0", "timeout=1s", "socket=run/s", "code=X", "x"] {
            let lines = format!("auth requisite pam_axes.so {word}");
            assert_eq!(good(&lines), ["axes.W014 /etc/pam.d/sshd:1"], "{word}");
        }
    }

    #[test]
    fn no_option_of_the_module_is_forgotten_here() {
        let source = include_str!("../../../../../pam_axes/src/options.rs");
        let parser =
            source.split("impl Options").nth(1).unwrap().split("impl FailMode").next().unwrap();
        let quoted: Vec<_> = parser.split('"').skip(1).step_by(2).collect();
        for word in &WORDS {
            assert!(quoted.contains(word), "{word}");
        }
        assert_eq!(parser.matches("\" => self.").count(), WORDS.len(), "{parser}");
        // `fault=` is none of a module that is installed.
        let parser = parser.replace("Some((\"fault\"", "");
        assert_eq!(parser.matches("Some((\"").count(), 4, "{parser}");
        for code in CODES.iter().chain(&["safe", "secure"]) {
            assert!(source.contains(&format!("\"{code}\" => Some")), "{code}");
        }
    }

    #[test]
    fn one_socket_serves_all_lines_and_axesd_listens_there() {
        let both = "auth requisite pam_axes.so socket=/s\naccount requisite pam_axes.so";
        assert_eq!(good(both), ["axes.W015 /etc/pam.d/sshd:2", "axes.E013 /etc/pam.d/sshd:1"]);
    }

    #[test]
    fn failmode_secure_needs_a_daemon_that_starts() {
        let secure = "auth requisite pam_axes.so failmode=secure";
        let expected = ["axes.E012 /etc/pam.d/sshd:1"];
        assert_eq!(found(secure, 0o644, Installed::NotEnabled), expected);
        assert_eq!(found(secure, 0o644, Installed::Unknown), [""; 0]);
        let safe = "auth requisite pam_axes.so failmode=safe";
        assert_eq!(found(safe, 0o644, Installed::NotEnabled), [""; 0]);
    }

    #[test]
    fn a_unit_is_enabled_by_its_link() {
        let (folder, mut tree) = pam_tree(&[]);
        assert_eq!(installed(&mut tree), Installed::Unknown);
        let wants = folder.path().join("etc/systemd/system/sockets.target.wants");
        fs::create_dir_all(&wants).unwrap();
        assert_eq!(installed(&mut tree), Installed::NotEnabled);
        symlink("/nowhere", wants.join("axesd.socket")).unwrap();
        assert_eq!(installed(&mut tree), Installed::Enabled);
    }
}
