//! What some models think aloud before they answer: no part of the reply.

use crate::story::take::wrappings::THOUGHTS;

/// Follows the thoughts at the beginning of a reply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Thoughts {
    state: State,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// They may yet begin.
    #[default]
    Open,
    /// They go on until this mark.
    Inside(&'static str),
    /// There are none, or they are over.
    Over,
}

impl Thoughts {
    /// Reads the last character of `text`; says whether the thoughts end with it.
    pub fn read(&mut self, c: char, text: &str) -> bool {
        match self.state {
            State::Open => {
                let begun = text.trim_start().to_ascii_lowercase();
                if let Some((_, close)) = THOUGHTS.iter().find(|(open, _)| *open == begun) {
                    self.state = State::Inside(close);
                } else if !THOUGHTS.iter().any(|(open, _)| open.starts_with(&begun)) {
                    self.state = State::Over;
                }
                false
            }
            State::Inside(close) => {
                let last = text.len().saturating_sub(close.len());
                let is_over = matches!(c, '>' | ']' | '▷')
                    && text.get(last..).is_some_and(|end| end.eq_ignore_ascii_case(close));
                if is_over {
                    self.state = State::Over;
                }
                is_over
            }
            State::Over => false,
        }
    }

    /// Whether the model still thinks.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        matches!(self.state, State::Inside(_))
    }
}
