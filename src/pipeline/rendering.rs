//! Rendering under a deadline.
//!
//! A template fills in; but one that nests loops over long lists can keep a
//! processor busy for hours without putting out anything. No prompt needs more
//! than a moment, so one that does is a fault of the template.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::chat::Message;
use crate::failure::{Exit, Failure};
use crate::prompt::brief::{self, Past, Task};
use crate::prompt::budget::Shares;
use crate::prompt::memory::{Shape, Span};
use crate::prompt::templates::{TEMPLATES, Templates};
use crate::prompt::tokens::Bound;
use crate::prompt::view::{DraftView, LackView, RecordView};
use crate::story::Story;
use crate::story::canon::Canon;

/// The longest that one prompt may take to render.
const PATIENCE: Duration = Duration::from_secs(5);

/// A prompt's messages, as [`Templates::messages`].
///
/// # Errors
///
/// As there, and when it takes too long.
pub fn messages<V: Serialize + Clone + Send + 'static>(
    templates: &Templates,
    name: &'static str,
    view: &V,
) -> Result<Vec<Message>> {
    timely(templates, name, view, move |templates, view| templates.messages(name, view))
}

/// One template, as [`Templates::render`].
///
/// # Errors
///
/// As there, and when it takes too long.
pub fn render<V: Serialize + Clone + Send + 'static>(
    templates: &Templates,
    name: &'static str,
    view: &V,
) -> Result<String> {
    timely(templates, name, view, move |templates, view| templates.render(name, view))
}

/// Renders each of the project's own templates with what it would see of the
/// first chapter: some are needed only after a chapter is paid for, and a fault
/// in one has to show before.
///
/// # Errors
///
/// As [`render`].
pub fn try_out(story: &Story, templates: &Templates) -> Result<()> {
    let Some(chapter) = story.chapters.first() else { return Ok(()) };
    let canon = Canon::default();
    let (records, folds) = (BTreeMap::new(), BTreeMap::new());
    let shape = Shape::for_room(1_000, 100);
    let past = Past { records: &records, folds: &folds, canon: &canon, shape };
    for template in TEMPLATES.iter().filter(|one| templates.own.contains_key(one.name)) {
        match template.view {
            "DraftView" => {
                let task = Task { chapter, scene: None };
                let shares = Shares::of(32_768, 1_000);
                let view = brief::draft(story, task, &past, None, &shares, &Bound::new(None));
                let view = DraftView { cut: true, last_words: Some("…".to_owned()), ..view };
                render(templates, template.name, &view)?;
            }
            "RecordView" => {
                let view = RecordView {
                    parts: 2,
                    lacks: vec![LackView { kind: "person".to_owned(), what: "…".to_owned() }],
                    ..brief::record(story, chapter, &canon, 1, 1)
                };
                render(templates, template.name, &view)?;
            }
            _ => {
                let span = Span { level: 1, from: 1, to: 1 };
                render(templates, template.name, &brief::fold(story, span, &past, 1))?;
            }
        }
    }
    Ok(())
}

fn timely<V, T>(
    templates: &Templates,
    name: &str,
    view: &V,
    work: impl FnOnce(&Templates, &V) -> Result<T> + Send + 'static,
) -> Result<T>
where
    V: Clone + Send + 'static,
    T: Send + 'static,
{
    // The built-in templates are known to be quick.
    if templates.own.is_empty() {
        return work(templates, view);
    }
    let (sender, receiver) = mpsc::channel();
    let (templates, view) = (templates.clone(), view.clone());
    // A thread that is still at it when the program ends is ended with it.
    std::thread::spawn(move || {
        // Nobody waits any more when the time is up.
        let _ = sender.send(work(&templates, &view));
    });
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let name = name.trim_end_matches(".md");
        Err(Failure::new(
            Exit::Failed,
            format!("the template `templates/{name}.md` or `templates/{name}.system.md` is not rendered after {} seconds", PATIENCE.as_secs()),
        )
        .hint("take out loops inside loops: each runs over a whole list of the prompt's fields")
        .hint(format!("`storygen templates show {name}` shows the built-in one"))
        .into())
    })
}
