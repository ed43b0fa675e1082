//! The book as a whole: title, language, premise, style.

/// The book, from `storygen.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The title.
    pub title: String,
    /// The author's name.
    pub author: Option<String>,
    /// The language, as a BCP-47 tag.
    pub language: String,
    /// The genre.
    pub genre: Option<String>,
}

impl Book {
    /// The primary language subtag: `en` of `en-GB`.
    #[must_use]
    pub fn primary_language(&self) -> String {
        self.language.split('-').next().unwrap_or_default().to_ascii_lowercase()
    }
}

/// What the book is about and how it sounds, from `bible/premise.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Premise {
    /// The story in a paragraph.
    pub premise: String,
    /// What it turns over in its mind.
    pub themes: Vec<String>,
    /// The tone.
    pub tone: Option<String>,
    /// Who it is for.
    pub audience: Option<String>,
    /// Who tells it, and from where.
    pub point_of_view: PointOfView,
    /// The tense of the narration.
    pub tense: Tense,
    /// Spelling and typography.
    pub spelling: Option<String>,
    /// Notes to the writer.
    pub notes: Vec<String>,
    /// A paragraph that sounds as the book should.
    pub sample: Option<String>,
    /// Phrases that must not appear.
    pub avoid: Vec<String>,
    /// Whether worn phrases may: those of the built-in list of its language.
    pub allows_worn: bool,
}

/// Who tells the story, and from where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PointOfView {
    /// `I`.
    First,
    /// `you`.
    Second,
    /// `he`, `she`, `they`, inside one character.
    #[default]
    ThirdLimited,
    /// `he`, `she`, `they`, seeing into everyone.
    ThirdOmniscient,
}

impl PointOfView {
    /// The name used in files and templates.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::ThirdLimited => "third-limited",
            Self::ThirdOmniscient => "third-omniscient",
        }
    }
}

/// The tense of the narration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tense {
    /// She went.
    #[default]
    Past,
    /// She goes.
    Present,
}

impl Tense {
    /// The name used in files and templates.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Past => "past",
            Self::Present => "present",
        }
    }
}
