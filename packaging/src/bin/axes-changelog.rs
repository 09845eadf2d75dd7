//! Prints CHANGELOG.md as the changelog of a package.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use axes_packaging::changelog::{self, PAGE};

const USAGE: &str = "usage: axes-changelog deb|rpm";

fn main() -> ExitCode {
    let text = match env::args().nth(1).as_deref() {
        Some("deb") => changelog::deb(PAGE),
        Some("rpm") => changelog::rpm(PAGE),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match text {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("axes-changelog: {error}");
            ExitCode::FAILURE
        }
    }
}
