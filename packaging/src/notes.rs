//! What stands at the end of a help text: paragraphs, and lists with a title.

use std::fmt::Write as _;

use crate::roff;

/// The end of a help text in its two kinds of parts.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// For the description.
    pub(crate) paragraphs: Vec<String>,
    /// Sections of their own: a title, and its list.
    pub(crate) lists: Vec<(String, String)>,
}

impl Notes {
    pub(crate) fn of(text: &str) -> Self {
        let mut notes = Self::default();
        for part in text.split("\n\n") {
            match part.split_once(":\n").filter(|(_, items)| items.starts_with("  ")) {
                Some((title, items)) => notes.lists.push((title.to_uppercase(), list(items))),
                None if part.trim().is_empty() => {}
                None => notes.paragraphs.push(roff::prose(part)),
            }
        }
        notes
    }

    pub(crate) fn list(&self, title: &str) -> Option<&str> {
        let found = self.lists.iter().find(|(name, _)| name == title);
        found.map(|(_, items)| items.as_str())
    }
}

/// Items as `  key  text`; lines that are indented further go on with the text.
fn list(items: &str) -> String {
    let mut text = ".Bl -tag -width Ds\n".to_owned();
    let mut open: Option<(&str, String)> = None;
    for line in items.lines() {
        let item = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '));
        match (item.and_then(|item| item.split_once("  ")), &mut open) {
            (Some((key, says)), _) => {
                close(&mut text, open.replace((key, says.to_owned())));
            }
            (None, Some((_, says))) => {
                says.push(' ');
                says.push_str(line.trim());
            }
            (None, None) => {}
        }
    }
    close(&mut text, open);
    text + ".El\n"
}

fn close(text: &mut String, item: Option<(&str, String)>) {
    if let Some((key, says)) = item {
        // Writing to a text does not fail.
        let _ = write!(text, ".It {}\n{}", roff::word(key), roff::prose(&says));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_with_indented_lines_is_a_list_and_the_rest_is_text() {
        let notes =
            Notes::of("Some text:\nmore.\n\nExit status:\n  0  Done.\n  1  Not\n     done.\n");
        assert_eq!(notes.paragraphs, ["Some text: more.\n"]);
        let list = ".Bl -tag -width Ds\n.It 0\nDone.\n.It 1\nNot done.\n.El\n";
        assert_eq!(notes.list("EXIT STATUS"), Some(list));
    }
}
