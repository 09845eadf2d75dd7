//! Text as roff understands it: nothing in it is taken for a macro or an escape, each sentence
//! begins a line of its own.

/// Longer lines are complained of by mandoc.
const WIDTH: usize = 78;

/// Paragraphs of a help text; what stands between backticks is typed as it is.
pub(crate) fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(paragraph);
    paragraphs.collect::<Vec<_>>().join(".Pp\n")
}

/// The same for a help text, from which clap takes the last full stop.
pub(crate) fn sentence(text: &str) -> String {
    let stopped = text.trim_end().ends_with(['.', '?', '!', ':']) || text.is_empty();
    prose(&if stopped { text.to_owned() } else { format!("{text}.") })
}

/// Something that is typed as it is, inside a line of text.
pub(crate) fn literal(text: &str) -> String {
    format!("\\fB{}\\fP", escaped(text).replace('-', "\\-"))
}

/// A word as the argument of a macro.
pub(crate) fn word(text: &str) -> String {
    escaped(text).replace('"', "\\(dq").replace('-', "\\-")
}

/// The first sentence as the description of a name: no capital, no full stop.
pub(crate) fn phrase(text: &str) -> String {
    let first = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let mut letters = first.trim_end_matches(['.', '?']).chars();
    let begin = letters.next().map(|letter| letter.to_lowercase().to_string());
    escaped(&format!("{}{}", begin.unwrap_or_default(), letters.as_str())).replace('`', "")
}

fn paragraph(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    let mut words = spans(text).into_iter().peekable();
    while let Some(word) = words.next() {
        if line.len() + 1 + word.len() > WIDTH {
            finish(&mut lines, &mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
        let goes_on = words.peek().is_some_and(|next| !begins_sentence(next));
        if ends_sentence(&word) && !goes_on {
            finish(&mut lines, &mut line);
        }
    }
    finish(&mut lines, &mut line);
    lines
}

fn finish(lines: &mut String, line: &mut String) {
    if line.is_empty() {
        return;
    }
    if line.starts_with(['.', '\'']) {
        lines.push_str("\\&");
    }
    lines.push_str(line);
    lines.push('\n');
    line.clear();
}

fn ends_sentence(word: &str) -> bool {
    word.trim_end_matches([')', '"']).ends_with(['.', '?', '!'])
}

fn begins_sentence(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_uppercase() || letter == '\\' || letter == '(')
}

/// Words with their escapes; what stands between backticks stays together.
fn spans(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for (number, part) in text.split('`').enumerate() {
        let pieces: Vec<String> = if number % 2 == 1 {
            vec![literal(part)]
        } else {
            part.split_whitespace().map(escaped).collect()
        };
        let joined = open && !part.starts_with(char::is_whitespace);
        for (place, piece) in pieces.into_iter().enumerate() {
            match words.last_mut().filter(|_| joined && place == 0) {
                Some(last) => last.push_str(&piece),
                None => words.push(piece),
            }
        }
        open = !part.ends_with(char::is_whitespace) && !words.is_empty();
    }
    words
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('~', "\\(ti").replace('^', "\\(ha")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_has_a_line_and_long_ones_are_broken() {
        assert_eq!(
            prose("One. Two,\nthree.\n\nFour: 1.5 e.g. this."),
            "One.\nTwo, three.\n.Pp\nFour: 1.5 e.g. this.\n"
        );
        let long = prose(&"word ".repeat(100));
        assert!(long.lines().count() > 5 && long.lines().all(|line| line.len() <= WIDTH));
    }

    #[test]
    fn nothing_in_a_text_is_a_macro_or_an_escape() {
        assert_eq!(prose(".Sh x"), "\\&.Sh x\n");
        assert_eq!(prose("'x \\n ^C"), "\\&'x \\en \\(haC\n");
        assert_eq!(sentence("A"), "A.\n");
        assert_eq!(word("a\"--b"), "a\\(dq\\-\\-b");
    }

    #[test]
    fn what_is_typed_is_bold_and_keeps_its_hyphens_and_neighbours() {
        assert_eq!(
            prose("Use (`a -b`, `c`) or `d`."),
            "Use (\\fBa \\-b\\fP, \\fBc\\fP) or \\fBd\\fP.\n"
        );
    }

    #[test]
    fn a_phrase_has_no_capital_and_no_full_stop() {
        assert_eq!(phrase("List what\nis. `x`.\n\nMore."), "list what is. x");
    }
}
