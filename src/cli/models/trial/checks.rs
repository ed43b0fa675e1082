//! What the small call of `models test` shows: each thing that was tried, and what
//! came of it.

use std::time::{Duration, Instant};

use crate::cli::ui::counted;
use crate::failure::{Exit, Failure};
use crate::pipeline::calling;
use crate::provider::{Bill, Ear, Fault, Finish, Provider, Reply};

/// What was tried, and what came of it.
pub(super) struct Check {
    pub name: &'static str,
    pub outcome: Outcome,
}

pub(super) enum Outcome {
    /// It works; what was seen.
    Works(String),
    /// Nobody can tell; why.
    Unsure(String),
    /// It does not.
    Fails(Box<Failure>),
}

impl Check {
    pub fn works(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Works(seen.into()) }
    }

    pub fn unsure(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Unsure(why.into()) }
    }

    pub fn has_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Fails(_))
    }

    pub fn fails(name: &'static str, failure: Failure) -> Self {
        Self { name, outcome: Outcome::Fails(Box::new(failure)) }
    }
}

/// What is heard of the call.
#[derive(Default)]
pub(super) struct Heard {
    pub text: String,
    pub texts: usize,
    /// Pieces that the endpoint has sent, where it is one.
    pub pieces: usize,
    pub first: Option<Duration>,
    pub tries: usize,
    pub bill: Option<Bill>,
    pub started: Option<Instant>,
}

impl Ear for Heard {
    fn text(&mut self, piece: &str) {
        self.texts += 1;
        self.text.push_str(piece);
        if let (None, Some(started)) = (self.first, self.started) {
            self.first = Some(started.elapsed());
        }
    }

    fn piece(&mut self) {
        self.pieces += 1;
    }

    fn sending(&mut self) {
        self.tries += 1;
    }

    fn billed(&mut self, bill: Bill) {
        self.bill = Some(bill);
    }
}

/// What a good reply shows; `instead_of` is the model that was asked, where another one
/// has answered.
pub(super) fn went_well(
    provider: &dyn Provider,
    reply: &Reply,
    heard: &Heard,
    instead_of: Option<&str>,
) -> Vec<Check> {
    let facts = provider.facts();
    let mut checks = vec![
        Check::works("reachable", tries(heard)),
        Check::works("key", "accepted, or none is wanted"),
        match instead_of {
            Some(asked) => {
                Check::unsure("model", format!("asked for `{asked}`, `{}` answers", reply.model))
            }
            None => Check::works("model", format!("`{}` answers", reply.model)),
        },
        streams(heard, &reply.finish),
    ];
    let cost = heard.bill.and_then(|bill| bill.cost);
    checks.push(match reply.usage {
        Some(usage) => {
            let cost = cost.map(|cost| format!(", {cost}")).unwrap_or_default();
            let thought = if usage.reasoning > 0 {
                format!(" ({} of it thinking)", usage.reasoning)
            } else {
                String::new()
            };
            Check::works(
                "usage",
                format!(
                    "{} tokens of prompt, {} of reply{thought}{cost}",
                    usage.prompt, usage.reply
                ),
            )
        }
        None => Check::unsure("usage", "it says nothing; each call will count with its worst case"),
    });
    if facts.price.is_none() {
        checks.push(Check::unsure(
            "price",
            "not known; give it in your `catalogue.yaml`, or no budget can be kept",
        ));
    }
    checks
}

fn tries(heard: &Heard) -> String {
    match heard.tries {
        0 | 1 => "it answers".to_owned(),
        tries => format!("it answers, at the {tries}. try"),
    }
}

fn streams(heard: &Heard, finish: &Finish) -> Check {
    let words = heard.text.split_whitespace().count();
    if words == 0 {
        let failure = Failure::new(Exit::Provider, "a reply without a word");
        return Check::fails(
            "streams",
            match finish {
                Finish::Length => failure
                    .hint("it has spent its whole reply on thinking; `thinking: TOKENS` for its endpoint in your configuration gives it room, or take a model that does not think"),
                Finish::Filtered => failure.hint("a filter of the endpoint cut it; try another model"),
                Finish::Stop => failure.hint("look at its chat template, or try another model"),
            },
        );
    }
    let first = heard.first.unwrap_or_default().as_millis();
    let pieces = heard.pieces.max(heard.texts);
    let (spoken, came) = (counted(words, "word"), counted(pieces, "piece"));
    let seen = format!("{spoken} in {came}, the first after {first} ms");
    if pieces == 1 && words > 5 {
        return Check::unsure("streams", format!("{seen}: it comes all at once"));
    }
    Check::works("streams", seen)
}

/// Which check a fault fails; those before it work, those after it were not tried.
pub(super) fn went_wrong(fault: &Fault, heard: &Heard) -> Vec<Check> {
    let failure = remedied(fault);
    let mut checks = Vec::new();
    let is_silent = heard.pieces.max(heard.texts) == 0;
    let name = match fault {
        // Whoever points elsewhere has looked at no key.
        Fault::Unreachable { .. }
        | Fault::Foreign { .. }
        | Fault::NotChat { .. }
        | Fault::Refused { status: 300..=399, .. } => "reachable",
        Fault::Interrupted { .. } | Fault::Unended { .. } if is_silent => "answers",
        Fault::Key { .. } => "key",
        Fault::Refused { .. } if heard.text.is_empty() => "model",
        Fault::Gone { .. } | Fault::Unserved { .. } | Fault::Model(_) | Fault::Script(_) => "model",
        Fault::Cut { .. } | Fault::TooLong { .. } => "window",
        Fault::Interrupted { .. } | Fault::Unended { .. } | Fault::Refused { .. } => "streams",
        _ => "answers",
    };
    if name == "answers" {
        checks.push(Check::works("reachable", "it takes connections"));
    } else if name != "reachable" {
        checks.push(Check::works("reachable", tries(heard)));
    }
    if matches!(name, "model" | "window" | "streams") {
        checks.push(Check::works("key", "accepted, or none is wanted"));
    }
    checks.push(Check::fails(name, failure));
    checks
}

/// A fault with the way out for who only tests: there is no draft to go on with.
fn remedied(fault: &Fault) -> Failure {
    let mut failure = calling::failure(fault);
    let hint = match fault {
        Fault::Unreachable { .. } => {
            failure.hints.truncate(1);
            return failure;
        }
        Fault::Refused { status: 404, .. } => {
            "see what the endpoint says, and whether it calls the model so: `storygen models refresh VENDOR` asks for its list"
        }
        Fault::Busy { .. } => {
            "test again in a minute; what is asked at once and in a minute can be limited in your configuration (`concurrent`, `requests_per_minute`, `tokens_per_minute`)"
        }
        Fault::Refused { status: 402, .. } => {
            "add credit to your account there, or name another model"
        }
        Fault::Server { .. } => {
            "test again later; a draft can name models that stand in (`models: {fallback: […]}`)"
        }
        Fault::Interrupted { .. } | Fault::Unended { .. } => {
            "look at what stands between, such as a proxy, and at `idle_seconds` of your configuration for a model that is slow to begin; a draft goes on from what has come"
        }
        _ => return failure,
    };
    Failure { hints: Vec::new(), ..failure }.hint(hint)
}
