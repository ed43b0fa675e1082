//! A token count that is never too low, for models whose vocabulary is not at hand.

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::chat::{Counting, Message, Tokenizer};

/// What a chat template puts round one message, at most.
const PER_MESSAGE: usize = 8;

/// The mark at the beginning of a prompt, and the opening of the reply.
const PER_PROMPT: usize = 4;

/// The proven bound `max(bytes, bytes of the NFC text) + 1`, tightened where an
/// endpoint's own usage figures show that its vocabulary does better.
///
/// A byte-level vocabulary never needs more than a token a byte; the NFC form
/// counts because some tokenizers normalise first, which can make a text longer,
/// and the one extra token is the space that others put in front.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bound {
    ratio: Option<f64>,
}

impl Bound {
    /// A bound of `ratio` tokens per byte, as measured, its safety margin included.
    ///
    /// Without a ratio, or with one that is no positive number, the proven bound
    /// holds. No ratio makes it looser than that.
    #[must_use]
    pub fn new(ratio: Option<f64>) -> Self {
        Self { ratio: ratio.filter(|ratio| ratio.is_finite() && *ratio > 0.0) }
    }
}

impl Tokenizer for Bound {
    fn text(&self, text: &str) -> usize {
        let bytes = text.len().max(nfc_len(text));
        self.ratio.map_or(bytes, |ratio| bytes.min(scaled(bytes, ratio))) + 1
    }

    fn prompt(&self, messages: &[Message]) -> usize {
        messages.iter().map(|message| self.text(&message.text) + PER_MESSAGE).sum::<usize>()
            + PER_PROMPT
    }

    fn counting(&self) -> Counting {
        Counting::Bound { ratio: self.ratio, raw: None }
    }
}

fn nfc_len(text: &str) -> usize {
    if is_nfc(text) { text.len() } else { text.nfc().map(char::len_utf8).sum() }
}

/// `bytes * ratio`, rounded up. The casts are exact for any text that fits into
/// memory, and a float too big for `usize` saturates.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn scaled(bytes: usize, ratio: f64) -> usize {
    (bytes as f64 * ratio).ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Role;

    #[test]
    fn counts_are_never_below_the_proven_bound_or_the_measured_one() {
        let table: &[(&str, Option<f64>, usize)] = &[
            ("", None, 1),
            ("abc", None, 4),
            ("“é”", None, 9),
            // One character of 3 bytes that NFC spells with two of 3 bytes each.
            ("\u{0fa7}", None, 7),
            // Two characters that NFC composes: the bytes as given count.
            ("e\u{301}", None, 4),
            ("0123456789", Some(0.25), 4),
            ("0123456789", Some(7.0), 11),
            ("0123456789", Some(f64::NAN), 11),
            ("0123456789", Some(f64::INFINITY), 11),
            ("0123456789", Some(-1.0), 11),
        ];
        for (text, ratio, tokens) in table {
            assert_eq!(Bound::new(*ratio).text(text), *tokens, "{text:?} at {ratio:?}");
        }
    }

    #[test]
    fn a_prompt_pays_for_its_marks() {
        let messages = [Message::new(Role::System, "ab"), Message::new(Role::User, "c")];
        assert_eq!(Bound::default().prompt(&messages), (3 + 8) + (2 + 8) + 4);
        assert_eq!(Bound::default().prompt(&[]), 4);
    }
}
