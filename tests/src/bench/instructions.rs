//! Instructions of a login in the process that logs in.

use std::path::PathBuf;

use super::caller::{Caller, How, Login};
use super::callgrind::{self, Profile};
use super::cost::{login, stranger};
use super::stacks::{self, Stack};
use crate::host::{Host, built, find_built, module};

/// Which module and which daemon are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// As they are shipped.
    Release,
    /// The same with names of functions; where there are none, those beside this program.
    Named,
}

impl Build {
    /// The file with this name.
    pub fn file(self, name: &str) -> PathBuf {
        match self {
            Self::Release => find_built(&format!("release/{name}")).unwrap_or_else(|| {
                panic!("there is no release build of {name}; run `make counts`")
            }),
            Self::Named => {
                find_built(&format!("symbols/release/{name}")).unwrap_or_else(|| built(name))
            }
        }
    }
}

/// A host without a daemon whose stacks have that module.
pub fn host(build: Build) -> Host {
    let (host, name) = (stacks::without_daemon(""), Stack::Axes.name());
    let [beside, wanted] =
        [module(), build.file("libpam_axes.so")].map(|it| it.display().to_string());
    host.write_stack(name, &host.service(name).replace(&beside, &wanted));
    host
}

/// Of a login in a process forked for it, by the mean of so many. The daemon runs as usual.
pub fn of_caller(host: &Host, stack: Stack, how: How, logins: u32) -> Profile {
    let nothing = of_forks(host, stack, How::Nothing, logins);
    of_forks(host, stack, how, logins).less(&nothing).each(logins)
}

fn of_forks(host: &Host, stack: Stack, how: How, logins: u32) -> Profile {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = Caller::command(&host.path("pam.d"));
    let mut command = callgrind::command(folder.path());
    command.arg(plain.get_program()).args(plain.get_args());
    let mut watched = Caller::start_as(command);
    let mut beside = Caller::start(&host.path("pam.d"));
    for number in 0..logins {
        let login = login(stack, &stranger(number), how);
        watched.once(&login);
        if how == How::Failure {
            // So that nobody is locked.
            beside.once(&Login { how: How::Success, ..login });
        }
    }
    let parent = watched.id();
    drop(watched);
    let forks = callgrind::profiles(folder.path()).into_iter().filter(|((id, _), _)| *id != parent);
    forks.fold(Profile::default(), |sum, (_, profile)| sum.plus(&profile))
}
