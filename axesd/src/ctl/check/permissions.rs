//! Who may touch the folders and sockets of axesd.

use std::path::Path;

use super::finding::{Finding, Place};
use super::rule::{CONTROL_OPEN, FOLDER_OPEN, PAM_CLOSED, RUN_OPEN, Rule, STATE_OPEN};
use super::settings::Policy;
use super::tree::{Stat, Tree};

/// Leave for others, and for the group and others.
const OTHERS: u32 = 0o007;
const GROUP_AND_OTHERS: u32 = 0o077;
/// Everybody may write.
const EVERYBODY: u32 = 0o222;

/// Folders and sockets with what is granted on them; what is missing is judged elsewhere.
#[derive(Debug)]
pub(super) struct Permissions {
    /// Who may own them: root, axes, and whoever runs a daemon of his own.
    owners: Vec<u32>,
    found: Vec<(Use, String, Stat)>,
}

/// What a file or folder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Settings,
    Run,
    State,
    PamSocket,
    ControlSocket,
}

impl Permissions {
    /// Looks at the folder of the configuration, and at what the configuration names.
    pub(super) fn of(
        tree: &mut Tree,
        config: &Path,
        policy: Option<&Policy>,
        axes: Option<u32>,
    ) -> Self {
        let folder = config.parent().unwrap_or(config);
        let drop_ins = folder.join("conf.d");
        let mut paths = vec![(Use::Settings, folder), (Use::Settings, &drop_ins)];
        if let Some(policy) = policy {
            let run = policy.socket.parent().unwrap_or(&policy.socket);
            paths.extend([(Use::Run, run), (Use::State, &policy.state)]);
            paths.extend([
                (Use::PamSocket, policy.socket.as_path()),
                (Use::ControlSocket, &policy.control_socket),
            ]);
        }
        let found = paths.into_iter().filter_map(|(what, path)| {
            tree.stat(path).map(|stat| (what, path.display().to_string(), stat))
        });
        let found = found.collect();
        let own = nix::unistd::geteuid().as_raw();
        Self { owners: [0, tree.owner(), own].into_iter().chain(axes).collect(), found }
    }

    pub(super) fn judge(&self) -> Vec<Finding> {
        let fault = |(what, path, stat): &(Use, String, Stat)| {
            let (rule, message, command) = match self.owners.contains(&stat.owner) {
                true => what.wrong_mode(*stat)?,
                false => what.strange_owner(stat.owner),
            };
            let place = Place::whole(Path::new(path));
            Some(rule.found(place, message, format!("Run `{command} {path}`.")))
        };
        self.found.iter().filter_map(fault).collect()
    }
}

/// What was found, in which words, and the command that puts it right.
type Fault = (&'static Rule, String, &'static str);

impl Use {
    fn strange_owner(self, owner: u32) -> Fault {
        let message = format!("it belongs to uid {owner}.");
        match self {
            Self::Settings => (&FOLDER_OPEN, message, "chown root:"),
            Self::State => (&STATE_OPEN, message, "chown axes:"),
            Self::Run | Self::PamSocket | Self::ControlSocket => (&RUN_OPEN, message, "chown root"),
        }
    }

    fn wrong_mode(self, stat: Stat) -> Option<Fault> {
        let mode = stat.mode;
        let (rule, whom, command): (&'static Rule, _, _) = match self {
            Self::Settings if !stat.is_closed() => {
                (&FOLDER_OPEN, "lets others put files here", "chmod go-w")
            }
            Self::Run if !stat.is_closed() => {
                (&RUN_OPEN, "lets others put a socket here", "chmod go-w")
            }
            Self::State if mode & GROUP_AND_OTHERS != 0 => {
                (&STATE_OPEN, "lets others read what was recorded", "chmod 0700")
            }
            Self::PamSocket if mode & EVERYBODY != EVERYBODY => {
                (&PAM_CLOSED, "keeps programs of ordinary users out", "chmod 0666")
            }
            Self::ControlSocket if mode & OTHERS != 0 => {
                (&CONTROL_OPEN, "lets everybody lift lockouts", "chmod 0660")
            }
            _ => return None,
        };
        Some((rule, format!("mode {mode:04o} {whom}."), command))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::pam::samples::{ids, pam_tree};
    use super::*;
    use crate::config;

    /// What is said when one of the folders and sockets has another mode than it should have.
    fn found(changed: &str, mode: u32) -> Vec<String> {
        let (folder, mut tree) = pam_tree(&[]);
        for (path, usual) in [
            ("etc/axes", 0o755),
            ("etc/axes/conf.d", 0o755),
            ("run/axes", 0o755),
            ("var/lib/axes", 0o700),
            ("run/axes/axesd.sock", 0o666),
            ("run/axes/control.sock", 0o660),
        ] {
            let mode = if path == changed { mode } else { usual };
            let path = folder.path().join(path);
            // A folder will do for a socket: only its mode is looked at.
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let policy = Policy::of(&config::from_text("").unwrap());
        let config = Path::new("/etc/axes/axes.toml");
        ids(&Permissions::of(&mut tree, config, Some(&policy), None).judge())
    }

    #[test]
    fn the_modes_of_the_package_are_right() {
        assert_eq!(found("", 0), [""; 0]);
    }

    #[test]
    fn folders_and_sockets_that_are_too_open_or_too_closed_are_found() {
        assert_eq!(found("etc/axes", 0o775), ["axes.E002 /etc/axes"]);
        assert_eq!(found("etc/axes/conf.d", 0o757), ["axes.E002 /etc/axes/conf.d"]);
        assert_eq!(found("run/axes", 0o777), ["axes.W017 /run/axes"]);
        assert_eq!(found("var/lib/axes", 0o750), ["axes.W018 /var/lib/axes"]);
        assert_eq!(found("run/axes/axesd.sock", 0o660), ["axes.W016 /run/axes/axesd.sock"]);
        assert_eq!(found("run/axes/control.sock", 0o666), ["axes.E016 /run/axes/control.sock"]);
    }

    #[test]
    fn a_folder_of_a_stranger_is_found() {
        let stat = Stat { mode: 0o700, owner: 1234 };
        let found = |what, owners| {
            let found = vec![(what, "/x".to_owned(), stat)];
            ids(&Permissions { owners, found }.judge())
        };
        assert_eq!(found(Use::State, vec![0, 998]), ["axes.W018 /x"]);
        assert_eq!(found(Use::Run, vec![0, 998]), ["axes.W017 /x"]);
        assert_eq!(found(Use::ControlSocket, vec![0, 998]), ["axes.W017 /x"]);
        assert_eq!(found(Use::State, vec![0, 1234]), [""; 0]);
    }
}
