//! Many attempts in one long-lived process, as in cupsd or dovecot; what they leave behind.
//!
//! `axes-marathon PAM.D SERVICE PASSWORD ROUNDS` prints the state of the process before and after
//! that many rounds, each as a line of JSON.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fs;
use std::path::Path;
use std::process::exit;
use std::ptr;

use axes_e2e::application::{Answer, Session};
use serde_json::{Value, json};

/// Rounds after which everything that is loaded once is loaded.
const WARM_UP: u32 = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, service, password, rounds] = arguments.as_slice() else {
        eprintln!("see the head of this file");
        exit(99);
    };
    let rounds = rounds.parse().expect("a number");
    let play = |rounds| {
        for _ in 0..rounds {
            round(Path::new(folder), service, password);
        }
    };
    play(WARM_UP);
    println!("{}", state());
    play(rounds);
    println!("{}", state());
}

/// A cancelled prompt, a wrong password and the right one on one handle, and one that is refused.
fn round(folder: &Path, service: &str, password: &str) {
    let mut session = Session::start(folder, service, Some("alice")).from("192.0.2.7");
    session.authenticate([Answer::Cancel]);
    session.try_password("wrong");
    assert_eq!(session.try_password(password), 0);
    assert_eq!((session.account(), session.credentials()), (0, 0));
    let mut refused = Session::start(folder, service, Some("alice")).from("203.0.113.1");
    assert_ne!(refused.try_password(password), 0);
}

/// What the module must leave as it found it.
fn state() -> Value {
    let status = fs::read_to_string("/proc/self/status").expect("a status");
    let fields: BTreeMap<_, _> = status.lines().filter_map(|line| line.split_once(":\t")).collect();
    let field = |name: &str| fields.get(name).map(|value| value.trim().to_owned());
    let memory = field("VmRSS").and_then(|it| it.split(' ').next()?.parse::<u64>().ok());
    let variables: BTreeMap<_, _> = std::env::vars().collect();
    json!({
        "descriptors": descriptors(), "memory_kb": memory, "threads": field("Threads"),
        "umask": field("Umask"), "blocked": field("SigBlk"), "ignored": field("SigIgn"),
        "caught": field("SigCgt"), "pending": field("SigPnd"), "environment": variables,
        "folder": std::env::current_dir().expect("a folder"), "locale": locale(),
    })
}

fn descriptors() -> Vec<String> {
    let entries = fs::read_dir("/proc/self/fd").expect("descriptors");
    let named = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let mut names: Vec<_> = named.map(|name| name.display().to_string()).collect();
    // The listing itself.
    names.retain(|name| !name.starts_with("/proc/"));
    names.sort();
    names
}

fn locale() -> String {
    // SAFETY: a null pointer only asks; the answer is a string of the C library.
    let locale = unsafe { CStr::from_ptr(libc::setlocale(libc::LC_ALL, ptr::null())) };
    locale.to_string_lossy().into_owned()
}
