//! Somebody else listens where axesd should: a second daemon, run by another user.
//!
//! Only root can run programs as other users. Whoever else runs this sees that his own daemon is
//! believed; the rule itself is tested beside the code of the module.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use axes_e2e::application::{AUTHINFO_UNAVAIL, SUCCESS};
use axes_e2e::host::{Host, RIGHT, built, module, wait_until};
use nix::unistd::geteuid;
use tempfile::TempDir;

/// The accounts daemon and bin exist on every host.
const DAEMON: u32 = 1;
const BIN: u32 = 2;
const AS_DAEMON: &[&str] = &["setpriv", "--reuid=1", "--regid=1", "--clear-groups"];
/// To himself he is root; the kernel knows better.
const AS_ROOT_OF_HIS_OWN: &[&str] = &[
    "setpriv",
    "--reuid=1",
    "--regid=1",
    "--clear-groups",
    "unshare",
    "--user",
    "--map-root-user",
];

/// A daemon that somebody runs in a folder.
struct Impostor {
    daemon: Child,
    socket: PathBuf,
    _folder: TempDir,
}

impl Impostor {
    /// In a folder within `parent` that belongs to this user and has this mode.
    fn start(parent: &str, owner: u32, mode: u32, runner: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("axes").tempdir_in(parent).expect("a folder");
        let inner = folder.path().join("axes");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("chmod");
        fs::create_dir(&inner).expect("a folder");
        fs::set_permissions(&inner, Permissions::from_mode(mode)).expect("chmod");
        chown(&inner, Some(owner), None).expect("chown");
        let (config, program) = (folder.path().join("axes.toml"), folder.path().join("axesd"));
        configure(&config, &inner);
        chown(&config, Some(runs_as(runner)), None).expect("chown");
        // Where the workspace is, other users may not come in. A copy that this process writes
        // could not be executed while a fork of it in another thread holds it open.
        let copied = Command::new("cp").arg(built("axesd")).arg(&program).status();
        assert!(copied.expect("cp").success());
        let (first, rest) = runner.split_first().expect("a runner");
        let mut command = Command::new(first);
        command.args(rest).arg(&program).arg("--config").arg(&config).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let daemon = command.spawn();
        let impostor = Self {
            daemon: daemon.expect("a second axesd"),
            socket: inner.join("axesd.sock"),
            _folder: folder,
        };
        wait_until("the second axesd listens", || {
            std::os::unix::net::UnixStream::connect(&impostor.socket).is_ok()
        });
        impostor
    }

    /// What a login comes to that must not get past the daemon.
    fn login(&self) -> i32 {
        let host = Host::without_daemon("");
        let socket = self.socket.display();
        let line = format!("{} socket={socket} failmode=secure", module().display());
        let password = host.password_lines();
        let account = format!("account required {line}\naccount required pam_permit.so\n");
        host.write_stack("login", &format!("auth requisite {line}\n{password}{account}"));
        let mut session = host.session("alice").from("192.0.2.7");
        let code = session.try_password(RIGHT);
        assert_eq!(session.account(), code, "the account phase asks the same daemon");
        assert_eq!(host.verified(), usize::from(code == SUCCESS), "passwords that were looked at");
        code
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn configure(config: &Path, folder: &Path) {
    let folder = folder.display();
    let text = format!(
        "[daemon]\nsocket = \"{folder}/axesd.sock\"\ncontrol_socket = \"{folder}/control.sock\"\n\
         log_socket = \"{folder}/none\"\n[store]\nhandler = \"memory\"\n"
    );
    fs::write(config, text).expect("axes.toml");
    fs::set_permissions(config, Permissions::from_mode(0o644)).expect("chmod");
}

/// To root of a user namespace a configuration of real root is a stranger's.
fn runs_as(runner: &[&str]) -> u32 {
    if runner.contains(&"--reuid=1") { DAEMON } else { geteuid().as_raw() }
}

/// What a login comes to: as root with that owner, mode and runner, else with one's own daemon.
fn login(parent: &str, owner: u32, mode: u32, runner: &[&str]) -> i32 {
    Impostor::start(parent, owner, mode, runner).login()
}

#[test]
fn the_daemon_of_the_own_user_is_believed() {
    let own = geteuid().as_raw();
    assert_eq!(login("/tmp", own, 0o755, &["env"]), SUCCESS);
}

#[test]
fn a_second_daemon_of_another_user_is_believed_only_where_root_gave_it_the_folder() {
    if !geteuid().is_root() {
        return the_daemon_of_the_own_user_is_believed();
    }
    assert_eq!(login("/run", DAEMON, 0o755, AS_DAEMON), SUCCESS, "a folder that root gave away");
    let refused = [
        ("/run", BIN, 0o777, AS_DAEMON, "a folder of somebody else in which anybody may write"),
        ("/run", 0, 0o1777, AS_DAEMON, "a folder of root in which anybody may write"),
        ("/run", BIN, 0o777, AS_ROOT_OF_HIS_OWN, "root in a user namespace of his own"),
    ];
    for (parent, owner, mode, runner, what) in refused {
        assert_eq!(login(parent, owner, mode, runner), AUTHINFO_UNAVAIL, "{what}");
    }
}

#[test]
fn a_folder_that_anybody_could_have_made_is_nobodys_word() {
    if !geteuid().is_root() {
        return the_daemon_of_the_own_user_is_believed();
    }
    let shared = TempDir::new_in("/run").expect("a folder");
    fs::set_permissions(shared.path(), Permissions::from_mode(0o1777)).expect("chmod");
    let parent = shared.path().to_str().expect("UTF-8");
    for runner in [AS_DAEMON, AS_ROOT_OF_HIS_OWN] {
        assert_eq!(login(parent, DAEMON, 0o755, runner), AUTHINFO_UNAVAIL, "{runner:?}");
    }
}
