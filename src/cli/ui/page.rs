//! Prose as it comes, set for the terminal it is read on.

/// Prose on standard output, its lines broken between words where that is a
/// terminal.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The most characters of a line; none where lines are left as they are.
    width: Option<usize>,
    column: usize,
    /// Spaces since the last word. They are printed with the next one, if it
    /// stands on the same line: past the last column they would make a line of
    /// their own.
    gap: usize,
    /// The word that has begun and may go on in the next piece.
    word: String,
    /// How many line ends were printed last; none within a line.
    line_ends: usize,
}

impl Page {
    /// An empty page, for a terminal of this width or for no terminal.
    pub fn new(terminal: Option<usize>) -> Self {
        const WIDEST: usize = 88;
        let width = terminal.map(|width| width.clamp(20, WIDEST));
        Self { width, line_ends: 1, ..Self::default() }
    }

    /// Whether it is read where lines about the work are read, too.
    pub fn is_on_terminal(&self) -> bool {
        self.width.is_some()
    }

    /// What is to be printed when this text has come.
    pub fn set(&mut self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            match c {
                '\n' => {
                    self.end_word(&mut shown);
                    shown.push('\n');
                    (self.column, self.gap) = (0, 0);
                    self.line_ends += 1;
                }
                c if c.is_whitespace() => {
                    self.end_word(&mut shown);
                    match self.width {
                        _ if self.column == 0 => {}
                        Some(_) => self.gap += 1,
                        None => shown.push(' '),
                    }
                }
                c => self.word.push(c),
            }
        }
        if self.width.is_none() {
            self.end_word(&mut shown);
        }
        shown
    }

    fn end_word(&mut self, shown: &mut String) {
        if self.word.is_empty() {
            return;
        }
        let length = self.word.chars().count();
        let end = self.column + self.gap + length;
        if self.column > 0 && self.width.is_some_and(|width| end > width) {
            shown.push('\n');
            self.column = length;
        } else {
            shown.extend(std::iter::repeat_n(' ', self.gap));
            self.column = end;
        }
        shown.push_str(&self.word);
        self.word.clear();
        (self.gap, self.line_ends) = (0, 0);
    }

    /// What is to be printed so that the prose so far, if there is any, ends
    /// with an empty line.
    pub fn finish(&mut self) -> String {
        let mut shown = String::new();
        self.end_word(&mut shown);
        if self.line_ends == 0 {
            shown.push_str("\n\n");
        }
        (self.column, self.gap) = (0, 0);
        self.line_ends = self.line_ends.max(2);
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_wherever_a_text_is_cut() {
        let table = [
            // A word that ends in the last column has no space after it.
            ("aaaaaaaaaa bbbbbbbbb cccc\n\nd", "aaaaaaaaaa bbbbbbbbb\ncccc\n\nd\n\n"),
            ("aaaaaaaaaa bbbbbbbb  cccc", "aaaaaaaaaa bbbbbbbb\ncccc\n\n"),
            ("aaaaaaaaaaaaaaaaaaaa \n\nb ", "aaaaaaaaaaaaaaaaaaaa\n\nb\n\n"),
            ("aaaaaaaaaaaaaaaaaaaaaaaa b", "aaaaaaaaaaaaaaaaaaaaaaaa\nb\n\n"),
            (" a  b", "a  b\n\n"),
            ("", ""),
        ];
        for (text, expected) in table {
            for cut in 0..=text.len() {
                let mut page = Page::new(Some(20));
                let shown = page.set(&text[..cut]) + &page.set(&text[cut..]) + &page.finish();
                assert_eq!(shown, expected, "{text:?} cut at {cut}");
                assert_eq!(page.finish(), "");
            }
        }
    }

    #[test]
    fn without_a_terminal_lines_stay_as_they_are() {
        let text = format!("{} end \n\nnext", "word ".repeat(40));
        let mut page = Page::new(None);
        assert_eq!(page.set(&text) + &page.finish(), format!("{text}\n\n"));
    }
}
