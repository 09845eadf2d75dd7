//! What authselect makes of the templates of a profile: authselect-profiles(5). It is not in
//! Debian.

use std::collections::BTreeSet;

/// A template for the features that were selected.
pub fn render(template: &str, features: &[&str]) -> String {
    let mut features: BTreeSet<String> = features.iter().map(ToString::to_string).collect();
    let mut rendered = String::new();
    for line in template.lines() {
        match render_line(line, &mut features) {
            Line::Kept(text) => {
                rendered.push_str(text.trim_end());
                rendered.push('\n');
            }
            Line::Left => {}
            Line::End => break,
        }
    }
    rendered
}

/// The features that a template knows.
pub fn features(template: &str) -> BTreeSet<String> {
    template.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

enum Line {
    Kept(String),
    Left,
    End,
}

fn render_line(line: &str, features: &mut BTreeSet<String>) -> Line {
    let mut text = line.to_owned();
    while let Some((before, rest)) = text.split_once('{') {
        let (operator, after) = rest.split_once('}').expect("a brace that closes");
        let (name, argument) = operator.split_once(' ').expect("an operator with an argument");
        let condition = argument.strip_prefix("if ").unwrap_or(argument);
        match name {
            "if" => {
                let (condition, values) = argument.split_once(':').expect("values");
                let (yes, no) = values.split_once('|').unwrap_or((values, ""));
                let value = if holds(condition, features) { yes } else { no };
                text = format!("{before}{value}{after}");
            }
            "include" if !holds(condition, features) => return Line::Left,
            "exclude" if holds(condition, features) => return Line::Left,
            "include" | "exclude" => text = format!("{before}{after}"),
            "continue" if !holds(condition, features) => return Line::End,
            "stop" if holds(condition, features) => return Line::End,
            "continue" | "stop" => return Line::Left,
            "imply" => {
                let (implied, condition) = argument.split_once(" if ").expect("a condition");
                if holds(condition, features) {
                    features.insert(implied.trim_matches('"').to_owned());
                }
                return Line::Left;
            }
            other => panic!("authselect has no operator {other}: {line}"),
        }
    }
    Line::Kept(text)
}

/// Whether an expression is true; `and` and `or` bind alike, from left to right.
fn holds(expression: &str, features: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    value(&mut spaced.split_whitespace(), features)
}

fn value<'a>(words: &mut impl Iterator<Item = &'a str>, features: &BTreeSet<String>) -> bool {
    let mut result = operand(words, features);
    loop {
        match words.next() {
            Some("and") => result &= operand(words, features),
            Some("or") => result |= operand(words, features),
            None | Some(")") => return result,
            Some(other) => panic!("no operator: {other}"),
        }
    }
}

fn operand<'a>(words: &mut impl Iterator<Item = &'a str>, features: &BTreeSet<String>) -> bool {
    match words.next().expect("a feature") {
        "not" => !operand(words, features),
        "(" => value(words, features),
        name => features.contains(name.trim_matches('"')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_with_the_features_they_ask_for() {
        let template = "a  {include if \"x\"}\nb {exclude if \"x\"}\n";
        assert_eq!(render(template, &["x"]), "a\n");
        assert_eq!(render(template, &[]), "b\n");
    }

    #[test]
    fn a_template_ends_where_it_is_told_to() {
        let template = "a\n{continue if \"x\"}\nb\n{stop if \"y\"}\nc\n";
        assert_eq!(render(template, &[]), "a\n");
        assert_eq!(render(template, &["x"]), "a\nb\nc\n");
        assert_eq!(render(template, &["x", "y"]), "a\nb\n");
    }

    #[test]
    fn a_value_depends_on_an_expression() {
        let template = "{if \"x\" and not (\"y\" or \"z\"):yes|no}, {if \"x\":x}\n";
        assert_eq!(render(template, &["x"]), "yes, x\n");
        assert_eq!(render(template, &["x", "z"]), "no, x\n");
        assert_eq!(render(template, &["y"]), "no,\n");
    }

    #[test]
    fn a_feature_may_imply_another() {
        let template = "{imply \"x\" if \"y\"}\n{if \"x\":x|-}\n";
        assert_eq!(render(template, &["y"]), "x\n");
        assert_eq!(render(template, &[]), "-\n");
        assert_eq!(features(template), BTreeSet::from(["x".to_owned(), "y".to_owned()]));
    }
}
