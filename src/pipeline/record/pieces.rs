//! A chapter in parts that fit into a prompt each.

use crate::chat::Message;
use crate::pipeline::calling::Line;

/// Cuts a text into as few parts as fit round a frame, at paragraphs or, failing
/// these, at sentences and words.
pub(super) fn cut(text: &str, frame: &[Message], reply: usize, line: &Line<'_>) -> Vec<String> {
    let room = line.room(reply).saturating_sub(line.tokenizer.prompt(frame) + 16).max(48);
    if line.tokenizer.text(text) <= room {
        return vec![text.to_owned()];
    }
    let mut pieces = vec![String::new()];
    for unit in units(text, room, line) {
        let current = pieces.last_mut().map_or(0, |piece| line.tokenizer.text(piece));
        if current > 0 && current + line.tokenizer.text(&unit) + 2 > room {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            if !piece.is_empty() {
                piece.push_str("\n\n");
            }
            piece.push_str(&unit);
        }
    }
    pieces
}

/// The paragraphs of a text; one that does not fit is cut at words.
fn units(text: &str, room: usize, line: &Line<'_>) -> Vec<String> {
    let mut units = Vec::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        if line.tokenizer.text(paragraph) <= room {
            units.push(paragraph.to_owned());
            continue;
        }
        let mut unit = String::new();
        for word in
            paragraph.split_inclusive(char::is_whitespace).flat_map(|word| slices(word, room))
        {
            if !unit.is_empty() && line.tokenizer.text(&unit) + line.tokenizer.text(word) + 1 > room
            {
                units.push(std::mem::take(&mut unit));
            }
            unit.push_str(word);
        }
        units.push(unit);
    }
    units
}

/// Pieces of a word that is longer than any prompt, at most `room` bytes each.
fn slices(word: &str, room: usize) -> Vec<&str> {
    let limit = (room / 2).max(8);
    let mut slices = Vec::new();
    let mut rest = word;
    while rest.len() > limit {
        let mut at = limit;
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        let (first, second) = rest.split_at(at);
        slices.push(first);
        rest = second;
    }
    slices.push(rest);
    slices
}
