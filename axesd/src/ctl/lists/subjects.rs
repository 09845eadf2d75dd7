//! Whom a change names: words of the command line, lines of a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use axes_proto::Text;
use axes_proto::control::Subject;
use ipnetwork::IpNetwork;

use crate::ctl::error::CtlError;

/// Of a file; a line for each entry that the lists can hold.
const MOST_BYTES: u64 = 64 << 20;
/// Entries that the lists can hold.
const MOST_LINES: usize = 1_000_000;

/// Somebody who is named.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ctl) struct Named {
    pub(in crate::ctl) text: String,
    pub(in crate::ctl) spelling: Spelling,
    /// Of the file, from 1; `None` on the command line.
    pub(in crate::ctl) line: Option<usize>,
}

/// What a text is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Spelling {
    /// What it looks like.
    Either,
    /// A user, a group or uids.
    User,
    /// An address or a network.
    Address,
}

/// Somebody whom the daemon is asked to list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whom {
    pub(super) subject: Subject,
    line: Option<usize>,
}

/// All who are named on the command line and in a file.
pub(super) fn gather(mut named: Vec<Named>, file: Option<&Path>) -> Result<Vec<Whom>, CtlError> {
    if let Some(path) = file {
        named.extend(lines(path, &read(path)?)?);
    }
    named.iter().map(|named| named.whom(file)).collect()
}

impl Named {
    fn whom(&self, file: Option<&Path>) -> Result<Whom, CtlError> {
        let subject = match self.is_address() {
            true => text(&self.text).map(Subject::Address),
            false => text(&self.text).map(Subject::User),
        };
        let told = |sentence: &str| unusable(file, self.line, sentence.to_owned());
        Ok(Whom { subject: subject.map_err(told)?, line: self.line })
    }

    /// No name of a user has a `/` or a `:` in it, so a network is meant even where it is wrong.
    fn is_address(&self) -> bool {
        let text = self.text.as_str();
        match self.spelling {
            Spelling::User => false,
            Spelling::Address => true,
            Spelling::Either => {
                let dotted = |byte: u8| byte.is_ascii_digit() || byte == b'.';
                text.parse::<IpNetwork>().is_ok()
                    || text.contains(['/', ':'])
                    || (text.contains('.') && text.bytes().all(dotted))
            }
        }
    }
}

impl Whom {
    /// Bytes that it takes in a request, at the most.
    pub(super) fn size(&self) -> usize {
        let text = match &self.subject {
            Subject::User(text) | Subject::Address(text) => text.as_str(),
        };
        text.len() + 3
    }

    /// That it cannot be listed, and where it stands.
    pub(super) fn unusable(&self, file: Option<&Path>, sentence: String) -> CtlError {
        unusable(file, self.line, sentence)
    }
}

fn unusable(file: Option<&Path>, line: Option<usize>, sentence: String) -> CtlError {
    match (file, line) {
        (Some(path), Some(line)) => CtlError::Line(path.to_owned(), line, sentence),
        _ => CtlError::Unusable(sentence),
    }
}

/// Somebody cut short would be somebody else.
fn text<const MAX: usize>(text: &str) -> Result<Text<MAX>, &'static str> {
    if text.is_empty() {
        return Err("an empty text names nobody");
    }
    let whole = Text::<1024>::from_typed(text);
    Text::from_escaped(whole.as_str()).map_err(|_| "a name or address of more than 256 bytes")
}

fn read(path: &Path) -> Result<Vec<u8>, CtlError> {
    let failed = |error| CtlError::Events(path.to_owned(), error);
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(path).map_err(failed)?),
    };
    let mut bytes = Vec::new();
    source.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(CtlError::TooLong(path.to_owned(), format!("{} MiB", MOST_BYTES >> 20)));
    }
    Ok(bytes)
}

fn lines(path: &Path, bytes: &[u8]) -> Result<Vec<Named>, CtlError> {
    let mut named = Vec::new();
    for (line, bytes) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let not_text = |_| CtlError::Line(path.to_owned(), line, "it is not UTF-8".to_owned());
        let text = without_remark(std::str::from_utf8(bytes).map_err(not_text)?).trim();
        if text.is_empty() {
            continue;
        }
        if named.len() == MOST_LINES {
            return Err(CtlError::TooLong(path.to_owned(), format!("{MOST_LINES} entries")));
        }
        named.push(Named { text: text.to_owned(), spelling: Spelling::Either, line: Some(line) });
    }
    Ok(named)
}

fn without_remark(line: &str) -> &str {
    line.split_once('#').map_or(line, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use axes_proto::text::Name;

    use super::*;

    fn named(text: &str, spelling: Spelling) -> Named {
        Named { text: text.to_owned(), spelling, line: None }
    }

    fn in_file(text: impl AsRef<[u8]>) -> Result<Vec<Whom>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, text).unwrap();
        let gathered = gather(vec![], Some(&path));
        gathered.map_err(|error| error.to_string().replace(&path.display().to_string(), "list"))
    }

    #[test]
    fn addresses_and_what_is_meant_for_one_are_told_from_accounts() {
        for text in ["192.0.2.7", "192.0.2.0/33", "1.2.3", "::1", "fe80::1%eth0", "a/b", "x:y"] {
            assert!(named(text, Spelling::Either).is_address(), "{text}");
            assert!(!named(text, Spelling::User).is_address(), "{text}");
        }
        for text in ["alice", "@wheel", "1000-1999", "0", "a.b", "DOMAIN\\bob", "local"] {
            assert!(!named(text, Spelling::Either).is_address(), "{text}");
            assert!(named(text, Spelling::Address).is_address(), "{text}");
        }
    }

    #[test]
    fn a_file_has_a_subject_in_each_line_and_room_for_remarks() {
        let whom = in_file("# whom\n\n192.0.2.0/24 # office\r\n  @guests\n").unwrap();
        let lines: Vec<_> = whom.iter().map(|whom| whom.line).collect();
        assert_eq!(lines, [Some(3), Some(4)]);
        assert_eq!(whom[0].subject, Subject::Address(Text::from_typed("192.0.2.0/24")));
        assert_eq!(whom[1].subject, Subject::User(Text::from_typed("@guests")));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_line() {
        let long = format!("alice\n{}", "x".repeat(257));
        assert!(in_file(long).unwrap_err().starts_with("list:2: a name"));
        assert!(in_file(b"alice\n\nb\xff").unwrap_err().starts_with("list:3: it is not UTF-8"));
        let many = "7\n".repeat(MOST_LINES + 1);
        assert!(in_file(many).unwrap_err().contains("1000000 entries"));
        let large = vec![b'\n'; usize::try_from(MOST_BYTES).unwrap() + 1];
        assert!(in_file(large).unwrap_err().contains("64 MiB"));
    }

    #[test]
    fn a_name_is_never_cut_and_never_empty() {
        let subject = |text: &str| named(text, Spelling::Either).whom(None);
        let longest = "x".repeat(256);
        let whom = subject(&longest).unwrap();
        assert_eq!(whom.subject, Subject::User(Name::from_typed(&longest)));
        for text in ["", &"x".repeat(257), &"\n".repeat(86), &"x".repeat(1 << 16)] {
            assert!(matches!(subject(text), Err(CtlError::Unusable(_))), "{}", text.len());
        }
    }
}
