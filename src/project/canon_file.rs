//! The file of a chapter's canon: written by storygen, corrected by the author.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::yaml;
use crate::diagnostic::Finding;
use crate::story::canon::{Fact, Kind, Maker, Record};

/// The shape of `canon/NN-slug.yaml`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanonFile {
    /// What happened in the chapter.
    pub synopsis: String,
    /// Who wrote the synopsis: `model`, or `extract` for sentences of the chapter.
    #[serde(default = "by_model")]
    pub synopsis_by: MakerShape,
    /// What later chapters must not contradict.
    #[serde(default)]
    pub facts: Vec<FactShape>,
}

/// Who wrote a synopsis.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MakerShape {
    /// The model.
    Model,
    /// Sentences of the chapter.
    Extract,
}

/// How a fact ages.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KindShape {
    /// Never changes.
    Fixed,
    /// Holds until a later fact says otherwise.
    State,
    /// Someone has come to know it.
    Knows,
    /// It happened.
    Event,
}

/// A fact.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactShape {
    /// The id of a character or place, or a name.
    pub subject: String,
    /// `fixed`, `state`, `knows` or `event`.
    pub kind: KindShape,
    /// What aspect of the subject it is about, in a word or two.
    pub about: String,
    /// The fact, in a short phrase.
    pub fact: String,
    /// The words of the chapter that bear it.
    #[serde(default)]
    pub quote: String,
}

fn by_model() -> MakerShape {
    MakerShape::Model
}

/// The text of a canon file.
///
/// # Errors
///
/// When a value cannot be written as YAML; none of ours is such.
pub fn write(record: &Record, title: &str) -> anyhow::Result<String> {
    let file = CanonFile {
        synopsis: plain(&record.synopsis),
        synopsis_by: match record.maker {
            Maker::Model => MakerShape::Model,
            Maker::Extract => MakerShape::Extract,
        },
        facts: record
            .facts
            .iter()
            .map(|fact| FactShape {
                subject: plain(&fact.subject),
                kind: match fact.kind {
                    Kind::Fixed => KindShape::Fixed,
                    Kind::State => KindShape::State,
                    Kind::Knows => KindShape::Knows,
                    Kind::Event => KindShape::Event,
                },
                about: plain(&fact.about),
                fact: plain(&fact.fact),
                quote: plain(&fact.quote),
            })
            .collect(),
    };
    let title = title.replace(['\n', '\r'], " ");
    Ok(format!(
        // Not its number: a chapter that moves takes the file along as it is.
        "# What the chapter “{title}” established. Later chapters are written from this.\n\
         # Correct it freely: your words stay until the text of the chapter changes.\n{}",
        serde_yaml::to_string(&file)?
    ))
}

/// A text without Unicode's own line ends: YAML's readers do not agree on them,
/// and an author's own sentences may hold some.
fn plain(text: &str) -> String {
    text.replace(['\u{85}', '\u{2028}', '\u{2029}'], " ")
}

/// Reads a canon file, as storygen or the author left it.
pub fn read(path: &str, text: &str, chapter: usize, findings: &mut Vec<Finding>) -> Option<Record> {
    let file: CanonFile = yaml::read(path, text, findings)?;
    Some(Record {
        chapter,
        synopsis: file.synopsis,
        maker: match file.synopsis_by {
            MakerShape::Model => Maker::Model,
            MakerShape::Extract => Maker::Extract,
        },
        facts: file
            .facts
            .into_iter()
            .map(|fact| Fact {
                subject: fact.subject,
                kind: match fact.kind {
                    KindShape::Fixed => Kind::Fixed,
                    KindShape::State => Kind::State,
                    KindShape::Knows => Kind::Knows,
                    KindShape::Event => Kind::Event,
                },
                about: fact.about,
                fact: fact.fact,
                quote: fact.quote,
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::prose;
    use proptest::prelude::*;

    #[test]
    fn line_separators_become_spaces() {
        let record = Record {
            chapter: 1,
            synopsis: "one\u{2028}two\u{2029}three\u{85}four".to_owned(),
            maker: Maker::Model,
            facts: Vec::new(),
        };
        let back = read("canon/01-x.yaml", &write(&record, "A title").unwrap(), 1, &mut Vec::new());
        assert_eq!(back.unwrap().synopsis, "one two three four");
        // A chapter that moves takes its file along as it is.
        let moved = Record { chapter: 2, ..record.clone() };
        assert_eq!(write(&moved, "A title").unwrap(), write(&record, "A title").unwrap());
    }

    proptest! {
        // What one library writes the other reads. Records hold cleaned text.
        #[test]
        fn every_record_comes_back(synopsis in "\\PC{0,60}(\n\\PC{0,20})?", fact in "\\PC{0,40}", quote in "[ -~\n]{0,40}") {
            let record = Record {
                chapter: 3,
                synopsis: prose::clean(&synopsis),
                maker: Maker::Extract,
                facts: vec![Fact {
                    subject: "ann".to_owned(),
                    kind: Kind::State,
                    about: "no".to_owned(),
                    fact: prose::clean(&fact),
                    quote: prose::clean(&quote),
                }],
            };
            let text = write(&record, "A title").unwrap();
            let mut findings = Vec::new();
            let back = read("canon/03-x.yaml", &text, 3, &mut findings);
            prop_assert_eq!(findings, vec![]);
            prop_assert_eq!(back, Some(record));
        }
    }
}
