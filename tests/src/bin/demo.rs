//! Plays logins through real libpam against a daemon in a private folder, and shows what
//! happens. Nothing outside that folder is touched.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use axes_e2e::application::{SUCCESS, Session, describe};
use axes_e2e::host::{Host, RIGHT, WRONG};
use axes_e2e::screen::Screen;

const USER: &str = "alice";
const HOME: &str = "192.0.2.7";
const ELSEWHERE: &str = "198.51.100.20";

const USAGE: &str = "usage: axes-demo [--record FILE.svg]";
const TITLE: Style = Style::new().bold();
const TYPED: Style = AnsiColor::Cyan.on_default();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

fn main() -> ExitCode {
    let Ok(file) = recorded_to(env::args_os().skip(1).collect()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let mut stage = Stage::set();
    play(&mut stage);
    match file.map(|file| stage.screen.draw(&file)) {
        Some(Err(error)) => {
            eprintln!("axes-demo: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn recorded_to(arguments: Vec<OsString>) -> Result<Option<PathBuf>, ()> {
    match arguments.as_slice() {
        [] => Ok(None),
        [option, file] if option == "--record" => Ok(Some(file.into())),
        _ => Err(()),
    }
}

fn play(stage: &mut Stage) {
    stage.title("A PAM service with one auth line and one account line, as in /etc/pam.d");
    stage.service();

    stage.title(&format!("Three wrong passwords for {USER} from {HOME}; the limit is 3"));
    for _ in 0..3 {
        stage.login(HOME, WRONG);
    }
    stage.axesctl(&["list"]);

    stage.title("The fourth try is refused before any password is asked for, even the right one");
    stage.login(HOME, RIGHT);

    stage.title("From another address she gets in: nobody else can lock her out there");
    stage.login(ELSEWHERE, RIGHT);

    stage.title("What happened");
    stage.axesctl(&["show", USER]);

    stage.title("The way back in");
    stage.axesctl(&["reset", "--user", USER]);
    stage.screen.gap();
    stage.login(HOME, RIGHT);
    stage.axesctl(&["list"]);

    let verified = stage.host.verified();
    stage.title(&format!("Passwords that reached the password module: {verified}"));
}

/// A host, and a terminal that shows what happens on it.
struct Stage {
    host: Host,
    screen: Screen,
}

impl Stage {
    fn set() -> Self {
        let host = Host::start("failure_limit = 3\ncooloff_time = \"15m\"");
        Self { host, screen: Screen::default() }
    }

    fn title(&mut self, text: &str) {
        self.screen.gap();
        self.screen.show(&format!("{TITLE}== {text}{TITLE:#}"));
        self.screen.gap();
    }

    /// The lines of the service, with the names that things have where they are installed.
    fn service(&mut self) {
        let folder = self.host.path("").display().to_string();
        let lines = self.host.service("login").replace(&self.host.module_line(), "pam_axes.so");
        for line in lines.replace(&folder, "").lines() {
            self.screen.show(&format!("  {}", line.trim_end()));
        }
    }

    /// One login, as an application does it.
    fn login(&mut self, address: &str, password: &str) {
        let folder = self.host.path("pam.d");
        let mut session = Session::start(Path::new(&folder), "login", Some(USER)).from(address);
        let code = session.try_password(password);
        let style = if code == SUCCESS { GOOD } else { BAD };
        let answer = describe(code);
        self.screen.show(&format!(
            "  {USER} from {address} types \"{password}\": {style}{answer}{style:#}"
        ));
        for message in &session.person().messages {
            self.screen.show(&format!("    | {message}"));
        }
    }

    fn axesctl(&mut self, arguments: &[&str]) {
        self.screen.gap();
        self.screen.show(&format!("  {TYPED}$ axesctl {}{TYPED:#}", arguments.join(" ")));
        let output = self.host.axesctl(&[arguments, &["--color", "always"]].concat());
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            self.screen.show(&format!("  {line}"));
        }
    }
}
