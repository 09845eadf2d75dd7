//! Writes the manual pages of axesctl, one for each of its commands, and of axesd.
//!
//! They say what `--help` says, since both come from the same definitions, and end with the
//! examples of [`examples`]. The other pages are written by hand: see packaging/man.
#![forbid(unsafe_code)]

mod examples;
mod notes;
mod page;
mod roff;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use axes_packaging::changelog;

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

fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let date = changelog::newest(changelog::PAGE)?.date;
    let (mut axesctl, mut axesd) = (axesd::ctl::command(), axesd::daemon::command());
    axesctl.build();
    axesd.build();
    let daemon = Page { command: &axesd, above: &[], section: 8, date, more: AXESD };
    fs::write(folder.join(daemon.file()), daemon.text())?;
    let program = Page { command: &axesctl, above: &[], section: 1, date, more: AXESCTL };
    Ok(write_all(folder, program)?)
}

/// The page of a command and those of all that are below it.
fn write_all(folder: &Path, page: Page<'_>) -> io::Result<()> {
    fs::write(folder.join(page.file()), page.text())?;
    let above = [page.above, &[page.command]].concat();
    page::commands(page.command).try_for_each(|command| {
        write_all(folder, Page { command, above: &above, more: "", ..page })
    })
}
