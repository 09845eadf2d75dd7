//! What real shells offer behind a TAB: bash, zsh and fish with their completions installed.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use axes_e2e::application::AUTH_ERR;
use axes_e2e::host::{Host, WRONG, built, wait_until};

use crate::lists::listed;

const COMPLETIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/completions");
const PROMPT: &str = "ready> ";
const FROM: &str = "2001:db8::7";

/// A shell, and how it is started so that it finds completions in a folder, as the package
/// installs them for all users.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Bash,
    Zsh,
    Fish,
}

const KINDS: [Kind; 3] = [Kind::Bash, Kind::Zsh, Kind::Fish];

/// An interactive shell on a terminal of its own.
struct Shell {
    process: Child,
    keys: Option<ChildStdin>,
    screen: Arc<Mutex<String>>,
    socket: String,
}

impl Kind {
    fn start(self, host: &Host) -> Shell {
        let home = host.path("home");
        fs::create_dir_all(&home).expect("a folder");
        let line = self.prepare(&home);
        let programs = built("axesctl").parent().expect("a folder").display().to_string();
        let mut command = Command::new("script");
        command.args(["--quiet", "--command"]).arg(format!("stty rows 60 cols 300; exec {line}"));
        command.arg("/dev/null").current_dir(&home).env("TERM", "xterm");
        command.env("PATH", format!("{programs}:/usr/bin:/bin")).env("HOME", &home);
        command.env("ZDOTDIR", &home).env("XDG_CONFIG_HOME", &home).env("XDG_DATA_HOME", &home);
        command
            .env("XDG_DATA_DIRS", &home)
            .env("SHELL", "/bin/sh")
            .env("S", host.path("control.sock"));
        Shell::start(command, host.path("control.sock").display().to_string())
    }

    /// Puts things where the shell looks for them; its command line.
    fn prepare(self, home: &Path) -> &'static str {
        let write = |name: &str, text: &str| fs::write(home.join(name), text).expect("a file");
        let install = |name: &str, file: &str| {
            fs::create_dir_all(home.join(file).parent().expect("a folder")).expect("a folder");
            symlink(format!("{COMPLETIONS}/{name}"), home.join(file)).expect("a link");
        };
        match self {
            Self::Bash => {
                install("axesctl", "bash-completion/completions/axesctl");
                let rc = "PS1='ready> '\nbind 'set show-all-if-ambiguous on'\n\
                    . /usr/share/bash-completion/bash_completion\n";
                write("rc", rc);
                "bash --noprofile --rcfile rc -i"
            }
            Self::Zsh => {
                install("_axesctl", "zsh/_axesctl");
                let rc = "PS1='ready> '\nfpath=($HOME/zsh $fpath)\nautoload -U compinit\n\
                    compinit -u\nunsetopt PROMPT_SP\n";
                write(".zshrc", rc);
                "zsh -i"
            }
            Self::Fish => {
                install("axesctl.fish", "fish/vendor_completions.d/axesctl.fish");
                let config = "function fish_prompt; echo -n 'ready> '; end\n\
                    set fish_greeting\nset fish_autosuggestion_enabled 0\n";
                write("fish/config.fish", config);
                "fish -i"
            }
        }
    }
}

impl Shell {
    fn start(mut command: Command, socket: String) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("script");
        let (keys, mut output) = (process.stdin.take(), process.stdout.take().expect("a pipe"));
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = screen.clone();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                shown.lock().expect("a screen").push_str(&text);
            }
        });
        let mut shell = Self { process, keys, screen, socket };
        shell.sees(PROMPT);
        shell
    }

    fn types(&mut self, keys: &str) {
        self.screen.lock().expect("a screen").clear();
        let input = self.keys.as_mut().expect("an open terminal");
        input.write_all(keys.as_bytes()).expect("keys");
        input.flush().expect("keys");
    }

    /// Types a command line of axesctl.
    fn axesctl(&mut self, keys: &str) {
        self.types(&format!("axesctl --socket {} {keys}", self.socket));
    }

    fn screen(&self) -> String {
        self.screen.lock().expect("a screen").clone()
    }

    fn sees(&mut self, text: &str) {
        wait_until(&format!("{text:?}"), || self.screen().contains(text));
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The terminal is hung up on.
        drop(self.keys.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            eprintln!("--- screen\n{}\n---", self.screen().escape_debug());
        }
    }
}

fn locked(users: &[&str]) -> Host {
    let host = Host::start("failure_limit = 1");
    for user in users {
        assert_eq!(host.login(user, FROM, WRONG), AUTH_ERR);
    }
    host
}

fn locked_users(host: &Host) -> Vec<String> {
    let list = host.ask(&["list", "--locked"]);
    let counters = list["counters"].as_array().expect("counters").iter();
    counters.filter_map(|it| Some(it["username"].as_str()?.to_owned())).collect()
}

#[test]
fn a_tab_completes_the_locked_user_and_the_line_then_works() {
    for kind in KINDS {
        for option in ["reset --user al\t", "reset --user=al\t"] {
            let host = locked(&["alice"]);
            let mut shell = kind.start(&host);
            shell.axesctl(&format!("{option}\n"));
            wait_until(&format!("{kind:?} resets"), || locked_users(&host).is_empty());
            shell.sees("alice");
        }
    }
}

#[test]
fn an_address_with_colons_is_completed_as_one_word() {
    for kind in KINDS {
        for address in ["20\t", "2001:d\t"] {
            let host = locked(&["alice"]);
            let mut shell = kind.start(&host);
            shell.axesctl(&format!("reset --address {address}\n"));
            wait_until(&format!("{kind:?} resets"), || locked_users(&host).is_empty());
        }
    }
}

#[test]
fn a_line_that_begins_with_another_command_is_completed_as_well() {
    for kind in KINDS {
        let host = locked(&["alice"]);
        let mut shell = kind.start(&host);
        shell.types(&format!("nice axesctl --socket {} reset --user al\t\n", shell.socket));
        wait_until(&format!("{kind:?} resets"), || locked_users(&host).is_empty());
    }
}

#[test]
fn show_and_why_offer_who_is_locked() {
    for kind in KINDS {
        for command in ["show", "why"] {
            let host = locked(&["alice", "bob"]);
            let mut shell = kind.start(&host);
            shell.axesctl(&format!("{command} \t\t"));
            shell.sees("alice");
            shell.sees("bob");
        }
    }
}

#[test]
fn entries_of_lists_are_offered_where_they_can_be_removed() {
    for kind in KINDS {
        let host = Host::start("");
        assert!(host.axesctl(&["whitelist", "add", "192.0.2.0/24"]).status.success());
        let mut shell = kind.start(&host);
        shell.axesctl("whitelist remove \t\n");
        wait_until(&format!("{kind:?} removes"), || listed(&host, "whitelist").is_empty());
    }
}

#[test]
fn files_are_completed_by_the_shell() {
    for kind in KINDS {
        let host = Host::start("");
        let mut shell = kind.start(&host);
        fs::write(host.path("home/two words.txt"), "192.0.2.1\n").expect("a file");
        shell.axesctl("blacklist add --from-file tw\t\n");
        wait_until(&format!("{kind:?} reads"), || !listed(&host, "blacklist").is_empty());
    }
}

/// What ssh clients send as names reaches the terminal of root with the next TAB.
#[test]
fn a_hostile_name_is_never_offered() {
    let hostile = ["$(touch pwned)", "`touch pwned`", "; touch pwned", "x\ntouch pwned", "--all"];
    for kind in KINDS {
        let host = locked(&[&hostile[..], &["plain"]].concat());
        let mut shell = kind.start(&host);
        shell.axesctl("reset --user \t\n");
        wait_until(&format!("{kind:?} resets"), || !locked_users(&host).contains(&"plain".into()));
        assert_eq!(locked_users(&host).len(), hostile.len(), "{kind:?}");
        assert_eq!(host.login("other", FROM, WRONG), AUTH_ERR);
        shell.axesctl("show \t\t");
        shell.sees("other");
        assert!(!shell.screen().contains("touch"), "{kind:?}");
        assert!(!host.path("home/pwned").exists(), "{kind:?}");
    }
}
