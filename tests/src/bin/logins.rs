//! Logins one after another in one process, as a server does; what each comes to.
//!
//! `axes-logins PAM.D SERVICE USER ADDRESS PASSWORD[,PASSWORD...]...` has a handle for each
//! argument, on which it tries those passwords, and prints a line of JSON for each.

use std::path::Path;
use std::process::exit;

use axes_e2e::application::{SUCCESS, Session};
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, service, user, address, logins @ ..] = arguments.as_slice() else {
        eprintln!("see the head of this file");
        exit(99);
    };
    for passwords in logins {
        let session = Session::start(Path::new(folder), service, Some(user)).from(address);
        println!("{}", log_in(session.at("ssh"), passwords));
    }
}

/// The codes of pam_authenticate, and, once it let somebody in, those of all that follows.
fn log_in(mut session: Session, passwords: &str) -> Value {
    let codes: Vec<_> = passwords.split(',').map(|it| session.try_password(it)).collect();
    if codes.last() != Some(&SUCCESS) {
        return json!({ "authenticate": codes });
    }
    let (account, credentials) = (session.account(), session.credentials());
    let sessions = [session.open(), session.close()];
    let password = session.change_password();
    json!({
        "authenticate": codes, "account": account, "credentials": credentials,
        "session": sessions, "password": password,
    })
}
