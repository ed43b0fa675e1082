//! Names that are safe in files: `a-z`, `0-9`, `-`.

use unicode_normalization::UnicodeNormalization;

/// The most characters of a slug.
const LIMIT: usize = 60;

/// Whether `text` can be the id of a thing.
#[must_use]
pub fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LIMIT
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !is_reserved(text)
}

/// A slug made from a title, if any of its letters can be kept.
#[must_use]
pub fn slug(title: &str) -> Option<String> {
    let mut slug = String::new();
    for c in title.nfd().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'ß' => slug.push_str("ss"),
            'æ' => slug.push_str("ae"),
            'œ' => slug.push_str("oe"),
            'ø' => slug.push('o'),
            'ł' => slug.push('l'),
            // Marks that NFD parts from their letters, and apostrophes, vanish.
            '\u{300}'..='\u{36f}' | '\'' | '’' => {}
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    let cut: String = slug.chars().take(LIMIT).collect();
    let slug = cut.trim_matches('-');
    (!slug.is_empty() && !is_reserved(slug)).then(|| slug.to_owned())
}

/// Names that Windows keeps for devices.
fn is_reserved(name: &str) -> bool {
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(name, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn titles_become_slugs() {
        for (title, expected) in [
            ("The Salt Road", Some("the-salt-road")),
            ("  Über  die Brücke! ", Some("uber-die-brucke")),
            ("L'été", Some("lete")),
            ("../../etc/passwd", Some("etc-passwd")),
            ("第一章", None),
            ("CON", None),
            ("", None),
        ] {
            assert_eq!(slug(title).as_deref(), expected, "{title}");
        }
    }

    proptest! {
        #[test]
        fn every_slug_is_an_id(title in "\\PC*") {
            if let Some(slug) = slug(&title) {
                prop_assert!(is_id(&slug), "{slug}");
            }
        }
    }
}
