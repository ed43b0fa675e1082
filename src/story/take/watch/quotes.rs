//! Whether what is read is somebody's speech.

/// Follows quotation marks. A blank line ends a speech that nobody closed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quotes {
    /// The marks that close what is open.
    closing: Option<[char; 2]>,
    /// Whether the line so far is blank.
    blank: bool,
    /// Whether the line begins with a mark that opens speech.
    opens_line: bool,
    /// The character before.
    last: Option<char>,
}

impl Quotes {
    /// Reads one more character.
    pub fn read(&mut self, c: char) {
        if c == '\n' {
            if self.blank {
                self.closing = None;
            }
            (self.blank, self.opens_line) = (true, false);
        } else if !c.is_whitespace() {
            let begins = self.blank || self.last.is_none();
            self.opens_line |= begins && self.closing.is_none() && opened(c).is_some();
            self.blank = false;
        }
        self.closing = match self.closing {
            Some(closing) if closing.contains(&c) || self.closes_as_it_opened(c) => None,
            Some(closing) => Some(closing),
            None => opened(c),
        };
        self.last = Some(c);
    }

    /// Whether a speech is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closing.is_some()
    }

    /// Whether the line has begun with a speech that is closed by now: what follows
    /// is told, until another opens.
    #[must_use]
    pub fn is_told_again(&self) -> bool {
        self.opens_line && self.closing.is_none()
    }

    /// Whether a mark that opens speech in one language closes it here, as it does in
    /// another: it stands behind a word or its stop.
    fn closes_as_it_opened(&self, c: char) -> bool {
        let is_behind = |last: char| last.is_alphanumeric() || ".,!?…".contains(last);
        c == '“' && self.closing == opened('“') && self.last.is_some_and(is_behind)
    }
}

/// What closes the speech that a mark opens.
fn opened(c: char) -> Option<[char; 2]> {
    Some(match c {
        '"' => ['"'; 2],
        '“' => ['”'; 2],
        '„' => ['“', '”'],
        '«' => ['»'; 2],
        '»' => ['«'; 2],
        '「' => ['」'; 2],
        '『' => ['』'; 2],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_open_and_close_as_their_language_has_them() {
        // What is told of each text.
        for (text, told) in [
            ("“Now,” he said. “No.”", "” he said. ”"),
            ("„Tag?“, fragte ich.", "“, fragte ich."),
            ("„Tag?”, zapytał.", "”, zapytał."),
            ("»Tag?«, fragte ich.", "«, fragte ich."),
            ("«Sí» dijo.", "» dijo."),
            // The mark that opened closes, too.
            ("“Tag?“ fragte ich.", "“ fragte ich."),
            ("“Tag,“ he said. “No.“ He rose.", "“ he said. “ He rose."),
            // Behind a blank it opens a speech within.
            ("“He said “no” and", "” and"),
            ("“He\n\nrose", "\nrose"),
        ] {
            let mut quotes = Quotes::default();
            let is_told = |c: &char| {
                quotes.read(*c);
                !quotes.is_open()
            };
            assert_eq!(text.chars().filter(is_told).collect::<String>(), told, "{text}");
        }
    }

    #[test]
    fn a_line_that_begins_with_speech_is_told_behind_it() {
        for (text, is_told_again) in [
            ("“Now,” he", true),
            ("„Tag?“, fragte", true),
            ("„Tag", false),
            ("“Now,” he said. “No", false),
            ("He said, “Now,” and", false),
            ("— Da, he", false),
            ("‘Now,’ he", false),
            ("“Now,” he said.\n", false),
            ("He rose.\n\n„Tag“ s", true),
        ] {
            let mut quotes = Quotes::default();
            text.chars().for_each(|c| quotes.read(c));
            assert_eq!(quotes.is_told_again(), is_told_again, "{text}");
        }
    }
}
