//! How far long work is, for whoever waits at a terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::ctl::follow::Form;

/// What takes no longer is not worth a line, nor is a change of it.
const SOON: Duration = Duration::from_millis(500);

/// A line on a terminal that is written over and in the end removed.
#[derive(Debug)]
pub(in crate::ctl) struct Progress {
    /// `None` where nobody watches.
    last: Option<Instant>,
    line: Line,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Blank,
    Written,
}

impl Progress {
    /// Only for people.
    pub(in crate::ctl) fn new(form: Form) -> Self {
        let watched = form == Form::Text && io::stderr().is_terminal();
        Self { last: watched.then(Instant::now), line: Line::Blank }
    }

    /// So many are done.
    pub(super) fn tell(&mut self, done: usize, all: usize) {
        if let Some(last) = &mut self.last
            && last.elapsed() >= SOON
        {
            *last = Instant::now();
            self.line = Line::Written;
            write(&format!("\r{done} of {all}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.line == Line::Written {
            write("\r\x1b[K");
        }
    }
}

fn write(text: &str) {
    // Whoever closed the terminal does not wait any more.
    let _ = io::stderr().write_all(text.as_bytes());
}
