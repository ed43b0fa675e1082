//! What `storygen.yaml` says of the run; flags and environment outrank it.

use std::collections::BTreeMap;

use super::schema::{
    BookFile, EndpointShape, LimitsShape, ModelsShape, SamplingShape, TargetsShape,
};
use super::yaml::Placed;
use crate::diagnostic::Place;
use crate::money::Money;
use crate::provider::sampling::{Dry, Sampling, Xtc};
use crate::story::fingerprint::digest;

/// A kind of work for which a book can name a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Writing prose.
    Draft,
    /// Synopses, facts and folds.
    Record,
    /// Reviewing chapters.
    Review,
    /// Speaking for characters.
    Talk,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Record, Self::Review, Self::Talk];

    /// Its name in files and flags.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Record => "record",
            Self::Review => "review",
            Self::Talk => "talk",
        }
    }
}

/// Which models one source of settings names.
#[derive(Clone, Debug)]
pub struct Models<T> {
    /// The model for whatever has none of its own.
    pub every: Option<T>,
    /// The models of single roles.
    pub roles: BTreeMap<Role, T>,
    /// Those that stand in, in order; none where the source says nothing of them.
    pub fallback: Option<Vec<T>>,
}

impl<T> Default for Models<T> {
    fn default() -> Self {
        Self { every: None, roles: BTreeMap::new(), fallback: None }
    }
}

impl<T> Models<T> {
    /// All models that are named.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.every.iter().chain(self.roles.values()).chain(self.fallback.iter().flatten())
    }

    /// Whether one is named for anything beside drafting: for other work, or to stand in.
    pub fn are_beside(&self) -> bool {
        self.roles.keys().any(|role| *role != Role::Draft) || self.fallback.is_some()
    }
}

/// Where a project says that its models are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointWish {
    /// The address, as written.
    pub base_url: String,
    /// The dialect's name; `openai` where none is given.
    pub dialect: String,
    /// Where the address stands.
    pub place: Place,
}

/// What `storygen.yaml` says of the run.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// What names the book to an endpoint, so that its calls reach the same
    /// cache: a digest of title and author, no more.
    pub book: String,
    /// The models, each as `provider/name`, and where it stands.
    pub models: Models<(String, Place)>,
    /// Where the project says that they are: of no effect without trust.
    pub endpoint: Option<EndpointWish>,
    /// How prose is sampled.
    pub sampling: Sampling,
    /// Whether a setting that a model would not heed is an error.
    pub strict: bool,
    /// Words of a synopsis.
    pub synopsis_words: Option<u32>,
    /// Tokens of prompt and reply together.
    pub window: Option<u32>,
    /// Tokens of one reply.
    pub reply_tokens: Option<u32>,
    /// How often a rejected reply is drawn again.
    pub redraws: Option<u32>,
    /// How often a reply is continued.
    pub continuations: Option<u32>,
    /// What the whole book may cost.
    pub budget: Option<Money>,
}

/// What is said of a text that cannot name a model.
pub const NO_NAME: &str = "the name of a model is not one line of plain text";

/// Whether a text can name a model: one line, without control characters and without
/// those that turn the direction of what stands behind them.
#[must_use]
pub fn is_name(model: &str) -> bool {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !model.contains(|c: char| c.is_control() || turns(c))
}

/// The wishes of a book's file.
#[must_use]
pub fn of(file: &str, book: &BookFile) -> Wishes {
    let targets: Option<&TargetsShape> = book.targets.as_ref();
    let limits: Option<&LimitsShape> = book.limits.as_ref();
    let sampling = book.sampling.as_ref();
    Wishes {
        book: digest(&format!(
            "{}\n{}",
            book.title.value,
            book.author.as_ref().map(|author| author.value.as_str()).unwrap_or_default()
        )),
        models: models(file, book.model.as_ref(), book.models.as_ref()),
        endpoint: book.endpoint.as_ref().map(|shape| endpoint(file, shape)),
        sampling: sampling.map(self::sampling).unwrap_or_default(),
        strict: sampling.and_then(|shape| value(shape.strict.as_ref())).unwrap_or_default(),
        synopsis_words: targets.and_then(|targets| value(targets.synopsis_words.as_ref())),
        window: limits.and_then(|limits| value(limits.window.as_ref())),
        reply_tokens: limits.and_then(|limits| value(limits.reply_tokens.as_ref())),
        redraws: limits.and_then(|limits| value(limits.redraws.as_ref())),
        continuations: limits.and_then(|limits| value(limits.continuations.as_ref())),
        budget: limits.and_then(|limits| Money::of_dollars(limits.budget.as_ref()?.value)),
    }
}

fn value<T: Copy>(placed: Option<&Placed<T>>) -> Option<T> {
    placed.map(|placed| placed.value)
}

fn models(
    file: &str,
    every: Option<&Placed<String>>,
    shape: Option<&ModelsShape>,
) -> Models<(String, Place)> {
    let named = |placed: &Placed<String>| (placed.value.clone(), Place::at(file, placed.spot));
    let Some(shape) = shape else {
        return Models { every: every.map(named), ..Models::default() };
    };
    let roles = [
        (Role::Draft, &shape.draft),
        (Role::Record, &shape.record),
        (Role::Review, &shape.review),
        (Role::Talk, &shape.talk),
    ];
    Models {
        every: every.map(named),
        roles: roles
            .into_iter()
            .filter_map(|(role, placed)| placed.as_ref().map(|placed| (role, named(placed))))
            .collect(),
        fallback: (!shape.fallback.is_empty()).then(|| shape.fallback.iter().map(named).collect()),
    }
}

fn endpoint(file: &str, shape: &EndpointShape) -> EndpointWish {
    EndpointWish {
        base_url: shape.base_url.value.trim().to_owned(),
        dialect: shape
            .dialect
            .as_ref()
            .map_or_else(|| "openai".to_owned(), |dialect| dialect.value.clone()),
        place: Place::at(file, shape.base_url.spot),
    }
}

fn sampling(shape: &SamplingShape) -> Sampling {
    Sampling {
        temperature: value(shape.temperature.as_ref()),
        top_p: value(shape.top_p.as_ref()),
        top_k: value(shape.top_k.as_ref()),
        min_p: value(shape.min_p.as_ref()),
        repetition_penalty: value(shape.repetition_penalty.as_ref()),
        frequency_penalty: value(shape.frequency_penalty.as_ref()),
        presence_penalty: value(shape.presence_penalty.as_ref()),
        dry: shape.dry.as_ref().map(|dry| {
            let usual = Dry::of(dry.multiplier.value);
            Dry {
                base: value(dry.base.as_ref()).unwrap_or(usual.base),
                allowed_length: value(dry.allowed_length.as_ref()).unwrap_or(usual.allowed_length),
                ..usual
            }
        }),
        xtc: shape.xtc.as_ref().map(|xtc| {
            let usual = Xtc::of(xtc.probability.value);
            Xtc { threshold: value(xtc.threshold.as_ref()).unwrap_or(usual.threshold), ..usual }
        }),
        logit_bias: shape
            .logit_bias
            .iter()
            .map(|bias| (bias.token.value, bias.bias.value))
            .collect(),
        stop: shape.stop.iter().map(|stop| stop.value.clone()).collect(),
        ..Sampling::default()
    }
}
