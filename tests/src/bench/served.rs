//! Instructions of a login in the daemon that is asked.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::caller::{Caller, How, Login};
use super::callgrind::{self, Profile};
use super::cost::{login, stranger};
use super::instructions::{self, Build};
use super::processor::{self, Place};
use super::stacks::Stack;
use crate::host::{Host, wait_for};

/// How long the daemon may take to listen, many times slower than without valgrind.
const PATIENCE: Duration = Duration::from_secs(60);
/// Until the daemon is through with what nobody waits for.
const AFTERWARDS: Duration = Duration::from_millis(500);
/// So many logins come one after the other, then there is a pause in which the daemon writes.
const TOGETHER: u32 = 5;
const LINGER: Duration = Duration::from_millis(150);
const BETWEEN: Duration = Duration::from_millis(5);

/// The thread with which the daemon begins, and the one that it gave this name.
const SERVING: &str = "axesd";
const WRITING: &str = "committer";

/// What the threads did, by their names.
type Threads = Vec<(String, Profile)>;

/// What the threads of a daemon do for one login.
#[derive(Clone, Debug)]
pub struct Served {
    /// The one that serves all connections.
    pub serving: Profile,
    /// The one that writes.
    pub writing: Profile,
}

impl Served {
    /// What remains without the other.
    pub fn less(&self, other: &Self) -> Self {
        let serving = self.serving.clone().less(&other.serving);
        Self { serving, writing: self.writing.clone().less(&other.writing) }
    }
}

/// Of a daemon, by what it does more for many logins than for a few. A failure comes with a success
/// after it, so that nobody is locked.
pub fn of_daemon(build: Build, how: How, few_and_many: [u32; 2]) -> Served {
    let threads = few_and_many.map(|logins| of_threads(build, how, logins));
    let [few, many] = few_and_many;
    let each = |name| {
        let [of_few, of_many] = threads.each_ref().map(|threads| of_thread(threads, name));
        of_many.less(&of_few).each(many.saturating_sub(few))
    };
    Served { serving: each(SERVING), writing: each(WRITING) }
}

fn of_thread(threads: &Threads, name: &str) -> Profile {
    let found = threads.iter().find(|it| it.0 == name);
    found.unwrap_or_else(|| panic!("axesd has no thread {name}")).1.clone()
}

/// From its start to its end.
fn of_threads(build: Build, how: How, logins: u32) -> Threads {
    let folder = tempfile::tempdir().expect("a folder");
    let mut host = instructions::host(build);
    host.launch(watched_daemon(&host, build, folder.path()));
    wait_for("axesd listens", PATIENCE, || host.axesctl(&["status"]).status.success());
    let caller = Caller::command(&host.path("pam.d"));
    let mut caller = Caller::start_as(processor::only(Place::Last, &caller));
    for number in 0..logins {
        pause(number);
        let login = login(Stack::Axes, &stranger(number), how);
        caller.once(&login);
        if how == How::Failure {
            caller.once(&Login { how: How::Success, ..login });
        }
    }
    thread::sleep(AFTERWARDS);
    let names = names_of_threads(host.daemon_id());
    host.kill_daemon(libc::SIGTERM);
    let profiles = callgrind::profiles(folder.path());
    profiles.into_iter().map(|((_, number), it)| (name_of(&names, number), it)).collect()
}

/// As many share a commit, and as much is through before the next one comes, on a slow machine as on
/// a fast one.
fn pause(number: u32) {
    thread::sleep(if number.is_multiple_of(TOGETHER) { LINGER } else { BETWEEN });
}

fn watched_daemon(host: &Host, build: Build, folder: &Path) -> Command {
    let mut command = callgrind::command(folder);
    command.arg(build.file("axesd")).args(host.daemon_command().get_args());
    let mut command = processor::only(Place::First, &command);
    let log = File::create(host.path("log")).expect("a log");
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
    command
}

/// The threads that live, in the order of their beginning, which is how valgrind counts them.
fn names_of_threads(process: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("threads");
    let number = |task: io::Result<DirEntry>| -> u32 {
        let name = task.expect("a thread").file_name();
        name.to_str().and_then(|it| it.parse().ok()).expect("a number")
    };
    let mut numbers: Vec<_> = tasks.map(number).collect();
    sort_by_birth(&mut numbers, process);
    let name = |number| fs::read_to_string(format!("/proc/{process}/task/{number}/comm"));
    numbers.into_iter().map(|it| name(it).expect("a name").trim().to_owned()).collect()
}

/// After the greatest id the kernel begins again with a small one.
fn sort_by_birth(threads: &mut [u32], process: u32) {
    threads.sort_unstable_by_key(|thread| thread.wrapping_sub(process));
}

fn name_of(names: &[String], number: usize) -> String {
    match number {
        // It is called after valgrind.
        1 => SERVING.to_owned(),
        _ => names.get(number - 1).cloned().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_come_in_the_order_of_their_birth_when_ids_begin_again_too() {
        let mut threads = [301, 32767, 32766, 300, 907];
        sort_by_birth(&mut threads, 32766);
        assert_eq!(threads, [32766, 32767, 300, 301, 907]);
        sort_by_birth(&mut threads, 300);
        assert_eq!(threads, [300, 301, 907, 32766, 32767]);
    }
}
