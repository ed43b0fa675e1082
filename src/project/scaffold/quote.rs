//! Writing any text as a YAML scalar.

use std::fmt::Write as _;

/// A text as a scalar on one line: as it is where that is safe, else in quotes.
pub(super) fn quoted(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // What cannot be seen, or would end the line for some reader.
            _ if is_hidden(c) => {
                // Writing into a string cannot fail.
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A long text of ours as a folded block, indented by so many spaces.
pub(super) fn folded(text: &str, indent: usize) -> String {
    const WIDTH: usize = 80;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines.last().is_some_and(|line| {
            !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH
        });
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    let margin = format!("\n{}", " ".repeat(indent));
    format!(">-{margin}{}", lines.join(&margin))
}

/// Whether a text reads as itself without quotes.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan", "infinity"];
    text.starts_with(char::is_alphabetic)
        && !text.ends_with(' ')
        && text.chars().all(|c| c.is_alphanumeric() || " ',.;!?()/–…-".contains(c))
        && !WORDS.contains(&text.to_lowercase().as_str())
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0xAD | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFDD0..=0xFDEF | 0xFEFF | 0xFFF9..=0xFFFF | 0xE0000..=0xE007F)
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_quoted_where_needed() {
        for (text, expected) in [
            ("The Ferry Bell", "The Ferry Bell"),
            ("What's left", "What's left"),
            ("Say: no", "\"Say: no\""),
            ("no", "\"no\""),
            ("1984", "\"1984\""),
            ("a \"b\"\nc", "\"a \\\"b\\\"\\nc\""),
            ("\u{1f426} bird", "\"\u{1f426} bird\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(text), expected, "{text}");
        }
    }

    #[test]
    fn folds() {
        assert_eq!(folded("one two", 4), ">-\n    one two");
        let long = folded(&"word ".repeat(40), 4);
        assert!(long.lines().all(|line| line.chars().count() <= 80), "{long}");
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in any::<String>()) {
            let read: String = serde_saphyr::from_str(&format!("- {}\n", quoted(&text)))
                .map(|list: Vec<String>| list.concat())
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(read, text);
        }
    }
}
