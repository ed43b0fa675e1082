//! What a model wraps round its prose: fences, preambles, headings, last words.

use super::framing::Framing;
use super::watch::{Signs, before_closing};
use crate::story::prose;

mod begun;
mod several;
mod title;

pub use begun::{is_begun, is_tag_begun};
pub use several::{first_heading, with_heading};
pub(super) use title::{is_asked, is_parted};

use several::{has_sisters, without_number};
use title::is_of_text;

/// The prose of a reply: without tags, code fences, a preamble to the reader, a
/// repeated heading, or words to the author at the end.
#[must_use]
pub fn strip(reply: &str, title: &str) -> String {
    strip_edges(reply, title, true, true)
}

/// The prose of a reply that was cut: what [`strip`] takes off, but for a rule at
/// its end, which parts two scenes there.
#[must_use]
pub fn strip_cut(reply: &str, title: &str) -> String {
    strip_edges(reply, title, true, false)
}

/// `begins` and `ends` say whether the text begins and ends with the reply: a
/// rule there frames it, and elsewhere parts two scenes.
fn strip_edges(reply: &str, title: &str, begins: bool, ends: bool) -> String {
    let cleaned = prose::clean(untagged(before_marks(without_thoughts(reply))));
    let unfenced = unfence(&cleaned);
    let text = before_closing(&unfenced, &Signs::of("en"));
    let mut lines: Vec<&str> = text.lines().collect();
    let (mut is_frame, mut is_headed) = (begins, false);
    while let Some(line) = lines.first().map(|line| line.trim()) {
        let is_named = is_heading(line, title) && !is_of_text(&lines, title)
            || begins && is_marked_heading(line) && !has_sisters(&lines, title);
        let is_below = is_headed && (is_underline(line) || is_count(line));
        let is_said = is_preamble(line) || is_named || is_below;
        if !(line.is_empty() || is_said || prose::is_rule(line) && is_frame) {
            break;
        }
        is_headed |= is_named;
        // A rule below a preamble parts it from the text.
        is_frame |= is_said;
        lines.remove(0);
    }
    if begins {
        without_number(&mut lines);
    }
    while let Some(line) = lines.last().map(|line| line.trim()) {
        if !(line.is_empty() || prose::is_rule(line) && ends) {
            break;
        }
        lines.pop();
    }
    // The first line's own indent says nothing; inner spaces stay as they are.
    let joined = without_headings(&lines.join("\n"), title);
    let stripped = joined.trim_start();
    if lines.is_empty() {
        return String::new();
    }
    // What follows the last word matters to a continuation, so an end of the
    // reply in spaces is kept where nothing was taken off it.
    let end = &text[text.trim_end().len()..];
    if text.trim_end().ends_with(lines.last().map_or("", |line| line.trim_end())) {
        format!("{}{end}", stripped.trim_end())
    } else {
        stripped.trim_end().to_owned()
    }
}

/// The prose of a reply that goes on from an earlier one: what [`strip`] takes
/// off, but with the space it begins with, which tells whether a word goes on, and
/// a rule there. `ends` says that the text ends with it.
#[must_use]
pub fn strip_continuation(reply: &str, title: &str, ends: bool) -> String {
    let reply = untagged(before_marks(without_thoughts(reply)));
    let stripped = strip_edges(reply, title, false, ends);
    let cleaned = prose::clean(reply);
    let lead = &cleaned[..cleaned.len() - cleaned.trim_start().len()];
    let begins_with_it = cleaned.trim_start().starts_with(
        stripped.trim_start().get(..stripped.trim_start().len().min(24)).unwrap_or(&stripped),
    );
    if begins_with_it && !lead.contains("```") {
        format!("{lead}{}", stripped.trim_start())
    } else {
        stripped
    }
}

/// What follows the thoughts that some models think aloud before they answer.
/// Templates often open the thoughts for the model, so that only their end
/// shows. Thoughts without an end have left no room for an answer.
#[must_use]
pub fn without_thoughts(reply: &str) -> &str {
    // Only ASCII letters change, so that every place stays where it is.
    let lower = reply.to_ascii_lowercase();
    let from = lower.len() - lower.trim_start().len();
    if ["<|channel|>", "<|start|>"].iter().any(|mark| lower[from..].starts_with(mark)) {
        return lower.rfind(FINAL).map_or("", |at| &reply[at + FINAL.len()..]);
    }
    for (open, close) in THOUGHTS {
        let begins = lower[from..].starts_with(open);
        match lower.find(close) {
            Some(at) if begins || !lower[..at].contains(['<', '[']) => {
                return reply[at + close.len()..].trim_start();
            }
            _ if begins => return "",
            _ => {}
        }
    }
    reply
}

/// What stands before the reply itself where a template has channels for thoughts.
const FINAL: &str = "final<|message|>";

/// The marks between which models think aloud, in lower case.
pub(super) const THOUGHTS: [(&str, &str); 9] = [
    ("<scratchpad>", "</scratchpad>"),
    ("<analysis>", "</analysis>"),
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
    ("<thought>", "</thought>"),
    ("[think]", "[/think]"),
    ("<seed:think>", "</seed:think>"),
    ("◁think▷", "◁/think▷"),
];

/// What stands before the marks by which a template ends a turn: a server that
/// does not know them sends them as text, and what follows is no reply.
#[must_use]
pub fn before_marks(reply: &str) -> &str {
    const MARKS: [&str; 16] = [
        "<|end|>",
        "<|eot|>",
        "<|return|>",
        "<|im_end|>",
        "<|im_start|>",
        "<|endoftext|>",
        "<|end_of_text|>",
        "<|eot_id|>",
        "<|start_header_id|>",
        "<end_of_turn>",
        "<start_of_turn>",
        "</s>",
        "[/INST]",
        "[TOOL_CALLS]",
        "<tool_call>",
        "<｜end▁of▁sentence｜>",
    ];
    // One that opens the reply stands before it.
    let turn = "<|start_header_id|>assistant<|end_header_id|>";
    let reply = reply.trim_start().strip_prefix(turn).unwrap_or(reply);
    let first = MARKS.iter().filter_map(|mark| reply.find(mark)).min();
    first.map_or(reply, |at| &reply[..at])
}

/// The text without Markdown headings that name the chapter, or a chapter or scene
/// by its number. Others head what stands in the story: a recipe, the rules of a
/// house.
#[must_use]
pub fn without_headings(text: &str, title: &str) -> String {
    let is_heading = |line: &str| is_marked_heading(line) && is_heading(line.trim(), title);
    if !text.lines().any(is_heading) {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut after_heading = false;
    for line in text.split_inclusive('\n') {
        if is_heading(line) {
            after_heading = true;
        } else if !(after_heading && line.trim().is_empty()) {
            kept.push_str(line);
            after_heading = false;
        }
    }
    kept
}

/// Takes off a code fence that wraps the whole text, and a word before it.
fn unfence(text: &str) -> String {
    let mut trimmed = text.trim();
    if let Some((before, fenced)) = trimmed.split_once("\n```")
        && before.trim_end().ends_with(':')
        && !before.trim().contains('\n')
    {
        trimmed = trimmed[trimmed.len() - fenced.len() - 3..].trim_start();
    }
    for fence in ["```", "\"\"\""] {
        if let Some(rest) = trimmed.strip_prefix(fence)
            && let Some((_, body)) = rest.split_once('\n')
            && (fence == "```" || body.trim_end().ends_with(fence))
            && !is_of_part(body, fence)
        {
            return body.trim_end().strip_suffix(fence).map_or(body, str::trim_end).to_owned();
        }
    }
    text.to_owned()
}

/// Whether a fence is closed round the beginning of a text only: a sign, a telegram.
fn is_of_part(body: &str, fence: &str) -> bool {
    body.split_once(&format!("\n{fence}")).is_some_and(|(inside, after)| {
        prose::words(inside) < FENCED && after.contains(char::is_alphanumeric)
    })
}

/// The words of a fenced text from which on it is no sign in the story, but the story.
pub(super) const FENCED: usize = 60;

/// Whether a line is a Markdown heading, whatever it names.
fn is_marked_heading(line: &str) -> bool {
    let line = line.trim_start();
    let bare = line.trim_start_matches('#');
    (1..=6).contains(&(line.len() - bare.len())) && bare.starts_with(' ')
}

/// Whether a line underlines the title above it.
fn is_underline(line: &str) -> bool {
    line.len() >= 3 && ['=', '-'].iter().any(|mark| line.chars().all(|c| c == *mark))
}

/// Whether a line says how long the text is: `*(approx. 320 words)*`.
pub(super) fn is_count(line: &str) -> bool {
    const WORDS: [&str; 5] = ["words", "wörter", "wörtern", "mots", "palabras"];
    let bare = line.trim_matches(['*', '_', '(', ')', '[', ']', ' ', '.']).to_lowercase();
    bare.len() < line.len()
        && bare.split_whitespace().count() <= 5
        && bare.contains(|c: char| c.is_ascii_digit())
        && WORDS.iter().any(|word| bare.ends_with(word))
}

/// `Sure, here is chapter 3:` and its kin.
fn is_preamble(line: &str) -> bool {
    let lower = line.trim_matches(['*', '_', '#', ' ']).to_lowercase();
    let words = || lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_marker = matches!(
        lower.trim_matches(['[', ']', '(', ')', ':', '…', '.', ' ']),
        "continued" | "continuing" | "continuation" | "fortsetzung" | "suite" | "continuación"
    );
    let is_bare = words().count() <= 3;
    is_marker && lower.starts_with(['[', '(']) | lower.ends_with(':')
        || lower.ends_with(':')
            && words().count() <= 25
            && Framing::Opener.opens(&lower)
            && (is_bare
                || words().any(|word| Framing::Part.holds(word))
                || words().next_back().is_some_and(|word| Framing::Text.holds(word)))
}

/// A Markdown heading, or a line that is just the chapter's title or number.
fn is_heading(line: &str, title: &str) -> bool {
    let lower = bare(line);
    let is_bold = line.starts_with("**") && line.ends_with("**") && line.len() > 4;
    let is_marked = is_bold || is_marked_heading(line);
    let ends_sentence =
        line.trim_end_matches(['*', '_', ' ']).ends_with(['.', '!', '?', '…', ',', ';']);
    // `Chapter 3 of the rule book was about hair.` is a narrator's.
    let heads = |rest: &str| {
        let named = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let is_set_off = named.is_empty() || named.starts_with([':', '.', '–', '—', '-', '|']);
        is_marked || !ends_sentence || is_set_off
    };
    let after_number = |word: &str| {
        lower.strip_prefix(word).is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.starts_with(|c: char| c.is_ascii_digit())
                && rest.split_whitespace().count() <= 12
                && heads(rest)
        })
    };
    let named = |word: &&str| {
        is_bold
            && lower.split_whitespace().count() <= 8
            && lower.strip_prefix(*word).is_some_and(|rest| rest.starts_with([' ', ':']))
    };
    names(line, title)
        || is_marked_heading(line) && says_again(&lower, title)
        || HEADS.iter().any(|word| after_number(word) || named(word))
}

/// Whether a line is just a title, whatever marks it.
fn names(line: &str, title: &str) -> bool {
    let bare = bare(line);
    !bare.is_empty() && bare == title.to_lowercase()
}

/// What a line says without marks round it, in lower case.
fn bare(line: &str) -> String {
    line.trim_matches(|c: char| matches!(c, '#' | '*' | '_' | ':' | ' ' | '.' | '“' | '”' | '"'))
        .to_lowercase()
}

/// What a heading calls what stands below it.
const HEADS: [&str; 7] =
    ["chapter", "kapitel", "chapitre", "capítulo", "capitolo", "scene", "szene"];

/// Whether a heading says the title, and that it goes on: `The Mill (continued)`.
fn says_again(lower: &str, title: &str) -> bool {
    const AGAIN: [&str; 5] = ["continued", "cont", "fortsetzung", "suite", "continuación"];
    let rest = lower.strip_prefix(title.to_lowercase().as_str()).unwrap_or(lower);
    AGAIN.contains(&rest.trim_matches(|c: char| !c.is_alphanumeric()))
}

/// The names of the tags that models set round a text, in lower case.
const TAGS: [&str; 17] = [
    "manuscript",
    "answer",
    "final_answer",
    "chapter",
    "story",
    "scene",
    "prose",
    "text",
    "output",
    "response",
    "continuation",
    "draft",
    "result",
    "document",
    "article",
    "narrative",
    "content",
];

/// Whether a line is nothing but such a tag: `<chapter number=3>`, `</story>`.
#[must_use]
pub(super) fn is_tag(line: &str) -> bool {
    let line = line.trim();
    opened(line).is_some_and(|(_, rest)| rest.is_empty())
        || line.strip_prefix("</").and_then(|line| line.strip_suffix('>')).is_some_and(names_tag)
}

fn names_tag(name: &str) -> bool {
    TAGS.contains(&name.trim().to_ascii_lowercase().as_str())
}

/// The name of the tag that a text begins with, and what follows it.
fn opened(text: &str) -> Option<(&str, &str)> {
    let (tag, rest) = text.strip_prefix('<')?.split_once('>')?;
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let is_tag = names_tag(name) && (attributes.is_empty() || attributes.contains('='));
    is_tag.then_some((name, rest))
}

/// A reply without the tags that stand round its text. What follows the one that
/// closes a text is no more of it.
fn untagged(reply: &str) -> &str {
    let mut text = reply;
    while let Some((name, rest)) = opened(text.trim_start()) {
        let closes = format!("</{}>", name.to_ascii_lowercase());
        let end = rest.to_ascii_lowercase().find(&closes);
        text = end.map_or(rest, |end| rest[..end].trim_end());
    }
    // One that goes on from a text only closes it.
    while let Some((before, tag)) = text.trim_end().rsplit_once("</")
        && tag.strip_suffix('>').is_some_and(names_tag)
    {
        text = before.trim_end();
    }
    text
}

#[cfg(test)]
mod tests;
