//! Writes the manual pages of axesctl, one for each of its commands, and of axesd.
//!
//! They say what `--help` says, since both come from the same definitions, and end with the
//! examples of [`examples`]. The other pages are written by hand: see packaging/man.
#![forbid(unsafe_code)]

mod examples;
mod notes;
mod page;
mod roff;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use clap::Command;

use page::Page;

const USAGE: &str = "usage: axes-manuals FOLDER";
/// Paths, signals and the like, of which the definitions of arguments know nothing.
const AXESCTL: &str = include_str!("axesctl.mdoc");
const AXESD: &str = include_str!("axesd.mdoc");

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("axes-manuals: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let (mut axesctl, mut axesd) = (axesd::ctl::command(), axesd::daemon::command());
    axesctl.build();
    axesd.build();
    let daemon = Page { command: &axesd, above: &[], section: 8, more: AXESD };
    fs::write(folder.join(daemon.file()), daemon.text())?;
    write_all(folder, &axesctl, &[])
}

/// A command and all that are below it.
fn write_all(folder: &Path, command: &Command, above: &[&Command]) -> io::Result<()> {
    let more = if above.is_empty() { AXESCTL } else { "" };
    let page = Page { command, above, section: 1, more };
    fs::write(folder.join(page.file()), page.text())?;
    let path = [above, &[command]].concat();
    page::commands(command).try_for_each(|it| write_all(folder, it, &path))
}
