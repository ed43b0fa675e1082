//! What prompts and models have in common: messages, and how many tokens they take.
//!
//! `prompt` builds messages and `provider` sends them; neither knows the other,
//! both know this page.

use serde::{Deserialize, Serialize};

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The standing instructions.
    System,
    /// What is asked.
    User,
    /// What the model has said, or (as the last message) has begun to say.
    Assistant,
}

impl Role {
    /// The name every chat dialect uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One turn of a conversation with a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

impl Message {
    /// A message of the given role.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }
}

/// All that is said in a conversation, message after message.
#[must_use]
pub fn said(messages: &[Message]) -> String {
    let texts: Vec<&str> = messages.iter().map(|message| message.text.as_str()).collect();
    texts.join("\n")
}

/// Counts tokens: exactly for a known vocabulary, else never too few.
pub trait Tokenizer: std::fmt::Debug + Send + Sync {
    /// Tokens that `text` takes inside a prompt.
    fn text(&self, text: &str) -> usize;

    /// Tokens of a whole prompt: the messages, the marks around them and the
    /// opening of the reply.
    fn prompt(&self, messages: &[Message]) -> usize;

    /// Whether its counts are a bound, and may be much too high, because the
    /// vocabulary is not known.
    fn is_bound(&self) -> bool {
        matches!(self.counting(), Counting::Bound { .. })
    }

    /// How it counts, as far as that can be written down.
    fn counting(&self) -> Counting {
        Counting::Vocabulary
    }
}

/// How tokens are counted, as far as that can be written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counting {
    /// By the smallest bound that is proven.
    Bound {
        /// Whether its vocabulary has been seen, so that it is the tighter one.
        seen: bool,
        /// The wire and the chat template whose marks are counted, where the
        /// prompt is sent as raw text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raw: Option<(String, String)>,
    },
    /// By the model's own vocabulary, which stands elsewhere.
    Vocabulary,
    /// By each of several models, as the one that needs most.
    Most(Vec<Counted>),
}

/// How one model's tokens are counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The model's full name.
    pub model: String,
    /// The same as the user names it: a file of a model is found by its path.
    pub named: String,
    /// How they are counted.
    pub counting: Counting,
    /// The tokens of a text that every vocabulary counts in its own way.
    pub probe: usize,
}

/// A text of several languages: who counts its tokens alike has the same
/// vocabulary, as far as prompts are concerned.
const PROBE: &str = "“Nobody,” she said—and then, “nobody who can write.” Überführung, «déjà vu», \
     mañana; Ферри не отвечает. 河水不记账。 橋のたもと 🛶 1887-03-02";

impl Counted {
    /// How a tokenizer counts the tokens of a model.
    #[must_use]
    pub fn of(model: &str, named: &str, tokenizer: &dyn Tokenizer) -> Self {
        Self {
            model: model.to_owned(),
            named: named.to_owned(),
            counting: tokenizer.counting(),
            probe: tokenizer.text(PROBE),
        }
    }

    /// Whether a tokenizer counts so.
    #[must_use]
    pub fn is_by(&self, tokenizer: &dyn Tokenizer) -> bool {
        tokenizer.counting() == self.counting && tokenizer.text(PROBE) == self.probe
    }
}
