//! What became of each book, as values and as JSON.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use crate::failure::Exit;

/// The version of the report's shape.
const VERSION: u32 = 1;

/// What became of all books.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// The version of this shape.
    pub v: u32,
    /// The exit code of the command.
    pub exit: u8,
    /// Each book, in the order it was named.
    pub books: Vec<Book>,
    /// Seconds from the first call to the last.
    pub seconds: f64,
}

/// What became of one book.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Book {
    /// Its folder, as it was named.
    pub path: String,
    /// Its title; none where it could not be read.
    pub title: Option<String>,
    /// The exit code that drafting it alone would have had.
    pub exit: u8,
    /// What went wrong, if anything did.
    pub error: Option<String>,
    /// Ways out.
    pub help: Vec<String>,
    /// Chapters of its outline.
    pub chapters: usize,
    /// Chapters that have their text now, whoever has drafted them.
    pub standing: usize,
    /// Chapters drafted by this run.
    pub drafted: usize,
    /// Chapters recorded by this run.
    pub recorded: usize,
    /// Words drafted by this run.
    pub words: usize,
    /// Tokens of the prompts of this run, as the endpoints counted them.
    pub prompt_tokens: u64,
    /// Tokens of its replies.
    pub reply_tokens: u64,
    /// Dollars that its calls of this run have cost at most: where an endpoint has
    /// given no figures, the worst case counts.
    pub cost: f64,
    /// Requests of this run of which no figures came: the cost counts each with the most
    /// that it can have cost.
    pub unsaid: u32,
    /// Seconds it took, waiting for others included.
    pub seconds: f64,
}

impl Book {
    /// Whether all that was asked for is done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.exit == Exit::Done as u8
    }
}

/// Whether a file's bytes are a report, of this version or another.
#[must_use]
pub fn is_report(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|value| {
        value["v"].is_u64() && value["exit"].is_u64() && value["books"].is_array()
    })
}

/// The report on these books.
#[must_use]
pub fn report(books: Vec<Book>, seconds: f64) -> Report {
    let codes: Vec<u8> = books.iter().map(|book| book.exit).collect();
    Report { v: VERSION, exit: exit(&codes) as u8, books, seconds }
}

/// The exit code for several books: 0 where all are done, 130 where the user
/// stopped them, 3 where some are done; where none is, the code that they
/// share, else 1.
#[must_use]
pub fn exit(codes: &[u8]) -> Exit {
    const KNOWN: [Exit; 11] = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::Partly,
        Exit::Findings,
        Exit::Budget,
        Exit::Provider,
        Exit::NoProject,
        Exit::Locked,
        Exit::Untrusted,
        Exit::Cancelled,
    ];
    let is = |exit: Exit| move |code: &&u8| **code == exit as u8;
    if codes.iter().any(|code| is(Exit::Cancelled)(&code)) {
        return Exit::Cancelled;
    }
    let done = codes.iter().filter(is(Exit::Done)).count();
    if done == codes.len() {
        return Exit::Done;
    }
    if done > 0 {
        return Exit::Partly;
    }
    let first = codes.first().copied().unwrap_or_default();
    let shared = codes.iter().all(|code| *code == first);
    KNOWN.into_iter().find(|exit| shared && *exit as u8 == first).unwrap_or(Exit::Failed)
}

/// The JSON Schema of a report.
#[must_use]
pub fn schema() -> String {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Report>().to_value();
    if let Some(keys) = schema.as_object_mut() {
        keys.insert("$id".to_owned(), format!("storygen:batch-{VERSION}.json").into());
        keys.insert("title".to_owned(), "storygen: the report of `batch`".into());
    }
    format!("{schema:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_several_books() {
        for (codes, expected) in [
            (&[][..], Exit::Done),
            (&[0, 0], Exit::Done),
            (&[0, 6], Exit::Partly),
            (&[6, 6], Exit::Provider),
            (&[5], Exit::Budget),
            (&[5, 6], Exit::Failed),
            (&[0, 130, 5], Exit::Cancelled),
            (&[99], Exit::Failed),
        ] {
            assert_eq!(exit(codes), expected, "{codes:?}");
        }
    }
}
