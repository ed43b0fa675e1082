//! The caps of a run, a book and a month, and whether a call keeps to them.

use super::{Account, Budget, Money};

/// What a cap limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// One run of a command.
    Run,
    /// All that a book's project has cost.
    Book,
    /// All projects of the user in a month, by UTC.
    Month,
}

impl Limit {
    /// As it stands in a sentence: `the budget of this run`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "the budget of this run",
            Self::Book => "the book's budget",
            Self::Month => "the month's budget",
        }
    }
}

/// The most that may be spent; none where nobody has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// By this run.
    pub run: Option<Money>,
    /// By all runs of this project.
    pub book: Option<Money>,
    /// By all projects of the user in a month.
    pub month: Option<Money>,
}

/// A cap that a call would pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which.
    pub limit: Limit,
    /// The cap.
    pub cap: Money,
    /// What is settled of it.
    pub settled: Money,
    /// What is reserved of it, for calls whose end is not known.
    pub reserved: Money,
    /// The most that the call could cost.
    pub call: Money,
}

impl Reached {
    /// What is left of the cap.
    #[must_use]
    pub fn left(&self) -> Money {
        self.cap.less(self.settled + self.reserved)
    }

    /// Whether there would be room if this part of what is reserved were not.
    #[must_use]
    pub fn has_room_without(&self, part: Money) -> bool {
        part > Money::ZERO && self.settled + self.reserved.less(part) + self.call <= self.cap
    }
}

impl Caps {
    /// The caps that apply: a flag outranks what the user's configuration says of
    /// a run; a project may lower what it says of a book, never raise it.
    #[must_use]
    pub fn of(flag: Option<Money>, user: Budget, project: Option<Money>) -> Self {
        let book = match (user.book(), project) {
            (Some(user), Some(project)) => Some(user.min(project)),
            (user, project) => user.or(project),
        };
        Self { run: flag.or(user.run()), book, month: user.month() }
    }

    /// Whether there is any.
    #[must_use]
    pub fn any(&self) -> bool {
        self.run.is_some() || self.book.is_some() || self.month.is_some()
    }

    /// The cap on this.
    #[must_use]
    pub fn on(&self, limit: Limit) -> Option<Money> {
        match limit {
            Limit::Run => self.run,
            Limit::Book => self.book,
            Limit::Month => self.month,
        }
    }

    /// Whether an account keeps to its cap with one more call.
    ///
    /// # Errors
    ///
    /// The cap it would pass.
    pub fn hold<Id: Ord>(
        &self,
        limit: Limit,
        account: &Account<Id>,
        call: Money,
    ) -> Result<(), Reached> {
        match self.on(limit) {
            Some(cap) if account.spent() + call > cap => Err(Reached {
                limit,
                cap,
                settled: account.settled(),
                reserved: account.reserved(),
                call,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_only_lowers() {
        let money = |dollars: f64| Money::of_dollars(dollars).unwrap();
        let user = |book| Budget { run: Some(2.0), book, month: Some(30.0) };
        for (flag, book, project, expected) in [
            (None, None, None, (Some(2.0), None)),
            (Some(5.0), None, None, (Some(5.0), None)),
            (Some(1.0), Some(10.0), None, (Some(1.0), Some(10.0))),
            (None, Some(10.0), Some(4.0), (Some(2.0), Some(4.0))),
            (None, Some(10.0), Some(40.0), (Some(2.0), Some(10.0))),
            (None, None, Some(40.0), (Some(2.0), Some(40.0))),
        ] {
            let caps = Caps::of(flag.map(money), user(book), project.map(money));
            assert_eq!((caps.run, caps.book), (expected.0.map(money), expected.1.map(money)));
            assert_eq!(caps.month, Some(money(30.0)));
        }
    }

    #[test]
    fn a_cap_holds_to_the_last_picodollar() {
        let pico = Money::of_pico;
        let caps = Caps { book: Some(pico(10)), ..Caps::default() };
        let mut account = Account::default();
        account.add(super::super::Entry::Reserve { id: 1, worst: pico(7) });
        assert_eq!(caps.hold(Limit::Book, &account, pico(3)), Ok(()));
        let reached = caps.hold(Limit::Book, &account, pico(4)).unwrap_err();
        assert_eq!((reached.left(), reached.reserved), (pico(3), pico(7)));
        let without = |part| reached.has_room_without(pico(part));
        assert_eq!([without(0), without(1), without(7)], [false, true, true]);
        assert_eq!(caps.hold(Limit::Run, &account, Money::MOST), Ok(()));
    }
}
