//! `storygen prompt`: the exact prompt of a chapter, and what it is made of.

use anyhow::Result;

use super::model::{self, ModelArguments};
use super::{Common, open, ui::Ui, unsent};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::pipeline::draft;
use crate::project::history;
use crate::prompt::budget;

/// Print the exact prompt of a chapter, and a table of its sections
#[derive(Debug, clap::Subcommand)]
pub(super) enum Arguments {
    /// The prompt that drafts a chapter
    Chapter {
        /// Its number or id
        #[arg(value_name = "N")]
        chapter: String,
        /// Only the table
        #[arg(long)]
        table: bool,
        #[command(flatten)]
        model: ModelArguments,
    },
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let Arguments::Chapter { chapter, table, model } = arguments;
    let folder = open::folder(common)?;
    let (story, loaded) = open::sound(&folder, ui)?;
    let chapter = open::chapter(&story, chapter)?;
    let config = Config::read()?;
    let scene = model::Scene {
        arguments: model,
        project: folder.path(),
        wishes: &loaded.wishes,
        config: &config,
        catalogue: &model::all(&config)?,
        ui,
    };
    let team = model::staff(&scene)?.draft;
    model::must_be_here(&team)?;
    model::tell_left_out(&[&team], ui);
    let templates = open::templates(&folder, &story)?;
    let archive = history::read(&folder, &story)?;
    let records = open::records(&story, &archive, ui)?;
    let missing = (1..chapter.number).find(|number| !records.contains_key(number));
    if let Some(missing) = missing {
        return Err(Failure::new(
            Exit::Failed,
            format!("the prompt of chapter {} needs what happened before it, and chapter {missing} has no canon yet", chapter.number),
        )
        .hint(format!("`storygen draft chapter {missing}` makes it"))
        .into());
    }
    unsent::with_session(
        model,
        &loaded.wishes,
        &folder,
        &story,
        &templates,
        &team,
        (archive, records),
        |session, line| {
            let materials = session.materials(chapter.number);
            for task in draft::tasks(chapter, line.settings, materials.tokens_per_word) {
                let (fitted, reply) = draft::prompt(&materials, task, "", line)?;
                if let Some(scene) = task.scene {
                    ui.result(&format!("=== scene {}", scene + 1));
                }
                if !table {
                    for message in &fitted.messages {
                        ui.result(&format!("--- {}\n{}\n", message.role.name(), message.text));
                    }
                }
                let size = |text: &str| line.tokenizer.text(text);
                let rows = rows(&fitted, &size);
                ui.result(&format!("{:<26} {:>7}  {}", "section", "tokens", "kept or left out"));
                for (section, tokens, fate) in rows {
                    ui.result(format!("{section:<26} {tokens:>7}  {fate}").trim_end());
                }
                ui.result(&format!(
                    "{:<26} {:>7}  window {}, reply up to {reply} ({})",
                    "the whole prompt", fitted.tokens, line.settings.window, team.facts.name
                ));
            }
            Ok(Exit::Done)
        },
    )
}

/// The table: each section with its tokens, then everything left out and why.
fn rows(
    fitted: &budget::Fitted<crate::prompt::view::DraftView>,
    size: &dyn Fn(&str) -> usize,
) -> Vec<(String, usize, String)> {
    let mut rows: Vec<_> = budget::parts(&fitted.view, fitted.tokens, size)
        .into_iter()
        .map(|(part, tokens)| (part.to_owned(), tokens, "kept".to_owned()))
        .collect();
    for omission in &fitted.omissions {
        let what: String = omission.what.chars().take(60).collect();
        let why = if omission.section == budget::FACTS {
            "beyond what they may take"
        } else {
            "the window is full"
        };
        rows.push((omission.section.clone(), omission.tokens, format!("left out: {what} ({why})")));
    }
    rows
}
