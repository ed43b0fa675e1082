//! What the prompt of a draft leaves out, in its order.

use super::{FACTS, Omission, Shed, omission, weigh};
use crate::prompt::view::{CardView, DraftView};
use crate::story::prose;

impl Shed for DraftView {
    /// The declared order: facts down to three a subject, what is known first, then
    /// states, oldest first, but those that never change only as far as they take more
    /// than their share; half of the tail; threads that are merely open; then what stands
    /// in the part that prompts share, from its end: the oldest folds, cards of people who
    /// are not in the chapter (first all but who they are, then the card), the style
    /// sample; other threads; descriptions of places; the oldest synopses but the last
    /// two; voices and backgrounds of the cast; the tail; the last synopses; world rules.
    /// Premise, style, outline and the cast's names stay.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        if let Some(fact) = self.shed_fact(size) {
            return Some(fact);
        }
        if let Some(shorter) = self.halve_tail(size) {
            return Some(shorter);
        }
        if let Some(at) = self.threads.iter().rposition(|thread| !thread.plant && !thread.pay_off) {
            let thread = self.threads.remove(at);
            return Some(omission("threads", thread.text.clone(), &thread, size));
        }
        if let Some(dropped) = self.shed_shared(size) {
            return Some(dropped);
        }
        if let Some(thread) = self.threads.pop() {
            return Some(omission("threads", thread.text.clone(), &thread, size));
        }
        if let Some(place) = self.places.iter_mut().find(|place| place.description.is_some()) {
            let description = place.description.take();
            return Some(omission(
                "places",
                format!("the description of {}", place.name),
                &description,
                size,
            ));
        }
        if self.synopses.len() > 2 {
            return self.shed_synopsis(size);
        }
        self.shed_last(size)
    }

    fn sections(&self, size: &dyn Fn(&str) -> usize) -> Vec<(&'static str, usize)> {
        vec![
            ("premise and style", weigh(&self.book, size)),
            ("world rules", weigh(&self.rules, size)),
            ("people", weigh(&self.people, size)),
            ("story so far: folds", weigh(&self.folds, size)),
            ("story so far: synopses", weigh(&self.synopses, size)),
            ("cast", weigh(&self.cast, size)),
            (FACTS, weigh(&self.states, size)),
            ("places", weigh(&self.places, size)),
            ("threads", weigh(&self.threads, size)),
            ("commitments", weigh(&self.commitments, size)),
            ("outline", weigh(&self.chapter, size) + weigh(&self.scenes, size)),
            ("what was just told", weigh(&self.tail, size)),
        ]
    }

    fn left_out(&self, shed: Vec<Omission>) -> Vec<Omission> {
        self.with_untold(shed)
    }
}

impl DraftView {
    /// Leaves the later half of a long tail.
    fn halve_tail(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        let tail = self.tail.as_ref().filter(|tail| tail.len() > 400)?;
        let shorter = prose::tail(tail, tail.len() / 2).to_owned();
        let saved = size(tail).saturating_sub(size(&shorter));
        self.tail = Some(shorter);
        Some(Omission {
            section: "what was just told".to_owned(),
            what: "the earlier half".to_owned(),
            tokens: saved,
        })
    }

    /// Leaves out something of what stands alike in every chapter's prompt.
    fn shed_shared(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        if !self.folds.is_empty() {
            let fold = self.folds.remove(0);
            return Some(omission(
                "story so far",
                format!("chapters {} to {}", fold.from, fold.to),
                &fold,
                size,
            ));
        }
        if let Some(dropped) = self.shed_bystander(size) {
            return Some(dropped);
        }
        let sample = self.book.sample.take()?;
        Some(omission("style", "the style sample", &sample, size))
    }

    fn shed_synopsis(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        if self.synopses.is_empty() {
            return None;
        }
        let synopsis = self.synopses.remove(0);
        Some(omission(
            "story so far",
            format!("the synopsis of chapter {}", synopsis.from),
            &synopsis,
            size,
        ))
    }

    /// Shortens the card of somebody who is not in the chapter, or leaves it out.
    fn shed_bystander(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        let present: Vec<String> =
            self.scenes.iter().flat_map(|scene| scene.cast.clone()).collect();
        for shorten in [drop_voice, drop_background] {
            let bystanders =
                self.people.iter_mut().rev().filter(|card| !present.contains(&card.name));
            for card in bystanders {
                if let Some(omission) = shorten(card, size) {
                    return Some(omission);
                }
            }
        }
        let bystander = self.people.iter().rposition(|card| !present.contains(&card.name))?;
        let card = self.people.remove(bystander);
        Some(omission("people", format!("the card of {}", card.name), &card, size))
    }

    /// What goes last, since the chapter suffers for it.
    fn shed_last(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        for shorten in [drop_voice, drop_background] {
            for card in self.cast.iter_mut().chain(&mut self.people) {
                if let Some(omission) = shorten(card, size) {
                    return Some(omission);
                }
            }
        }
        if let Some(state) = self.states.pop() {
            return Some(omission(FACTS, format!("what holds of {}", state.name), &state, size));
        }
        if let Some(tail) = self.tail.take() {
            return Some(omission("what was just told", "all of it", &tail, size));
        }
        if let Some(synopsis) = self.shed_synopsis(size) {
            return Some(synopsis);
        }
        let rule = self.rules.pop()?;
        Some(omission("world rules", rule.clone(), &rule, size))
    }
}

/// Takes voice, knowledge and relationships off a card.
fn drop_voice(card: &mut CardView, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
    let whole = weigh(card, size);
    card.lines.clear();
    card.habits.clear();
    card.knows.clear();
    card.relationships.clear();
    shortened(card, whole, "voice, knowledge and relationships of", size)
}

/// Leaves of a card only who it is.
fn drop_background(card: &mut CardView, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
    let whole = weigh(card, size);
    card.appearance.clear();
    for text in [
        &mut card.goal,
        &mut card.need,
        &mut card.fear,
        &mut card.secret,
        &mut card.register,
        &mut card.role,
    ] {
        *text = None;
    }
    shortened(card, whole, "all but the name of", size)
}

/// What a shortened card saves, if anything.
fn shortened(
    card: &CardView,
    whole: usize,
    what: &str,
    size: &dyn Fn(&str) -> usize,
) -> Option<Omission> {
    let saved = whole.saturating_sub(weigh(card, size));
    (saved > 0).then(|| Omission {
        section: "cast".to_owned(),
        what: format!("{what} {}", card.name),
        tokens: saved,
    })
}
