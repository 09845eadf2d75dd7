//! One line: a severity and a text in which nothing can break it.

use axes_proto::Text;
use syslog::{Facility, Formatter3164, LogFormat as _};

/// Bytes of a line, its head not counted.
const LENGTH: usize = 2_000;

/// How bad it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Severity {
    Error,
    Warning,
    Notice,
    Info,
}

/// A line to be written.
#[derive(Debug)]
pub(super) struct Line {
    severity: Severity,
    text: Text<LENGTH>,
}

impl Line {
    /// Cuts what is too long, and escapes what somebody forgot to.
    pub(super) fn new(severity: Severity, text: &str) -> Self {
        Self { severity, text: Text::from_typed(cut(text)) }
    }

    /// As it is read on a terminal.
    pub(super) fn text(&self) -> &str {
        self.text.as_str()
    }

    /// As syslog expects it (RFC 3164).
    pub(super) fn datagram(&self) -> Vec<u8> {
        let mut formatter = Formatter3164 {
            facility: Facility::LOG_AUTHPRIV,
            hostname: None,
            process: "axesd".into(),
            pid: std::process::id(),
        };
        let mut bytes = Vec::new();
        // Writing into a Vec cannot fail.
        let _ = match self.severity {
            Severity::Error => formatter.err(&mut bytes, self.text()),
            Severity::Warning => formatter.warning(&mut bytes, self.text()),
            Severity::Notice => formatter.notice(&mut bytes, self.text()),
            Severity::Info => formatter.info(&mut bytes, self.text()),
        };
        bytes
    }
}

fn cut(text: &str) -> &str {
    let end = text
        .char_indices()
        .map(|(start, character)| start + character.len_utf8())
        .take_while(|end| *end <= LENGTH)
        .last();
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(text: &str) -> String {
        Line::new(Severity::Notice, text).text().to_owned()
    }

    #[test]
    fn a_line_has_the_head_that_syslog_expects() {
        let bytes = Line::new(Severity::Notice, "locked jürgen%0A").datagram();
        let line = String::from_utf8(bytes).unwrap();
        let pid = std::process::id();
        // authpriv is 10, notice is 5.
        assert!(line.starts_with("<85>"), "{line}");
        let tail = format!(" axesd[{pid}]: locked jürgen%0A");
        assert!(line.ends_with(&tail), "{line}");
    }

    #[test]
    fn what_is_printable_stays_as_it_is() {
        assert_eq!(text_of("user=a%0Ab 100%"), "user=a%0Ab 100%");
    }

    #[test]
    fn what_is_not_printable_is_escaped() {
        assert_eq!(text_of("a\nb\u{202e}"), "a%0Ab%E2%80%AE");
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(text_of(&"é%".repeat(900)).len(), 2_000);
        assert_eq!(text_of(&format!("a{}", "é".repeat(1_500))).len(), 1_999);
        assert!(text_of(&"\n".repeat(5_000)).len() <= 2_000);
    }
}
