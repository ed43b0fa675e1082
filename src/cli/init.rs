//! `storygen init`: a new project that passes `check` and drafts as it is.

use std::path::PathBuf;

use anyhow::Result;

use super::pasted::shell_word;
use super::{Common, open, ui::Ui};
use crate::failure::{Exit, Failure};
use crate::project::folder::Folder;
use crate::project::resolve::is_language;
use crate::project::scaffold::{self, Wish};

/// Make a new project: a small story that drafts as it is, to be made your own
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder to make it in
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The title of the book
    #[arg(long)]
    title: Option<String>,
    /// The author's name, as it is to stand on the book
    #[arg(long)]
    author: Option<String>,
    /// The language of the book, as a BCP-47 tag [default: en]
    #[arg(long, value_name = "TAG", value_parser = language)]
    language: Option<String>,
    /// The genre, in a word or two
    #[arg(long)]
    genre: Option<String>,
    /// How many chapters, from 1 to 2000 [default: 3]
    #[arg(long, value_name = "N", value_parser = chapters)]
    chapters: Option<usize>,
    /// Ask nothing, take the defaults
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) fn run(arguments: Arguments, _: &Common, ui: &Ui) -> Result<Exit> {
    let dir = arguments.dir.clone();
    let wish = wish(arguments, ui)?;
    let files = scaffold::files(&wish);
    let folder = Folder::create(&dir)?;
    scaffold::write(&folder, &files)?;
    // A project that was here before may have been allowed something.
    open::end_permission(&folder);
    ui.say(&format!("made in `{}`:", dir.display()));
    for (path, _) in files.iter().filter(|(path, _)| !path.starts_with('.')) {
        ui.say(&format!("  {path}"));
    }
    let shown = shell_word(&dir);
    ui.result(&format!(
        "next: storygen check --project {shown}\nthen: storygen draft chapter 1 --project {shown}"
    ));
    Ok(Exit::Done)
}

/// What is wished for: from the flags, else asked for, else the defaults.
fn wish(arguments: Arguments, ui: &Ui) -> Result<Wish> {
    let asks = !arguments.yes && ui.may_ask();
    let language = match arguments.language {
        Some(language) => language,
        None if asks => answer(ui, "Language, as a tag such as en-GB or de", "en", language)?,
        None => "en".to_owned(),
    };
    let (title, genre) = scaffold::defaults(&language);
    let text = |given: Option<String>, question: &str, default: &str| match given {
        Some(given) => match line(&given) {
            Ok(given) => Ok(Some(given)),
            Err(way_out) => {
                let flag = question.to_lowercase();
                let message = format!("`--{flag}` is not one line of text");
                Err(anyhow::Error::from(Failure::new(Exit::Usage, message).hint(way_out)))
            }
        },
        None if asks => answer(ui, question, default, line).map(Some),
        None => Ok(None),
    };
    let title = text(arguments.title, "Title", &title)?;
    let author = text(arguments.author, "Author", "")?;
    let genre = text(arguments.genre, "Genre", &genre)?;
    let chapters = match arguments.chapters {
        Some(chapters) => chapters,
        None if asks => answer(ui, "How many chapters", "3", chapters)?,
        None => 3,
    };
    if title.as_ref().is_some_and(|title| title.trim().is_empty()) {
        return Err(Failure::new(Exit::Usage, "the book needs a title")
            .hint("leave `--title` out to take the starter story's")
            .into());
    }
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    Ok(Wish { title, author: given(author), language, genre: given(genre), chapters })
}

/// Asks until the answer can be read; nothing stands for the default.
fn answer<T>(
    ui: &Ui,
    question: &str,
    default: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T> {
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    loop {
        let Some(given) = ui.ask(&format!("{question}{shown}:")) else {
            return Err(Failure::new(Exit::Cancelled, "cancelled; nothing was written").into());
        };
        match read(if given.is_empty() { default } else { &given }) {
            Ok(value) => return Ok(value),
            Err(fault) => ui.warn(&fault),
        }
    }
}

fn language(tag: &str) -> Result<String, String> {
    if is_language(tag) {
        Ok(tag.to_owned())
    } else {
        Err(format!("`{tag}` is no language tag; write one such as `en`, `en-GB`, `de` or `pt-BR`"))
    }
}

/// A text that a heading can hold.
fn line(text: &str) -> Result<String, String> {
    if text.contains(char::is_control) {
        Err("write it in one line, without tabs and other control characters".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn chapters(number: &str) -> Result<usize, String> {
    number
        .parse()
        .ok()
        .filter(|number| (1..=2_000).contains(number))
        .ok_or_else(|| "write a whole number from 1 to 2000".to_owned())
}
