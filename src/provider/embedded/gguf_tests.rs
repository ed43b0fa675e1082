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
            .with(
                "tokenizer.ggml.eos_token_id",
                4,
                2_u32.to_le_bytes().to_vec(),
            )
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
    assert_eq!(
        header.values["tokenizer.ggml.tokens"],
        Value::List { kind: 8, count: 3 }
    );
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

#[test]
fn what_is_wrong_is_said() {
    let right = Draft::right();
    let huge = u64::MAX.to_le_bytes();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "is not a GGUF file"),
        (
            b"<!DOCTYPE html><html><body>404</body></html>".to_vec(),
            "is not a GGUF file",
        ),
        (
            [&b"GGUF"[..], &1_u32.to_le_bytes(), &[0; 16]].concat(),
            "version 1",
        ),
        (
            [&b"GGUF"[..], &3_u32.to_le_bytes(), &huge, &huge].concat(),
            "more entries",
        ),
        (
            right.clone().without("general.architecture").bytes(),
            "no architecture",
        ),
        (
            right
                .clone()
                .with("general.architecture", 4, vec![0; 4])
                .bytes(),
            "no architecture",
        ),
        (
            right.clone().without("tokenizer.ggml.tokens").bytes(),
            "no vocabulary",
        ),
        (
            right
                .clone()
                .with("tokenizer.ggml.tokens", 4, vec![1; 4])
                .bytes(),
            "no vocabulary",
        ),
        (
            right
                .clone()
                .with("tokenizer.ggml.tokens", 9, list(8, u64::MAX, &[]))
                .bytes(),
            "cut short inside",
        ),
        (
            right
                .clone()
                .with("tokenizer.ggml.token_type", 9, list(5, 2, &[0; 8]))
                .bytes(),
            "`tokenizer.ggml.token_type`",
        ),
        (
            right
                .clone()
                .with("tokenizer.ggml.scores", 9, list(6, u64::MAX / 2, &[]))
                .bytes(),
            "far too long",
        ),
        (
            right
                .clone()
                .with("tokenizer.ggml.eos_token_id", 4, vec![9, 0, 0, 0])
                .bytes(),
            "outside its vocabulary",
        ),
        (
            right
                .clone()
                .with("tokenizer.chat_template", 7, vec![1])
                .bytes(),
            "`tokenizer.chat_template` is no text",
        ),
        (
            right
                .clone()
                .with("general.alignment", 4, vec![0; 4])
                .bytes(),
            "alignment",
        ),
        (
            right.clone().with("split.count", 2, vec![2, 0]).bytes(),
            "split model",
        ),
        (
            right.clone().with("x", 8, huge.to_vec()).bytes(),
            "cut short inside",
        ),
        (right.clone().with("x", 99, vec![]).bytes(), "unknown type"),
        (
            right.clone().with("x", 9, list(9, 1, &[])).bytes(),
            "unknown type",
        ),
        (
            right.clone().tensor(&[u64::MAX, 2], 0, 0).bytes(),
            "larger than any file",
        ),
        (
            right.clone().tensor(&[4], 0, u64::MAX - 2).bytes(),
            "larger than any file",
        ),
        (right.clone().tensor(&[0], 0, 0).bytes(), "is empty"),
        (
            right.clone().tensor(&[1; 5], 0, 0).bytes(),
            "too many dimensions",
        ),
        (
            right.clone().tensor(&[1 << 20], 0, 0).bytes(),
            "is cut short: it holds",
        ),
        (right.clone().body(600).bytes(), "is cut short: it holds"),
    ];
    for (bytes, words) in cases {
        let message = check(&bytes).unwrap_err();
        assert!(message.contains(words), "{message:?} lacks {words:?}");
    }
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
