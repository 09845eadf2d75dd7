//! A host whose `/etc` is a folder of the test: programs see it in a mount namespace of their own,
//! so that real paths, real modules and a real libpam can be used without harm.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use axes_e2e::host::{Host, built};
use nix::unistd::geteuid;
use serde_json::Value;

/// A host with accounts and services of its own.
pub(crate) struct Etc {
    pub(crate) host: Host,
}

impl Etc {
    /// With a daemon that has these settings.
    pub(crate) fn of(settings: &str) -> Self {
        let etc = Self { host: Host::start(settings) };
        fs::create_dir_all(etc.host.path("etc/pam.d")).unwrap();
        fs::remove_file(etc.host.path("pam.d/login")).unwrap();
        for (name, text) in [
            ("passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("group", "root:x:0:\n"),
            ("shadow", "root:*:1::::::\n"),
            ("nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n"),
        ] {
            fs::write(etc.host.path("etc").join(name), text).unwrap();
        }
        etc
    }

    /// A service, or a file that services include.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.host.path("pam.d").join(name)
    }

    /// Names of all files, hidden ones too, each with what it says.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.host.path("pam.d")).unwrap();
        let read = |path: &Path| fs::read(path).unwrap();
        let named = |path: PathBuf| (path.file_name().unwrap().display().to_string(), read(&path));
        let mut files: Vec<_> = entries.map(|entry| named(entry.unwrap().path())).collect();
        files.sort();
        files
    }

    /// Copies that were kept.
    pub(crate) fn backups(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.host.path("etc/axes/pam-backup"));
        folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }

    /// A stack that asks for a password, with this in front and behind.
    pub(crate) fn service(&self, before: &str) -> String {
        format!("{before}{}account required pam_permit.so\n", self.host.password_lines())
    }

    /// A program that takes over the namespace.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        if !geteuid().is_root() {
            command.arg("--map-root-user");
        }
        let script = "mount --bind \"$1\" /etc && mount --bind \"$2\" /etc/pam.d && shift 2 && \
            { [ ! -d /usr/lib/pam.d ] || mount -t tmpfs none /usr/lib/pam.d; } && exec \"$@\"";
        command.args(["--mount", "sh", "-c", script, "sh"]);
        command.arg(self.host.path("etc")).arg(self.host.path("pam.d")).args(words);
        command
    }

    /// axesctl in it.
    pub(crate) fn axesctl_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&[built("axesctl").to_str().unwrap(), "--socket"]);
        command.arg(self.host.path("control.sock")).args(arguments);
        command
    }

    pub(crate) fn axesctl(&self, arguments: &[&str]) -> Output {
        self.axesctl_command(arguments).output().unwrap()
    }

    /// `axesctl pam` with the module of this build; the exit status, and all that was printed.
    pub(crate) fn pam(&self, arguments: &[&str]) -> (i32, String) {
        let module = self.host.module_line();
        let mut words = [&["pam"], arguments].concat();
        if arguments[0] == "enable" && !arguments.contains(&"--module") {
            words.extend(["--module", &module]);
        }
        shown(&self.axesctl(&words))
    }

    /// The JSON of a command.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.axesctl(&[&["--json"], arguments].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"))
    }
}

/// The exit status, and all that was printed.
pub(crate) fn shown(output: &Output) -> (i32, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8(text).unwrap())
}
