//! Logins through real libpam while the daemon is killed, absent for a while, and started again.

use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::load;
use crate::application::{AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS, Session, describe};
use crate::host::{Host, RIGHT, wait_until};

/// How long there is no daemon.
pub const ABSENCE: Duration = Duration::from_millis(500);
const PERSONS: usize = 4;
/// The first descriptor that systemd passes.
const FIRST: i32 = 3;

/// Who keeps the sockets while the daemon is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sockets {
    /// Nobody: whoever connects is turned away.
    ItsOwn,
    /// Somebody else, as systemd does: whoever connects waits.
    Passed,
}

/// How the logins with the right password ended.
#[derive(Debug, Default)]
pub struct Figures {
    /// Let in.
    pub let_in: u64,
    /// Turned away because the daemon was not there.
    pub turned_away: u64,
    /// The longest one.
    pub longest: Duration,
}

/// Logins with this fail mode during so many absences.
pub fn during(absences: u32, sockets: Sockets, failmode: &str) -> Figures {
    let mut host = Host::without_daemon("");
    // More than an absence and a start on a busy machine take together.
    host.write_service("login", &format!("failmode={failmode} timeout=5000"));
    let held = match sockets {
        Sockets::ItsOwn => None,
        Sockets::Passed => Some(
            ["axesd.sock", "control.sock"]
                .map(|name| UnixListener::bind(host.path(name)).expect("a socket")),
        ),
    };
    start(&mut host, held.as_ref());
    let folder = host.path("pam.d");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let log_in = |number| log_in_until(&folder, number, &stop);
        let persons: Vec<_> =
            (0..PERSONS).map(|number| scope.spawn(move || log_in(number))).collect();
        for _ in 0..absences {
            thread::sleep(ABSENCE);
            host.kill_daemon(libc::SIGKILL);
            thread::sleep(ABSENCE);
            start(&mut host, held.as_ref());
        }
        stop.store(true, Ordering::SeqCst);
        persons.into_iter().map(|it| it.join().expect("logins")).fold(Figures::default(), sum)
    })
}

fn start(host: &mut Host, held: Option<&[UnixListener; 2]>) {
    match held {
        None => host.launch(host.daemon_command()),
        Some(held) => host.launch(passed(host, held)),
    }
    wait_until("axesd answers", || load::status(host).is_some());
}

/// The command line of a daemon that is given its sockets.
fn passed(host: &Host, held: &[UnixListener; 2]) -> Command {
    let daemon = host.daemon_command();
    let mut command = Command::new("sh");
    command.args(["-c", "LISTEN_FDS=2 LISTEN_PID=$$ exec \"$@\"", "sh"]);
    command.arg(daemon.get_program()).args(daemon.get_args());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let descriptors = [held[0].as_raw_fd(), held[1].as_raw_fd()];
    let pass = move || {
        // By way of high numbers: either may be in the place of the other.
        let high = descriptors.map(|it| unsafe { libc::fcntl(it, libc::F_DUPFD_CLOEXEC, 100) });
        for (place, descriptor) in (FIRST..).zip(high) {
            unsafe { libc::dup2(descriptor, place) };
        }
        Ok(())
    };
    unsafe { command.pre_exec(pass) };
    command
}

fn log_in_until(folder: &Path, number: usize, stop: &AtomicBool) -> Figures {
    let mut figures = Figures::default();
    let user = format!("person{number}");
    while !stop.load(Ordering::SeqCst) {
        let begun = Instant::now();
        let session = Session::start(folder, "login", Some(&user));
        match session.from("192.0.2.7").at("ssh").try_password(RIGHT) {
            SUCCESS => figures.let_in += 1,
            // Before the prompt, and between the prompt and the password.
            AUTHINFO_UNAVAIL | AUTH_ERR => figures.turned_away += 1,
            code => panic!("a login ended with {}", describe(code)),
        }
        figures.longest = figures.longest.max(begun.elapsed());
    }
    figures
}

fn sum(one: Figures, other: Figures) -> Figures {
    Figures {
        let_in: one.let_in + other.let_in,
        turned_away: one.turned_away + other.turned_away,
        longest: one.longest.max(other.longest),
    }
}
