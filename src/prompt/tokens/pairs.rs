//! The pairs of bytes that every seen vocabulary merges, and what follows.
//!
//! Byte-pair encoding stops only when no two neighbouring tokens can be merged
//! any more. So where a vocabulary merges `a` and `b`, and nothing keeps the two
//! apart before, no encoded text holds the token `a` followed by the token `b`:
//! at least one of the two bytes is part of a longer token. The most tokens that
//! a text can take are those of the longest way to cut it under this one rule,
//! found byte by byte in [`most_tokens`].

/// For each letter from `a` to `z`: the letters that it is merged with, in all
/// seen vocabularies, when they follow it.
const LETTERS: [&str; 26] = [
    "abcdefghijklmnoprstuvwxyz",
    "abcdefgilmnoprstuy",
    "abcdefhiklmnopqrstuvxyz",
    "abcdefhiklmnoprstuvwxyz",
    "abcdefghijklmnpqrstuvwxyz",
    "abcdefgilmnoprstuwxy",
    "abdeghilnoprstuyz",
    "adehilmnoprstuwy",
    "abcdefghijklmnopqrstuvwxyz",
    "adeijkosu",
    "abceghiklmnorstuvwy",
    "abcdegijlmnoprstuvy",
    "abcdegiklmnopqrstuvxy",
    "abcdefghilmnoprstuxy",
    "abcdefghijklmnoprstuvwxyz",
    "abcdefghiklmnoprstuxy",
    "alpqstu",
    "abcdefghilmnoprstuvwxyz",
    "abcdefghiklmnopqrstuvwyz",
    "abcdefhiklmnoprstuvwxyz",
    "abcdefghijklmnoprstuvwxyz",
    "acdeilmoprstvy",
    "abcdehilmnoprstwxy",
    "abcdefilstxy",
    "acdegklmnoprsty",
    "abdehikmnostuwyz",
];

/// The same as bits, `a` the lowest: a prompt asks for each of its bytes.
const MERGED: [u32; 26] = {
    let mut merged = [0; 26];
    let mut first = 0;
    while first < LETTERS.len() {
        let others = LETTERS[first].as_bytes();
        let mut index = 0;
        while index < others.len() {
            merged[first] |= 1 << (others[index] - b'a');
            index += 1;
        }
        first += 1;
    }
    merged
};

/// The last bytes of the Latin letters with accents (U+00C0 to U+00FF) whose
/// two bytes are *not* merged everywhere.
const RARE_LATIN: [u8; 17] = [
    0x86, 0x8a, 0x8b, 0x8c, 0x8f, 0x90, 0x91, 0x92, 0x94, 0x95, 0x98, 0x99, 0x9b, 0x9d, 0x9e, 0xb7,
    0xbf,
];

/// The last bytes of the quotes, dashes and dots (`E2 80 …`) that every seen
/// vocabulary has as one token or merges from their first two bytes:
/// `–`, `—`, `‘`, `’`, `“`, `”`, `„`, `…`.
const TYPOGRAPHIC: [u8; 8] = [0x93, 0x94, 0x98, 0x99, 0x9c, 0x9d, 0x9e, 0xa6];

/// After an ASCII apostrophe some tokenizers cut off one or two letters first
/// (`'t`, `'ll`), so that no pair up to here can be counted on.
const AFTER_APOSTROPHE: usize = 3;

/// The most tokens that a text so far may take.
#[derive(Clone, Copy)]
struct Most {
    /// If its last byte is a token of its own; none if it cannot be.
    single: Option<usize>,
    /// If its last token is longer.
    long: Option<usize>,
    /// The most of the text without its last byte.
    before: Option<usize>,
}

impl Most {
    const NOTHING: Self = Self { single: None, long: Some(0), before: None };

    fn all(self) -> Option<usize> {
        self.single.max(self.long)
    }

    /// The same with one more byte, which may be merged with the last one.
    fn next(self, is_merged: bool) -> Self {
        let alone = self.long.max(self.single.filter(|_| !is_merged));
        Self {
            single: alone.map(|tokens| tokens + 1),
            long: self.before.map(|tokens| tokens + 1),
            before: self.all(),
        }
    }
}

/// The most tokens that a text takes in a seen vocabulary, whatever stands
/// before and after it.
pub(super) fn most_tokens(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut most = Most::NOTHING;
    let mut since_apostrophe = usize::MAX;
    for (index, byte) in bytes.iter().enumerate() {
        since_apostrophe = since_apostrophe.saturating_add(1);
        let is_merged = since_apostrophe > AFTER_APOSTROPHE
            && index > 0
            && bytes.get(index - 1).is_some_and(|last| {
                is_pair(*last, *byte, bytes.get(index + 1).copied().unwrap_or_default())
            });
        most = most.next(is_merged);
        if *byte == b'\'' {
            since_apostrophe = 0;
        }
    }
    most.all().unwrap_or_default()
}

/// Whether every seen vocabulary merges two bytes, and never keeps them apart.
fn is_pair(first: u8, second: u8, third: u8) -> bool {
    match (first, second) {
        (b' ', second) => second.is_ascii_alphabetic(),
        (b'a'..=b'z', b'a'..=b'z') => MERGED
            .get(usize::from(first - b'a'))
            .is_some_and(|others| others >> (second - b'a') & 1 == 1),
        (0xc3, second) => !RARE_LATIN.contains(&second),
        (0xe2, 0x80) => TYPOGRAPHIC.contains(&third),
        _ => false,
    }
}
