//! The text of a PAM file while it is edited. All that is not touched stays as it is, to the byte.

use std::ops::Range;

/// Lines with their ends.
#[derive(Clone, Debug)]
pub(super) struct Draft(Vec<String>);

impl Draft {
    pub(super) fn of(text: &str) -> Self {
        Self(text.split_inclusive('\n').map(str::to_owned).collect())
    }

    pub(super) fn text(&self) -> String {
        self.0.concat()
    }

    /// Puts a line before the one with this number, from 1.
    pub(super) fn insert(&mut self, number: usize, line: &str) {
        let index = number.saturating_sub(1).min(self.0.len());
        self.0.insert(index, format!("{line}\n"));
    }

    /// Takes out a line, with what continues it.
    pub(super) fn remove(&mut self, number: usize) {
        let span = self.span(number);
        self.0.drain(span);
    }

    /// Changes how many modules the jumps of a line leave out. Leaving out none means going on.
    pub(super) fn change_jumps(&mut self, number: usize, change: impl Fn(usize) -> usize) {
        let span = self.span(number);
        let Some(lines) = self.0.get(span.clone()) else { return };
        let text = lines.concat();
        let Some((before, rest)) = text.split_once('[') else { return };
        let Some((control, after)) = rest.split_once(']') else { return };
        let words = control.split_inclusive(char::is_whitespace);
        let control: String = words.map(|word| changed(word, &change)).collect();
        let text = format!("{before}[{control}]{after}");
        self.0.splice(span, text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>());
    }

    /// A line, and those that it goes on in.
    fn span(&self, number: usize) -> Range<usize> {
        let first = number.saturating_sub(1).min(self.0.len());
        let behind = self.0.iter().enumerate().skip(first);
        let last = behind.map(|(index, line)| (index, continues(line))).find(|(_, it)| !it);
        first..last.map_or(self.0.len(), |(index, _)| index + 1)
    }
}

/// libpam cuts a comment off before it looks for the backslash.
fn continues(line: &str) -> bool {
    !line.contains('#') && line.trim_end().ends_with('\\')
}

fn changed(word: &str, change: impl Fn(usize) -> usize) -> String {
    let trimmed = word.trim_end();
    let blank = word.get(trimmed.len()..).unwrap_or_default();
    let pair = trimmed.split_once('=');
    let jump = pair.and_then(|(answer, count)| Some((answer, count.parse::<usize>().ok()?)));
    match jump {
        Some((answer, count)) if count > 0 => match change(count) {
            // libpam would take 0 for a failure.
            0 => format!("{answer}=ignore{blank}"),
            changed => format!("{answer}={changed}{blank}"),
        },
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#%PAM-1.0\r\n\nauth [success=2\tdefault=ignore] \\\n   pam_unix.so\n\
        auth required pam_deny.so # no\\\nauth required pam_permit.so";

    fn edited(edit: impl FnOnce(&mut Draft)) -> String {
        let mut draft = Draft::of(TEXT);
        edit(&mut draft);
        draft.text()
    }

    #[test]
    fn what_is_not_touched_stays_as_it_is() {
        assert_eq!(edited(|_| {}), TEXT);
        let there_and_back = edited(|draft| {
            draft.insert(3, "auth x y");
            assert_eq!(draft.text(), TEXT.replace("auth [", "auth x y\nauth ["));
            draft.remove(3);
        });
        assert_eq!(there_and_back, TEXT);
    }

    #[test]
    fn a_line_goes_with_what_continues_it_and_a_comment_continues_nothing() {
        let without = edited(|draft| draft.remove(3));
        assert_eq!(without, format!("#%PAM-1.0\r\n\n{}", TEXT.split_once("so\n").unwrap().1));
        let without = edited(|draft| draft.remove(5));
        assert!(without.ends_with("pam_unix.so\nauth required pam_permit.so"), "{without}");
    }

    #[test]
    fn only_jumps_change_and_a_jump_over_nothing_goes_on() {
        let longer = edited(|draft| draft.change_jumps(3, |count| count + 1));
        assert_eq!(longer, TEXT.replace("success=2", "success=3"));
        let none = edited(|draft| draft.change_jumps(3, |_| 0));
        assert_eq!(none, TEXT.replace("success=2", "success=ignore"));
        assert_eq!(edited(|draft| draft.change_jumps(5, |count| count + 1)), TEXT);
    }
}
