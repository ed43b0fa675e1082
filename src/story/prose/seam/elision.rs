//! Words that give up their last vowel before another: `l’eau`, `qu’il`, `un’altra`.

/// What such words are before their apostrophe, in the languages that are full of them:
/// those by themselves, and those that end with one of these.
pub(super) fn elided(language: &str) -> &'static [&'static str] {
    match language {
        "fr" => FRENCH,
        "it" => ITALIAN,
        "ca" | "oc" => CATALAN,
        _ => &[],
    }
}

const FRENCH: &[&str] = &[
    "l", "d", "c", "s", "n", "j", "m", "t", "qu", "jusqu", "lorsqu", "puisqu", "presqu", "quelqu",
    "aujourd",
];

const ITALIAN: &[&str] = &[
    "l", "d", "c", "s", "n", "m", "t", "v", "un", "dell", "all", "dall", "nell", "sull", "coll",
    "quell", "quest", "bell", "sant", "ch", "anch", "com", "cos", "dov", "gl", "quand", "quant",
    "senz", "mezz", "tutt", "nient", "nessun", "ciascun", "alcun", "qualcun", "buon", "grand",
];

const CATALAN: &[&str] = &["l", "d", "s", "n", "m", "t", "c", "qu"];

/// Whether letters and what follows them are one word, where that begins with one of
/// these and its apostrophe; none where it does not.
pub(super) fn are_one(first: &str, tail: &str, elided: &[&str]) -> Option<bool> {
    let (second, behind) = tail.split_once(['’', '\''])?;
    let second = second.to_lowercase();
    let begins_word = behind.is_empty() || behind.starts_with(char::is_alphabetic);
    if !begins_word || !elided.contains(&second.as_str()) {
        return None;
    }
    // `aujour` and `d’hui`, `del` and `l’acqua`; but `quel` and `qu’il`.
    let whole = format!("{}{second}", first.to_lowercase());
    Some(elided.contains(&whole.as_str()) && (whole != "quelqu" || behind.starts_with("un")))
}
