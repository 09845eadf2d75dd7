//! What would change, as `diff -u` shows it.

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use super::stacks::Edit;
use crate::printable::printable;

const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();
const FILE: Style = Style::new().bold();

/// For `patch`, and for scripts.
pub(super) fn plain(edit: &Edit) -> String {
    let name = edit.path.display().to_string();
    let diff = TextDiff::from_lines(&edit.before, &edit.after);
    diff.unified_diff().header(&name, &name).to_string()
}

/// For a terminal: in colour, and with nothing that it obeys.
pub(super) fn shown(edit: &Edit) -> String {
    plain(edit).lines().map(|line| format!("{}\n", coloured(line))).collect()
}

fn coloured(line: &str) -> String {
    let style = match line.get(..1) {
        _ if line.starts_with("---") || line.starts_with("+++") => FILE,
        Some("+") => ADDED,
        Some("-") => REMOVED,
        Some("@") => PLACE,
        _ => Style::new(),
    };
    // A tab is what these files are made of.
    let line = line.split('\t').map(printable).collect::<Vec<_>>().join("\t");
    format!("{style}{line}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_names_the_file_and_obeys_nobody() {
        let before = "a\nb\u{1b}[2J\nc\n".to_owned();
        let after = before.replace("c\n", "auth\tx\nc\n");
        let edit = Edit { path: "/etc/pam.d/sshd".into(), before, after };
        let expected = "--- /etc/pam.d/sshd\n+++ /etc/pam.d/sshd\n@@ -1,3 +1,4 @@\n a\n\
             \x20b\\u{1b}[2J\n+auth\tx\n c\n";
        assert_eq!(anstream::adapter::strip_str(&shown(&edit)).to_string(), expected);
        assert_eq!(plain(&edit), expected.replace("\\u{1b}", "\u{1b}"));
    }
}
