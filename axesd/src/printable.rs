//! Text of strangers in a sentence for an administrator.

/// The text with everything escaped that a terminal obeys or hides: control characters, and those
/// that have no shape or turn the direction of what follows.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(shown).collect()
}

fn shown(character: char) -> String {
    match character {
        // Rust would escape these too: they stand between quotes there.
        '"' | '\'' | '\\' => character.into(),
        _ => character.escape_debug().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_or_hides_is_escaped() {
        let text = "a\u{1b}[31m\n\u{9b}2J\u{202e}\u{200b}\u{2028}\u{feff}\u{7f}";
        let expected = "a\\u{1b}[31m\\n\\u{9b}2J\\u{202e}\\u{200b}\\u{2028}\\u{feff}\\u{7f}";
        assert_eq!(printable(text), expected);
    }

    #[test]
    fn what_has_a_shape_stays_and_so_does_what_was_escaped() {
        for text in ["`jürgen` isn't \"名前\" \\ %0A", "\\u{1b}"] {
            assert_eq!(printable(text), text);
        }
    }
}
