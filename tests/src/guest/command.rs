//! Programs that run in a guest, and how they end.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::GuestError;

/// Longest time that a command in the guest may take.
const COMMAND_SECONDS: u32 = 120;

/// How a command in the guest ended.
#[derive(Clone, Debug)]
pub struct Done {
    /// Exit status; 124, or none, when it was stopped for taking too long.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs a program in the guest whose init has this number.
pub(super) fn run(leader: i32, words: &[&str], input: &str) -> Result<Done, GuestError> {
    let mut child = enter(leader).args(words).spawn().map_err(GuestError::Start)?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that does not read its input closes the pipe.
        let _ = pipe.write_all(input.as_bytes());
    }
    Ok(child.wait_with_output()?.into())
}

/// A command inside: the time-out runs there too, so that it ends the whole process group.
fn enter(leader: i32) -> Command {
    let mut command = Command::new("nsenter");
    command
        .args(["--all", "--target", &leader.to_string(), "--"])
        .args(["env", "--ignore-environment", "--chdir=/root", "HOME=/root", "LC_ALL=C.UTF-8"])
        .arg("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .args(["timeout", "--kill-after=5", &COMMAND_SECONDS.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}
