//! Text without what could steer a terminal or hide itself.

/// Text without what could steer a terminal or hide itself: control
/// characters other than line ends and tabs, escape sequences, overrides of
/// the writing direction.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' => skip_escape(&mut characters),
            '\r' => {
                if characters.peek() != Some(&'\n') {
                    clean.push('\n');
                }
            }
            '\n' | '\t' => clean.push(c),
            // Line ends of other worlds, which YAML and terminals read differently.
            '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {}
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    clean
}

/// Passes over what follows an escape character, as far as it belongs to it.
fn skip_escape(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match characters.peek() {
        Some('[') => {
            characters.next();
            while let Some(c) = characters.peek().copied() {
                // Parameters and intermediates, then one final byte.
                if !('\u{20}'..='\u{7e}').contains(&c) {
                    return;
                }
                characters.next();
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    return;
                }
            }
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            // A string that a bell or a string terminator ends; it never
            // swallows a line end, so that a stray escape costs little.
            while let Some(c) = characters.peek().copied() {
                if c == '\n' {
                    return;
                }
                characters.next();
                if c == '\u{7}' || c == '\u{9c}' {
                    return;
                }
                if c == '\u{1b}' {
                    characters.next_if_eq(&'\\');
                    return;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning() {
        for (text, expected) in [
            ("a\u{1b}[31mred\u{1b}[0m b", "ared b"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\r\nb\rc", "a\nb\nc"),
            ("a\u{202e}b\u{0}c", "abc"),
            ("plain — text", "plain — text"),
            ("a\u{1b}", "a"),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }
}
