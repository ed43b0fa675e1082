use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn list<S: AsRef<str>>(phrases: &[S]) -> Arc<Phrases> {
    Arc::new(Phrases::new(phrases.iter().map(|phrase| phrase.as_ref().to_owned())).unwrap())
}

fn bans<S: AsRef<str>>(phrases: &[S]) -> Arc<Bans> {
    Arc::new(Bans::default().and(list(phrases), BTreeSet::new(), Place::Anywhere))
}

/// Every phrase found in a text that comes in these pieces, as it stands there.
fn found(bans: &Arc<Bans>, pieces: &[&str]) -> Vec<String> {
    let text = pieces.concat();
    let mut places = Vec::new();
    let mut scan = Scan::new(bans);
    for piece in pieces {
        scan.hear(piece, &mut |found| places.push(found));
    }
    scan.end(&mut |found| places.push(found));
    places.iter().map(|found| text[found.from..found.until].to_owned()).collect()
}

#[test]
fn what_counts_as_the_phrase() {
    for (phrase, text, expected) in [
        ("cat", "the cat sat", &["cat"][..]),
        ("cat", "a cation, a bobcat, cats", &[]),
        ("cat", "Cat", &["Cat"]),
        ("cat", "the cat’s tail", &["cat"]),
        ("cat", "‘cat’", &["cat"]),
        ("can", "she can't", &[]),
        ("can", "she can' t", &["can"]),
        ("âme", "l’âme", &["âme"]),
        ("cat", "a cat-like step", &["cat"]),
        ("cat", "a *cat*ion", &[]),
        ("little did she know", "Little *did* she\nknow.", &["Little *did* she\nknow"]),
        ("little did she know", "Little did she\n\nknow.", &[]),
        ("didn't know", "didn’t know", &["didn’t know"]),
        ("didn’t know", "didn't  know", &["didn't  know"]),
        ("“well”", "\"well\"", &["\"well\""]),
        ("schön", "scho\u{308}n und schon", &["scho\u{308}n"]),
        ("schon", "schön", &[]),
        ("—", "no — a well-known man", &["—"]),
        ("well-known", "well\u{2011}known", &["well\u{2011}known"]),
        ("灯台", "古い灯台守", &["灯台"]),
        ("a b", "a b a b", &["a b", "a b"]),
        ("ab", "ab", &["ab"]),
        ("*", "* * *", &[]),
        ("3", "13 3 3rd", &["3"]),
        ("oh", "oh… oh!oh", &["oh", "oh", "oh"]),
    ] {
        assert_eq!(found(&bans(&[phrase]), &[text]), expected, "`{phrase}` in `{text}`");
    }
}

#[test]
fn what_may_become_a_phrase_is_known() {
    let bans = bans(&["a testament to", "testify", "to"]);
    for (text, open) in [
        ("It was", "It was".len()),
        ("It was a", 7),
        ("It was a test", 7),
        ("It was a testa", 7),
        ("It was a tester", 15),
        ("It was a testif", 9),
        ("It was a testament to", 7),
        ("It was a testament to ", 22),
        ("He went to", 8),
        ("He went to’", 8),
        ("He went too", 11),
        ("", 0),
    ] {
        let mut scan = Scan::new(&bans);
        scan.hear(text, &mut |_| {});
        assert_eq!(scan.open_from(), open, "{text}");
    }
}

#[test]
fn lists_are_read_and_told_apart() {
    let one = list(&["One way", "one  way", "", "…", "\u{ad}"]);
    assert_eq!((one.len(), one.phrase(0)), (2, "…"));
    assert_eq!(one, list(&["...", "ONE WAY"]));
    assert_ne!(one.digest(), list(&["one way"]).digest());
    assert!(list::<&str>(&[]).is_empty());
    assert_eq!(found(&bans::<&str>(&[]), &["any text at all"]), [""; 0]);
    assert_eq!(
        expand("# no\n\n{a|the} {very |}end\nplain {\n"),
        ["a very end", "a end", "the very end", "the end", "plain {"]
    );
}

#[test]
fn a_book_has_lists_of_its_own() {
    let (worn, own) = (list(&["a cat", "a dog"]), list(&["The bird"]));
    let dog = worn.within("It had A DOG there.");
    assert_eq!((dog.len(), worn.within("dog").len()), (1, 0));
    let here = Bans::default().and(own, BTreeSet::new(), Place::LineStart);
    let both = Arc::new(here.clone().and(Arc::clone(&worn), dog.clone(), Place::Anywhere));
    let text = "**The bird** saw a cat, a dog, the bird.\n# the bird and a cat";
    assert_eq!((both.len(), here.len()), (2, 1));
    assert_eq!(found(&both, &[text]), ["The bird", "the bird", "a cat", "a cat"]);
    let all = both.within(text);
    let named: Vec<(usize, &str)> = all.iter().map(|one| (one.from, both.phrase(one))).collect();
    assert_eq!(named, [(2, "The bird"), (17, "a cat"), (43, "The bird"), (56, "a cat")]);
    assert_ne!(both.digest(), here.digest());
    // A list of which everything may be said is none.
    let nothing = Bans::default().and(list(&["a dog"]), BTreeSet::from([0]), Place::Anywhere);
    assert!(nothing.is_empty() && *both != nothing);
    assert!(
        worn_in("de")
            .is_some_and(|list| list.len() == Phrases::new(super::worn("de")).unwrap().len())
    );
    assert!(worn_in("tlh").is_none());
}

#[test]
fn overlapping_phrases_count_once() {
    let bans = bans(&["a b", "a b c", "c d", "d"]);
    let places: Vec<(usize, usize)> =
        bans.within("a b c d.").iter().map(|one| (one.from, one.until)).collect();
    assert_eq!(places, [(0, 5), (6, 7)]);
}

#[test]
fn every_language_has_a_list_of_phrases() {
    for (language, text) in LANGUAGES {
        let list = worn(language);
        assert!(list.len() > 500, "{language}: {}", list.len());
        assert!(!text.contains('\t'), "{language}");
        for phrase in &list {
            assert!(!phrase.contains(['{', '}', '|']), "{language}: {phrase}");
            // A word alone would be banned from every sentence.
            assert!(phrase.contains(' '), "{language}: {phrase}");
        }
    }
    assert_eq!(worn("tlh"), [""; 0]);
}

/// A short text over few letters, so that phrases are found in it.
fn short() -> impl Strategy<Value = String> {
    "[abAé’' *\n.]{0,40}"
}

proptest! {
    #[test]
    fn pieces_do_not_matter(text in short(), phrases in prop::collection::vec("[abé' ]{1,5}", 0..6), cuts in prop::collection::vec(0_usize..60, 0..6)) {
        let bans = bans(&phrases);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| text.floor_char_boundary(*cut)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&text[from..cut]);
            from = cut;
        }
        pieces.push(&text[from..]);
        prop_assert_eq!(found(&bans, &pieces), found(&bans, &[&text]));
    }

    #[test]
    fn it_finds_what_a_plain_search_finds(text in "[ab ]{0,30}", phrase in "[ab]{1,3}( [ab]{1,2})?") {
        let bans = bans(&[&phrase]);
        // Between blanks, every one of its words stands alone.
        let spaced = format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "));
        let expected = (0..spaced.len())
            .filter(|at| spaced[*at..].starts_with(&format!(" {phrase} ")))
            .count();
        prop_assert_eq!(found(&bans, &[&spaced]).len(), expected);
    }

    #[test]
    fn nothing_before_the_open_part_is_ever_part_of_a_phrase(text in short(), more in short(), phrases in prop::collection::vec("[ab]{1,3}( [ab]{1,3})?", 1..5)) {
        let bans = bans(&phrases);
        let mut scan = Scan::new(&bans);
        scan.hear(&text, &mut |_| {});
        let open = scan.open_from();
        prop_assert!(open <= text.len());
        let mut later = Vec::new();
        scan.hear(&more, &mut |found| later.push(found));
        scan.end(&mut |found| later.push(found));
        for found in later {
            prop_assert!(found.from >= open, "{:?} before {}", found, open);
        }
    }
}
