//! Words that the prose of a language is full of: data, one list a language.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// A set of words in lower case.
type List = HashSet<&'static str>;

static LISTS: LazyLock<HashMap<&str, List>> = LazyLock::new(|| {
    let sections = include_str!("../../phrases/common.txt").split("\n[").skip(1);
    sections
        .filter_map(|section| section.split_once("]\n"))
        .map(|(language, words)| (language, words.split_whitespace().collect()))
        .collect()
});

/// The words that stand everywhere in the prose of a language, in lower case, by its
/// primary subtag; none where storygen has no list of them.
#[must_use]
pub fn common_words(language: &str) -> &'static HashSet<&'static str> {
    static NONE: LazyLock<List> = LazyLock::new(HashSet::new);
    LISTS.get(language).unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_in_lower_case_and_long_enough() {
        assert_eq!(LISTS.len(), 12);
        for (language, list) in LISTS.iter() {
            assert!(list.len() >= 110, "{language}: {}", list.len());
            for word in list {
                assert_eq!(*word, word.to_lowercase(), "{language}");
            }
        }
        assert!(common_words("de").contains("wenn"));
        assert!(common_words("xx").is_empty());
    }
}
