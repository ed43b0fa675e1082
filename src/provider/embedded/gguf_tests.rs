use std::io::Cursor;

use proptest::prelude::*;

use super::{Header, Value, read};

/// Writes small GGUF files, right ones and wrong ones.
#[derive(Clone, Default)]
struct Draft {
    pairs: Vec<(String, u32, Vec<u8>)>,
    tensors: Vec<(Vec<u64>, u32, u64)>,
    body: usize,
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn list(kind: u32, count: u64, items: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(items);
    bytes
}

impl Draft {
    fn right() -> Self {
        let words = [text("a"), text("b"), text("<end>")].concat();
        Self::default()
            .with("general.architecture", 8, text("llama"))
            .with("llama.context_length", 4, 2048_u32.to_le_bytes().to_vec())
            .with("tokenizer.ggml.tokens", 9, list(8, 3, &words))
            .with("tokenizer.ggml.token_type", 9, list(5, 3, &[0; 12]))
            .with("tokenizer.ggml.eos_token_id", 4, 2_u32.to_le_bytes().to_vec())
            .tensor(&[64, 2], 0, 0)
            .tensor(&[256], 12, 512)
            .body(512 + 144)
    }

    fn with(mut self, key: &str, kind: u32, bytes: Vec<u8>) -> Self {
        self.pairs.retain(|(known, _, _)| known != key);
        self.pairs.push((key.to_owned(), kind, bytes));
        self
    }

    fn without(mut self, key: &str) -> Self {
        self.pairs.retain(|(known, _, _)| known != key);
        self
    }

    fn tensor(mut self, shape: &[u64], kind: u32, offset: u64) -> Self {
        self.tensors.push((shape.to_vec(), kind, offset));
        self
    }

    fn body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend_from_slice(&3_u32.to_le_bytes());
        bytes.extend_from_slice(&(self.tensors.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&(self.pairs.len() as u64).to_le_bytes());
        for (key, kind, value) in &self.pairs {
            bytes.extend_from_slice(&text(key));
            bytes.extend_from_slice(&kind.to_le_bytes());
            bytes.extend_from_slice(value);
        }
        for (shape, kind, offset) in &self.tensors {
            bytes.extend_from_slice(&text("t"));
            bytes.extend_from_slice(&u32::try_from(shape.len()).unwrap().to_le_bytes());
            for side in shape {
                bytes.extend_from_slice(&side.to_le_bytes());
            }
            bytes.extend_from_slice(&kind.to_le_bytes());
            bytes.extend_from_slice(&offset.to_le_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(32) + self.body, 0);
        bytes
    }
}

fn check(bytes: &[u8]) -> Result<Header, String> {
    read(Cursor::new(bytes), bytes.len() as u64)
}

#[test]
fn a_right_header_is_read() {
    let header = check(&Draft::right().bytes()).unwrap();
    assert_eq!(header.architecture(), "llama");
    assert_eq!(header.of_architecture("context_length"), Some(2048));
    assert_eq!(header.values["tokenizer.ggml.tokens"], Value::List { kind: 8, count: 3 });
    assert_eq!(header.tensors, 2);
    assert!(!header.has_sliding_window());
}

#[test]
fn numbers_of_every_type_are_read() {
    let draft = Draft::right()
        .with("a", 1, vec![0xff])
        .with("b", 5, (-7_i32).to_le_bytes().to_vec())
        .with("c", 11, 9_i64.to_le_bytes().to_vec())
        .with("d", 6, 0.5_f32.to_le_bytes().to_vec())
        .with("e", 12, 0.25_f64.to_le_bytes().to_vec())
        .with("f", 7, vec![1])
        .with("llama.attention.sliding_window", 2, vec![0, 2]);
    let header = check(&draft.bytes()).unwrap();
    let expected = [
        ("a", Value::Negative(-1)),
        ("b", Value::Negative(-7)),
        ("c", Value::Whole(9)),
        ("d", Value::Fraction(0.5)),
        ("e", Value::Fraction(0.25)),
        ("f", Value::Truth(true)),
    ];
    for (key, value) in expected {
        assert_eq!(header.values[key], value, "{key}");
    }
    assert!(header.has_sliding_window());
}

fn assert_says(bytes: &[u8], words: &str) {
    let message = check(bytes).unwrap_err();
    assert!(message.contains(words), "{message:?} lacks {words:?}");
}

#[test]
fn what_is_no_gguf_is_said() {
    let huge = u64::MAX.to_le_bytes();
    assert_says(&[], "is not a GGUF file");
    assert_says(b"<!DOCTYPE html><html>404</html>", "is not a GGUF file");
    let old = [&b"GGUF"[..], &1_u32.to_le_bytes(), &[0; 16]].concat();
    assert_says(&old, "version 1");
    let endless = [&b"GGUF"[..], &3_u32.to_le_bytes(), &huge, &huge].concat();
    assert_says(&endless, "more entries");
}

#[test]
fn wrong_values_are_said() {
    let with = |key, kind, bytes| Draft::right().with(key, kind, bytes).bytes();
    let cases = [
        ("general.architecture", 4, vec![0; 4], "no architecture"),
        ("general.alignment", 4, vec![0; 4], "alignment"),
        ("split.count", 2, vec![2, 0], "split model"),
        ("tokenizer.chat_template", 7, vec![1], "is no text"),
        ("x", 8, vec![0xff; 8], "cut short inside"),
        ("x", 99, vec![], "unknown type"),
        ("x", 9, list(9, 1, &[]), "unknown type"),
    ];
    for (key, kind, bytes, words) in cases {
        assert_says(&with(key, kind, bytes), words);
    }
    let nameless = Draft::right().without("general.architecture");
    assert_says(&nameless.bytes(), "no architecture");
}

#[test]
fn a_wrong_vocabulary_is_said() {
    let with = |key: &str, kind, bytes| {
        let key = format!("tokenizer.ggml.{key}");
        Draft::right().with(&key, kind, bytes).bytes()
    };
    let cases = [
        ("tokens", 4, vec![1; 4], "no vocabulary"),
        ("tokens", 9, list(8, u64::MAX, &[]), "cut short inside"),
        ("tokens", 9, list(8, 2, &[text("a"), text("a\0b")].concat()), "twice"),
        ("token_type", 9, list(5, 2, &[0; 8]), "does not fit"),
        ("scores", 9, list(6, u64::MAX / 2, &[]), "far too long"),
        ("eos_token_id", 4, vec![9, 0, 0, 0], "outside its"),
    ];
    for (key, kind, bytes, words) in cases {
        assert_says(&with(key, kind, bytes), words);
    }
    let speechless = Draft::right().without("tokenizer.ggml.tokens");
    assert_says(&speechless.bytes(), "no vocabulary");
}

#[test]
fn wrong_tensors_are_said() {
    let with = |shape: &[u64], offset| Draft::right().tensor(shape, 0, offset).bytes();
    assert_says(&with(&[u64::MAX, 2], 0), "larger than any file");
    assert_says(&with(&[4], u64::MAX - 2), "larger than any file");
    assert_says(&with(&[0], 0), "is empty");
    assert_says(&with(&[1; 5], 0), "too many dimensions");
    assert_says(&with(&[1 << 20], 0), "is cut short: it holds");
    assert_says(&Draft::right().body(600).bytes(), "is cut short: it holds");
}

#[test]
fn a_header_cut_anywhere_is_refused() {
    let bytes = Draft::right().bytes();
    for length in 0..bytes.len() {
        assert!(check(&bytes[..length]).is_err(), "cut at {length}");
    }
}

proptest! {
    #[test]
    fn changed_bytes_never_crash(changes in proptest::collection::vec((0_usize..600, any::<u8>()), 1..12)) {
        let mut bytes = Draft::right().bytes();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let _ = check(&bytes);
    }

    #[test]
    fn any_bytes_after_the_magic_never_crash(rest in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = check(&[&b"GGUF\x03\0\0\0"[..], &rest].concat());
    }
}
