//! What `--json` prints: one event a line, of a published shape.
//!
//! The shape has a version. What a version has, stays; keys and events may be
//! added, so that a reader has to pass over what it does not know.

use std::borrow::Cow;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use crate::failure::{self, Exit, Failure};
use crate::pipeline::calling::Event;
use crate::project::yaml::key_shaped;

/// The version of the shape.
const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Line<'a> {
    /// The version of this shape.
    v: u32,
    /// The folder of the book that it is about, where several are drafted at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    book: Option<&'a str>,
    /// What happened.
    #[serde(flatten)]
    what: What<'a>,
}

/// What happened.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum What<'a> {
    /// The drawing of a chapter begins.
    Drafting {
        /// Its number.
        chapter: usize,
        /// Its title.
        title: &'a str,
        /// The number of the take.
        take: u32,
    },
    /// Prose has come, with `--stream`. It counts until the next `rejected`.
    Text {
        /// The prose, as it came.
        text: &'a str,
    },
    /// The prose since the last `drafting` does not count.
    Rejected {
        /// Why.
        reason: &'a str,
        /// Which drawing comes next, from 2; more than `of` when none does.
        next: u32,
        /// How many there may be.
        of: u32,
    },
    /// A take was accepted, and is the chapter's text.
    Drafted {
        /// The chapter's number.
        chapter: usize,
        /// How many words it has.
        words: usize,
        /// How many were wanted.
        target: u32,
        /// Where it stands, from the project's folder.
        path: &'a str,
        /// Tokens of its prompts.
        prompt_tokens: u64,
        /// Tokens of its replies.
        reply_tokens: u64,
        /// How many things were left out of its prompts.
        left_out: usize,
    },
    /// The synopsis and the facts of a chapter are being written.
    Recording {
        /// Its number.
        chapter: usize,
    },
    /// The synopsis and the facts of a chapter stand.
    Recorded {
        /// Its number.
        chapter: usize,
        /// How many facts were kept.
        facts: usize,
        /// How many were dropped, which the text does not bear out.
        dropped: usize,
        /// Whether the synopsis is made of the chapter's own sentences.
        extract: bool,
    },
    /// Facts of a chapter contradict earlier ones.
    Contradiction {
        /// Its number.
        chapter: usize,
        /// What contradicts what.
        text: &'a str,
    },
    /// Passages of the memory are being folded into one.
    Folding {
        /// The first chapter.
        from: usize,
        /// The last one.
        to: usize,
    },
    /// A chapter edited by hand was kept as a take.
    Adopted {
        /// Its number.
        chapter: usize,
        /// The number of the take.
        take: u32,
    },
    /// A kept take was put back.
    Restored {
        /// The chapter's number.
        chapter: usize,
        /// The number of the take.
        take: u32,
    },
    /// A chapter that has moved took its files along.
    Moved {
        /// Its number.
        chapter: usize,
        /// Where its text stands now.
        path: &'a str,
    },
    /// The author's corrected canon was set aside, for the text has changed.
    Replaced {
        /// The chapter's number.
        chapter: usize,
        /// Where it is kept.
        path: &'a str,
    },
    /// A stream broke off.
    Interrupted {
        /// Why.
        why: String,
        /// Whether all is asked for anew, as with a record or a fold; else what came is
        /// continued.
        anew: bool,
    },
    /// A record or a fold reached the limit of its reply before a word was written, and
    /// is not asked for again.
    Wordless {
        /// `record` or `fold`.
        stage: &'a str,
        /// The chapter's number; absent for a fold.
        #[serde(skip_serializing_if = "Option::is_none")]
        chapter: Option<usize>,
        /// The model that was asked, as `provider/model`.
        model: &'a str,
        /// What gives it more room.
        help: &'a str,
    },
    /// A reply was stopped for what it said; what is good of it counts.
    Stopped {
        /// Why.
        why: &'a str,
    },
    /// An accepted chapter ends where its writer did not end it.
    Unended {
        /// Its number.
        chapter: usize,
        /// Why.
        why: &'a str,
    },
    /// An accepted chapter says what it was not to say.
    Standing {
        /// Its number.
        chapter: usize,
        /// The phrases, as often as they stand there.
        phrases: &'a [String],
    },
    /// A call was billed more than it could cost by what is known of the model.
    Overbilled {
        /// What it was billed, in dollars.
        cost: f64,
        /// What it could cost at most, in dollars.
        worst: f64,
    },
    /// A call is tried again after a pause.
    Pausing {
        /// How long.
        seconds: f64,
        /// Why.
        why: String,
    },
    /// Another model answers than the one that was asked; told once for each.
    Swapped {
        /// The model that was asked, as `provider/model`.
        asked: &'a str,
        /// The one that answers, in the endpoint's words.
        answered: &'a str,
    },
    /// An endpoint has refused a sampling setting, which is left out from there on.
    LeftOut {
        /// The model, by its full name.
        model: &'a str,
        /// The setting, by its name on the wire.
        setting: &'a str,
    },
    /// A call waits until its endpoint's limits let it be sent.
    Waiting {
        /// How long; absent where that is up to other calls, which wait before it or run.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
        /// Why.
        why: String,
    },
    /// A model was tried; `models test`.
    Checked {
        /// What was looked at: `reachable`, `key`, `model`, `streams`, `usage`, `window` and so on.
        name: &'a str,
        /// What came of it.
        outcome: CheckOutcome,
        /// What was seen, or why it fails, in words.
        text: &'a str,
        /// Ways out.
        #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
        help: &'a [String],
    },
    /// A vendor's list was read; `models refresh`.
    Listed {
        /// The vendor.
        vendor: &'a str,
        /// What the list says and changes, in words, a line each.
        lines: &'a [String],
    },
    /// So much of a model's file has come; `models pull`.
    #[cfg_attr(not(feature = "embedded"), expect(dead_code, reason = "no engine, no file"))]
    Fetching {
        /// Bytes that are there.
        bytes: u64,
        /// Bytes of the whole, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<u64>,
    },
    /// A model's file is there.
    #[cfg_attr(not(feature = "embedded"), expect(dead_code, reason = "no engine, no file"))]
    Fetched {
        /// Where.
        path: String,
    },
    /// A call has ended, whatever came of it.
    Billed {
        /// How many times it was sent.
        tries: u32,
        /// Tokens of its prompt, as the endpoint counted them.
        prompt_tokens: u64,
        /// Those of them that were read from the endpoint's cache.
        cached_tokens: u64,
        /// Tokens of its reply.
        reply_tokens: u64,
        /// Dollars that it cost at most; where the endpoint gave no figures, the
        /// worst case.
        cost: f64,
    },
    /// Something else that is worth knowing, in words.
    Message {
        /// The words.
        text: &'a str,
    },
    /// The command, or one book of several, has ended. The last event.
    Ended {
        /// The exit code; see the README.
        exit: u8,
        /// What went wrong, if anything did.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// Ways out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        help: Vec<String>,
    },
}

/// What came of a check.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckOutcome {
    /// It works.
    Works,
    /// Nobody can tell.
    Unsure,
    /// It does not work.
    Fails,
}

impl<'a> What<'a> {
    /// A run's event.
    pub fn of(event: &'a Event<'a>) -> Self {
        match event {
            Event::Drafting { chapter, title, take } => {
                Self::Drafting { chapter: *chapter, title, take: *take }
            }
            Event::Text(text) => Self::Text { text },
            Event::Billed(tally) => Self::Billed {
                tries: tally.tries,
                prompt_tokens: tally.usage.prompt,
                cached_tokens: tally.usage.cached,
                reply_tokens: tally.usage.reply,
                cost: tally.most().dollars(),
            },
            Event::Rejected { reason, next, of, .. } => {
                Self::Rejected { reason, next: *next, of: *of }
            }
            Event::Drafted { chapter, words, target, path, tokens, omissions } => Self::Drafted {
                chapter: *chapter,
                words: *words,
                target: *target,
                path,
                prompt_tokens: tokens.prompt,
                reply_tokens: tokens.reply,
                left_out: *omissions,
            },
            Event::Recording { chapter, .. } => Self::Recording { chapter: *chapter },
            Event::Recorded { chapter, extract, facts, dropped } => Self::Recorded {
                chapter: *chapter,
                facts: *facts,
                dropped: *dropped,
                extract: *extract,
            },
            Event::Contradiction { chapter, text } => {
                Self::Contradiction { chapter: *chapter, text }
            }
            Event::Folding { from, to } => Self::Folding { from: *from, to: *to },
            Event::Adopted { chapter, take } => Self::Adopted { chapter: *chapter, take: *take },
            Event::Restored { chapter, take } => Self::Restored { chapter: *chapter, take: *take },
            Event::Moved { chapter, path } => Self::Moved { chapter: *chapter, path },
            Event::Replaced { chapter, path } => Self::Replaced { chapter: *chapter, path },
            Event::Overbilled(over) => {
                Self::Overbilled { cost: over.cost.dollars(), worst: over.worst.dollars() }
            }
            Event::Stopped { why } => Self::Stopped { why },
            Event::Wordless { stage, chapter, model, way_out } => {
                Self::Wordless { stage: stage.name(), chapter: *chapter, model, help: way_out }
            }
            Event::Unended { chapter, why } => Self::Unended { chapter: *chapter, why },
            Event::Standing { chapter, phrases } => Self::Standing { chapter: *chapter, phrases },
            Event::Interrupted { fault, is_asked_anew } => {
                Self::Interrupted { why: fault.to_string(), anew: *is_asked_anew }
            }
        }
    }

    /// How a command ended.
    pub fn ended(outcome: &anyhow::Result<Exit>) -> Self {
        match outcome {
            Ok(exit) => Self::Ended { exit: *exit as u8, error: None, help: Vec::new() },
            Err(error) => {
                let exit = error.downcast_ref::<Failure>().map_or(Exit::Failed, |own| own.exit);
                Self::Ended {
                    exit: exit as u8,
                    error: Some(format!("{error:#}")),
                    help: failure::ways_out(error),
                }
            }
        }
    }

    /// The event as a line, with its end.
    pub(super) fn line(self, book: Option<&str>) -> String {
        let is_prose = matches!(self, Self::Text { .. });
        let line = Line { v: VERSION, book, what: self };
        // Numbers and texts: there is nothing in it that JSON could not say.
        let text = serde_json::to_string(&line).map_or(Cow::Borrowed("{}"), Cow::Owned);
        if is_prose {
            return format!("{text}\n");
        }
        // A line's end inside a text would be taken for the first letter of a key.
        let lines: Vec<Cow<'_, str>> = text.split("\\n").map(key_shaped::blotted_vendors).collect();
        format!("{}\n", lines.join("\\n"))
    }
}

/// The JSON Schema of a line.
pub(crate) fn schema() -> String {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Line<'_>>().to_value();
    if let Some(keys) = schema.as_object_mut() {
        keys.insert("$id".to_owned(), format!("storygen:events-{VERSION}.json").into());
        keys.insert("title".to_owned(), "storygen: a line of `--json`".into());
    }
    format!("{schema:#}\n")
}
