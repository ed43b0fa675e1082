//! No prompt is sent that does not fit, with its reply, into its window.
//!
//! Held where it cannot lie: a model that looks at every request it is sent,
//! behind the real run, over books of any size and any script. Whatever the
//! bible holds, the run ends in one of four ways: done, rejected replies, a
//! stream that breaks off again and again, or the failure that says what is
//! too big - and then before anything is drawn.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use storygen::chat::Tokenizer;
use storygen::failure::{Exit, Failure};
use storygen::pipeline::calling::{Line, Lines, Purse};
use storygen::pipeline::plan;
use storygen::pipeline::run::Session;
use storygen::pipeline::settings::{Asked, Settings};
use storygen::project::archive::{Archive, CanonOnFile, Fold, Shelf, Text};
use storygen::project::folder::Folder;
use storygen::project::journal::{Origin, TakeNote};
use storygen::project::store::Store;
use storygen::project::{history, layout};
use storygen::prompt::budget::MARGIN;
use storygen::prompt::memory::{Passage, Shape};
use storygen::prompt::templates::Templates;
use storygen::prompt::tokens::{Bound, Seen};
use storygen::provider::{Provider, Request, Usage};
use storygen::story::canon::{Fact, Kind as Ages, Maker, Record};
use storygen::story::fingerprint::digest;
use storygen::story::{Id, Story};

use book::{End, Kind, Recorder, kind};

#[path = "support/book.rs"]
mod book;

/// What a text is made of.
#[derive(Clone, Copy, Debug)]
enum Script {
    English,
    German,
    Chinese,
    Emoji,
    /// One word without end.
    Unbroken,
    /// Letters with marks that a normalising tokenizer spells out.
    Marks,
}

impl Script {
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::English => &[
                "the lamp ",
                "went down ",
                "to the water, ",
                "and nobody ",
                "called. ",
                "“Not yet,” she said. ",
            ],
            Self::German => &[
                "die Überführung ",
                "schließt ",
                "am Donnerstagabend, ",
                "„ohne Grüße“. ",
                "Fährhäuschen ",
            ],
            Self::Chinese => &["河水", "不记账，", "我记。", "钟声响了", "三次。", "她没有回答"],
            Self::Emoji => &["👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿 ", "🛶", "🔔🔔. ", "❤️‍🔥"],
            Self::Unbroken => {
                &["Llanfairpwllgwyngyll", "gogerychwyrndrobwll", "llantysiliogogogoch"]
            }
            Self::Marks => &["e\u{301}te\u{301} ", "\u{fa7}\u{f73} ", "a\u{328}\u{301} ", "ﬁn. "],
        }
    }

    /// About `bytes` bytes of it, never the same twice in a row.
    fn text(self, bytes: usize, salt: usize) -> String {
        let words = self.words();
        let mut text = String::with_capacity(bytes + 32);
        let mut state = salt.wrapping_mul(2_654_435_761).wrapping_add(12_345);
        while text.len() < bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(words[(state >> 33) % words.len()]);
            if (state >> 40).trailing_zeros() >= 6 && !matches!(self, Self::Unbroken) {
                text.push_str("\n\n");
            }
        }
        text.trim().to_owned()
    }
}

/// A book and a model, from which a run is made.
#[derive(Clone, Debug)]
struct Case {
    window: usize,
    reply_tokens: Option<u32>,
    script: Script,
    /// Bytes of a short and of a long text of the bible.
    sizes: (usize, usize),
    premise: usize,
    people: usize,
    scenes: usize,
    words: u32,
    chapters: usize,
    synopsis: usize,
    facts: usize,
    synopsis_words: u32,
    prefill: bool,
    /// How the replies end and what they hold, in turn.
    replies: Vec<(u8, usize)>,
    salt: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    let window = prop_oneof![
        2 => 2_048_usize..4_096,
        3 => 4_096_usize..16_384,
        1 => 16_384_usize..131_073,
        2 => proptest::sample::select(vec![2_048, 4_096, 8_192, 32_768, 131_072]),
    ];
    let script = proptest::sample::select(vec![
        Script::English,
        Script::English,
        Script::German,
        Script::Chinese,
        Script::Emoji,
        Script::Unbroken,
        Script::Marks,
    ]);
    let chapters = proptest::sample::select(vec![1_usize, 2, 7, 40, 40, 200, 1_000]);
    let bible = (
        prop_oneof![3 => 4_usize..60, 1 => 60_usize..400],
        prop_oneof![3 => 30_usize..300, 1 => 300_usize..6_000],
        prop_oneof![4 => 20_usize..900, 1 => 900_usize..60_000],
    );
    let shape = (
        1_usize..5,
        prop_oneof![3 => 1_usize..9, 1 => 9_usize..60],
        prop_oneof![1 => 5_u32..200, 3 => 200_u32..3_000, 1 => 3_000_u32..30_000],
    );
    let memory = (
        prop_oneof![4 => 60_usize..700, 1 => 700_usize..8_000],
        0_usize..40,
        prop_oneof![3 => Just(90_u32), 1 => 20_u32..600],
    );
    let replies = proptest::collection::vec((any::<u8>(), 0_usize..100), 1..12);
    (
        window,
        proptest::option::weighted(0.3, 32_u32..4_000),
        script,
        chapters,
        bible,
        shape,
        memory,
        any::<bool>(),
        replies,
        0_usize..1_000,
    )
        .prop_map(
            |(
                window,
                reply_tokens,
                script,
                chapters,
                (short, long, premise),
                (scenes, people, words),
                (synopsis, facts, synopsis_words),
                prefill,
                replies,
                salt,
            )| Case {
                window,
                reply_tokens,
                script,
                sizes: (short, long),
                premise,
                people,
                scenes,
                words,
                chapters,
                synopsis,
                facts,
                synopsis_words,
                prefill,
                replies,
                salt,
            },
        )
}

/// A book of so many chapters, made once: what is random is put into a copy.
fn plain(chapters: usize) -> Story {
    static MADE: OnceLock<std::sync::Mutex<BTreeMap<usize, Story>>> = OnceLock::new();
    let mut made = MADE.get_or_init(Default::default).lock().unwrap();
    made.entry(chapters)
        .or_insert_with(|| {
            let root = book::folder();
            book::write(root.path(), chapters, 1_800);
            book::read(&Folder::open(root.path()).unwrap())
        })
        .clone()
}

/// The case's bible: every text of it made anew.
fn story(case: &Case) -> Story {
    let mut story = plain(case.chapters);
    let salt = std::cell::Cell::new(case.salt);
    let text = |bytes: usize| {
        salt.set(salt.get() + 1);
        case.script.text(bytes, salt.get())
    };
    let (short, long) = case.sizes;
    story.premise.premise = text(case.premise);
    story.premise.sample = Some(text(long));
    story.premise.notes = vec![text(short), text(short)];
    while story.characters.len() < case.people {
        let mut one = story.characters[story.characters.len() % 9].clone();
        one.id = format!("person-{}", story.characters.len());
        story.characters.push(one);
    }
    for (index, one) in story.characters.iter_mut().enumerate() {
        if index >= 9 {
            one.name = format!("{} {index}", text(short.min(60)));
        }
        one.role = Some(text(short));
        one.secret = Some(text(long));
        one.voice.lines = vec![text(short), text(long)];
    }
    for rule in &mut story.rules {
        rule.rule = text(short);
    }
    for place in &mut story.places {
        place.description = Some(text(long));
    }
    for thread in &mut story.threads {
        thread.thread = text(short);
        thread.payoff = Some(text(short));
    }
    let last = story.chapters.len() - 1;
    let everyone: Vec<_> = (0..case.people).map(Id::new).collect();
    let chapter = &mut story.chapters[last];
    chapter.words = case.words;
    chapter.summary = Some(text(short));
    let scene = chapter.scenes[0].clone();
    chapter.scenes = vec![scene; case.scenes];
    for scene in &mut chapter.scenes {
        scene.cast.clone_from(&everyone);
        scene.words = case.words / u32::try_from(case.scenes).unwrap();
        scene.happens = vec![text(short), text(short), text(short)];
        scene.outcome = Some(text(short));
    }
    story
}

/// All chapters but the last, as if drafted and recorded.
fn past(case: &Case, story: &Story) -> (Archive, BTreeMap<usize, Record>) {
    let mut archive = Archive::default();
    let mut records = BTreeMap::new();
    for chapter in &story.chapters[..story.chapters.len() - 1] {
        let number = chapter.number;
        // Only the text just before is ever shown.
        let prose = case
            .script
            .text(if number + 2 > story.chapters.len() { 6_000 } else { 40 }, case.salt + number);
        let text = Text {
            path: layout::manuscript(number, &chapter.id, story.chapters.len()),
            digest: digest(&prose),
            words: 1_000,
            prose,
        };
        let note = TakeNote {
            chapter: chapter.id.clone(),
            take: 1,
            origin: Origin::Model,
            model: None,
            answered: None,
            text: text.digest.clone(),
            words: 1_000,
            inputs: BTreeMap::new(),
            before: String::new(),
            tokens: Usage::default(),
            calls: Vec::new(),
            conditions: None,
            stopped: None,
            density: None,
        };
        let canon = CanonOnFile {
            path: layout::canon(number, &chapter.id, story.chapters.len()),
            yaml: String::new(),
            digest: format!("{number}"),
            made_from: Some(text.digest.clone()),
            by_author: false,
        };
        let facts = (0..if number % 7 == 0 { case.facts } else { 1 })
            .map(|index| Fact {
                subject: story.characters[(number + index) % story.characters.len()].id.clone(),
                kind: [Ages::State, Ages::Fixed, Ages::Knows, Ages::Event][index % 4],
                about: format!("thing {index}"),
                fact: case.script.text(case.sizes.0, number + index),
                quote: String::new(),
            })
            .collect();
        records.insert(
            number,
            Record {
                chapter: number,
                synopsis: case.script.text(case.synopsis, case.salt + number),
                maker: Maker::Model,
                facts,
            },
        );
        archive.chapters.insert(
            chapter.id.clone(),
            Shelf {
                recordings: BTreeMap::new(),
                begun: Vec::new(),
                takes: vec![note],
                text: Some(text),
                selected: Some(1),
                pending: None,
                canon: Some(canon),
                recording: Usage::default(),
            },
        );
    }
    (archive, records)
}

/// All folds the last chapter needs, but the newest of each level and what is
/// inside: that one the run has to make.
fn folds(case: &Case, story: &Story, shape: Shape, archive: &mut Archive) {
    let mut spans: Vec<_> = shape.passages(story.chapters.len() - 1);
    let newest = spans.iter().rposition(|one| matches!(one, Passage::Fold(_)));
    if let Some(at) = newest {
        spans.remove(at);
    }
    for passage in spans {
        if let Passage::Fold(span) = passage {
            let parts = plan::parts_digest(story, archive, span);
            archive
                .folds
                .insert(span, Fold { text: case.script.text(case.synopsis, span.from), parts });
            // What it is made of counts as made, too.
            let mut inner = shape.parts(span);
            while let Some(part) = inner.pop() {
                if let Passage::Fold(span) = part {
                    let parts = plan::parts_digest(story, archive, span);
                    archive.folds.insert(span, Fold { text: "It was so.".to_owned(), parts });
                    inner.extend(shape.parts(span));
                }
            }
        }
    }
}

/// What the model says to its nth question.
fn reply(case: &Case, request: &Request, number: usize) -> (String, End) {
    let (how, much) = case.replies[number % case.replies.len()];
    // At most four bytes a token, at least nothing.
    let bytes = request.reply_tokens * 4 * much / 100;
    let prose = case.script.text(bytes, case.salt + number * 17);
    let end = match how % 5 {
        0 => End::Interrupted,
        1 | 2 => End::Length,
        _ => End::Stop,
    };
    let text = match (kind(request), how % 4) {
        (Kind::Record, 0) => format!("{{\"synopsis\": \"{prose}"),
        (Kind::Record, 1) => serde_json::json!({ "synopsis": prose, "facts": [] }).to_string(),
        _ => prose,
    };
    (text, if text_is_nothing(request, number, case) { End::Stop } else { end })
}

/// A stream that breaks before any text ends the run, which proves nothing.
fn text_is_nothing(request: &Request, number: usize, case: &Case) -> bool {
    let (_, much) = case.replies[number % case.replies.len()];
    request.reply_tokens * 4 * much / 100 < 8
}

fn prove(case: &Case, tokenizer: &Arc<dyn Tokenizer>) -> Result<(), TestCaseError> {
    let story = story(case);
    let (mut archive, records) = past(case, &story);
    let scripted = case.clone();
    let provider = Recorder::new(
        case.window,
        case.prefill,
        tokenizer.clone(),
        Box::new(move |request, number| reply(&scripted, request, number)),
    );
    let asked = Asked {
        reply_tokens: case.reply_tokens,
        redraws: Some(1),
        continuations: Some(3),
        synopsis_words: Some(case.synopsis_words),
        ..Asked::default()
    };
    let settings = Settings::new(asked, provider.facts());
    let root = book::folder();
    let folder = Folder::open(root.path()).unwrap();
    let line = Line::new(&provider, &folder, &settings, Purse::default());
    let templates = Templates::new(&story.book.primary_language(), &BTreeMap::new()).unwrap();
    let words = storygen::prompt::brief::counted_per_word(&story, &**tokenizer);
    folds(case, &story, settings.memory(words), &mut archive);
    let mut store = Store::open(&folder, "test", || 0).unwrap();
    let last = story.chapters.len();
    let mut session = Session::new(&story, &templates, archive, records, &line);
    let outcome = book::block_on(session.run(
        &book::chapters(last, last),
        &mut store,
        &Lines::alike(line),
        &mut |_| {},
    ));
    let sent = provider.sent();
    for request in &sent {
        let prompt = tokenizer.prompt(&request.messages);
        let all = prompt + request.reply_tokens + MARGIN;
        prop_assert!(
            all <= case.window,
            "{:?}: {prompt} + {} + {MARGIN} > {}",
            kind(request),
            request.reply_tokens,
            case.window
        );
        prop_assert!(request.reply_tokens > 0);
    }
    let drawn = sent.iter().any(|request| kind(request) == Kind::Draft);
    let recorded = sent.iter().any(|request| kind(request) == Kind::Record);
    match outcome {
        Ok(done) => {
            prop_assert_eq!((done.drafted, done.recorded, drawn, recorded), (1, 1, true, true));
        }
        Err(error) => {
            let failure = error
                .downcast::<Failure>()
                .map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
            let documented = failure.message.contains("the indispensable parts of the prompt take")
                && failure.hints[0].contains("instructions and labels (");
            match failure.exit {
                Exit::Failed => {
                    prop_assert!(documented, "{}", failure.message);
                    prop_assert!(
                        !drawn,
                        "drawn before it was known not to fit: {}",
                        failure.message
                    );
                }
                // Only of streams that were broken, and with what came kept.
                Exit::Provider => prop_assert!(
                    ["the stream broke off", " came whole in "]
                        .iter()
                        .any(|said| failure.message.contains(said))
                        && case.replies.iter().any(|(how, _)| how % 5 == 0),
                    "{}",
                    failure.message
                ),
                exit => prop_assert_eq!(exit, Exit::Partly, "{}", failure.message),
            }
        }
    }
    STAGES.with_borrow_mut(|stages| {
        for request in &sent {
            *stages.entry(format!("{:?}", kind(request))).or_default() += 1;
        }
    });
    Ok(())
}

thread_local! {
    /// How many prompts of each stage were looked at.
    static STAGES: std::cell::RefCell<BTreeMap<String, usize>> = const { std::cell::RefCell::new(BTreeMap::new()) };
}

/// Proves it for many cases, and that every stage came up among them.
fn prove_all(cases: u32, tokenizer: &Arc<dyn Tokenizer>) {
    let mut config =
        Config { failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&self::cases(), |case| prove(&case, tokenizer));
    STAGES.with_borrow(|stages| println!("prompts looked at: {stages:?}"));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn every_prompt_fits_by_the_proven_bound() {
    prove_all(40, &(Arc::new(Bound::default()) as Arc<dyn Tokenizer>));
}

#[test]
fn every_prompt_fits_by_the_bound_of_seen_vocabularies() {
    prove_all(60, &(Arc::new(Bound::new(Some(Seen))) as Arc<dyn Tokenizer>));
}

/// With the vocabulary of the embedded model.
#[cfg(feature = "embedded")]
#[test]
fn every_prompt_fits_the_embedded_model() {
    prove_all(24, &storygen::provider::embedded::tokenizer(&book::model()).unwrap());
}

/// A bible that fits no window stops before anything is sent.
#[test]
fn a_bible_that_is_too_big_is_told_before_any_call() {
    let case = Case {
        window: 2_048,
        reply_tokens: None,
        script: Script::English,
        sizes: (20, 60),
        premise: 60_000,
        people: 3,
        scenes: 1,
        words: 500,
        chapters: 1,
        synopsis: 100,
        facts: 0,
        synopsis_words: 90,
        prefill: false,
        replies: vec![(3, 50)],
        salt: 1,
    };
    let tokenizer: Arc<dyn Tokenizer> = Arc::new(book::FourBytes);
    let story = story(&case);
    let provider = Recorder::new(
        case.window,
        false,
        tokenizer,
        Box::new(|_, _| panic!("nothing may be sent")),
    );
    let settings = Settings::new(Asked::default(), provider.facts());
    let root = book::folder();
    let folder = Folder::open(root.path()).unwrap();
    let error =
        book::run(&story, &folder, &provider, &settings, &book::chapters(1, 1)).unwrap_err();
    let failure = error.downcast::<Failure>().unwrap();
    assert_eq!(failure.exit, Exit::Failed);
    assert!(
        failure.message.starts_with("chapter 1: the indispensable parts of the prompt take"),
        "{}",
        failure.message
    );
    assert!(
        failure.hints[0].starts_with("they are, largest first: premise and style (")
            && failure.hints[0].contains(", instructions and labels ("),
        "{:?}",
        failure.hints
    );
    assert!(
        history::read(&folder, &story).unwrap().chapters.values().all(|shelf| shelf.text.is_none())
    );
}
