//! A process that logs in through libpam when it is told to, so that what it costs is not that of
//! whoever measures.
//!
//! `once SERVICE USER ADDRESS HOW` is one login in a process forked for it, as sshd does; its
//! answer is the nanoseconds that it took, on the wall and of the processor.
//! `for MILLISECONDS SERVICE USER ADDRESS HOW` is login after login; its answer is how many.

use std::io::{BufRead as _, BufReader, Read as _, Write as _, stdin};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::processor;
use crate::application::{AUTH_ERR, SUCCESS, Session};
use crate::host::{RIGHT, WRONG, built};

/// How a login ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// With the right password: authenticate, account, credentials.
    Success,
    /// With a wrong one, after authenticate.
    Failure,
    /// After pam_start: what loading the modules costs.
    Load,
    /// There is none, but a word to the socket of that name beside the services, and back.
    Ask,
    /// There is none: what the process itself costs.
    Nothing,
}

/// Who logs in where.
#[derive(Clone, Debug)]
pub struct Login {
    /// The file in pam.d.
    pub service: String,
    /// Who.
    pub user: String,
    /// From where.
    pub address: String,
    /// And how it ends.
    pub how: How,
}

/// What a login cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// From before pam_start until after pam_end.
    pub wall: Duration,
    /// Of the processor, in the process that logs in.
    pub cpu: Duration,
}

/// Such a process, seen from outside.
pub struct Caller {
    process: Child,
    answers: BufReader<ChildStdout>,
}

impl Caller {
    /// Starts one for the services of a folder.
    pub fn start(folder: &Path) -> Self {
        Self::start_as(Self::command(folder))
    }

    /// Its command line, for those who trace it or give it an environment.
    pub fn command(folder: &Path) -> Command {
        let mut command = Command::new(built("axes-caller"));
        command.arg(folder);
        command
    }

    /// Starts it by a command line.
    pub fn start_as(mut command: Command) -> Self {
        let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = process.expect("axes-caller");
        let answers = BufReader::new(process.stdout.take().expect("its answers"));
        Self { process, answers }
    }

    /// One login.
    pub fn once(&mut self, login: &Login) -> Cost {
        self.tell(&format!("once {}", login.words()));
        let [wall, cpu] = numbers(&self.answer()).expect("two times");
        Cost { wall: Duration::from_nanos(wall), cpu: Duration::from_nanos(cpu) }
    }

    /// Begins to log in again and again for a time.
    pub fn begin(&mut self, time: Duration, login: &Login) {
        self.tell(&format!("for {} {}", time.as_millis(), login.words()));
    }

    /// How many logins it were.
    pub fn ended(&mut self) -> u64 {
        let [logins] = numbers(&self.answer()).expect("a number");
        logins
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    fn tell(&mut self, order: &str) {
        let orders = self.process.stdin.as_mut().expect("its orders");
        writeln!(orders, "{order}").expect("axes-caller listens");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        line
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends by itself; whether it did well was told by its answers.
        let _ = self.process.wait();
    }
}

impl Login {
    fn words(&self) -> String {
        format!("{} {} {} {:?}", self.service, self.user, self.address, self.how)
    }

    fn parse(words: &[&str]) -> Option<Self> {
        let [service, user, address, how] = words else { return None };
        let [service, user, address] = [service, user, address].map(|it| (*it).to_owned());
        Some(Self { service, user, address, how: how.parse().ok()? })
    }

    /// From pam_start to pam_end; panics where it ends otherwise than it should.
    fn run(&self, folder: &Path) {
        let expected = match self.how {
            How::Success => SUCCESS,
            How::Failure => AUTH_ERR,
            How::Load => return drop(Session::start(folder, &self.service, Some(&self.user))),
            How::Ask => return ask(&folder.join(&self.service)),
            How::Nothing => return,
        };
        let mut session = Session::start(folder, &self.service, Some(&self.user));
        session = session.from(&self.address).at("ssh");
        let password = if self.how == How::Success { RIGHT } else { WRONG };
        assert_eq!(session.try_password(password), expected, "{self:?}");
        if self.how == How::Success {
            assert_eq!(session.account(), SUCCESS, "{self:?}: account");
            assert_eq!(session.credentials(), SUCCESS, "{self:?}: credentials");
        }
    }
}

impl How {
    /// As the report calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Load => "load",
            Self::Ask => "ask",
            Self::Nothing => "nothing",
        }
    }
}

impl FromStr for How {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let all = [Self::Success, Self::Failure, Self::Load, Self::Ask, Self::Nothing];
        all.into_iter().find(|how| format!("{how:?}") == word).ok_or(())
    }
}

fn ask(socket: &Path) {
    let mut stream = UnixStream::connect(socket).expect("somebody who listens");
    let mut word = [7; 64];
    stream.write_all(&word).expect("a word");
    stream.read_exact(&mut word).expect("the word");
}

/// Does what standard input says, until it ends.
pub fn serve(folder: &Path) {
    for line in stdin().lines().map_while(Result::ok) {
        let words: Vec<_> = line.split(' ').collect();
        match words.as_slice() {
            ["once", login @ ..] => {
                let cost = in_a_fork(folder, &Login::parse(login).expect("a login"));
                println!("{} {}", cost.wall.as_nanos(), cost.cpu.as_nanos());
            }
            ["for", time, login @ ..] => {
                let time = Duration::from_millis(time.parse().expect("milliseconds"));
                println!("{}", again(folder, time, &Login::parse(login).expect("a login")));
            }
            _ => panic!("no such order: {line}"),
        }
    }
}

fn again(folder: &Path, time: Duration, login: &Login) -> u64 {
    let (begun, mut logins) = (Instant::now(), 0);
    while begun.elapsed() < time {
        login.run(folder);
        logins += 1;
    }
    logins
}

fn in_a_fork(folder: &Path, login: &Login) -> Cost {
    let (mut result, told) = std::io::pipe().expect("a pipe");
    match unsafe { libc::fork() } {
        0 => {
            drop(result);
            tell_cost(told.into(), measured(|| login.run(folder)));
            unsafe { libc::_exit(0) }
        }
        child => {
            assert!(child > 0, "fork");
            drop(told);
            let mut bytes = [0; 16];
            result.read_exact(&mut bytes).expect("the login ends as it should");
            unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
            let (wall, cpu) = bytes.split_at(8);
            let time = |bytes: &[u8]| {
                Duration::from_nanos(u64::from_ne_bytes(bytes.try_into().expect("8 bytes")))
            };
            Cost { wall: time(wall), cpu: time(cpu) }
        }
    }
}

fn measured(run: impl FnOnce()) -> Cost {
    let (cpu, wall) = (processor::own_time(), Instant::now());
    run();
    let wall = wall.elapsed();
    Cost { wall, cpu: processor::own_time() - cpu }
}

fn tell_cost(pipe: OwnedFd, cost: Cost) {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).to_ne_bytes();
    let bytes = [nanos(cost.wall), nanos(cost.cpu)].concat();
    std::fs::File::from(pipe).write_all(&bytes).expect("whoever measures");
}

fn numbers<const N: usize>(line: &str) -> Option<[u64; N]> {
    let numbers: Option<Vec<u64>> = line.split_whitespace().map(|it| it.parse().ok()).collect();
    numbers?.try_into().ok()
}
