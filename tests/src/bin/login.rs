//! One login through libpam in a process of its own; exits with the code of pam_authenticate.
//!
//! `axes-login PAM.D SERVICE USER ADDRESS type|fork|cancel|exit|MILLISECONDS PASSWORD`

use std::path::Path;
use std::process::exit;
use std::time::Duration;

use axes_e2e::application::{Answer, Session};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, service, user, address, how, password] = arguments.as_slice() else {
        eprintln!("see the head of this file");
        exit(99);
    };
    let answer = match how.as_str() {
        "type" => Answer::Text(password.clone()),
        "fork" => Answer::Fork(password.clone()),
        "cancel" => Answer::Cancel,
        "exit" => Answer::Exit,
        time => Answer::Later(
            Duration::from_millis(time.parse().expect("milliseconds")),
            password.clone(),
        ),
    };
    let mut session =
        Session::start(Path::new(folder), service, Some(user)).from(address).at("ssh");
    exit(session.authenticate([answer]));
}
