//! The prompts' templates: built in for a few languages, a project's own first.
//!
//! A prompt is one template for what is asked and, for most, one for the
//! standing instructions (`NAME.system.md`). Templates see the fields of one
//! view struct and nothing else. They fill in; they do not compute: loops end,
//! since they run over the view's lists, and what they put out is bounded.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use crate::chat::{Message, Role};
use crate::failure::{Exit, Failure};

mod normal;

/// The most bytes a template may put out.
const OUTPUT_LIMIT: usize = 2 * 1024 * 1024;

/// The most bytes of one template.
pub const TEMPLATE_LIMIT: usize = 64 * 1024;

/// A template: its name, what it is for, and its text in each language.
pub struct Template {
    /// The file name, in a project and in listings.
    pub name: &'static str,
    /// The view struct it sees.
    pub view: &'static str,
    /// What it is for, in a sentence.
    pub about: &'static str,
    /// The text by primary language subtag; English is always among them.
    pub texts: &'static [(&'static str, &'static str)],
}

macro_rules! in_every_language {
    ($name:literal) => {
        &[
            ("en", include_str!(concat!("../../templates/en/", $name))),
            ("de", include_str!(concat!("../../templates/de/", $name))),
            ("es", include_str!(concat!("../../templates/es/", $name))),
            ("fr", include_str!(concat!("../../templates/fr/", $name))),
        ]
    };
}

/// Every template, in the order of a chapter's steps.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "draft.system.md",
        view: "DraftView",
        about: "how the prose is to be written",
        texts: in_every_language!("draft.system.md"),
    },
    Template {
        name: "draft.md",
        view: "DraftView",
        about: "the story so far, and the chapter or scene to write now",
        texts: in_every_language!("draft.md"),
    },
    Template {
        name: "continue.md",
        view: "DraftView",
        about: "asks for the rest of a reply that was cut or fell short",
        texts: in_every_language!("continue.md"),
    },
    Template {
        name: "record.system.md",
        view: "RecordView",
        about: "how a chapter is recorded",
        texts: in_every_language!("record.system.md"),
    },
    Template {
        name: "record.md",
        view: "RecordView",
        about: "asks for a chapter's synopsis and facts",
        texts: in_every_language!("record.md"),
    },
    Template {
        name: "fold.system.md",
        view: "FoldView",
        about: "how passages are folded into one",
        texts: in_every_language!("fold.system.md"),
    },
    Template {
        name: "fold.md",
        view: "FoldView",
        about: "asks for one passage in place of several",
        texts: in_every_language!("fold.md"),
    },
];

impl Template {
    /// The text for a primary language subtag, English where there is none.
    #[must_use]
    pub fn text(&self, language: &str) -> &'static str {
        let of = |wanted: &str| self.texts.iter().find(|(tag, _)| *tag == wanted);
        of(language).or_else(|| of("en")).map_or("", |(_, text)| *text)
    }
}

/// Whether a file of the project's folder of templates is meant as one.
#[must_use]
pub fn is_own(name: &str) -> bool {
    !name.starts_with('.') && name.ends_with(".md") && name != "README.md"
}

/// A project's set of templates, ready to render.
#[derive(Clone)]
pub struct Templates {
    tera: Arc<Tera>,
    /// The project's own templates, each with the digest of what it makes a prompt of.
    pub own: BTreeMap<String, String>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("own", &self.own).finish_non_exhaustive()
    }
}

impl Templates {
    /// The built-in templates of a language, with a project's own (`name`,
    /// `text`) in place of those of the same name.
    ///
    /// # Errors
    ///
    /// When a template cannot be parsed, names an unknown filter, or has the
    /// name of none.
    pub fn new(language: &str, own: &BTreeMap<String, String>) -> Result<Self> {
        let mut tera = Tera::default();
        tera.register_filter("replace", replace);
        tera.register_function("range", no_range);
        for template in TEMPLATES {
            let text = own.get(template.name).map_or(template.text(language), String::as_str);
            if let Some(word) = computes(text) {
                return Err(Failure::new(
                    Exit::Failed,
                    format!("the template `templates/{}` uses `{word}`: prompts are filled in, not computed", template.name),
                )
                .hint("take it out; `storygen templates show NAME` shows the built-in one")
                .into());
            }
            tera.add_raw_template(template.name, text)
                .map_err(|error| fault(template.name, &error))?;
        }
        for name in own.keys() {
            if !TEMPLATES.iter().any(|template| template.name == name) {
                return Err(unknown(name).into());
            }
        }
        // One that is still as it was built in changes nothing.
        let built_in = |name: &str, text: &str| {
            let is_same = |one: &Template| normal::form(one.text(language)) == normal::form(text);
            TEMPLATES.iter().any(|one| one.name == name && is_same(one))
        };
        let own = own
            .iter()
            .filter(|(name, text)| !built_in(name, text))
            .map(|(name, text)| {
                (name.clone(), crate::story::fingerprint::digest(&normal::form(text)))
            })
            .collect();
        Ok(Self { tera: Arc::new(tera), own })
    }

    /// Renders one template.
    ///
    /// # Errors
    ///
    /// When it names a field that its view does not have, or puts out too much.
    pub fn render<V: Serialize>(&self, name: &str, view: &V) -> Result<String> {
        let context = Context::from_serialize(view).map_err(|error| fault(name, &error))?;
        let mut output = Capped::default();
        let rendered = self.tera.render_to(name, &context, &mut output);
        if output.over {
            return Err(Failure::new(
                Exit::Failed,
                format!(
                    "the template `templates/{name}` puts out more than {} MiB",
                    OUTPUT_LIMIT / (1024 * 1024)
                ),
            )
            .into());
        }
        rendered.map_err(|error| fault(name, &error))?;
        let text = String::from_utf8(output.bytes)?;
        Ok(tidy(&text))
    }

    /// A system message and a user message, from `NAME.system.md` and `NAME.md`.
    ///
    /// # Errors
    ///
    /// As [`Templates::render`].
    pub fn messages<V: Serialize>(&self, name: &str, view: &V) -> Result<Vec<Message>> {
        Ok(vec![
            Message::new(Role::System, self.render(&format!("{name}.system.md"), view)?),
            Message::new(Role::User, self.render(&format!("{name}.md"), view)?),
        ])
    }
}

/// The first word of a template's language that could make it grow without bound.
fn computes(text: &str) -> Option<&'static str> {
    let mut rest = text;
    while let Some(at) = rest.find("{%") {
        rest = rest[at + 2..].trim_start_matches('-').trim_start();
        for word in ["set_global", "set", "component", "include", "extends"] {
            if rest.strip_prefix(word).is_some_and(|after| after.starts_with(char::is_whitespace)) {
                return Some(word);
            }
        }
    }
    None
}

/// Like Tera's own, but never longer than the output may be.
#[expect(clippy::needless_pass_by_value, reason = "Tera gives a filter its arguments by value")]
fn replace(text: &str, arguments: Kwargs, _: &State<'_>) -> tera::TeraResult<String> {
    let from = arguments.must_get::<&str>("from")?;
    let to = arguments.must_get::<&str>("to")?;
    let times = if from.is_empty() { text.len() + 1 } else { text.matches(from).count() };
    if text.len().saturating_add(times.saturating_mul(to.len())) > OUTPUT_LIMIT {
        return Err(tera::Error::message("`replace` would make this text too long"));
    }
    Ok(text.replace(from, to))
}

/// Templates loop over the lists of their view, not over numbers.
fn no_range(_: Kwargs, _: &State<'_>) -> tera::TeraResult<String> {
    Err(tera::Error::message("`range` is not available in prompts"))
}

fn unknown(name: &str) -> Failure {
    let known = TEMPLATES.iter().map(|template| template.name);
    let failure =
        Failure::new(Exit::Failed, format!("`templates/{name}` has the name of no template"));
    match crate::diagnostic::did_you_mean(name, known) {
        Some(hint) => failure.hint(hint),
        None => failure.hint("`storygen templates list` shows their names"),
    }
}

fn fault(name: &str, error: &tera::Error) -> Failure {
    let report = error.to_string();
    let report = report.strip_prefix("error: ").unwrap_or(&report);
    Failure::new(Exit::Failed, format!("in the template `templates/{name}`: {report}")).hint(
        format!(
            "`storygen templates show {name}` shows the built-in one and the fields it may use"
        ),
    )
}

/// At most one empty line between paragraphs, none at the ends; so a section
/// that is left out leaves no hole.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.trim().lines() {
        let line = line.trim_end();
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= 1 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy
}

/// A sink that stops taking after a limit.
#[derive(Default)]
struct Capped {
    bytes: Vec<u8>,
    over: bool,
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + bytes.len() > OUTPUT_LIMIT {
            self.over = true;
            return Err(std::io::Error::other("too much output"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
