//! How the prompt of a fold becomes shorter.

use super::{Omission, Shed, weigh};
use crate::prompt::view::FoldView;
use crate::story::prose;

impl Shed for FoldView {
    /// The longest passage loses its later half, at a sentence where it has several.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        let longest = self.passages.iter_mut().max_by_key(|passage| passage.text.len())?;
        let sentences = prose::sentences(&longest.text);
        let shorter = if sentences.len() < 2 {
            first_half(&longest.text)?.to_owned()
        } else {
            sentences[..sentences.len() / 2].join(" ")
        };
        let saved = size(&longest.text).saturating_sub(size(&shorter));
        let what = format!("half of the passage on chapters {} to {}", longest.from, longest.to);
        longest.text = shorter;
        Some(Omission { section: "passages".to_owned(), what, tokens: saved })
    }

    fn sections(&self, size: &dyn Fn(&str) -> usize) -> Vec<(&'static str, usize)> {
        vec![("passages", weigh(&self.passages, size))]
    }
}

/// The first half of a text that has no sentences, at a word where it has any;
/// none of one too short to say anything by half.
fn first_half(text: &str) -> Option<&str> {
    if text.len() < 40 {
        return None;
    }
    let mut end = text.len() / 2;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let half = &text[..end];
    Some(half.rfind(char::is_whitespace).map_or(half, |at| &half[..at]))
}
