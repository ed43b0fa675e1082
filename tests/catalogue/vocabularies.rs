//! Counting tokens: by a vocabulary of the user's, and by what is proven of
//! those that were seen.

use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use storygen::chat::{Message, Role, Tokenizer};
use storygen::prompt::tokens::{Bound, Seen, Vocabulary};

use crate::support::Project;

/// A vocabulary that knows `the` and, for the rest, bytes.
fn small() -> Vec<u8> {
    let mut vocab = serde_json::Map::new();
    // The letters that stand for bytes in a byte-level vocabulary.
    let printable = (33..=126u32).chain(161..=172).chain(174..=255);
    let others = (0..=255u32).filter(|byte| !printable.clone().any(|one| one == *byte));
    let letters: Vec<u32> = printable.clone().chain((256..).take(others.count())).collect();
    for (id, letter) in letters.iter().enumerate() {
        let letter = char::from_u32(*letter).expect("a letter").to_string();
        vocab.insert(letter, json!(id));
    }
    vocab.insert("th".to_owned(), json!(256));
    vocab.insert("the".to_owned(), json!(257));
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "post_processor": null,
        "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "vocab": vocab, "merges": ["t h", "th e"]},
    })
    .to_string()
    .into_bytes()
}

#[test]
fn a_vocabulary_counts_exactly() {
    let vocabulary = Vocabulary::read(&small(), None).expect("a vocabulary");
    for (text, tokens) in [("", 0), ("the", 1), ("the end", 5), ("“", 3), ("<|im_end|>", 10)] {
        assert_eq!(vocabulary.text(text), tokens, "{text:?}");
    }
    let messages = [Message::new(Role::User, "the the")];
    assert_eq!(vocabulary.prompt(&messages), 3 + 8 + 4);
    assert!(!vocabulary.is_bound() && Bound::new(Some(Seen)).is_bound());
    for bytes in [b"{}".as_slice(), b"", b"\x00\x01", b"[1, 2]", b"<html>"] {
        assert!(Vocabulary::read(bytes, None).is_err());
    }
}

/// What `draft --dry-run` says of the first chapter's prompt.
fn tokens(project: &Project) -> String {
    let output = project.run(&[
        "draft",
        "-n",
        "--model",
        "openrouter/gryphe/mythomax-l2-13b",
        "--window",
        "4096",
    ]);
    format!("{output}")
}

#[test]
fn a_vocabulary_in_the_data_folder_is_used_and_a_faulty_one_named() {
    let project = Project::copy("tests/tiny");
    let by_bound = tokens(&project);
    project.write("../home/data/storygen/tokenizers/llama2.json", small());
    let by_vocabulary = tokens(&project);
    assert!(
        by_bound.starts_with("exit 0") && by_vocabulary.starts_with("exit 0"),
        "{by_bound}{by_vocabulary}"
    );
    assert_ne!(by_bound, by_vocabulary);
    project.write("../home/data/storygen/tokenizers/llama2.json", "no vocabulary");
    let refused = tokens(&project);
    assert!(refused.starts_with("exit 2"), "{refused}");
    assert!(refused.contains("llama2.json` is no vocabulary"), "{refused}");
}

/// Prose with accidents: words, letters, marks and what is none of them.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{1,7}",
        4 => prop::sample::select(vec![" the", " and", " window", " said", " Mara", " lamp", " going"])
            .prop_map(str::to_owned),
        2 => "[ a-zA-Z'.,;!?-]{1,10}",
        1 => "[qxzjkvwfg ]{1,10}",
        1 => "['’][stremdl]{1,3}",
        1 => "\\PC{1,3}",
        1 => "[ \n\t]{1,3}",
        1 => "[äöüßéèñç“”’—…]{1,3}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// What is said of the seen vocabularies, held against each of them, where
/// `STORYGEN_VOCABULARIES` names a folder with their files.
#[test]
fn no_seen_vocabulary_takes_more_than_its_bound() {
    let Some(folder) = std::env::var_os("STORYGEN_VOCABULARIES") else { return };
    let bound = Bound::new(Some(Seen));
    for entry in std::fs::read_dir(PathBuf::from(folder)).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        let vocabulary = Vocabulary::read(&bytes, None).expect("a vocabulary");
        let mut runner = TestRunner::new(Config {
            cases: 3_000,
            failure_persistence: None,
            ..Config::default()
        });
        let name = path.display();
        let outcome = runner.run(&texts(), |text| {
            let (real, most) = (vocabulary.text(&text), bound.text(&text));
            prop_assert!(real <= most, "{name}: {real} tokens, bound {most}");
            Ok(())
        });
        outcome.unwrap_or_else(|fault| panic!("{fault}"));
    }
}
