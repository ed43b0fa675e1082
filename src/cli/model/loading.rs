//! Models, ready to be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use super::keyed::lack;
use super::naming::{ASSUMED_WINDOW, Distant, Named, is_another};
use super::{ModelArguments, Staff, Team, heeding, local, route};
use crate::chat::Tokenizer;
use crate::cli::ui::Ui;
use crate::config::{Config, EndpointShape, Origin};
use crate::diagnostic::did_you_mean;
use crate::failure::{Exit, Failure};
use crate::own_file;
use crate::pipeline::calling;
use crate::pipeline::settings::Settings;
use crate::prompt::tokens::Bound;
use crate::provider::chain::Chain;
use crate::provider::dialects::{DIALECTS, dialect};
use crate::provider::http::counting;
use crate::provider::http::dialect::{Dialect, Knobs};
use crate::provider::http::gate::{Gate, Limits};
use crate::provider::http::{Base, Connections, Endpoint, Remote, SaidIn};
use crate::provider::scripted::Scripted;
use crate::provider::{Provider, Sampling};

/// The models of a run, ready to be asked.
pub(in crate::cli) struct Ready {
    draft: Box<dyn Provider>,
    /// None where the same models do it.
    record: Option<Box<dyn Provider>>,
    /// The scripts among them, which must be used up.
    scripts: Vec<Arc<Scripted>>,
}

impl Ready {
    /// Who writes the prose.
    pub fn draft(&self) -> &dyn Provider {
        &*self.draft
    }

    /// Who writes synopses, facts and folds.
    pub fn record(&self) -> &dyn Provider {
        self.record.as_deref().unwrap_or(&*self.draft)
    }

    /// How many answers of scripts were never asked for.
    pub fn unused(&self) -> usize {
        self.scripts.iter().map(|script| script.unused()).sum()
    }
}

/// What all books of a run share of their endpoints: connections, and the gates
/// before them.
#[derive(Default)]
pub(in crate::cli) struct Reach {
    connections: Connections,
    gates: Mutex<BTreeMap<String, Arc<Gate>>>,
    /// Which models were asked, and which others have answered: it is told once.
    swapped: Arc<Mutex<BTreeSet<(String, String)>>>,
    /// Which models take which settings not: it is told once.
    left_out: Arc<Mutex<BTreeSet<(String, String)>>>,
    /// What the command makes of an endpoint's usual limits.
    limited: Option<Limiting>,
}

type Limiting = Box<dyn Fn(Limits) -> Limits + Send + Sync>;

impl Reach {
    /// A reach whose endpoints have other limits than the user's configuration says.
    pub fn limited(limited: impl Fn(Limits) -> Limits + Send + Sync + 'static) -> Self {
        Self { limited: Some(Box::new(limited)), ..Self::default() }
    }

    /// The gate before an endpoint: the first to name it says what it takes.
    fn gate(&self, base: &Base, endpoint: &EndpointShape) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(base.origin());
        gate.or_insert_with(|| {
            let usual = limits(endpoint);
            let limits = self.limited.as_ref().map_or(usual, |limited| limited(usual));
            Arc::new(Gate::new(limits))
        })
        .clone()
    }
}

fn limits(endpoint: &EndpointShape) -> Limits {
    let usual = Limits::default();
    Limits {
        concurrent: endpoint
            .concurrent
            .and_then(|calls| usize::try_from(calls).ok())
            .unwrap_or(usual.concurrent),
        requests: endpoint.requests_per_minute.map(u64::from),
        tokens: endpoint.tokens_per_minute.map(u64::from),
    }
}

/// What loading draws on.
pub(in crate::cli) struct Loader<'a> {
    /// The flags.
    pub arguments: &'a ModelArguments,
    /// The user's settings.
    pub config: &'a Config,
    /// Whether an endpoint is to refuse what it would otherwise ignore.
    pub is_strict: bool,
    /// Whether the user is told at once of a model that answers for another one.
    pub tells_swaps: bool,
    /// How the book wants its prose sampled.
    pub sampling: &'a Sampling,
    /// What names the book to an endpoint.
    pub book: &'a str,
    /// Where the project keeps what can be made again.
    pub cache: &'a Path,
    /// What all books of a run share of their endpoints.
    pub reach: &'a Reach,
    /// Who tells the user what takes its time.
    pub ui: &'a Ui,
}

impl Loader<'_> {
    /// Loads the models of a run, fetching the default one if it has to be; says so.
    ///
    /// # Errors
    ///
    /// When a model cannot be loaded.
    pub async fn ready(&self, staff: &Staff) -> Result<Ready> {
        let mut scripts = Vec::new();
        let draft = self.team(&staff.draft, &mut scripts).await?;
        let record = if staff.record.names() == staff.draft.names() {
            None
        } else {
            Some(self.team(&staff.record, &mut scripts).await?)
        };
        Ok(Ready { draft, record, scripts })
    }

    async fn team(
        &self,
        team: &Team,
        scripts: &mut Vec<Arc<Scripted>>,
    ) -> Result<Box<dyn Provider>> {
        let (mut models, mut prose) = (Vec::new(), Vec::new());
        for (index, named) in team.members.iter().enumerate() {
            // One that could only be refused is not asked to stand in.
            if index == 0 || lack(named).is_none() {
                models.push(self.one(named, scripts).await?);
                let first = team.members.first().unwrap_or(named);
                prose.push(Settings::prose_of(heeding::sampling(self.sampling, first, named)));
            }
        }
        let mut models = models.into_iter();
        let Some(first) = models.next() else {
            return Err(Failure::new(Exit::Failed, "no model was named").into());
        };
        let others: Vec<_> = models.collect();
        if others.is_empty() {
            return Ok(first);
        }
        let ui = self.ui.clone();
        let tell = move |from: &str, fault: &crate::provider::Fault, to: &str| {
            ui.say(&format!("{fault}; `{to}` stands in for `{from}`"));
        };
        Ok(Box::new(Chain::new(first, others, Box::new(tell)).sampled(prose)))
    }

    async fn one(
        &self,
        named: &Named,
        scripts: &mut Vec<Arc<Scripted>>,
    ) -> Result<Box<dyn Provider>> {
        match named.provider.as_str() {
            "embedded" => {
                local::open(named, self.arguments, self.config, self.cache, self.ui).await
            }
            "scripted" => {
                let script = Scripted::new(&script(&named.name)?, named.facts.clone())
                    .map_err(|fault| calling::failure(&fault))?;
                let script = Arc::new(script);
                scripts.push(script.clone());
                Ok(Box::new(script))
            }
            _ => Ok(Box::new(self.remote(named)?)),
        }
    }

    fn remote(&self, named: &Named) -> Result<Remote> {
        let Some(Distant { row, route, keys, names, tokenizer, origin }) = &named.remote else {
            return Err(Failure::new(Exit::Failed, "a model without an address").into());
        };
        if named.window_assumed {
            self.ui.say(&format!(
                "how much `{}` holds is not known; {ASSUMED_WINDOW} tokens are assumed (set `limits: {{window: …}}` in storygen.yaml)",
                named.name
            ));
        }
        let facts = &named.facts;
        let endpoint = Endpoint {
            vendor: named.provider.clone(),
            dialect: wire(&route.dialect)?,
            base: route.base.clone(),
            key: keys.read()?,
            key_way: Some(keys.way(&row.vendor, route)),
            said_in: SaidIn {
                address: route.said_in.map(str::to_owned),
                model: Some(match origin {
                    Origin::Flag => "the command line".to_owned(),
                    other => other.to_string(),
                }),
            },
            successor: row.status.replaced_by.first().cloned(),
            headers: route.headers.clone(),
            model: row.id.clone(),
            window: facts.window,
            window_way: facts.window_way.clone(),
            reply_limit: facts.reply_limit,
            thinking: facts.thinking,
            prefill: facts.prefill,
            structured: facts.structured,
            knobs: row.knobs(self.is_strict, Some(self.book)),
            price: facts.price,
            tokenizer: tokenizer.clone(),
            patience: route::patience(&route.endpoint),
            is_strict: self.is_strict,
            connections: self.reach.connections.clone(),
            gate: self.reach.gate(&route.base, &route.endpoint),
        };
        let remote =
            Remote::new(endpoint).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        let (ui, waits) = (self.ui.clone(), self.ui.clone());
        let remote = remote.telling_pauses(Box::new(move |pause, fault| ui.pausing(pause, fault)));
        let remote = remote.telling_waits(Box::new(move |wait| waits.waiting(wait)));
        let (ui, told) = (self.ui.clone(), self.reach.left_out.clone());
        let asked = facts.name.clone();
        let remote = remote.telling_left_out(Box::new(move |setting| {
            let pair = (asked.clone(), setting.to_owned());
            if told.lock().unwrap_or_else(PoisonError::into_inner).insert(pair) {
                ui.left_out(&asked, setting);
            }
        }));
        if names.is_empty() || !self.tells_swaps {
            return Ok(remote);
        }
        let (ui, told) = (self.ui.clone(), self.reach.swapped.clone());
        let (asked, names) = (facts.name.clone(), names.clone());
        Ok(remote.telling_answers(Box::new(move |answered| {
            if !is_another(&names, answered) {
                return;
            }
            let pair = (asked.clone(), answered.to_owned());
            if told.lock().unwrap_or_else(PoisonError::into_inner).insert(pair) {
                ui.swapped(&asked, answered);
            }
        })))
    }
}

/// The text of the script at `path`.
fn script(path: &str) -> Result<String, Failure> {
    let failed = |what: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, format!("cannot read the script `{path}`, {what}"))
            .hint("`--model scripted/FILE` names a text file with the replies")
    };
    let text = own_file::text(Path::new(path), own_file::KEPT).map_err(|what| failed(&what))?;
    text.ok_or_else(|| failed(&"which is not there"))
}

/// The wire of this name.
pub(super) fn wire(name: &str) -> Result<&'static Dialect> {
    let known = DIALECTS.iter().map(|dialect| dialect.name);
    dialect(name).ok_or_else(|| {
        let failure = Failure::new(Exit::Usage, format!("no dialect is called `{name}`"));
        let all: Vec<String> = known.clone().map(|name| format!("`{name}`")).collect();
        failure
            .hint(
                did_you_mean(name, known)
                    .unwrap_or_else(|| format!("write one of {}", all.join(", "))),
            )
            .into()
    })
}

/// What counts the tokens of prompts that a wire sends as raw text.
///
/// # Errors
///
/// For a wire that there is not.
pub(in crate::cli) fn raw_counting(
    name: &str,
    template: &str,
    bound: Bound,
) -> Result<Arc<dyn Tokenizer>> {
    let template = (!template.is_empty()).then(|| template.to_owned());
    let knobs = Knobs { template, ..Knobs::default() };
    Ok(counting(wire(name)?, &knobs, Arc::new(bound)))
}
