//! What the prose of a book is guarded against.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use unicode_segmentation::UnicodeSegmentation;

use crate::phrases::{Bans, Phrases, Place, worn_in};
use crate::prompt::brief::Task;
use crate::story::take::watch::{Signs, Terms};
use crate::story::{Story, take, texts};

/// What the prose of a book is guarded against: made once for all its chapters,
/// since the whole bible is read for it.
pub struct Guard {
    signs: Arc<Signs>,
    bans: Option<Arc<Bans>>,
    has_machines: bool,
}

impl Guard {
    /// The guard of a story: the phrases that its author avoids, and the worn
    /// ones of its language but for those that its bible itself says.
    ///
    /// # Errors
    ///
    /// When its author avoids more phrases than can be looked for.
    pub fn of(story: &Story) -> Result<Self> {
        let language = story.book.primary_language();
        let texts = texts(story);
        let mut bans = Bans::default();
        let own = Phrases::new(story.premise.avoid.iter().cloned())?;
        bans = bans.and(Arc::new(own), BTreeSet::new(), Place::Anywhere);
        if let Some(worn) = worn_in(&language).filter(|_| !story.premise.allows_worn) {
            let said = texts.iter().flat_map(|text| worn.within(text)).collect();
            bans = bans.and(worn, said, Place::Anywhere);
        }
        Ok(Self {
            signs: Arc::new(Signs::of(&language)),
            bans: (!bans.is_empty()).then(|| Arc::new(bans)),
            has_machines: texts.iter().any(|text| tells_of_machines(text)),
        })
    }

    /// The openings of lines by which a model leaves the story.
    #[must_use]
    pub fn signs(&self) -> &Signs {
        &self.signs
    }

    /// The banned phrases that a text says, in the order in which it does.
    #[must_use]
    pub fn standing(&self, text: &str) -> Vec<String> {
        let Some(bans) = &self.bans else { return Vec::new() };
        bans.within(text).iter().map(|found| bans.phrase(found).to_owned()).collect()
    }

    /// What a reply to a task is watched for, before it is known what it goes
    /// on from.
    #[must_use]
    pub fn terms(&self, story: &Story, task: Task<'_>) -> Terms {
        let chapter = task.chapter;
        let next = story.chapters.iter().find(|one| one.number == chapter.number + 1);
        let scenes = chapter.scenes.len();
        let is_last_scene = task.scene.is_none_or(|scene| scene + 1 == scenes);
        Terms {
            language: story.book.language.clone(),
            signs: Arc::clone(&self.signs),
            begun: String::new(),
            most_words: usize::try_from(take::most_words(task.words())).ok(),
            chapter: chapter.number,
            title: chapter.title.clone(),
            book: story.book.title.clone(),
            author: story.book.author.clone().unwrap_or_default(),
            titles: next.map(|next| next.title.clone()).into_iter().collect(),
            is_last: next.is_none() && is_last_scene,
            is_scene: task.scene.is_some(),
            has_machines: self.has_machines,
            bans: self.bans.clone(),
            stands: Vec::new(),
            is_lenient: false,
        }
    }
}

/// Whether a text speaks of machines that think, in the languages of the signs.
fn tells_of_machines(text: &str) -> bool {
    const NAMES: [&str; 4] = ["AI", "AIs", "KI", "IA"];
    const WORDS: [&str; 9] = [
        "robot", "robots", "android", "androids", "roboter", "chatbot", "cyborg", "androide",
        "cyborgs",
    ];
    let lower = text.to_lowercase();
    [
        "artificial intelligence",
        "künstliche intelligenz",
        "inteligencia artificial",
        "intelligence artificielle",
    ]
    .iter()
    .any(|name| lower.contains(name))
        || text.unicode_words().any(|word| NAMES.contains(&word))
        || lower.unicode_words().any(|word| WORDS.contains(&word))
}
