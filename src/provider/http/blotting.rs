//! Blotting out secrets in what an endpoint says, wherever its stream is cut.
//!
//! An endpoint knows the key that it was shown, and may repeat it in a reply; the
//! reply stands on the disk, in the manuscript, and in front of whoever reads it.
//! Pure.

use std::mem;

use super::echo::BLOT;
use super::refusal;

/// Follows one text.
#[derive(Clone, Debug, Default)]
pub(super) struct Blotting {
    secrets: Vec<String>,
    /// The end of the text, which may be the beginning of a secret.
    held: String,
}

impl Blotting {
    /// Blots these out; the earlier ones first.
    pub fn of(secrets: &[impl AsRef<str>]) -> Self {
        let secrets = secrets.iter().map(|secret| secret.as_ref().to_owned());
        Self { secrets: secrets.collect(), held: String::new() }
    }

    /// Foreign words beside the text, fit to be shown and kept.
    pub fn shown(&self, words: &str) -> String {
        refusal::shown(words, &self.secrets)
    }

    /// Hears more; gives what may be passed on.
    pub fn hear(&mut self, text: &str) -> String {
        let mut all = mem::take(&mut self.held) + text;
        for secret in &self.secrets {
            if all.contains(secret.as_str()) {
                all = all.replace(secret.as_str(), BLOT);
            }
        }
        let open = self.secrets.iter().map(|secret| overlap(&all, secret)).max().unwrap_or(0);
        self.held = all.split_off(all.len() - open);
        all
    }

    /// The text ends here: what was held is no secret.
    pub fn end(&mut self) -> String {
        mem::take(&mut self.held)
    }
}

/// The bytes at the end of a text that a secret begins with, not the whole of it.
fn overlap(text: &str, secret: &str) -> usize {
    let most = text.len().min(secret.len().saturating_sub(1));
    let is_begun =
        |bytes: &usize| text.as_bytes()[text.len() - bytes..] == secret.as_bytes()[..*bytes];
    (1..=most)
        .rev()
        .filter(|bytes| text.is_char_boundary(text.len() - bytes))
        .find(is_begun)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_are_blotted_out_and_nothing_else_is_changed() {
        for (pieces, expected) in [
            (&["the key is sk-word."][..], "the key is [key]."),
            (&["the key is s", "k-", "wo", "rd."], "the key is [key]."),
            (&["sk-sk-word", "sk-wor"], "sk-[key]sk-wor"),
            (&["s", "s", "sk", "y"], "sssky"),
            (&[""], ""),
        ] {
            let mut blotting = Blotting::of(&["sk-word"]);
            let out: String = pieces.iter().map(|piece| blotting.hear(piece)).collect();
            assert_eq!(out + &blotting.end(), expected, "{pieces:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "[abé]{0,40}", cuts in prop::collection::vec(0_usize..80, 0..6)) {
            let mut whole = Blotting::of(&["abab", "bé"]);
            let expected = whole.hear(&text) + &whole.end();
            prop_assert!(!expected.contains("abab"));
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| text.floor_char_boundary(*cut)).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let (mut blotting, mut from, mut out) = (Blotting::of(&["abab"]), 0, String::new());
            for cut in cuts {
                out += &blotting.hear(&text[from..cut]);
                prop_assert!(!out.contains("abab"));
                from = cut;
            }
            let mut whole = Blotting::of(&["abab"]);
            prop_assert_eq!(out + &blotting.end(), whole.hear(&text) + &whole.end());
        }
    }
}
