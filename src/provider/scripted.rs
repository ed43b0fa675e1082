//! A provider that plays back a script: for whole-program tests and rehearsals.
//!
//! The script is a YAML list, or JSON Lines with one entry a line:
//!
//! ```yaml
//! - reply: "The first answer."
//! - when: ["Chapter 2", "synopsis"]   # answers only prompts with all of these
//!   times: 3                          # how often; 1 if unsaid
//!   reply: "The lamp goes out."
//! - when: ["Chapter 3"]
//!   always: true                      # any number of times
//!   expect: ["Mara"]                  # else the run fails, naming this entry
//!   reply: "Half of a sente"
//!   finish: length                    # stop (if unsaid), length or filtered
//!   usage: { prompt: 900, reply: 12, cached: 0 }
//! - reply: "This much comes, the rest never does."
//!   break: { after: 15, with: interrupted }   # characters; what then
//! ```
//!
//! Each request is answered by the first entry that is not used up and whose
//! `when` words are all in the prompt. So entries without `when` answer in their
//! order, and entries with `when` are rules; rules with `always` answer the same
//! whatever was asked before. That is what a rerun after a kill needs, for a new
//! process begins the script anew.
//!
//! `break` takes `with: interrupted`, `unreachable`, `busy`, `server`, `refused`
//! or `key`, each the [`Fault`] of that name, or `hang`: wait there until
//! cancelled or killed.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{
    Ear, Facts, Fault, Finish, Pass, Provider, Reply, Request, Streaming, Usage, unless_cancelled,
};
use crate::chat::{Message, Tokenizer};
use crate::money::Price;
use crate::prompt::tokens::Bound;

/// What a scripted fault gives as its origin.
const ORIGIN: &str = "the script";

/// How much of a prompt a message shows.
const SHOWN: usize = 120;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    reply: String,
    #[serde(default)]
    when: Vec<String>,
    #[serde(default)]
    expect: Vec<String>,
    times: Option<usize>,
    #[serde(default)]
    always: bool,
    finish: Option<Finish>,
    usage: Option<Counts>,
    #[serde(rename = "break")]
    broken: Option<Break>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    prompt: u64,
    reply: u64,
    #[serde(default)]
    cached: u64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Break {
    /// Characters of the reply that are still delivered.
    #[serde(default)]
    after: usize,
    with: With,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum With {
    Interrupted,
    Unreachable,
    Busy,
    Server,
    Refused,
    Key,
    Hang,
}

/// A [`Provider`] whose replies come from a script.
#[derive(Debug)]
pub struct Scripted {
    facts: Facts,
    entries: Vec<Entry>,
    /// How often each entry may still answer.
    left: Mutex<Vec<usize>>,
}

impl Scripted {
    /// Reads a script; `facts` say what the model of the play can do. A play
    /// costs nothing.
    ///
    /// # Errors
    ///
    /// [`Fault::Script`] for text that is no script, with the place.
    pub fn new(script: &str, facts: Facts) -> Result<Self, Fault> {
        let entries = read(script)?;
        let left = entries.iter().map(Entry::times).collect();
        let facts = Facts { price: Some(Price::FREE), is_local: true, ..facts };
        Ok(Self { facts, entries, left: Mutex::new(left) })
    }

    /// How many answers the script still holds; entries with `always` do not
    /// count. A test that ends with some left did not ask what it was meant to.
    #[must_use]
    pub fn unused(&self) -> usize {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        self.entries
            .iter()
            .zip(left.iter())
            .filter(|(entry, _)| !entry.always)
            .map(|(_, left)| *left)
            .sum()
    }

    /// The entry that answers `prompt`, and its number from 1.
    fn choose(&self, prompt: &str) -> Result<(usize, &Entry), Fault> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let found =
            self.entries.iter().zip(left.iter_mut()).enumerate().find(|(_, (entry, left))| {
                **left > 0 && entry.when.iter().all(|word| prompt.contains(word))
            });
        let Some((index, (entry, left))) = found else {
            return Err(Fault::Script(format!(
                "the script has no answer left for a prompt that ends with `{}`; add an entry for it",
                tail(prompt)
            )));
        };
        if !entry.always {
            *left -= 1;
        }
        Ok((index + 1, entry))
    }

    async fn play(&self, request: &Request, ear: &mut dyn Ear) -> Result<Reply, Fault> {
        self.fits(request)?;
        let prompt = flat(&request.messages);
        let (number, entry) = self.choose(&prompt)?;
        if let Some(missing) = entry.expect.iter().find(|word| !prompt.contains(*word)) {
            return Err(Fault::Script(format!(
                "script entry {number} expects `{missing}` in a prompt that lacks it and ends with `{}`",
                tail(&prompt)
            )));
        }
        for word in entry.delivered().split_inclusive(char::is_whitespace) {
            ear.text(word);
            // A real stream comes in many wakes; so a cancel gets in between.
            tokio::task::yield_now().await;
        }
        if let Some(broken) = entry.broken {
            return Err(broken.with.fault(number).await);
        }
        Ok(Reply {
            finish: entry.finish.clone().unwrap_or(Finish::Stop),
            usage: entry.usage.map(Counts::usage),
            model: self.facts.name.clone(),
        })
    }

    fn fits(&self, request: &Request) -> Result<(), Fault> {
        let tokens = Bound::default().prompt(&request.messages);
        let tokens = tokens.saturating_add(request.reply_tokens);
        if tokens <= self.facts.window {
            return Ok(());
        }
        Err(Fault::TooLong { model: self.facts.name.clone(), tokens, window: self.facts.window })
    }
}

impl Entry {
    fn times(&self) -> usize {
        self.times.unwrap_or(1)
    }

    /// The part of the reply that comes before a break.
    fn delivered(&self) -> &str {
        let after = self.broken.map(|broken| broken.after);
        after
            .and_then(|after| self.reply.char_indices().nth(after))
            .map_or(&self.reply, |(end, _)| &self.reply[..end])
    }

    fn check(&self) -> Result<(), String> {
        if self.always && self.times.is_some() {
            return Err("has both `times` and `always`; keep one".to_owned());
        }
        if self.times == Some(0) {
            return Err("has `times: 0`; remove it, or say `always: true`".to_owned());
        }
        Ok(())
    }
}

impl Counts {
    fn usage(self) -> Usage {
        Usage { prompt: self.prompt, cached: self.cached, reply: self.reply, ..Usage::default() }
    }
}

impl With {
    async fn fault(self, number: usize) -> Fault {
        let origin = ORIGIN.to_owned();
        let message = format!("entry {number} says so");
        match self {
            Self::Interrupted => Fault::Interrupted { origin, why: message },
            Self::Unreachable => Fault::Unreachable { origin, why: message, way: None },
            Self::Busy => Fault::Busy { origin, message, retry_after: None },
            Self::Server => Fault::Server { origin, status: 500, message },
            Self::Refused => Fault::Refused { origin, status: 400, message },
            Self::Key => Fault::Key { origin, message, way: None },
            Self::Hang => std::future::pending().await,
        }
    }
}

fn read(script: &str) -> Result<Vec<Entry>, Fault> {
    let entries = if script.trim_start().starts_with('{') {
        lines(script)?
    } else {
        serde_saphyr::from_str(script).map_err(|why| {
            Fault::Script(format!(
                "the script is no list of entries: {why}; each entry begins with `- `"
            ))
        })?
    };
    for (index, entry) in entries.iter().enumerate() {
        entry.check().map_err(|why| Fault::Script(format!("script entry {} {why}", index + 1)))?;
    }
    Ok(entries)
}

fn lines(script: &str) -> Result<Vec<Entry>, Fault> {
    script
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            serde_json::from_str(line)
                .map_err(|why| Fault::Script(format!("script line {}: {why}", index + 1)))
        })
        .collect()
}

fn flat(messages: &[Message]) -> String {
    let texts: Vec<&str> = messages.iter().map(|message| message.text.as_str()).collect();
    texts.join("\n")
}

fn tail(prompt: &str) -> String {
    let line = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    let skipped = line.chars().count().saturating_sub(SHOWN);
    line.chars().skip(skipped).collect()
}

impl Provider for Scripted {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn tokenizer(&self) -> Arc<dyn Tokenizer> {
        Arc::new(Bound::default())
    }

    fn stream<'a>(
        &'a self,
        request: &'a Request,
        _: Option<Pass>,
        ear: &'a mut dyn Ear,
        cancel: &'a CancellationToken,
    ) -> Streaming<'a> {
        Box::pin(unless_cancelled(cancel, self.play(request, ear)))
    }
}
