//! Names and other texts as PAM gives them and as an administrator types them.

use axes_policy::client::Word;
use axes_policy::subject::Subject;
use axes_proto::Text;
use axes_proto::text::{Comment, Label, Listed, Name, Sentence};

use crate::printable::assert_printable;

/// Bytes that are looked at whole.
const SOME: usize = 66_000;

/// Bytes as a name of each length that there is, and as the subject of a list.
pub fn name(bytes: &[u8]) {
    bounded::<{ Name::MAX }>(bytes);
    bounded::<{ Label::MAX }>(bytes);
    bounded::<{ Sentence::MAX }>(bytes);
    bounded::<{ Comment::MAX }>(bytes);
    bounded::<{ Listed::MAX }>(bytes);
    let some = bytes.get(..SOME).unwrap_or(bytes);
    // None of it is cut, so none of it is lost.
    let whole = Text::<{ 3 * SOME }>::from_bytes(some);
    assert_eq!(unescaped(whole.as_str()), some);
    word(whole.as_str());
    subject(Name::from_bytes(bytes).as_str());
}

fn bounded<const MAX: usize>(bytes: &[u8]) {
    let text = Text::<MAX>::from_bytes(bytes);
    assert!(text.as_str().len() <= MAX);
    assert_printable(text.as_str());
    assert_eq!(text.to_string(), text.as_str());
    assert!(bytes.starts_with(&unescaped(text.as_str())), "{text} is not how it begins");
    assert_eq!(Text::from_escaped(text.as_str()).as_ref(), Ok(&text));
    assert_eq!(Text::from_typed(text.as_str()), text, "what is shown can be typed");
    let typed = Text::<MAX>::from_typed(&String::from_utf8_lossy(bytes));
    assert!(typed.as_str().len() <= MAX);
    assert_printable(typed.as_str());
}

/// The bytes that a text stands for.
fn unescaped(text: &str) -> Vec<u8> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).expect("two digits behind a percent sign"));
        bytes.extend(rest.as_bytes());
    }
    bytes
}

/// A word of a line of the log is one word, whatever it says.
fn word(text: &str) {
    let shown = Word(text).to_string();
    assert_printable(&shown);
    let inner = shown.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        None => {
            assert!(!shown.is_empty() && !shown.contains([' ', '"', '=']), "{shown}");
            assert_eq!(shown, text);
        }
        // A quotation mark within has a backslash of its own before it.
        Some(inner) => assert!(!inner.replace("\\\\", "").replace("\\\"", "").contains('"')),
    }
}

/// Whoever is named stays who he is when he is written again.
fn subject(text: &str) {
    match Subject::account(text) {
        Ok(Subject::User(name)) => assert_eq!(*name, *text),
        Ok(Subject::Group(name)) => assert_eq!(format!("@{name}"), text),
        Ok(uids) => assert_eq!(Subject::account(&uids.to_string()), Ok(uids)),
        Err(error) => assert_printable(&error.to_string()),
    }
}
