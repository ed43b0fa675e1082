//! What a template may see: one struct a prompt, whose fields are its contract.
//!
//! Every field is always there; what the author has not given is `null`, an
//! empty text or an empty list, so `{% if … %}` works on all of them. A name
//! that is not here is an error when the prompt is rendered, before any call.

use serde::Serialize;

/// The book, in every prompt as `book`.
#[derive(Clone, Debug, Serialize)]
pub struct BookView {
    /// The title.
    pub title: String,
    /// The author's name, or null.
    pub author: Option<String>,
    /// The BCP-47 tag: `en-GB`.
    pub language: String,
    /// The language's English name: `German`.
    pub language_name: String,
    /// The genre, or null.
    pub genre: Option<String>,
    /// `first`, `second`, `third-limited` or `third-omniscient`.
    pub point_of_view: String,
    /// `past` or `present`.
    pub tense: String,
    /// Spelling and typography, or null.
    pub spelling: Option<String>,
    /// Notes to the writer.
    pub notes: Vec<String>,
    /// A paragraph that sounds as the book should, or null. May be left out.
    pub sample: Option<String>,
    /// Phrases that must not appear.
    pub avoid: Vec<String>,
    /// The premise.
    pub premise: String,
    /// The themes.
    pub themes: Vec<String>,
    /// The tone, or null.
    pub tone: Option<String>,
    /// Who it is for, or null.
    pub audience: Option<String>,
}

/// A character's card.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardView {
    /// The id.
    pub id: String,
    /// The full name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Pronouns, or null.
    pub pronouns: Option<String>,
    /// Who this is, or null.
    pub role: Option<String>,
    /// The age in years when the story starts, or null.
    pub age: Option<i32>,
    /// What can be seen: `name` and `value` each.
    pub appearance: Vec<AttributeView>,
    /// What the character wants, or null.
    pub goal: Option<String>,
    /// What the character needs, or null.
    pub need: Option<String>,
    /// What the character fears, or null.
    pub fear: Option<String>,
    /// What the character hides, or null.
    pub secret: Option<String>,
    /// The level of speech, or null.
    pub register: Option<String>,
    /// Habits of speech.
    pub habits: Vec<String>,
    /// Lines the character might say.
    pub lines: Vec<String>,
    /// Others: `name`, and what they are to this one, as `value`.
    pub relationships: Vec<AttributeView>,
    /// What the character knows when the story starts.
    pub knows: Vec<String>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttributeView {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// How a character or place of the chapter is at its start.
#[derive(Clone, Debug, Serialize)]
pub struct StateView {
    /// The character's or place's name.
    pub name: String,
    /// Whether this is how the author's bible has it at the start of the story,
    /// since no accepted chapter has told of it yet.
    pub initial: bool,
    /// What holds now, a short phrase each: what may be left out first comes first.
    pub facts: Vec<String>,
    /// How many of the last of them never change, or are the author's own.
    #[serde(skip)]
    pub standing: usize,
    /// How many of those stay as long as anything else can go.
    #[serde(skip)]
    pub sure: usize,
}

/// What is known of a chapter's people and places, and how much of it has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// How many facts there are.
    pub known: usize,
    /// How many of them never change, or are the author's own.
    pub standing: usize,
    /// About how many tokens those take that have no room.
    pub tokens: usize,
}

/// A place of the chapter.
#[derive(Clone, Debug, Serialize)]
pub struct PlaceView {
    /// The name.
    pub name: String,
    /// What one sees, hears and smells there, or null.
    pub description: Option<String>,
    /// Ways to other places of the chapter.
    pub ways: Vec<WayView>,
}

/// A way from one place to another.
#[derive(Clone, Debug, Serialize)]
pub struct WayView {
    /// The name of the other place.
    pub to: String,
    /// How long it takes, in the author's words.
    pub takes: String,
    /// By what, or null.
    pub by: Option<String>,
}

/// A thread that is open, or planted or paid off in this chapter.
#[derive(Clone, Debug, Serialize)]
pub struct ThreadView {
    /// The question it leaves with the reader.
    pub text: String,
    /// Whether this chapter plants it.
    pub plant: bool,
    /// Whether this chapter pays it off.
    pub pay_off: bool,
    /// How it is paid off, or null; only where it is.
    pub payoff: Option<String>,
}

/// A passage of the story so far.
#[derive(Clone, Debug, Serialize)]
pub struct PassageView {
    /// The first chapter it tells of.
    pub from: usize,
    /// The last chapter it tells of; the same for a single synopsis.
    pub to: usize,
    /// The chapter's title; empty for several chapters.
    pub title: String,
    /// What happened.
    pub text: String,
}

/// A scene of the outline.
#[derive(Clone, Debug, Serialize)]
pub struct SceneView {
    /// Its place in the chapter, from 1.
    pub number: usize,
    /// What it is about, or null.
    pub summary: Option<String>,
    /// Through whom it is told, or null.
    pub pov: Option<String>,
    /// Where, or null.
    pub place: Option<String>,
    /// The day, or null.
    pub date: Option<String>,
    /// The time of day, or null.
    pub time: Option<String>,
    /// Whether it lies before what was told earlier.
    pub flashback: bool,
    /// Who is there.
    pub cast: Vec<String>,
    /// What happens, step by step; arc beats first.
    pub happens: Vec<String>,
    /// What the point-of-view character wants, or null.
    pub goal: Option<String>,
    /// What stands in the way, or null.
    pub conflict: Option<String>,
    /// How it ends, or null.
    pub outcome: Option<String>,
    /// How many words it is to have.
    pub words: u32,
}

/// The chapter that is written.
#[derive(Clone, Debug, Serialize)]
pub struct ChapterView {
    /// Its number, from 1.
    pub number: usize,
    /// How many chapters the book has.
    pub of: usize,
    /// The title.
    pub title: String,
    /// What it does for the story, or null.
    pub summary: Option<String>,
    /// How many words it is to have.
    pub words: u32,
}

/// What `draft.system.md`, `draft.md` and `continue.md` see.
#[derive(Clone, Debug, Serialize)]
pub struct DraftView {
    /// The book.
    pub book: BookView,
    /// What holds in this world.
    pub rules: Vec<String>,
    /// Everyone's card, the same in every chapter; short cards where `cast`
    /// has the full ones.
    pub people: Vec<CardView>,
    /// Passages that stand for several chapters, oldest first.
    pub folds: Vec<PassageView>,
    /// Synopses of the chapters after those, oldest first.
    pub synopses: Vec<PassageView>,
    /// Full cards of this chapter's cast, where `people` has short ones.
    pub cast: Vec<CardView>,
    /// How the cast is now, and what holds of the places.
    pub states: Vec<StateView>,
    /// How many facts `states` has no room for; no template sees it.
    #[serde(skip)]
    pub untold: Untold,
    /// The chapter's places.
    pub places: Vec<PlaceView>,
    /// Questions open now, or to be planted or paid off in this chapter.
    pub threads: Vec<ThreadView>,
    /// Promises that bind this chapter.
    pub commitments: Vec<String>,
    /// The chapter.
    pub chapter: ChapterView,
    /// All its scenes.
    pub scenes: Vec<SceneView>,
    /// The number of the scene to write now; null for the whole chapter.
    pub scene: Option<usize>,
    /// How many words to write now.
    pub words: u32,
    /// The last paragraphs before what is to be written, or null.
    pub tail: Option<String>,
    /// `continue.md` only: how many words are still to come (0: only to finish).
    pub missing: u32,
    /// `continue.md` only: the last words written, or null.
    pub last_words: Option<String>,
    /// `continue.md` only: whether the reply was cut in the middle.
    pub cut: bool,
}

/// What `record.system.md` and `record.md` see.
#[derive(Clone, Debug, Serialize)]
pub struct RecordView {
    /// The book.
    pub book: BookView,
    /// The chapter.
    pub chapter: ChapterView,
    /// The cast: `name` holds the id, `value` the full name.
    pub cast: Vec<AttributeView>,
    /// The places: `name` holds the id, `value` the name.
    pub places: Vec<AttributeView>,
    /// Beats the synopsis has to tell of, as far as the text does.
    pub beats: Vec<String>,
    /// What earlier chapters established of the cast, a phrase each.
    pub known: Vec<String>,
    /// The words a synopsis may have.
    pub words: usize,
    /// The most facts to answer with; 0 when only a synopsis is asked for.
    pub facts: usize,
    /// The text of the chapter, or of a part of it.
    pub text: String,
    /// Which part this is, from 1.
    pub part: usize,
    /// How many parts the chapter has been cut into; 1 for the whole.
    pub parts: usize,
    /// What was wrong with the last answer; empty the first time.
    pub lacks: Vec<LackView>,
}

/// Something that was wrong with a synopsis.
#[derive(Clone, Debug, Serialize)]
pub struct LackView {
    /// `short`, `long`, `person`, `beat`, `language` or `echo`.
    pub kind: String,
    /// How many words too many, who is not named, what is not told; or empty.
    pub what: String,
}

/// What `fold.system.md` and `fold.md` see.
#[derive(Clone, Debug, Serialize)]
pub struct FoldView {
    /// The book.
    pub book: BookView,
    /// The passages to fold into one, oldest first.
    pub passages: Vec<PassageView>,
    /// The first chapter.
    pub from: usize,
    /// The last chapter.
    pub to: usize,
    /// The words the passage may have.
    pub words: usize,
}
