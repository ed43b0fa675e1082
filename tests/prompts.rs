//! Every prompt of the two sample projects, word for word.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test --test prompts`
//! writes the snapshots anew; otherwise a difference fails and writes nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use storygen::chat::Message;
use storygen::pipeline::calling::{Line, Purse};
use storygen::pipeline::draft::{self, Materials};
use storygen::pipeline::settings::{Asked, Settings};
use storygen::project::folder::Folder;
use storygen::prompt::brief::{self, Past};
use storygen::prompt::budget::{FACTS, Fitted};
use storygen::prompt::memory::{Shape, Span};
use storygen::prompt::templates::{TEMPLATES, Templates};
use storygen::prompt::view::{DraftView, FoldView, LackView, RecordView};
use storygen::provider::Provider;
use storygen::story::canon::{self, Fact, Kind, Maker, Record};
use storygen::story::{Chapter, Story};

#[path = "support/book.rs"]
mod book;

const PROJECTS: [&str; 2] = ["a-quarter-turn", "ein-fuenftel-schwund"];

fn story(project: &str) -> Story {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("projects").join(project);
    book::read(&Folder::open(&path).unwrap())
}

fn templates(story: &Story) -> Templates {
    Templates::new(&story.book.primary_language(), &BTreeMap::new()).unwrap()
}

/// A record as a model might have given it, of the chapter's own plan.
fn record(story: &Story, chapter: &Chapter) -> Record {
    let happens: Vec<&str> = chapter
        .scenes
        .iter()
        .filter_map(|scene| scene.happens.first())
        .map(String::as_str)
        .collect();
    let subject = chapter.cast().first().map(|id| story[*id].id.clone()).unwrap_or_default();
    let fact = |kind, about: &str, fact: &str| Fact {
        subject: subject.clone(),
        kind,
        about: about.to_owned(),
        fact: format!("{fact} ({})", chapter.number),
        quote: String::new(),
    };
    Record {
        chapter: chapter.number,
        synopsis: happens.join(" "),
        maker: Maker::Model,
        facts: vec![
            fact(Kind::State, "place", "on the way"),
            fact(Kind::Fixed, "hands", "scarred"),
            fact(Kind::Event, "deed", "has acted"),
        ],
    }
}

fn shown(messages: &[Message]) -> String {
    messages.iter().fold(String::new(), |mut text, one| {
        let _ = write!(text, "--- {}\n{}\n", one.role.name(), one.text);
        text
    })
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The draft prompts of a chapter, whole or scene by scene, with what they left out.
fn drafts(story: &Story, number: usize, window: usize) -> (String, Fitted<DraftView>) {
    drafts_after(story, number, window, &|chapter| record(story, chapter))
}

/// The same, after chapters that left these records.
fn drafts_after(
    story: &Story,
    number: usize,
    window: usize,
    record: &dyn Fn(&Chapter) -> Record,
) -> (String, Fitted<DraftView>) {
    let templates = templates(story);
    let chapter = story.chapter(number).unwrap();
    let records: BTreeMap<usize, Record> =
        story.chapters[..number - 1].iter().map(|one| (one.number, record(one))).collect();
    let shape = Shape { group: 3, fan: 4 };
    let folds: BTreeMap<Span, String> = shape
        .passages(number - 1)
        .into_iter()
        .filter_map(|passage| match passage {
            storygen::prompt::memory::Passage::Fold(span) => Some((
                span,
                format!("What chapters {} to {} told, in few words.", span.from, span.to),
            )),
            storygen::prompt::memory::Passage::Synopsis(_) => None,
        })
        .collect();
    let canon = canon::merge(records.values());
    let previous = book::prose(&["Ann", "Tom"], 90, number);
    let materials = Materials {
        story,
        templates: &templates,
        past: Past { records: &records, folds: &folds, canon: &canon, shape },
        previous: (number > 1).then_some(previous.as_str()),
        tokens_per_word: 1.4,
    };
    let provider = book::Recorder::new(
        window,
        false,
        Arc::new(book::FourBytes),
        Box::new(|_, _| panic!("nothing is sent here")),
    );
    let settings = Settings::new(Asked::default(), provider.facts());
    let root = book::folder();
    let folder = Folder::open(root.path()).unwrap();
    let line = Line::new(&provider, &folder, &settings, Purse::default());
    let mut text = String::new();
    let mut last = None;
    for task in draft::tasks(chapter, &settings, materials.tokens_per_word) {
        let (fitted, reply) = draft::prompt(&materials, task, "", &line).unwrap();
        let left: Vec<String> =
            fitted.omissions.iter().map(|one| format!("{}: {}", one.section, one.what)).collect();
        let _ = write!(
            text,
            "=== window {window}, {} tokens, reply {reply}; left out: {left:?}\n{}",
            fitted.tokens,
            shown(&fitted.messages)
        );
        last = Some(fitted);
    }
    (text, last.unwrap())
}

#[test]
fn drafts_of_the_sample_projects() {
    for project in PROJECTS {
        let story = story(project);
        let later = story.chapters.len().min(12);
        // Whole chapters where there is room, scene by scene where there is not.
        for (number, window) in [(1, 32_768), (1, 8_192), (later, 32_768), (later, 8_192)] {
            snapshot(
                &format!("{project}.draft.{number:02}.{window}"),
                &drafts(&story, number, window).0,
            );
        }
    }
}

/// However much is known, what never changes is told, and what has no room is counted.
#[test]
fn what_is_fixed_stays_and_what_is_left_out_is_counted() {
    let story = story(PROJECTS[0]);
    let flood = |chapter: &Chapter| {
        let mut record = record(&story, chapter);
        let known = record.facts.remove(0);
        let fact = |kind, about: String, quote: &str| Fact {
            kind,
            about,
            quote: quote.to_owned(),
            ..known.clone()
        };
        let later = (0..40).map(|index| {
            let kind = if index % 2 == 0 { Kind::State } else { Kind::Knows };
            fact(kind, format!("aspect {index} of {}", chapter.number), "on the way")
        });
        record.facts = later.collect();
        if chapter.number < 3 {
            record.facts.push(fact(Kind::Fixed, "fingers".to_owned(), "on the way"));
            record.facts.push(fact(Kind::Knows, "by hand".to_owned(), ""));
        }
        record
    };
    let subject = |chapter: usize| story[story.chapters[chapter].cast()[0]].name.clone();
    for window in [8_192, 32_768] {
        let Fitted { view, omissions, .. } = drafts_after(&story, 12, window, &flood).1;
        let present = view.states.iter().find(|state| state.name == subject(0)).unwrap();
        let told = present.facts.join("; ");
        assert!(told.contains("fingers: on the way (1)"), "{window}: {told}");
        assert!(told.contains("by hand: on the way (1)"), "{window}: {told}");
        assert!(told.contains("aspect"), "{window}: {told}");
        let shown: usize =
            view.states.iter().filter(|one| !one.initial).map(|one| one.facts.len()).sum();
        let left = omissions.iter().find(|one| one.section == FACTS).map(|one| one.what.as_str());
        let wanted = match view.untold.known - shown {
            0 => None,
            left => Some(format!("{left} of {}", view.untold.known)),
        };
        assert_eq!(left, wanted.as_deref(), "{window}");
        assert_eq!(left.is_some(), window == 8_192, "the larger window has room for all");
    }
}

#[test]
fn continuations_of_the_sample_projects() {
    for project in PROJECTS {
        let story = story(project);
        let templates = templates(&story);
        let view = drafts(&story, 1, 32_768).1.view;
        let mut text = String::new();
        for (cut, missing) in [(true, 300), (true, 0), (false, 300)] {
            let view = DraftView {
                cut,
                missing,
                last_words: Some("and the lamp went down to the".to_owned()),
                ..view.clone()
            };
            let _ = write!(
                text,
                "=== cut: {cut}, missing: {missing}\n{}\n",
                templates.render("continue.md", &view).unwrap()
            );
        }
        snapshot(&format!("{project}.continue"), &text);
    }
}

#[test]
fn records_and_folds_of_the_sample_projects() {
    for project in PROJECTS {
        let story = story(project);
        let templates = templates(&story);
        let records: BTreeMap<usize, Record> =
            story.chapters.iter().map(|one| (one.number, record(&story, one))).collect();
        let canon = canon::merge(records.values());
        let mut text = String::new();
        for (part, parts, lacks) in [(1, 1, false), (2, 3, true)] {
            let view = RecordView {
                text: "She put the lamp down.".to_owned(),
                part,
                parts,
                lacks: if lacks { all_lacks() } else { Vec::new() },
                ..brief::record(&story, &story.chapters[1], &canon, 90, 12)
            };
            text.push_str(&shown(&templates.messages("record", &view).unwrap()));
        }
        snapshot(&format!("{project}.record"), &text);
        let past = Past {
            records: &records,
            folds: &BTreeMap::new(),
            canon: &canon,
            shape: Shape { group: 3, fan: 4 },
        };
        let view = brief::fold(&story, Span { level: 1, from: 1, to: 3 }, &past, 80);
        snapshot(&format!("{project}.fold"), &shown(&templates.messages("fold", &view).unwrap()));
    }
}

fn all_lacks() -> Vec<LackView> {
    ["short", "long", "person", "beat", "language"]
        .map(|kind| LackView { kind: kind.to_owned(), what: "12".to_owned() })
        .into()
}

/// A view's fields with nothing in them: no text, no item, no number.
fn emptied(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(name, value)| (name.clone(), emptied(value))).collect(),
        ),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::String(_) => Value::String(String::new()),
        Value::Bool(_) => Value::Bool(false),
        Value::Number(_) => Value::from(0),
        Value::Null => Value::Null,
    }
}

/// One full view for each view struct.
fn views() -> BTreeMap<&'static str, Value> {
    let story = story(PROJECTS[0]);
    let draft = drafts(&story, 12, 32_768).1.view;
    let records: BTreeMap<usize, Record> =
        story.chapters.iter().map(|one| (one.number, record(&story, one))).collect();
    let canon = canon::merge(records.values());
    let past = Past {
        records: &records,
        folds: &BTreeMap::new(),
        canon: &canon,
        shape: Shape { group: 3, fan: 4 },
    };
    let draft = DraftView {
        last_words: Some("went down to the".to_owned()),
        missing: 300,
        cut: true,
        cast: draft.people.clone(),
        ..draft
    };
    let record = RecordView {
        text: "She went.".to_owned(),
        parts: 2,
        lacks: all_lacks(),
        ..brief::record(&story, &story.chapters[5], &canon, 90, 12)
    };
    let fold: FoldView = brief::fold(&story, Span { level: 1, from: 1, to: 3 }, &past, 80);
    [
        ("DraftView", serde_json::to_value(&draft)),
        ("RecordView", serde_json::to_value(&record)),
        ("FoldView", serde_json::to_value(&fold)),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.unwrap()))
    .collect()
}

/// Every template in every language, with everything there is and with nothing.
#[test]
fn every_template_renders_full_and_empty() {
    let views = views();
    for template in TEMPLATES {
        let view = &views[template.view];
        for (language, _) in template.texts {
            let templates = Templates::new(language, &BTreeMap::new()).unwrap();
            for (state, view) in [("full", view.clone()), ("empty", emptied(view))] {
                let text = templates.render(template.name, &view).unwrap_or_else(|error| {
                    panic!("{language}/{}, {state}: {error:#}", template.name)
                });
                assert!(!text.is_empty(), "{language}/{}, {state}", template.name);
                for mark in ["{{", "{%", "null", "None", "true", "false"] {
                    assert!(
                        state == "full" || !text.contains(mark),
                        "{language}/{}, {state}: `{mark}` in\n{text}",
                        template.name
                    );
                }
            }
        }
    }
}

/// Every field of a view is used by the English templates that see it, and each
/// language uses the same fields: none is forgotten in a translation. Only the
/// language's name is for English alone, which stands in for the others.
#[test]
fn every_language_uses_the_same_fields() {
    for template in TEMPLATES {
        let english = fields(template.text("en"));
        for (language, text) in template.texts {
            let missing: Vec<&String> = english
                .iter()
                .filter(|field| *field != "language_name" && !fields(text).contains(field.as_str()))
                .collect();
            assert!(missing.is_empty(), "{language}/{} does not use {missing:?}", template.name);
        }
    }
}

/// A name that no view has is an error that says the template, line and name.
#[test]
fn an_unknown_field_is_an_error() {
    let views = views();
    for template in TEMPLATES {
        let own = BTreeMap::from([(
            template.name.to_owned(),
            "A line.\n{{ nobody_knows_this }}".to_owned(),
        )]);
        let templates = Templates::new("en", &own).unwrap();
        let error =
            format!("{:#}", templates.render(template.name, &views[template.view]).unwrap_err());
        assert!(error.contains(template.name) && error.contains("nobody_knows_this"), "{error}");
    }
}

/// The dotted names in a template's marks, loop variables among them.
fn fields(text: &str) -> std::collections::BTreeSet<String> {
    let mut fields = std::collections::BTreeSet::new();
    for part in text
        .split("{{")
        .skip(1)
        .filter_map(|part| part.split_once("}}"))
        .map(|(part, _)| part)
        .chain(
            text.split("{%").skip(1).filter_map(|part| part.split_once("%}")).map(|(part, _)| part),
        )
    {
        let bare: String = part.split('"').step_by(2).collect::<Vec<_>>().join(" ");
        for word in bare.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')) {
            if word.contains('.')
                && word.starts_with(|c: char| c.is_ascii_lowercase())
                && !word.starts_with("loop.")
            {
                fields.insert(word.split_once('.').map_or("", |(_, field)| field).to_owned());
            }
        }
    }
    fields
}
