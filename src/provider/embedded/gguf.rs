//! Reads the header of a GGUF file, and believes none of its numbers.
//!
//! llama.cpp checks much of a file itself, but some damage makes it abort the
//! process. So every length is held against the file's real size first, and
//! nothing is allocated because a header says so.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

/// The longest key llama.cpp writes, with room to spare.
const KEY_LIMIT: u64 = 1 << 10;
/// The longest text value kept: chat templates run to some tens of kilobytes.
const TEXT_LIMIT: u64 = 1 << 22;
/// The longest token: real ones have some hundred bytes.
const TOKEN_LIMIT: u64 = 1 << 16;
/// The list of the vocabulary's tokens.
const TOKENS: &str = "tokenizer.ggml.tokens";
/// More keys or tensors than any model has.
const COUNT_LIMIT: u64 = 1 << 20;
/// Dimensions of a tensor.
const DIMENSIONS: u32 = 4;

/// One metadata value, as far as it is worth keeping.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Any unsigned or non-negative whole number.
    Whole(u64),
    /// A negative whole number.
    Negative(i64),
    /// A fraction.
    Fraction(f64),
    /// True or false.
    Truth(bool),
    /// A text.
    Text(String),
    /// A list: only its element type and length are kept.
    List {
        /// The element type's number in the GGUF specification.
        kind: u32,
        /// How many elements.
        count: u64,
    },
}

/// What a GGUF file says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The metadata.
    pub values: BTreeMap<String, Value>,
    /// How many tensors.
    pub tensors: u64,
    /// Bytes of the file.
    pub size: u64,
}

impl Header {
    /// The architecture's name, checked to be there by [`read`].
    #[must_use]
    pub fn architecture(&self) -> &str {
        self.text("general.architecture").unwrap_or_default()
    }

    /// A text value.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn whole(&self, key: &str) -> Option<u64> {
        match self.values.get(key) {
            Some(Value::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    /// A whole number under the architecture's own name.
    #[must_use]
    pub fn of_architecture(&self, key: &str) -> Option<u64> {
        self.whole(&format!("{}.{key}", self.architecture()))
    }

    /// Whether old positions fall out of the attention of some layers.
    #[must_use]
    pub fn has_sliding_window(&self) -> bool {
        self.of_architecture("attention.sliding_window").is_some_and(|size| size > 0)
    }

    /// Whether some layers carry a state along that has no positions, so that it
    /// cannot be shortened.
    #[must_use]
    pub fn has_running_state(&self) -> bool {
        ["ssm.state_size", "ssm.conv_kernel", "wkv.head_size", "shortconv.l_cache"]
            .iter()
            .any(|key| self.of_architecture(key).is_some())
    }

    /// Bytes that the attention cache takes per token, where the header tells.
    #[must_use]
    pub fn cache_bytes_per_token(&self) -> Option<u64> {
        let layers = self.of_architecture("block_count")?;
        let heads = self.of_architecture("attention.head_count")?.max(1);
        let kv_heads = self.of_architecture("attention.head_count_kv").unwrap_or(heads);
        let width = self
            .of_architecture("attention.key_length")
            .or_else(|| Some(self.of_architecture("embedding_length")? / heads))?;
        // Keys and values, two bytes each.
        layers.checked_mul(kv_heads)?.checked_mul(width)?.checked_mul(4)
    }
}

/// Reads and checks the header of the file at `path`.
///
/// # Errors
///
/// Says in words what is wrong with the file.
pub fn open(path: &Path) -> Result<Header, String> {
    let file = std::fs::File::open(path).map_err(|e| format!("cannot be opened ({e})"))?;
    let meta = file.metadata().map_err(|e| format!("cannot be read ({e})"))?;
    if !meta.is_file() {
        return Err("is not a file".to_owned());
    }
    read(BufReader::with_capacity(1 << 16, file), meta.len())
}

/// Reads and checks the header of a GGUF of `size` bytes.
///
/// # Errors
///
/// Says in words what is wrong with it.
pub fn read(source: impl BufRead + Seek, size: u64) -> Result<Header, String> {
    let mut cursor = Cursor { source, at: 0, size };
    let mut magic = [0; 4];
    if size < 24 || cursor.bytes(&mut magic).is_err() || &magic != b"GGUF" {
        return Err("is not a GGUF file".to_owned());
    }
    let version = cursor.u32()?;
    if !(2..=3).contains(&version) {
        return Err(format!("is a GGUF of version {version}, versions 2 and 3 are known"));
    }
    let tensors = cursor.count()?;
    let keys = cursor.count()?;
    let mut values = BTreeMap::new();
    for _ in 0..keys {
        let (key, value) = cursor.pair()?;
        values.insert(key, value);
    }
    let header = Header { values, tensors, size };
    check_values(&header)?;
    let alignment = header.whole("general.alignment").unwrap_or(32);
    let end = cursor.tensors(tensors)?;
    let start = cursor.at.next_multiple_of(alignment);
    match start.checked_add(end) {
        Some(needed) if needed <= size => Ok(header),
        Some(needed) => Err(format!("is cut short: it holds {size} bytes and needs {needed}")),
        None => Err(damaged("a tensor lies beyond any file")),
    }
}

/// The checks of values whose wrong type or length makes llama.cpp abort.
fn check_values(header: &Header) -> Result<(), String> {
    if header.architecture().is_empty() {
        return Err("names no architecture".to_owned());
    }
    match header.values.get("general.alignment") {
        None => {}
        Some(Value::Whole(n)) if n.is_power_of_two() && *n <= 1 << 20 => {}
        Some(_) => return Err(damaged("its alignment is no small power of two")),
    }
    if header.whole("split.count").is_some_and(|parts| parts > 1) {
        return Err("is one part of a split model, which is not supported".to_owned());
    }
    let tokens = match header.values.get(TOKENS) {
        Some(Value::List { kind: 8, count }) if *count > 0 => *count,
        _ => return Err("holds no vocabulary".to_owned()),
    };
    let lists = [
        ("tokenizer.ggml.scores", 6, true),
        ("tokenizer.ggml.token_type", 5, true),
        ("tokenizer.ggml.merges", 8, false),
    ];
    for (key, wanted, per_token) in lists {
        match header.values.get(key) {
            None => {}
            Some(Value::List { kind, count })
                if *kind == wanted && (!per_token || *count == tokens) => {}
            Some(_) => return Err(damaged(&format!("`{key}` does not fit its vocabulary"))),
        }
    }
    let texts = ["tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.chat_template"];
    for key in texts {
        if header.values.contains_key(key) && header.text(key).is_none() {
            return Err(damaged(&format!("`{key}` is no text")));
        }
    }
    for (key, value) in &header.values {
        let is_id = key.starts_with("tokenizer.ggml.") && key.ends_with("_token_id");
        if is_id && !matches!(value, Value::Whole(id) if *id < tokens) {
            // llama.cpp takes -1, written as the largest u32, for `none`.
            if !matches!(value, Value::Whole(id) if *id == u64::from(u32::MAX)) {
                return Err(damaged(&format!("`{key}` is outside its vocabulary")));
            }
        }
    }
    Ok(())
}

fn damaged(what: &str) -> String {
    format!("is damaged: {what}")
}

/// Bytes of one element of a fixed-size metadata type.
fn width(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// Elements and bytes of one block of a tensor type; `None` for a type that is
/// newer than this table.
fn block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 | 26 => (1, 4),
        1 | 25 | 30 => (1, 2),
        24 => (1, 1),
        27 | 28 => (1, 8),
        2 | 20 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        9 => (32, 36),
        10 => (256, 84),
        11 | 21 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        15 => (256, 292),
        16 | 35 => (256, 66),
        17 => (256, 74),
        18 => (256, 98),
        19 => (256, 50),
        22 => (256, 82),
        23 => (256, 136),
        29 => (256, 56),
        34 => (256, 54),
        39 => (32, 17),
        _ => return None,
    })
}

/// A reader that knows where it is and where the file ends.
struct Cursor<R> {
    source: R,
    at: u64,
    size: u64,
}

impl<R: Read + BufRead + Seek> Cursor<R> {
    fn bytes(&mut self, buffer: &mut [u8]) -> Result<(), String> {
        self.source.read_exact(buffer).map_err(|_| "is cut short inside its header".to_owned())?;
        self.at += buffer.len() as u64;
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> Result<(), String> {
        let beyond = || "is cut short inside its header".to_owned();
        if bytes > self.size - self.at.min(self.size) {
            return Err(beyond());
        }
        let step = i64::try_from(bytes).map_err(|_| beyond())?;
        // Stays inside the buffer where it can: vocabularies are many small texts.
        let ahead = usize::try_from(bytes).unwrap_or(usize::MAX);
        let held = self.source.fill_buf().map_err(|_| beyond())?.len();
        if ahead <= held {
            self.source.consume(ahead);
        } else {
            self.source.seek_relative(step).map_err(|_| beyond())?;
        }
        self.at += bytes;
        Ok(())
    }

    fn u32(&mut self) -> Result<u32, String> {
        let mut buffer = [0; 4];
        self.bytes(&mut buffer)?;
        Ok(u32::from_le_bytes(buffer))
    }

    fn u64(&mut self) -> Result<u64, String> {
        let mut buffer = [0; 8];
        self.bytes(&mut buffer)?;
        Ok(u64::from_le_bytes(buffer))
    }

    fn count(&mut self) -> Result<u64, String> {
        let count = self.u64()?;
        if count > COUNT_LIMIT {
            return Err(damaged("it claims more entries than any model has"));
        }
        Ok(count)
    }

    fn raw(&mut self, limit: u64) -> Result<Vec<u8>, String> {
        let length = self.u64()?;
        if length > self.size - self.at.min(self.size) {
            return Err("is cut short inside its header".to_owned());
        }
        if length > limit {
            return Err(damaged("a text in its header is far too long"));
        }
        let mut buffer = vec![0; usize::try_from(length).unwrap_or_default()];
        self.bytes(&mut buffer)?;
        Ok(buffer)
    }

    fn text(&mut self, limit: u64) -> Result<String, String> {
        let buffer = self.raw(limit)?;
        String::from_utf8(buffer).map_err(|_| damaged("a text in its header is not UTF-8"))
    }

    fn pair(&mut self) -> Result<(String, Value), String> {
        let key = self.text(KEY_LIMIT)?;
        let kind = self.u32()?;
        let value = match kind {
            8 => Value::Text(self.text(TEXT_LIMIT)?),
            9 => self.list(key == TOKENS)?,
            _ => self.scalar(kind)?,
        };
        Ok((key, value))
    }

    fn scalar(&mut self, kind: u32) -> Result<Value, String> {
        let width = width(kind).ok_or_else(|| damaged("a value has an unknown type"))?;
        let mut raw = [0; 8];
        let used = usize::try_from(width).unwrap_or(8);
        self.bytes(&mut raw[..used])?;
        let bits = u64::from_le_bytes(raw);
        // Shifts the sign of a narrow number up, and back down with its copies.
        let unused = 64 - 8 * width;
        let signed = (bits << unused).cast_signed() >> unused;
        Ok(match kind {
            7 => Value::Truth(bits != 0),
            6 => Value::Fraction(f64::from(f32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]]))),
            12 => Value::Fraction(f64::from_le_bytes(raw)),
            1 | 3 | 5 | 11 if signed < 0 => Value::Negative(signed),
            _ => Value::Whole(bits),
        })
    }

    fn list(&mut self, is_vocabulary: bool) -> Result<Value, String> {
        let kind = self.u32()?;
        let count = self.u64()?;
        if kind == 8 {
            // Every text takes eight bytes at least, so the loop ends with the file.
            if count > (self.size - self.at.min(self.size)) / 8 {
                return Err("is cut short inside its header".to_owned());
            }
            let mut seen = HashSet::new();
            for _ in 0..count {
                if !is_vocabulary {
                    let length = self.u64()?;
                    self.skip(length)?;
                } else if !self.is_new_token(&mut seen)? {
                    return Err(damaged("its vocabulary holds a token twice"));
                }
            }
        } else {
            let width = width(kind).ok_or_else(|| damaged("a list has an unknown type"))?;
            let bytes =
                count.checked_mul(width).ok_or_else(|| damaged("a list is far too long"))?;
            self.skip(bytes)?;
        }
        Ok(Value::List { kind, count })
    }

    /// Reads a token's text and says whether it is a new one. llama.cpp takes
    /// texts up to their first zero byte, names empty ones by itself, and
    /// aborts when two are the same.
    fn is_new_token(&mut self, seen: &mut HashSet<u64>) -> Result<bool, String> {
        let text = self.raw(TOKEN_LIMIT)?;
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Ok(text.is_empty() || seen.insert(hasher.finish()))
    }

    /// Reads the tensors' entries and gives where the last one ends, counted
    /// from the start of the tensor data.
    fn tensors(&mut self, count: u64) -> Result<u64, String> {
        let mut end = 0;
        for _ in 0..count {
            end = end.max(self.tensor()?);
        }
        Ok(end)
    }

    fn tensor(&mut self) -> Result<u64, String> {
        self.text(KEY_LIMIT)?;
        let dimensions = self.u32()?;
        if dimensions > DIMENSIONS {
            return Err(damaged("a tensor has too many dimensions"));
        }
        let too_big = || damaged("a tensor is larger than any file");
        let mut elements = 1_u64;
        for _ in 0..dimensions {
            elements = elements.checked_mul(self.u64()?).ok_or_else(too_big)?;
        }
        if elements == 0 {
            return Err(damaged("a tensor is empty"));
        }
        let kind = self.u32()?;
        let offset = self.u64()?;
        let bytes = match block(kind) {
            Some((per_block, bytes)) => {
                elements.div_ceil(per_block).checked_mul(bytes).ok_or_else(too_big)?
            }
            None => 0,
        };
        offset.checked_add(bytes).ok_or_else(too_big)
    }
}

#[cfg(test)]
#[path = "gguf_tests.rs"]
mod tests;
