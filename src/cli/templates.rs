//! `storygen templates`: lists, shows and ejects the prompts' templates.

use anyhow::Result;

use super::{Common, open, ui::Ui};
use crate::failure::{Exit, Failure};
use crate::project::layout;
use crate::prompt::templates::{TEMPLATES, Template};

/// List, show or eject the templates of the prompts
#[derive(Debug, clap::Subcommand)]
pub(super) enum Arguments {
    /// List the templates, and which of them the project has made its own
    List,
    /// Print a built-in template
    Show {
        /// Its name, such as `draft.md`
        name: String,
        /// The language, such as `de` [default: the project's, or `en`]
        #[arg(long)]
        language: Option<String>,
    },
    /// Copy built-in templates into the project, to be changed there
    Eject {
        /// The names [default: all]
        names: Vec<String>,
    },
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    match arguments {
        Arguments::List => {
            list(common, ui);
            Ok(Exit::Done)
        }
        Arguments::Show { name, language } => {
            let template = find(name)?;
            let language = language.clone().unwrap_or_else(|| project_language(common, ui));
            ui.result(template.text(&language).trim_end());
            Ok(Exit::Done)
        }
        Arguments::Eject { names } => eject(names, common, ui),
    }
}

fn find(name: &str) -> Result<&'static Template> {
    let found = TEMPLATES
        .iter()
        .find(|template| template.name == name || template.name.strip_suffix(".md") == Some(name));
    found.ok_or_else(|| {
        let names = TEMPLATES.iter().map(|template| template.name);
        Failure::new(Exit::Usage, format!("no template is called `{name}`"))
            .hint(
                crate::diagnostic::did_you_mean(name, names)
                    .unwrap_or_else(|| "`storygen templates list` shows their names".to_owned()),
            )
            .into()
    })
}

/// The project's language, English outside any project.
fn project_language(common: &Common, ui: &Ui) -> String {
    open::folder(common)
        .and_then(|folder| open::sound(&folder, ui))
        .map_or_else(|_| "en".to_owned(), |(story, _)| story.book.primary_language())
}

fn list(common: &Common, ui: &Ui) {
    let folder = open::folder(common).ok();
    for template in TEMPLATES {
        let own = folder.as_ref().is_some_and(|folder| {
            folder.exists(&format!("{}/{}", layout::TEMPLATES, template.name))
        });
        let mark = if own { "  (the project's own)" } else { "" };
        ui.result(&format!("{:<18} {} [{}]{mark}", template.name, template.about, template.view));
    }
    let languages: Vec<&str> = TEMPLATES
        .first()
        .into_iter()
        .flat_map(|template| template.texts.iter().map(|(tag, _)| *tag))
        .collect();
    ui.say(&format!("built in for {}; other languages use the English ones", languages.join(", ")));
}

fn eject(names: &[String], common: &Common, ui: &Ui) -> Result<Exit> {
    let folder = open::folder(common)?;
    let (story, _) = open::sound(&folder, ui)?;
    let templates: Vec<&Template> = if names.is_empty() {
        TEMPLATES.iter().collect()
    } else {
        names.iter().map(|name| find(name)).collect::<Result<_>>()?
    };
    let path = |template: &Template| format!("{}/{}", layout::TEMPLATES, template.name);
    if let Some(taken) = templates.iter().find(|template| folder.exists(&path(template))) {
        return Err(Failure::new(
            Exit::Failed,
            format!("`{}` exists already; nothing was written", path(taken)),
        )
        .hint("move it away first, or name the templates you want")
        .into());
    }
    for template in templates {
        folder
            .write_new(&path(template), template.text(&story.book.primary_language()).as_bytes())?;
        ui.say(&format!("wrote {}", path(template)));
    }
    Ok(Exit::Done)
}
