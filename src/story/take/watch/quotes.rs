//! Whether what is read is somebody's speech.

/// Follows quotation marks. A blank line ends a speech that nobody closed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quotes {
    /// The marks that close what is open.
    closing: Option<[char; 2]>,
    /// Whether the line so far is blank.
    blank: bool,
}

impl Quotes {
    /// Reads one more character.
    pub fn read(&mut self, c: char) {
        if c == '\n' {
            if self.blank {
                self.closing = None;
            }
            self.blank = true;
        } else if !c.is_whitespace() {
            self.blank = false;
        }
        self.closing = match self.closing {
            Some(closing) if closing.contains(&c) => None,
            Some(closing) => Some(closing),
            None => opened(c),
        };
    }

    /// Whether a speech is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closing.is_some()
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
