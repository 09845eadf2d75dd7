//! The parts of the report: what is measured, told in tables.

mod crowd;
mod footprint;
mod login;
mod path;
mod scale;

use super::Effort;
use super::goals::Goal;

/// A part of the report.
#[derive(Debug)]
pub struct Part {
    /// Its title.
    pub title: &'static str,
    /// How it was measured, and the figures.
    pub text: String,
    pub(super) goals: Vec<Goal>,
}

/// Measures a part.
pub type Measure = fn(&Effort) -> Part;

/// All parts: how they are called on the command line, their titles, and how they are measured.
pub const ALL: [(&str, &str, Measure); 5] = [
    ("login", login::TITLE, login::measure),
    ("path", path::TITLE, path::measure),
    ("crowd", crowd::TITLE, crowd::measure),
    ("scale", scale::TITLE, scale::measure),
    ("footprint", footprint::TITLE, footprint::measure),
];

impl Part {
    /// How many goals it speaks of.
    pub fn goals(&self) -> usize {
        self.goals.len()
    }
}
