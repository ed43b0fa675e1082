//! Rendering under a deadline.
//!
//! A template fills in; but one that nests loops over long lists can keep a
//! processor busy for hours without putting out anything. No prompt needs more
//! than a moment, so one that does is a fault of the template.

use std::sync::mpsc;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::chat::Message;
use crate::failure::{Exit, Failure};
use crate::prompt::brief::{self, Past};
use crate::prompt::memory::Span;
use crate::prompt::templates::Templates;
use crate::prompt::view::{LackView, RecordView};
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

/// Renders what is needed only after a chapter is paid for, so that a fault in
/// a project's own templates shows before.
///
/// # Errors
///
/// As [`messages`].
pub fn try_out(story: &Story, past: &Past<'_>, templates: &Templates) -> Result<()> {
    let Some(chapter) = story.chapters.first().filter(|_| !templates.own.is_empty()) else {
        return Ok(());
    };
    let record = RecordView {
        parts: 2,
        lacks: vec![LackView { kind: "person".to_owned(), what: "…".to_owned() }],
        ..brief::record(story, chapter, &Canon::default(), 1, 1)
    };
    messages(templates, "record", &record)?;
    let span = Span { level: 1, from: 1, to: 1 };
    messages(templates, "fold", &brief::fold(story, span, past, 1))?;
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
