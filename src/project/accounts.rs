//! What a project has asked of models, as its journal tells: the account of the
//! book, and which calls are noted.

use std::collections::{BTreeMap, HashSet};

use super::call_note::{CallNote, Ended};
use super::journal::{Entry, Event, Sent};
use crate::money::{Account, Entry as Amount, Money};
use crate::provider::{Reckoning, Tally, Total, Tried};

/// The calls of a project.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    /// What the book has cost.
    pub book: Account<String>,
    /// What of that is the worst case of requests without figures.
    pub unsure: Money,
    /// The calls whose end is noted, by id.
    noted: HashSet<String>,
    /// Calls that were reserved for and whose end is not known, by id.
    open: BTreeMap<String, Open>,
}

/// A call that was reserved for and whose end is not known.
#[derive(Clone, Debug)]
pub struct Open {
    /// When it was reserved for.
    pub at: u64,
    /// The call.
    pub call: CallNote,
    /// What it may have cost.
    pub tally: Tally,
    /// Who was asked how often by then; nobody has said where only the first try was.
    pub sent: Vec<Sent>,
    /// The most that a try could cost.
    each: Money,
}

impl Open {
    /// What each model that was asked may have been paid: together no less than what was
    /// reserved, of which the last one has what the others leave.
    #[must_use]
    pub fn took(&self) -> Reckoning {
        let Some((last, before)) = self.sent.split_last() else { return self.tally.into() };
        let unknown = |sent: &Sent| Tally::unknown(sent.tries, self.each);
        let before: Vec<Tried> = before
            .iter()
            .map(|sent| Tried { model: sent.model.clone(), tally: unknown(sent) })
            .collect();
        let theirs = before.iter().fold(Money::ZERO, |sum, tried| sum + tried.tally.most());
        let rest = self.tally.most().pico().saturating_sub(theirs.pico());
        let share = Money::of_pico(rest.div_ceil(u64::from(last.tries.max(1))));
        Reckoning { tally: Tally::unknown(last.tries, share.max(self.each)), before }
    }

    /// The call, under the name of the model that was asked last.
    #[must_use]
    pub fn note(&self) -> CallNote {
        let model = self.sent.last().map_or(&self.call.model, |sent| &sent.model);
        CallNote { model: model.clone(), ..self.call.clone() }
    }
}

impl Accounts {
    /// Takes in what an entry says of calls.
    pub fn take(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Reserved { call, tries, each } => {
                self.reserve(entry.at, call.clone(), *tries, *each);
            }
            Event::Sent { id, sent } => self.sent(id, sent.clone()),
            Event::Called { call, took, .. } => self.settle(call, &took.total()),
            _ => {}
        }
    }

    /// A call is about to be made.
    pub fn reserve(&mut self, at: u64, call: CallNote, tries: u32, each: Money) {
        let worst = each.times(u64::from(tries));
        self.book.add(Amount::Reserve { id: call.id.clone(), worst });
        // How often it was sent by then nobody knows: once, most likely.
        let tally = Tally::unknown(1, worst);
        self.open.insert(call.id.clone(), Open { at, call, tally, sent: Vec::new(), each });
    }

    /// A call that was reserved for was sent so far to these.
    pub fn sent(&mut self, id: &str, sent: Vec<Sent>) {
        if let Some(open) = self.open.get_mut(id) {
            open.sent = sent;
        }
    }

    /// A call has ended.
    pub fn settle(&mut self, call: &CallNote, total: &Total) {
        self.open.remove(&call.id);
        self.unsure += total.worst_unsaid;
        self.book.add(Amount::Settle { id: call.id.clone(), cost: total.most() });
        self.noted.insert(call.id.clone());
    }

    /// Whether the end of a call is noted.
    #[must_use]
    pub fn is_noted(&self, id: &str) -> bool {
        self.noted.contains(id)
    }

    /// What is reserved for calls of this run whose end is not known.
    #[must_use]
    pub fn reserved_by(&self, run: u64) -> Money {
        let of_run = self.open.values().filter(|open| open.call.run() == Some(run));
        of_run.fold(Money::ZERO, |sum, open| sum + open.tally.most())
    }

    /// A call that was reserved for, if its end is not known.
    #[must_use]
    pub fn open(&self, id: &str) -> Option<&Open> {
        self.open.get(id)
    }
}

/// A call as a table shows it.
#[derive(Clone, Debug)]
pub struct Call {
    /// When its end was noted, or else when it began.
    pub at: u64,
    /// The call.
    pub note: CallNote,
    /// How it ended.
    pub ended: Ended,
    /// The model that answered.
    pub answered: Option<String>,
    /// What it was billed.
    pub took: Reckoning,
}

/// Every call of a journal, oldest first. One that was reserved for and never
/// noted was under way when the program was killed.
#[must_use]
pub fn calls(entries: &[Entry]) -> Vec<Call> {
    let mut accounts = Accounts::default();
    let mut calls = Vec::new();
    for entry in entries {
        accounts.take(entry);
        if let Event::Called { call, ended, answered, took } = &entry.event {
            calls.push(Call {
                at: entry.at,
                note: call.clone(),
                ended: *ended,
                answered: answered.clone(),
                took: took.clone(),
            });
        }
    }
    let killed = accounts.open.into_values().map(|open| Call {
        at: open.at,
        note: open.note(),
        ended: Ended::Killed,
        answered: None,
        took: open.took(),
    });
    calls.extend(killed);
    calls.sort_by_key(|call| call.at);
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::journal::Stage;

    #[test]
    fn what_a_kill_cut_is_booked_on_whom_it_was_sent_to() {
        let sent = |model: &str, tries| Sent { model: model.to_owned(), tries };
        for (tries, all, model, expected) in [
            (4, vec![], "a", vec![(1, 40)]),
            (4, vec![sent("a", 2)], "a", vec![(2, 40)]),
            (4, vec![sent("a", 3)], "a", vec![(3, 42)]),
            (4, vec![sent("a", 2), sent("b", 1)], "b", vec![(2, 20), (1, 20)]),
            (2, vec![sent("a", 2), sent("b", 1)], "b", vec![(2, 20), (1, 10)]),
            (3, vec![sent("b", 1)], "b", vec![(1, 30)]),
        ] {
            let call = CallNote {
                id: "1-2-3".to_owned(),
                digest: "d".to_owned(),
                stage: Stage::Draft,
                chapter: None,
                model: "a".to_owned(),
                prompt: 7,
                reply: 9,
            };
            let entry = |event| Entry { v: 1, at: 2, run: 3, event };
            let mut entries =
                vec![entry(Event::Reserved { call, tries, each: Money::of_pico(10) })];
            if !all.is_empty() {
                let noted = Event::Sent { id: "1-2-3".to_owned(), sent: all.clone() };
                entries.push(entry(noted));
            }
            let call = calls(&entries).pop().expect("a call");
            assert_eq!((call.note.model.as_str(), call.ended), (model, Ended::Killed), "{all:?}");
            let told: Vec<_> =
                call.took.tallies().map(|tally| (tally.unsaid, tally.most().pico())).collect();
            assert_eq!(told, expected, "{all:?}");
            assert!(call.took.total().most().pico() >= u64::from(tries) * 10, "{all:?}");
        }
    }
}
