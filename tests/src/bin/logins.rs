//! Logins one after another in one process, as a server does; what each comes to.
//!
//! `axes-logins PAM.D SERVICE USER ADDRESS PASSWORD[,PASSWORD...]...` has a handle for each
//! argument, in a thread of its own, tries those passwords on it, and prints a line of JSON.

use std::fs;
use std::panic::{catch_unwind, set_hook};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use axes_e2e::application::{SUCCESS, Session};
use serde_json::{Value, json};

/// Panics that this program was told of by its own hook.
static PANICS: AtomicU64 = AtomicU64::new(0);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, service, user, address, logins @ ..] = arguments.as_slice() else {
        eprintln!("see the head of this file");
        exit(99);
    };
    set_hook(Box::new(|_| {
        PANICS.fetch_add(1, Ordering::SeqCst);
    }));
    let handle = || {
        let session = Session::start(Path::new(folder), service, Some(user));
        session.from(address).at("ssh")
    };
    for passwords in logins {
        // What a module left to be done at the end of a thread is done when the thread is joined.
        let line = thread::scope(|it| it.spawn(|| log_in(handle(), passwords)).join());
        println!("{}", line.expect("a login"));
    }
}

/// The codes of pam_authenticate, and, once it let somebody in, those of all that follows; then
/// what the module was to this program.
fn log_in(mut session: Session, passwords: &str) -> Value {
    let codes: Vec<_> = passwords.split(',').map(|it| session.try_password(it)).collect();
    let mut ends = json!({ "authenticate": codes });
    if codes.last() == Some(&SUCCESS) {
        ends["account"] = session.account().into();
        ends["credentials"] = session.credentials().into();
        ends["session"] = json!([session.open(), session.close()]);
        ends["password"] = session.change_password().into();
    }
    let before = (modules(), panics());
    drop(session);
    let after = (modules(), panics());
    json!({ "ends": ends, "modules": [before.0, after.0], "panics": [before.1, after.1] })
}

/// Modules of pam_axes that are mapped into this process.
fn modules() -> Vec<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").expect("maps");
    let paths = maps.lines().filter_map(|line| line.split_whitespace().nth(5));
    let mut modules: Vec<_> =
        paths.filter(|path| path.contains("pam_axes")).map(PathBuf::from).collect();
    modules.dedup();
    modules
}

/// Panics that the hook of this program hears of when there is one.
fn panics() -> u64 {
    let before = PANICS.load(Ordering::SeqCst);
    assert!(catch_unwind(|| panic!("of the program itself")).is_err());
    PANICS.load(Ordering::SeqCst) - before
}
