//! Texts that go round in circles.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;

use crate::story::prose;

/// The words that a text repeats in a circle, if it does.
///
/// A circle is a run of words that comes again and again, one right after the
/// other, or lines most of which are the same.
#[must_use]
pub fn find_loop(text: &str) -> Option<String> {
    let words: Vec<String> = text.unicode_words().map(str::to_lowercase).collect();
    cycle(&words).or_else(|| repeated_sentences(text))
}

/// A run of 1 to 40 words that stands at least four times in a row (a single
/// word ten times), over at least 16 words.
fn cycle(words: &[String]) -> Option<String> {
    for period in 1..=40 {
        let mut equal = 0;
        for index in period..words.len() {
            if words[index] != words[index - period] {
                equal = 0;
                continue;
            }
            equal += 1;
            let times = equal / period + 1;
            if times >= if period == 1 { 10 } else { 4 } && equal + period >= 16 {
                return Some(words[index + 1 - period..=index].join(" "));
            }
        }
    }
    None
}

/// A text of which most sentences of some length have been said before.
fn repeated_sentences(text: &str) -> Option<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let (mut all, mut repeated) = (0, 0);
    for sentence in prose::sentences(text) {
        if prose::words(sentence) < 5 {
            continue;
        }
        all += 1;
        let times = seen.entry(sentence.to_lowercase()).or_default();
        *times += 1;
        if *times > 1 {
            repeated += 1;
        }
    }
    if all < 8 || repeated * 5 < all * 2 {
        return None;
    }
    seen.into_iter()
        .max_by(|a, b| (a.1, &b.0).cmp(&(b.1, &a.0)))
        .map(|(sentence, _)| sentence.chars().take(80).collect())
}
