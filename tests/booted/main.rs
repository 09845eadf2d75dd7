//! Real programs log in on a booted Debian that has the package installed.
//!
//! The package is the one that the environment variable `AXES_DEB` names, else the newest that
//! `make deb` left; the .rpm is what `make rpm` left. Each trial has users of its own.
#![expect(clippy::indexing_slicing, reason = "reading a JSON value: what is not there is null")]

mod burst;
mod by_hand;
mod doors;
mod host;
mod hostile;
mod integration;
mod lab;
mod last_door;
mod local;
mod manuals;
mod outage;
mod package;
mod policy;
mod privileges;
mod rpm;
mod setup;
mod ssh;
mod stacks;
mod stories;
mod why;

use std::process::ExitCode;
use std::sync::Arc;

use axes_e2e::guest::Suite;
use libtest_mimic::Arguments;

use lab::Lab;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // In their order, on this thread: a guest ends with the thread that booted it.
    arguments.test_threads = Some(1);
    let bookworm = Arc::new(Lab::new(Suite::Bookworm));
    let trixie = Arc::new(Lab::new(Suite::Trixie));
    let rpm = Arc::new(Lab::new(Suite::Rpm));
    let servers = Arc::new(Lab::new(Suite::Trixie));
    let trials = [
        manuals::trials(&bookworm),
        ssh::trials(&bookworm),
        local::trials(&bookworm),
        policy::trials(&bookworm),
        privileges::trials(&bookworm),
        outage::trials(&bookworm),
        burst::trials(&bookworm),
        why::trials(&bookworm),
        hostile::trials(&bookworm),
        last_door::trials(&bookworm),
        by_hand::trials(&bookworm, &trixie),
        integration::trials(&bookworm, &trixie),
        package::trials(&bookworm, &trixie),
        stacks::trials(&servers),
        rpm::trials(&rpm),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit_code()
}
