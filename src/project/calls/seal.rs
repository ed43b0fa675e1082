//! What tells whether a kept reply is the one that came.

/// A digest of a reply, and of the request that it belongs to.
///
/// Line ends do not count: whoever checks a project out may get others.
#[derive(Clone, Debug)]
pub(super) struct Seal(blake3::Hasher);

impl Seal {
    /// The seal of a reply to the request of this digest, of which nothing has come.
    pub fn of(digest: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(digest.as_bytes());
        Self(hasher)
    }

    /// Takes in what has come.
    pub fn add(&mut self, text: &str) {
        for part in text.split('\r') {
            self.0.update(part.as_bytes());
        }
    }

    /// What is written of it: 16 hexadecimal digits.
    pub fn name(&self) -> String {
        self.0.finalize().to_hex().as_str()[..16].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(digest: &str, pieces: &[&str]) -> String {
        let mut seal = Seal::of(digest);
        for piece in pieces {
            seal.add(piece);
        }
        seal.name()
    }

    #[test]
    fn a_seal_holds_a_text_and_its_request() {
        let whole = name("d", &["one\ntwo"]);
        assert_eq!(name("d", &["one", "\r\n", "two"]), whole);
        for (digest, text) in [("d", "one\ntwO"), ("d", "one\ntwo "), ("e", "one\ntwo")] {
            assert_ne!(name(digest, &[text]), whole, "{digest} {text}");
        }
    }
}
