//! Plays logins through real libpam against a daemon in a private folder, and shows what
//! happens. Nothing outside that folder is touched.

use std::path::Path;

use axes_e2e::application::{Session, describe};
use axes_e2e::host::{Host, RIGHT, WRONG};

const USER: &str = "alice";
const HOME: &str = "192.0.2.7";
const ELSEWHERE: &str = "198.51.100.20";

fn main() {
    println!("A PAM service with one auth line and one account line, as in /etc/pam.d:\n");
    let host = Host::start("failure_limit = 3\ncooloff_time = \"15m\"");
    print!("{}", host.service("login"));

    println!("\n== Three wrong passwords for {USER} from {HOME}; the limit is 3\n");
    for _ in 0..3 {
        login(&host, HOME, WRONG);
    }
    axesctl(&host, &["list"]);

    println!(
        "\n== The fourth try is refused before any password is asked for, even the right one\n"
    );
    login(&host, HOME, RIGHT);

    println!("\n== From another address {USER} gets in: nobody else can lock her out there\n");
    login(&host, ELSEWHERE, RIGHT);

    println!("\n== What happened, and the way back in\n");
    axesctl(&host, &["show", USER]);
    axesctl(&host, &["reset", "--user", USER]);
    login(&host, HOME, RIGHT);
    axesctl(&host, &["list"]);

    println!("\nPasswords that reached the password module: {}", host.verified());
}

/// One login, as an application does it.
fn login(host: &Host, address: &str, password: &str) {
    let folder = host.path("pam.d");
    let mut session = Session::start(Path::new(&folder), "login", Some(USER)).from(address);
    let code = session.try_password(password);
    println!("  {USER} from {address} types \"{password}\": {}", describe(code));
    for message in &session.person().messages {
        println!("    | {message}");
    }
}

fn axesctl(host: &Host, arguments: &[&str]) {
    println!("  $ axesctl {}", arguments.join(" "));
    let output = host.axesctl(arguments);
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        println!("  {line}");
    }
    println!();
}
