//! The lines of one file in `/etc/pam.d`.

use super::control::Control;

/// The part of PAM that a line belongs to; the two others play no role here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Phase {
    Auth,
    Account,
}

/// A line, after comments and continuations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ctl) struct Line {
    /// Where it begins, from 1.
    pub(in crate::ctl) number: usize,
    pub(in crate::ctl) entry: Entry,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Entry {
    /// `@include`: all lines of another file.
    All(String),
    /// `include`: the lines of this phase of another file.
    Include(Phase, String),
    /// `substack`: the same, but what ends a stack ends only that part.
    Substack(Phase, String),
    Module(Phase, Module),
}

/// A module as a line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ctl) struct Module {
    pub(in crate::ctl) control: Control,
    pub(in crate::ctl) path: String,
    pub(in crate::ctl) arguments: Vec<String>,
    /// A `-` before the line: it is nothing to libpam that the module is missing.
    pub(in crate::ctl) missing: Missing,
}

/// What a module that is not installed means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Missing {
    Fails,
    IsIgnored,
}

/// The lines of the auth and account phases.
pub(in crate::ctl) fn parse(text: &str) -> Vec<Line> {
    let lines = logical(text);
    let parsed = |(number, line): (usize, String)| entry(&line).map(|entry| Line { number, entry });
    lines.into_iter().filter_map(parsed).collect()
}

/// Lines without comments, with those put together that end in a backslash.
fn logical(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, physical) in text.lines().enumerate() {
        let (number, mut line) = open.take().unwrap_or((index + 1, String::new()));
        match physical.split_once('#') {
            Some((before, _comment)) => line.push_str(before),
            None => match physical.trim_end().strip_suffix('\\') {
                Some(before) => {
                    line.push_str(before);
                    line.push(' ');
                    open = Some((number, line));
                    continue;
                }
                None => line.push_str(physical),
            },
        }
        lines.push((number, line));
    }
    lines.extend(open);
    lines
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = words(line).into_iter();
    let first = words.next()?.to_ascii_lowercase();
    if first == "@include" {
        return words.next().map(Entry::All);
    }
    let (missing, name) = match first.strip_prefix('-') {
        Some(name) => (Missing::IsIgnored, name),
        None => (Missing::Fails, first.as_str()),
    };
    let phase = match name {
        "auth" => Phase::Auth,
        "account" => Phase::Account,
        _ => return None,
    };
    let control = words.next()?;
    let path = words.next()?;
    Some(match control.to_ascii_lowercase().as_str() {
        "include" => Entry::Include(phase, path),
        "substack" => Entry::Substack(phase, path),
        control => {
            let (control, arguments) = (Control::parse(control), words.collect());
            Entry::Module(phase, Module { control, path, arguments, missing })
        }
    })
}

/// Words between blanks; `[...]` is one, without its brackets.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('[') {
            Some(inner) => bracketed(inner),
            None => {
                let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                (word.to_owned(), after)
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// What stands before the closing bracket; `\]` is none.
fn bracketed(inner: &str) -> (String, &str) {
    let closing = inner
        .match_indices(']')
        .find(|(index, _)| !inner.get(..*index).is_some_and(|before| before.ends_with('\\')));
    let (word, after) = match closing {
        Some((index, _)) => (inner.get(..index), inner.get(index + 1..)),
        None => (Some(inner), None),
    };
    (word.unwrap_or_default().replace("\\]", "]"), after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |line: Line| match line.entry {
            Entry::All(file) => format!("{} @{file}", line.number),
            Entry::Include(phase, file) => format!("{} {phase:?} include {file}", line.number),
            Entry::Substack(phase, file) => format!("{} {phase:?} substack {file}", line.number),
            Entry::Module(phase, module) => format!(
                "{} {phase:?} {} {:?} {:?} {:?}",
                line.number,
                module.path,
                module.arguments,
                module.control.on("success"),
                module.missing,
            ),
        };
        parse(text).into_iter().map(show).collect()
    }

    #[test]
    fn common_auth_of_debian_is_read() {
        let text = "#\n# /etc/pam.d/common-auth - authentication settings\n#\n\n\
            # here are the per-package modules (the \"Primary\" block)\n\
            auth\t[success=2 default=ignore]\tpam_unix.so nullok\n\
            auth\t[success=1 default=ignore]\tpam_sss.so use_first_pass\n\
            auth\trequisite\t\t\tpam_deny.so\n\
            auth\trequired\t\t\tpam_permit.so # always\n\
            auth\toptional\t\t\tpam_cap.so \n\
            session\toptional\tpam_systemd.so\n";
        assert_eq!(
            shown(text),
            [
                r#"6 Auth pam_unix.so ["nullok"] Jump(2) Fails"#,
                r#"7 Auth pam_sss.so ["use_first_pass"] Jump(1) Fails"#,
                "8 Auth pam_deny.so [] Ok Fails",
                "9 Auth pam_permit.so [] Ok Fails",
                "10 Auth pam_cap.so [] Ok Fails",
            ]
        );
    }

    #[test]
    fn continuations_brackets_and_dashes_are_read() {
        let text = "-auth  [success=1 \\\n   default=ignore] \\\n pam_x.so \\\n\
            a=[one \\] two]\n\
            -Account required /lib/pam_y.so\n\
            auth # the comment ends the line, backslash or not \\\n\
            auth required pam_z.so \\";
        assert_eq!(
            shown(text),
            [
                r#"1 Auth pam_x.so ["a=[one", "\\]", "two]"] Jump(1) IsIgnored"#,
                "5 Account /lib/pam_y.so [] Ok IsIgnored",
                "7 Auth pam_z.so [] Ok Fails",
            ]
        );
        assert_eq!(words("a [b c \\] d] e"), ["a", "b c ] d", "e"]);
        assert_eq!(words("a [b c"), ["a", "b c"]);
    }

    #[test]
    fn the_three_kinds_of_include_are_told_apart() {
        let text = "@include common-auth\nauth include system-auth\naccount substack password-auth";
        assert_eq!(
            shown(text),
            ["1 @common-auth", "2 Auth include system-auth", "3 Account substack password-auth"]
        );
    }

    #[test]
    fn what_is_no_line_is_left_out() {
        assert_eq!(
            shown("auth\nauth required\n@include\nsession required pam_x.so\n\\\n"),
            [""; 0]
        );
    }
}
