//! The examples of the manual pages, so that they can be tried.
//!
//! Before each example stands a remark that says what it is: `.\" sh`, and with which status its
//! last command ends if not with 0; `.\" installed`, for what takes a host with the package;
//! `.\" toml`, `.\" pam`, and what it is called where it is tried in a way of its own.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

use crate::host::built;

/// Pages that are written by hand.
const BY_HAND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/man");
const KINDS: [&str; 4] = ["sh", "installed", "toml", "pam"];

/// A manual page.
pub struct Page {
    /// As `axesctl-list.1`.
    pub name: String,
    /// Its source.
    pub text: String,
}

/// An example of a page.
#[derive(Debug)]
pub struct Example {
    /// On which page it stands.
    pub page: String,
    /// One of those above.
    pub kind: String,
    /// What stands behind that, or nothing.
    pub word: String,
    /// What is to be typed or written.
    pub text: String,
}

/// All pages, those that are generated too; they are made in this folder.
pub fn pages(folder: &Path) -> io::Result<Vec<Page>> {
    let made = Command::new(built("axes-manuals")).arg(folder).status()?;
    assert!(made.success(), "axes-manuals");
    let mut pages = Vec::new();
    for folder in [folder, Path::new(BY_HAND)] {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            pages.push(Page { name, text: fs::read_to_string(entry.path())? });
        }
    }
    Ok(pages)
}

/// The examples of a page; nothing that is displayed is left out.
pub fn examples(page: &str, text: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut before = "";
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with(".Bd") {
            let remark = before.strip_prefix(".\\\" ").unwrap_or_default();
            let (kind, word) = remark.split_once(' ').unwrap_or((remark, ""));
            assert!(
                KINDS.contains(&kind),
                "{page}: {before:?} before an example does not say how to try it"
            );
            let body: Vec<_> =
                lines.by_ref().take_while(|line| *line != ".Ed").map(plain).collect();
            let [kind, word] = [kind, word].map(str::to_owned);
            examples.push(Example {
                page: page.to_owned(),
                kind,
                word,
                text: body.join("\n") + "\n",
            });
        }
        assert!(!line.starts_with(".Dl") && !line.starts_with(".D1"), "{page}: use .Bd: {line}");
        before = line;
    }
    examples
}

impl Example {
    /// The command lines, without their prompts.
    pub fn commands(&self) -> Vec<&str> {
        let lines =
            self.text.lines().map(|line| line.strip_prefix("# ").or(line.strip_prefix("$ ")));
        lines.map(|line| line.expect("a prompt before each command")).collect()
    }
}

/// A line of an example as it is read by a person.
fn plain(line: &str) -> String {
    let line = line.replace("\\-", "-").replace("\\(dq", "\"").replace("\\(aq", "'");
    line.replace("\\e", "\\")
}
