//! Placeholder until the syslog room is moved in.
use std::path::Path;
/// Writes lines.
#[derive(Clone, Debug)]
pub struct Logger;
/// Starts it.
#[must_use]
pub fn start(_: &Path) -> Logger {
    Logger
}
impl Logger {
    /// Line.
    pub fn notice(&self, t: String) {
        eprintln!("{t}");
    }
    /// Line.
    pub fn warning(&self, t: String) {
        eprintln!("{t}");
    }
    /// Line.
    pub fn error(&self, t: String) {
        eprintln!("{t}");
    }
    /// Line.
    pub fn info(&self, t: String) {
        eprintln!("{t}");
    }
}
