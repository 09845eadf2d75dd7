//! What may reach a terminal or a log. Said here once more, in other words than in the code that
//! is tried.

use serde::Serialize;
use serde_json::Value;

/// The longest text of the wire, a sentence.
const LONGEST: usize = 512;

/// Panics where a text could move a cursor, end a line, hide, or turn what follows.
pub(crate) fn assert_printable(text: &str) {
    let bad = text.chars().find(|character| is_bad(*character));
    assert_eq!(bad, None, "in {text:?}");
}

/// The same for each text in a message.
pub(crate) fn assert_texts(message: &impl Serialize) {
    walk(&serde_json::to_value(message).expect("a message is data"));
}

fn walk(value: &Value) {
    match value {
        Value::String(text) => {
            assert!(text.len() <= LONGEST, "{} bytes: {text:?}", text.len());
            assert_printable(text);
        }
        Value::Array(items) => items.iter().for_each(walk),
        Value::Object(members) => members.values().for_each(walk),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_bad(character: char) -> bool {
    match u32::from(character) {
        // C0, DEL, C1.
        0x00..=0x1f | 0x7f..=0x9f => true,
        // Zero width, marks of direction, separators of lines and paragraphs.
        0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x61c | 0xfeff | 0xad => true,
        // Annotations and tags.
        0xfff9..=0xfffb | 0xe0000..=0xe007f => true,
        _ => false,
    }
}
