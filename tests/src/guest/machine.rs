//! The processes of a guest, seen from outside.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::GuestError;

const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(100);
const HIERARCHIES: &[&str] =
    &["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"];

/// A running guest; killed on drop, and by the kernel when the thread that started it ends.
#[derive(Debug)]
pub(super) struct Machine {
    name: String,
    shell: Child,
    leader: i32,
    /// Mount point and console log.
    folder: TempDir,
}

impl Machine {
    /// Unpacks the tarball and starts its init; returns as soon as that runs.
    pub(super) fn start(tarball: &Path) -> Result<Self, GuestError> {
        let folder = tempfile::Builder::new().prefix("axes-e2e-").tempdir()?;
        let name = folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let shell = spawn(tarball, &folder, &name)?;
        let mut machine = Self { name, shell, leader: 0, folder };
        machine.leader = machine.wait_for_init()?;
        Ok(machine)
    }

    /// The guest's init as this machine numbers it.
    pub(super) fn leader(&self) -> i32 {
        self.leader
    }

    /// What was written on the console.
    pub(super) fn console(&self) -> String {
        let log = fs::read(self.folder.path().join("console")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    fn wait_for_init(&mut self) -> Result<i32, GuestError> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE && self.shell.try_wait()?.is_none() {
            if let Some(init) = self.nspawn().and_then(|nspawn| child_named(nspawn, "systemd")) {
                return Ok(init);
            }
            thread::sleep(PAUSE);
        }
        Err(GuestError::NotBooted(self.console()))
    }

    /// The first process of the guest's PID namespace: with it everything inside ends.
    fn nspawn(&self) -> Option<i32> {
        children(i32::try_from(self.shell.id()).ok()?).first().copied()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // The namespace first: `unshare` ends after the last process in it is gone.
        match self.nspawn() {
            Some(nspawn) => drop(kill(Pid::from_raw(nspawn), Signal::SIGKILL)),
            None => drop(self.shell.kill()),
        }
        let _ = self.shell.wait();
        for hierarchy in HIERARCHIES {
            remove_control_groups(&Path::new(hierarchy).join(&self.name));
        }
    }
}

fn spawn(tarball: &Path, folder: &TempDir, name: &str) -> Result<Child, GuestError> {
    let root = folder.path().join("root");
    fs::create_dir(&root)?;
    let script = folder.path().join("boot.sh");
    fs::write(&script, include_str!("boot.sh"))?;
    let console = File::create(folder.path().join("console"))?;
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--", "sh"])
        .args([script, tarball.into(), root, PathBuf::from(name)])
        .stdin(Stdio::null())
        .stdout(console.try_clone()?)
        .stderr(console)
        .spawn()
        .map_err(GuestError::Start)
}

fn child_named(parent: i32, name: &str) -> Option<i32> {
    let is_named = |pid: &i32| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim_end() == name)
    };
    children(parent).into_iter().find(is_named)
}

fn children(parent: i32) -> Vec<i32> {
    let list = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let list = list.unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Leaves first; a control group is removed like a folder, its files go by themselves.
fn remove_control_groups(group: &Path) {
    let entries: io::Result<Vec<_>> = fs::read_dir(group).and_then(Iterator::collect);
    for entry in entries.unwrap_or_default() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_control_groups(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}
