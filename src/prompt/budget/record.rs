//! What the prompt of a record leaves out.

use super::{Omission, Shed, omission, weigh};
use crate::prompt::view::RecordView;

impl Shed for RecordView {
    /// Known facts go first, then the beats, then what the last answer lacked; the text
    /// stays: it is cut into parts beforehand.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        self.book.sample = None;
        if !self.known.is_empty() {
            let fact = self.known.remove(0);
            return Some(omission("facts", fact.clone(), &fact, size));
        }
        if let Some(beat) = self.beats.pop() {
            return Some(omission("outline", beat.clone(), &beat, size));
        }
        let lack = self.lacks.pop()?;
        Some(omission("last answer", format!("{} {}", lack.kind, lack.what), &lack, size))
    }

    fn sections(&self, size: &dyn Fn(&str) -> usize) -> Vec<(&'static str, usize)> {
        vec![
            ("text", size(&self.text)),
            ("facts", weigh(&self.known, size)),
            ("cast", weigh(&self.cast, size) + weigh(&self.places, size)),
            ("outline", weigh(&self.beats, size) + weigh(&self.chapter, size)),
        ]
    }
}
