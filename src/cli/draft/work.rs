//! Drafting one book, from its lock to its last journal line.

use std::sync::Arc;

use anyhow::Result;

use super::asking::ask_first;
use super::book::{Book, Run};
use super::paying;
use crate::chat::Tokenizer;
use crate::cli::cost::Sum;
use crate::cli::model::{self, Loader, Ready, Team};
use crate::cli::open;
use crate::cli::ui::{Ui, counted};
use crate::cli::unsent::Unloaded;
use crate::failure::{Exit, Failure};
use crate::pipeline::calling::{Event, Line, Lines, Purse};
use crate::pipeline::plan::{Step, Wanted};
use crate::pipeline::replay::{self, Conditions};
use crate::pipeline::run::{Done, Session};
use crate::pipeline::settings::Settings;
use crate::pipeline::{draft, rendering, run};
use crate::project::archive::Archive;
use crate::project::history;
use crate::project::journal::Event as Noted;
use crate::project::layout;
use crate::provider::{Facts, Provider};

/// What may be asked of the author, and what need not be.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cli) struct Asks {
    /// Every answer is yes.
    pub is_sure: bool,
    /// The chapters were named one by one.
    pub is_named: bool,
}

/// What a book will cost, as long as nothing of it changes.
pub(in crate::cli) struct Foretold {
    /// What it was foretold from: [`crate::cli::cost::Ground::digest`].
    pub ground: String,
    /// What it will cost.
    pub sum: Sum,
}

/// The drafting of one book.
pub(in crate::cli) struct Work<'a> {
    /// The book.
    pub book: &'a Book,
    /// What all books of the command share.
    pub run: &'a Run<'a>,
    /// What may be asked.
    pub asks: Asks,
    /// What it would cost as it stood when that was foretold.
    pub foretold: Option<Foretold>,
    /// Who speaks to the user.
    pub ui: &'a Ui,
}

impl Work<'_> {
    /// Drafts what is wanted, and tells of it.
    ///
    /// # Errors
    ///
    /// When a step fails or the user stops; what is finished is saved.
    pub async fn run(
        &self,
        wanted: Wanted,
        show: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<Done> {
        let Book { folder, story, wishes, templates, staff } = self.book;
        let mut store = open::store(folder, &self.run.command)?;
        let archive = history::read(folder, story)?;
        open::no_stray_is_meant(story, &archive)?;
        let records = open::records(story, &archive, self.ui)?;
        let settings = model::settings(self.run.model, wishes, &staff.draft);
        let exact = model::settings(self.run.model, wishes, &staff.record);
        let kept_stale = wanted.keep_stale;
        let wanted = ask_first(self, wanted, &archive, &settings)?;
        let declined = wanted.keep_stale && !kept_stale;
        // What needs no model is told before one is loaded.
        let unloaded = Unloaded(&staff.draft.facts);
        let idle = Line {
            tokenizer: staff.draft.tokenizer.clone(),
            ..self.line(&unloaded, &settings, &Arc::default())
        };
        let accounts = archive.accounts.clone();
        let mut session = Session::new(story, templates, archive, records, &idle);
        match session.next_step(&wanted) {
            Step::Done => {
                self.restore_replay(&session.archive, [&settings, &exact])?;
                store.note(vec![Noted::Ended])?;
                let all = Wanted { keep_stale: false, ..wanted };
                let leaves_some = kept_stale && !matches!(session.next_step(&all), Step::Done);
                self.ui.say(if declined || leaves_some {
                    "nothing else to draft; the changed chapters are left as they are"
                } else {
                    "nothing to draft: all is up to date"
                });
                return Ok(Done::default());
            }
            Step::Draft(number) if !staff.draft.is_absent() => {
                self.try_prompt(number, &mut session, &idle)?;
            }
            Step::Blocked { chapter, by, has_text } => {
                return Err(run::blocked(chapter, by, has_text).into());
            }
            _ => {}
        }
        rendering::try_out(story, templates)?;
        model::heeded(self.run.model, wishes, staff, self.ui)?;
        model::keyed(staff, self.ui)?;
        let floor = paying::foretell(self, &session.archive, [&settings, &exact], &wanted)?;
        let ready = self.ready().await?;
        let purse = Arc::new(paying::purse(self.run, self.book, &store, accounts, floor)?);
        let conditions = [
            asked_under(&staff.draft, ready.draft(), &settings),
            asked_under(&staff.record, ready.record(), &exact),
        ];
        session.kept = replay::renew(folder, &conditions, &session.archive)?;
        let [drafting, recording] = &conditions;
        let lines = Lines {
            draft: Line {
                conditions: Some(drafting.digest()),
                ..self.line(ready.draft(), &settings, &purse)
            },
            record: Line {
                conditions: Some(recording.digest()),
                ..self.line(ready.record(), &exact, &purse)
            },
        };
        let outcome = session.run(&wanted, &mut store, &lines, &mut |event| show(&event)).await;
        // What was drawn counts for a replay, however the run ended.
        let renewed = replay::renew(folder, &conditions, &session.archive);
        let done = outcome?;
        renewed?;
        store.note(vec![Noted::Ended])?;
        if ready.unused() > 0 {
            let left = counted(ready.unused(), "answer");
            return Err(
                Failure::new(Exit::Provider, format!("the script has {left} left over")).into()
            );
        }
        report(done, self.ui);
        Ok(done)
    }

    /// Brings what a replay needs up to date; where that is gone, by what is known of
    /// the models without asking them.
    fn restore_replay(&self, archive: &Archive, settings: [&Settings; 2]) -> Result<()> {
        let Book { folder, staff, .. } = self.book;
        let conditions: Vec<_> = staff
            .teams()
            .into_iter()
            .zip(settings)
            .map(|(team, settings)| conditions(team, &team.facts, &*team.tokenizer, settings))
            .collect();
        replay::restore(folder, &conditions, archive)
    }

    /// Loads the book's models.
    async fn ready(&self) -> Result<Ready> {
        let Book { folder, wishes, staff, .. } = self.book;
        let loader = Loader {
            arguments: self.run.model,
            config: self.run.config,
            tells_swaps: true,
            is_strict: self.run.model.strict || wishes.strict,
            book: &wishes.book,
            sampling: &wishes.sampling,
            reach: self.run.reach,
            cache: &folder.path().join(layout::CACHE),
            ui: self.ui,
        };
        loader.ready(staff).await
    }

    fn line<'l>(
        &'l self,
        provider: &'l dyn Provider,
        settings: &'l Settings,
        purse: &Arc<Purse<'l>>,
    ) -> Line<'l> {
        Line {
            cancel: self.run.cancel.clone(),
            ..Line::new(provider, &self.book.folder, settings, purse.clone())
        }
    }

    /// Makes the first prompt of a chapter: one that cannot be made stops the run
    /// before the model is loaded.
    fn try_prompt(&self, number: usize, session: &mut Session<'_>, line: &Line<'_>) -> Result<()> {
        let Some(chapter) = self.book.story.chapter(number) else { return Ok(()) };
        let materials = session.materials(number);
        let tasks = draft::tasks(chapter, line.settings, materials.tokens_per_word);
        if let Some(task) = tasks.into_iter().next() {
            draft::prompt(&materials, task, "", line)?;
        }
        Ok(())
    }
}

/// The conditions under which a model that is ready is asked.
fn asked_under(team: &Team, provider: &dyn Provider, settings: &Settings) -> Conditions {
    conditions(team, provider.facts(), &*provider.tokenizer(), settings)
}

/// The conditions under which a model of these facts is asked.
fn conditions(
    team: &Team,
    facts: &Facts,
    tokenizer: &dyn Tokenizer,
    settings: &Settings,
) -> Conditions {
    let as_named = |model: &str| {
        let member = team.members.iter().find(|named| named.facts.name == model);
        member.map_or(model.to_owned(), |named| format!("{}/{}", named.provider, named.name))
    };
    let author = team.members.first().and_then(model::Named::author_sampling).cloned();
    Conditions::of(as_named, facts, tokenizer, settings).of_author(&author.unwrap_or_default())
}

/// Says what was done.
pub(super) fn report(done: Done, ui: &Ui) {
    let said: Vec<String> = [("drafted", done.drafted), ("recorded", done.recorded)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(did, count)| format!("{did} {}", counted(count, "chapter")))
        .collect();
    let nothing = "nothing had to be drafted";
    ui.say(&if said.is_empty() { nothing.to_owned() } else { said.join(", ") });
}
