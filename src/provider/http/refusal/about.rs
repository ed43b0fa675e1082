//! What an endpoint's refusal is about: a field, the key, the model, credit, length.
//!
//! By its words, for hosts agree neither on statuses nor on codes.

use super::{AN_HTML_PAGE, Refusal};

impl Refusal {
    /// Whether it complains of this field of the body, by name.
    #[must_use]
    pub fn names(&self, field: &str) -> bool {
        match &self.param {
            Some(param) => param.split(['.', '[']).next() == Some(field),
            None => self
                .message
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| word == field),
        }
    }

    /// Whether a status of 403 is for another reason than the key, by its words.
    #[must_use]
    pub fn spares_the_key(&self) -> bool {
        // A page is not the endpoint's: a firewall or a proxy stands before it.
        self.message.starts_with(AN_HTML_PAGE)
            || self.says_one_of(&[
                "moderation",
                "flagged",
                "policy",
                "safety",
                "country",
                "region",
                "territory",
                "location",
                "quota",
                "credit ",
                "credits",
                "billing",
                "balance",
                "limit",
            ])
    }

    /// Whether it says that there is no model of this name, or no longer.
    ///
    /// Known words: "No endpoints found for …" (`OpenRouter`; that none is found
    /// which *supports* something is another matter), "is not a valid model ID",
    /// "The model `…` does not exist", "model '…' not found", "model: …" under
    /// `not_found_error`, "Invalid model: …".
    #[must_use]
    pub fn misses_the_model(&self, model: &str) -> bool {
        if self.says_one_of(&["no endpoints found for", "not a valid model"])
            || self.kind.contains("model_not")
            || self.kind.contains("invalid_model")
        {
            return true;
        }
        let message = self.message.to_lowercase();
        let names_it = message.contains("model")
            && (message.contains(&model.to_lowercase()) || message.contains("the model"));
        names_it
            && (self.says_one_of(&[
                "not found",
                "does not exist",
                "no such model",
                "invalid model",
                "unknown model",
                "decommissioned",
                "has been deprecated",
                "has been retired",
            ]) || self.kind.contains("not_found"))
    }

    /// Whether it says that the model is there, but not with what was asked of
    /// it: a parameter, a policy of the user's account, a choice of hosts.
    #[must_use]
    pub fn is_about_parameters(&self) -> bool {
        self.says_one_of(&[
            "no endpoints found that",
            "no endpoints found matching",
            "no endpoints available",
            "no allowed providers",
        ])
    }

    /// Whether it says that the account is empty.
    #[must_use]
    pub fn is_about_credit(&self) -> bool {
        self.status == Some(402)
            || self.says_one_of(&[
                "credit balance",
                "insufficient balance",
                "insufficient credit",
                "not enough balance",
                "have any credits",
            ])
    }

    /// Whether it says that the key, not the account, has spent all that it may: "Key
    /// limit exceeded (total limit)" (`OpenRouter`, 403).
    #[must_use]
    pub fn is_about_the_keys_limit(&self) -> bool {
        self.says_one_of(&["key limit exceeded"])
    }

    /// Whether it says that what is left in the account pays for a shorter reply: "You
    /// requested up to 8192 tokens, but can only afford 3333" (`OpenRouter`, 402).
    #[must_use]
    pub fn names_what_can_be_paid(&self) -> bool {
        self.says_one_of(&["can only afford", "fewer max_tokens"])
    }

    /// Whether it says, whatever its status, that the key is none: "Incorrect API key
    /// provided" (`xAI`), "API key not valid" (`Gemini`).
    #[must_use]
    pub fn is_about_key(&self) -> bool {
        self.says_one_of(&["incorrect api key", "invalid api key", "api key not valid"])
    }

    /// Whether it says that prompt and reply are more than it holds.
    #[must_use]
    pub fn is_about_length(&self) -> bool {
        self.says_one_of(&[
            "context_length",
            "exceed_context",
            "context length",
            "context size",
            "context window",
            "maximum context",
            "prompt is too long",
            "prompt too long",
            "too many tokens",
            "token_limit",
        ])
    }

    /// Whether it says that something is not supported at all.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.says_one_of(&[
            "unsupported",
            "not supported",
            "not support",
            "not compatible",
            "extra_forbidden",
            "not permitted",
            "not allowed",
            "cannot both be",
            "deprecated",
            "unknown",
            "unrecognized",
            "unexpected",
            "unavailable",
            "not available",
        ])
    }

    fn says_one_of(&self, words: &[&str]) -> bool {
        let says = format!("{} {}", self.kind, self.message).to_lowercase();
        words.iter().any(|word| says.contains(word))
    }
}
