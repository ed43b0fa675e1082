//! Whether an endpoint has read the whole prompt.
//!
//! Some servers shorten a prompt that is too long for them without a word, which
//! is the worst that can happen to a story: its middle is gone and nobody knows.
//! They do say how many tokens they have read. A text of so many words has more
//! tokens than that, in any vocabulary: no token reaches over a space between two
//! words of prose.

use super::Request;
use super::http::dialect::Trouble;

/// The share of the words, in tenths, below which nobody has read them all. The
/// rest is for words that a template leaves out or a vocabulary joins.
const TENTHS: u64 = 9;

/// Fails if an endpoint that has read `read` tokens cannot have read the whole
/// prompt. Nothing read is nothing said: such an endpoint does not count.
///
/// # Errors
///
/// [`Trouble::Cut`].
pub fn check(least: u64, read: u64) -> Result<(), Trouble> {
    if read == 0 || read >= least {
        return Ok(());
    }
    Err(Trouble::Cut { read, least })
}

/// The fewest tokens that the messages of a request can take.
#[must_use]
pub fn least(request: &Request) -> u64 {
    let words = request.messages.iter().flat_map(|message| message.text.split_whitespace());
    let count = words.filter(|word| word.chars().any(char::is_alphanumeric)).count();
    u64::try_from(count).unwrap_or(u64::MAX) / 10 * TENTHS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Message, Role};
    use crate::provider::Sampling;

    #[test]
    fn a_prompt_is_cut_when_fewer_tokens_were_read_than_it_has_words() {
        let request = |text: &str| Request {
            messages: vec![Message::new(Role::System, "— “…” 1"), Message::new(Role::User, text)],
            reply_tokens: 1,
            sampling: Sampling::default(),
            seed: 0,
            schema: None,
            marks: Vec::new(),
            bans: None,
        };
        let table = [("", 0), ("eight words are too few to say so", 0), ("語語語語", 0)];
        for (text, expected) in table {
            assert_eq!(least(&request(text)), expected, "{text}");
        }
        let long = request(&"a word, and ".repeat(400));
        assert_eq!(least(&long), 1080);
        for (read, cut) in [(0, false), (1079, true), (1080, false), (9000, false)] {
            assert_eq!(check(least(&long), read).is_err(), cut, "{read}");
        }
    }
}
