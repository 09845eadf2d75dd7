//! A host in a private folder: a daemon, a folder of PAM services, a password.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::application::{Answer, Session};

/// The password that every service of a [`Host`] accepts.
pub const RIGHT: &str = "correct horse";
/// One that none accepts.
pub const WRONG: &str = "wrong";

/// Gives a process a wall clock of its own.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
/// How long the daemon may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A daemon and a PAM configuration of its own.
pub struct Host {
    folder: TempDir,
    daemon: Option<Child>,
}

impl Host {
    /// A host with a running daemon whose configuration begins with these settings.
    pub fn start(settings: &str) -> Self {
        let mut host = Self::without_daemon(settings);
        host.start_daemon();
        host
    }

    /// The same, with the daemon not running.
    pub fn without_daemon(settings: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("axes").tempdir().expect("a folder");
        // Programs of other users, when root runs this, have to come in.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("chmod");
        let host = Self { folder, daemon: None };
        fs::create_dir(host.path("pam.d")).expect("pam.d");
        host.configure(settings);
        host.write_password_program("");
        host.write_service("login", "");
        host
    }

    /// The module and its socket, as they stand on a line of a service.
    pub fn module_line(&self) -> String {
        format!("{} socket={}", module().display(), self.socket().display())
    }

    /// Writes a file beside the settings, which is read after them.
    pub fn drop_in(&self, settings: &str) {
        let (folder, path) = (self.path("conf.d"), self.path("conf.d/more.toml"));
        fs::create_dir_all(&folder).expect("conf.d");
        fs::write(&path, settings).expect("a file");
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("chmod");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("chmod");
    }

    /// Replaces the settings; [`Host::reload`] puts them in force.
    pub fn configure(&self, settings: &str) {
        let folder = self.folder.path().display();
        let text = format!(
            "{settings}\n[daemon]\nsocket = \"{folder}/axesd.sock\"\n\
             control_socket = \"{folder}/control.sock\"\nlog_socket = \"{folder}/none\"\n[store]\npath = \"{folder}/state\"\n"
        );
        fs::write(self.path("axes.toml"), text).expect("axes.toml");
        fs::set_permissions(self.path("axes.toml"), Permissions::from_mode(0o644)).expect("chmod");
    }

    /// Adds a line to the table `[store]`, with which the settings end.
    pub fn configure_store(&self, line: &str) {
        let text = fs::read_to_string(self.path("axes.toml")).expect("axes.toml");
        fs::write(self.path("axes.toml"), format!("{text}{line}\n")).expect("axes.toml");
    }

    /// Writes a service whose pam_axes lines have these options.
    pub fn write_service(&self, name: &str, options: &str) {
        let axes = format!("{} {options}", self.module_line());
        self.write_stack(
            name,
            &format!(
                "auth requisite {axes}\n{}account required {axes}\naccount required pam_permit.so\n",
                self.password_lines()
            ),
        );
    }

    /// Writes a service line by line.
    pub fn write_stack(&self, name: &str, lines: &str) {
        fs::write(self.path("pam.d").join(name), lines).expect("a service");
    }

    /// The lines of a service.
    pub fn service(&self, name: &str) -> String {
        fs::read_to_string(self.path("pam.d").join(name)).expect("a service")
    }

    /// Lines that ask for a password and check it with a real module, as Debian's common-auth.
    pub fn password_lines(&self) -> String {
        let program = self.path("check-password");
        format!(
            "auth [success=1 default=ignore] pam_exec.so expose_authtok quiet {}\n\
             auth requisite pam_deny.so\nauth required pam_permit.so\n",
            program.display()
        )
    }

    /// The program behind the password lines; counts each password that reaches it.
    ///
    /// It reads once: the end of its input may never come, since another program that was started
    /// at the same moment may have inherited the other end of the pipe.
    pub fn write_password_program(&self, before: &str) {
        let text = format!(
            "#!/bin/sh\npassword=$(dd bs=4096 count=1 2>/dev/null)\necho x >> {}\n{before}\n\
             [ \"$password\" = '{RIGHT}' ]\n",
            self.path("verified").display()
        );
        write_program(&self.path("check-password"), &text);
    }

    /// Passwords that reached the password module.
    pub fn verified(&self) -> usize {
        fs::read_to_string(self.path("verified")).map_or(0, |text| text.lines().count())
    }

    /// A handle on the service `login`.
    pub fn session(&self, user: &str) -> Session {
        self.session_of("login", user)
    }

    /// A handle on a service.
    pub fn session_of(&self, service: &str, user: &str) -> Session {
        Session::start(&self.path("pam.d"), service, Some(user))
    }

    /// One remote login from begin to end; the code of pam_authenticate.
    pub fn login(&self, user: &str, address: &str, password: &str) -> i32 {
        let mut session = self.session(user).from(address).at("ssh");
        let code = session.try_password(password);
        if code == crate::application::SUCCESS {
            assert_eq!(session.account(), code, "account after a success");
        }
        code
    }

    /// One login in a process of its own, which can be killed.
    pub fn spawn_login(&self, user: &str, address: &str, answer: &Answer) -> Child {
        let mut command = Command::new(built("axes-login"));
        command.arg(self.path("pam.d")).args(["login", user, address]);
        match answer {
            Answer::Text(text) => command.args(["type", text]),
            Answer::Fork(text) => command.args(["fork", text]),
            Answer::Cancel => command.args(["cancel", ""]),
            Answer::Exit => command.args(["exit", ""]),
            Answer::Later(time, text) => command.args([&time.as_millis().to_string(), text]),
        };
        command.spawn().expect("axes-login")
    }

    /// Starts the daemon and waits until it listens.
    pub fn start_daemon(&mut self) {
        self.launch(self.daemon_command());
        wait_until("axesd listens", || self.axesctl(&["status"]).status.success());
    }

    /// Starts the daemon with a wall clock of its own: [`Host::set_clock`] sets it.
    pub fn start_daemon_with_clock(&mut self, clock: &str) {
        self.set_clock(clock);
        let mut command = self.daemon_command();
        command.env("LD_PRELOAD", FAKETIME).env("FAKETIME_TIMESTAMP_FILE", self.path("clock"));
        // Only what an administrator can set; and as soon as he does.
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_NO_CACHE", "1");
        self.daemon = Some(command.spawn().expect("axesd"));
        wait_until("axesd listens", || self.axesctl(&["status"]).status.success());
    }

    /// Starts the daemon behind `tests/libpam/modules/sleeps.c`, on a machine that can be asleep:
    /// [`Host::suspend`].
    pub fn start_daemon_that_sleeps(&mut self, library: &Path) {
        self.suspend(Duration::ZERO);
        let mut command = self.daemon_command();
        command.env("LD_PRELOAD", library).env("ASLEEP", self.path("asleep"));
        self.launch(command);
        wait_until("axesd listens", || self.axesctl(&["status"]).status.success());
    }

    /// From now on the daemon finds that it was asleep for so long in all.
    pub fn suspend(&self, time: Duration) {
        // Under another name first: it is read all the time.
        let new = self.path("asleep.new");
        fs::write(&new, time.as_secs().to_string()).expect("a time");
        fs::rename(new, self.path("asleep")).expect("a time");
    }

    /// Sets the clock of the daemon, as `+1d` or `-1d` from that of this machine.
    pub fn set_clock(&self, clock: &str) {
        fs::write(self.path("clock"), clock).expect("a clock");
    }

    /// Starts a daemon and does not wait for it.
    pub fn launch(&mut self, mut command: Command) {
        self.daemon = Some(command.spawn().expect("axesd"));
    }

    /// The daemon's command line, for those who want to see it fail.
    pub fn daemon_command(&self) -> Command {
        let mut command = Command::new(built("axesd"));
        let log = fs::OpenOptions::new().create(true).append(true).open(self.path("log"));
        let log = log.expect("a log");
        command.arg("--config").arg(self.path("axes.toml")).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        command
    }

    /// How the daemon ended by itself, told once; `None` while it runs.
    pub fn daemon_ended(&mut self) -> Option<ExitStatus> {
        let ended = self.daemon.as_mut()?.try_wait().expect("a process")?;
        self.daemon = None;
        Some(ended)
    }

    /// Its process id.
    pub fn daemon_id(&self) -> u32 {
        self.daemon.as_ref().expect("a daemon").id()
    }

    /// Ends the daemon with a signal and waits until it is gone.
    pub fn kill_daemon(&mut self, signal: i32) {
        if let Some(mut daemon) = self.daemon.take() {
            kill(&daemon, signal);
            daemon.wait().expect("axesd ends");
        }
    }

    /// Bytes of memory that the daemon had at most.
    pub fn peak_memory(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.daemon_id())).expect("a process");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        let kib = peak.trim().strip_suffix(" kB").expect("kB");
        kib.parse::<u64>().expect("a number") * 1024
    }

    /// Makes the daemon read its configuration again; waits until the log says so.
    pub fn reload(&self) {
        let reloads = || self.log().matches("configuration").count();
        let before = reloads();
        kill(self.daemon.as_ref().expect("a daemon"), libc::SIGHUP);
        wait_until("axesd reloads", || reloads() > before);
    }

    /// What the daemon wrote where there is no syslog.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Runs axesctl against the daemon.
    pub fn axesctl(&self, arguments: &[&str]) -> Output {
        self.axesctl_command(arguments).output().expect("axesctl")
    }

    /// The command line of axesctl, for those who read while it runs.
    pub fn axesctl_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(built("axesctl"));
        command.arg("--socket").arg(self.path("control.sock")).args(arguments);
        command.current_dir(self.folder.path());
        command
    }

    /// What `axesctl --json` prints.
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.axesctl(&[&["--json"], arguments].concat());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// The outcomes recorded of a user, oldest first.
    pub fn outcomes(&self, user: &str) -> Vec<String> {
        let shown = self.ask(&["show", "--user", user]);
        let attempts = shown["attempts"].as_array().expect("attempts");
        attempts.iter().map(|attempt| text(&attempt["outcome"])).collect()
    }

    /// Failures of the counter that is nearest to its limit among those that name a user; 0
    /// without one.
    pub fn failures(&self, user: &str) -> u64 {
        let shown = self.ask(&["show", "--user", user]);
        let counters = shown["counters"].as_array().expect("counters").iter();
        let numbers = |key: &str, counter: &Value| counter[key].as_u64().expect("a number");
        let free = |it: &&Value| numbers("limit", it).saturating_sub(numbers("failures", it));
        counters.min_by_key(free).map_or(0, |counter| numbers("failures", counter))
    }

    /// Whether some file of the database holds a text.
    pub fn keeps(&self, text: &str) -> bool {
        holds(&self.path("state"), text.as_bytes())
    }

    /// The socket for modules.
    pub fn socket(&self) -> PathBuf {
        self.path("axesd.sock")
    }

    /// Something in the folder of this host.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill_daemon(libc::SIGKILL);
        if thread::panicking() {
            eprintln!("--- log of axesd\n{}---", self.log());
        }
    }
}

fn holds(folder: &Path, text: &[u8]) -> bool {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).any(|path| match path.is_dir() {
        true => holds(&path, text),
        false => fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|it| it == text)),
    })
}

/// The module as it was built beside this test.
pub fn module() -> PathBuf {
    built("libpam_axes.so")
}

/// A program or library of the workspace, built in the profile of this test.
pub fn built(name: &str) -> PathBuf {
    let found = find_built(name);
    found.unwrap_or_else(|| panic!("{name} is not built; run `cargo build --workspace`"))
}

/// Something beside this program or above it, if it is there.
pub fn find_built(name: &str) -> Option<PathBuf> {
    let this = std::env::current_exe().expect("a path");
    this.ancestors().skip(1).map(|folder| folder.join(name)).find(|path| path.exists())
}

/// Waits for something that happens in another process.
pub fn wait_until(what: &str, happened: impl FnMut() -> bool) {
    wait_for(what, PATIENCE, happened);
}

/// The same, for no longer than this.
pub fn wait_for(what: &str, patience: Duration, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < patience, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Writes a script that can be run at once, also while an older one of this name runs.
///
/// cp(1) does it: what this process wrote itself could not be executed while a fork of it in another
/// thread, pam_exec's for one, holds it open.
pub fn write_program(path: &Path, text: &str) {
    let [written, new] = ["written", "new"].map(|it| path.with_extension(it));
    fs::write(&written, text).expect("a script");
    fs::set_permissions(&written, Permissions::from_mode(0o755)).expect("chmod");
    assert!(Command::new("cp").arg(&written).arg(&new).status().expect("cp").success());
    fs::rename(new, path).expect("a program");
}

/// Sends a signal.
pub fn kill(process: &Child, signal: i32) {
    let id = i32::try_from(process.id()).expect("a process id");
    assert_eq!(unsafe { libc::kill(id, signal) }, 0);
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
