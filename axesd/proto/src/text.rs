//! Text of bounded length in which nothing can move a cursor, break a line or hide.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Deserializer, Serialize};

/// At most `MAX` bytes of printable UTF-8.
///
/// Bytes that are not printable are written as `%1B`, and `%` itself as `%25`, so that two
/// different names never become the same text before the bound cuts them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

/// A user name; longer than any that NSS accepts.
pub type Name = Text<256>;
/// An address or host name (RFC 1035: at most 253 characters).
pub type Host = Text<256>;
/// A PAM service or terminal name.
pub type Label = Text<64>;
/// A sentence for a person.
pub type Sentence = Text<512>;
/// Why somebody is on a list.
pub type Comment = Text<200>;
/// Whom an entry of a list names: a [`Name`], the sign of a group before it.
pub type Listed = Text<257>;

/// A text that is too long or holds a character that [`Text`] does not allow.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("text is longer than {max} bytes or holds a control character")]
pub struct Unprintable {
    max: usize,
}

impl<const MAX: usize> Text<MAX> {
    /// Bytes that it can hold.
    pub const MAX: usize = MAX;

    /// Takes bytes from anybody: escapes what is not printable, cuts what is over `MAX` bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut text = String::new();
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                if !push_bounded::<MAX>(&mut text, &escaped(character)) {
                    return Self(text);
                }
            }
            for byte in chunk.invalid() {
                if !push_bounded::<MAX>(&mut text, &percent(&[*byte])) {
                    return Self(text);
                }
            }
        }
        Self(text)
    }

    /// Takes text that is already in the escaped form, as [`Text`] displays it.
    ///
    /// # Errors
    ///
    /// [`Unprintable`] when it is too long or holds a character that would have been escaped.
    pub fn from_escaped(text: &str) -> Result<Self, Unprintable> {
        if text.len() <= MAX && text.chars().all(is_printable) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Unprintable { max: MAX })
        }
    }

    /// What somebody typed or wrote in a file: the escaped form if it is one, else raw text.
    #[must_use]
    pub fn from_typed(text: &str) -> Self {
        Self::from_escaped(text).unwrap_or_else(|_| Self::from_bytes(text.as_bytes()))
    }

    /// The escaped text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        Self::from_escaped(text).map_err(serde::de::Error::custom)
    }
}

fn push_bounded<const MAX: usize>(text: &mut String, piece: &str) -> bool {
    let fits = text.len() + piece.len() <= MAX;
    if fits {
        text.push_str(piece);
    }
    fits
}

fn escaped(character: char) -> String {
    if character != '%' && is_printable(character) {
        return character.to_string();
    }
    percent(character.encode_utf8(&mut [0; 4]).as_bytes())
}

fn percent(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "%{byte:02X}");
        text
    })
}

/// Control characters, and the invisible ones that reorder or end a line
/// (Unicode TR 36 and the "trojan source" set).
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_names_stay_as_they_are() {
        for name in ["alice", "CORP\\alice", "jürgen", "名前", "a b"] {
            assert_eq!(Name::from_bytes(name.as_bytes()).as_str(), name);
        }
    }

    #[test]
    fn control_characters_and_broken_utf8_are_escaped() {
        let name = Name::from_bytes(b"a\nb\x1b[31m\xffc%\xe2\x80\xae\0");
        assert_eq!(name.as_str(), "a%0Ab%1B[31m%FFc%25%E2%80%AE%00");
    }

    #[test]
    fn an_escaped_name_and_its_raw_twin_stay_different() {
        assert_ne!(Name::from_bytes(b"a\n"), Name::from_bytes(b"a%0A"));
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let name = Name::from_bytes("é".repeat(400).as_bytes());
        assert_eq!(name.as_str().len(), 256);
        let odd = Name::from_bytes(format!("x{}", "é".repeat(400)).as_bytes());
        assert_eq!(odd.as_str().len(), 255);
    }

    #[test]
    fn what_is_displayed_can_be_typed_again() {
        let shown = Name::from_bytes(b"evil\x07%name");
        assert_eq!(Name::from_typed(shown.as_str()), shown);
        assert_eq!(Name::from_typed("a\tb").as_str(), "a%09b");
    }
}
