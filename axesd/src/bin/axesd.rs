//! The daemon; see `axesd::daemon`.

use std::process::ExitCode;

fn main() -> ExitCode {
    axesd::daemon::main()
}
