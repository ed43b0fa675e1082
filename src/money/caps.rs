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

/// What stands against a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub limit: Limit,
    /// What is settled.
    pub settled: Money,
    /// What is reserved for calls whose end is not known.
    pub reserved: Money,
}

impl Standing {
    /// What will not come back, whatever others do: only a book's reservations are
    /// those of nobody but runs that were killed.
    #[must_use]
    pub fn gone(&self) -> Money {
        match self.limit {
            Limit::Book => self.settled + self.reserved,
            Limit::Run | Limit::Month => self.settled,
        }
    }

    /// What is left of a cap.
    #[must_use]
    pub fn left(&self, cap: Money) -> Money {
        cap.less(self.settled + self.reserved)
    }

    /// `of $5.00, $1.00 are spent, $0.5000 are reserved for …, $3.50 are left`.
    #[must_use]
    pub fn told(&self, cap: Money) -> String {
        let Self { limit, settled, reserved } = self;
        let whose = match limit {
            Limit::Book => "calls that were killed",
            Limit::Run => "calls of other books",
            Limit::Month => "calls of other runs, or that were killed",
        };
        let open = match *reserved {
            Money::ZERO => String::new(),
            some => format!(" {some} are reserved for {whose},"),
        };
        format!("of {cap}, {settled} are spent,{open} {} are left", self.left(cap))
    }
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
    /// What stands against the cap.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing { limit: self.limit, settled: self.settled, reserved: self.reserved }
    }

    /// What is left of the cap.
    #[must_use]
    pub fn left(&self) -> Money {
        self.standing().left(self.cap)
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
    fn what_others_have_reserved_is_not_left() {
        let money = |dollars: f64| Money::of_dollars(dollars).unwrap();
        for (limit, reserved, gone, told) in [
            (Limit::Run, 0.0, 1.0, "of $5.00, $1.00 are spent, $4.00 are left"),
            (
                Limit::Run,
                0.5,
                1.0,
                "of $5.00, $1.00 are spent, $0.5000 are reserved for calls of other books, $3.50 are left",
            ),
            (
                Limit::Book,
                0.5,
                1.5,
                "of $5.00, $1.00 are spent, $0.5000 are reserved for calls that were killed, $3.50 are left",
            ),
            (
                Limit::Month,
                4.5,
                1.0,
                "of $5.00, $1.00 are spent, $4.50 are reserved for calls of other runs, or that were killed, $0 are left",
            ),
        ] {
            let standing = Standing { limit, settled: money(1.0), reserved: money(reserved) };
            assert_eq!((standing.gone(), &*standing.told(money(5.0))), (money(gone), told));
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
