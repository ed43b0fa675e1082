//! No schedule of runs passes a cap: a million of them, drawn at random.
//!
//! The world is small: some projects, each with its journal, share one ledger.
//! Runs of them go on at once, a step at a time in any order; each may be killed
//! between any two steps, and be begun again. Calls are tried several times;
//! each try may be billed, in full or in part, or never heard of again. What is
//! written, and in which order, is storygen's own ([`Payment`], [`Caps`],
//! [`Account`]); the test only carries it out, and knows what was truly spent.

use storygen::money::{Account, Caps, Entry, Limit, Money, Next, Payment};

/// How many schedules: `STORYGEN_SCHEDULES` asks for another number.
const SCHEDULES: u64 = 1_000_000;

/// Numbers that look random, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `many`.
    fn below(&mut self, many: u64) -> u64 {
        // The high half has the better dice.
        ((self.roll() >> 32) * many) >> 32
    }

    /// Whether the one of `many` cases is so.
    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// One file of entries, as it stands on the disk, and what whoever has read it
/// by now knows.
#[derive(Default)]
struct File {
    entries: Vec<Entry<u64>>,
    account: Account<u64>,
}

impl File {
    fn append(&mut self, entry: Entry<u64>) {
        self.account.add(entry.clone());
        self.entries.push(entry);
    }

    /// As a new run reads it.
    fn read(&self) -> Account<u64> {
        let mut account = Account::default();
        self.entries.iter().for_each(|entry| account.add(entry.clone()));
        account
    }
}

/// A run of a project.
struct Run {
    book: Account<u64>,
    own: Account<u64>,
    call: Option<(Payment<u64>, Call)>,
    /// What it truly cost.
    spent: Money,
}

/// A call at its endpoint.
struct Call {
    each: Money,
    tries: u64,
    sent: u64,
    /// What was billed so far, and the tries without a bill.
    billed: Money,
    unsaid: u64,
}

#[derive(Default)]
struct Project {
    journal: File,
    run: Option<Run>,
    /// What it truly cost.
    spent: Money,
}

struct World {
    seed: u64,
    caps: Caps,
    ledger: File,
    projects: Vec<Project>,
    /// What all of them truly cost.
    spent: Money,
    calls: u64,
    kills: u64,
    refused: u64,
}

fn pico(amount: u64) -> Money {
    Money::of_pico(amount)
}

impl World {
    fn new(seed: u64, dice: &mut Dice) -> Self {
        let mut cap = |most| (!dice.one_in(4)).then(|| pico(dice.below(most)));
        let caps = Caps { run: cap(60), book: cap(120), month: cap(200) };
        let projects = (0..=dice.below(3)).map(|_| Project::default()).collect();
        Self {
            seed,
            caps,
            ledger: File::default(),
            projects,
            spent: Money::ZERO,
            calls: 0,
            kills: 0,
            refused: 0,
        }
    }

    /// One step of one project.
    fn step(&mut self, dice: &mut Dice) {
        let which = usize::try_from(dice.below(self.projects.len() as u64)).unwrap();
        if self.projects[which].run.is_some() && dice.one_in(12) {
            // A kill: what was not written is gone.
            self.projects[which].run = None;
            self.kills += 1;
            return;
        }
        let Some(mut run) = self.projects[which].run.take() else {
            let book = self.projects[which].journal.read();
            let own = Account::default();
            self.projects[which].run = Some(Run { book, own, call: None, spent: Money::ZERO });
            return;
        };
        let goes_on = match run.call.take() {
            None => self.begin(&mut run, dice),
            Some((payment, call)) => self.go_on(which, &mut run, payment, call, dice),
        };
        self.projects[which].run = goes_on.then_some(run);
    }

    /// A call that the run's and the book's caps have room for; false where the
    /// run ends for want of it.
    fn begin(&mut self, run: &mut Run, dice: &mut Dice) -> bool {
        let (each, tries) = (pico(dice.below(12)), 1 + dice.below(3));
        let worst = each.times(tries);
        let room = self
            .caps
            .hold(Limit::Run, &run.own, worst)
            .and_then(|()| self.caps.hold(Limit::Book, &run.book, worst));
        if room.is_err() {
            self.refused += 1;
            return false;
        }
        self.calls += 1;
        let id = self.calls;
        run.own.add(Entry::Reserve { id, worst });
        run.book.add(Entry::Reserve { id, worst });
        let call = Call { each, tries, sent: 0, billed: Money::ZERO, unsaid: 0 };
        run.call = Some((Payment::reserved(id, worst), call));
        true
    }

    fn go_on(
        &mut self,
        which: usize,
        run: &mut Run,
        mut payment: Payment<u64>,
        mut call: Call,
        dice: &mut Dice,
    ) -> bool {
        match payment.next() {
            Next::Ledger(entry) => {
                if let Entry::Reserve { worst, .. } = entry
                    && self.caps.hold(Limit::Month, &self.ledger.account, worst).is_err()
                {
                    self.refused += 1;
                    return false;
                }
                let lowers = matches!(entry, Entry::Settle { .. });
                self.ledger.append(entry);
                payment.written();
                if lowers {
                    self.prove(which, run);
                }
            }
            Next::Journal(entry) => {
                if let Entry::Settle { .. } = entry {
                    run.own.add(entry.clone());
                    run.book.add(entry.clone());
                }
                self.projects[which].journal.append(entry);
                payment.written();
            }
            Next::Call if call.sent < call.tries && (call.sent == 0 || dice.one_in(3)) => {
                // A try: the endpoint bills it, at most in full, and may not say so.
                call.sent += 1;
                let cost = pico(dice.below(call.each.pico() + 1));
                run.spent += cost;
                self.projects[which].spent += cost;
                self.spent += cost;
                if dice.one_in(3) {
                    call.unsaid += 1;
                } else {
                    call.billed += cost;
                }
                self.prove(which, run);
            }
            Next::Call => payment.billed(call.billed + call.each.times(call.unsaid)),
            Next::Nothing => return true,
        }
        run.call = Some((payment, call));
        true
    }

    /// No cap is passed, and no account shows less than was spent.
    fn prove(&self, which: usize, run: &Run) {
        let project = &self.projects[which];
        let within = |cap: Option<Money>, spent: Money| cap.is_none_or(|cap| spent <= cap);
        let proofs = [
            ("the run's cap is passed", within(self.caps.run, run.spent)),
            ("the book's cap is passed", within(self.caps.book, project.spent)),
            ("the month's cap is passed", within(self.caps.month, self.spent)),
            ("the run hides something", run.own.spent() >= run.spent),
            ("the journal hides something", project.journal.account.spent() >= project.spent),
            ("the ledger hides something", self.ledger.account.spent() >= self.spent),
        ];
        for (fault, holds) in proofs {
            assert!(holds, "schedule {}: {fault}; {:?}", self.seed, self.caps);
        }
    }
}

#[test]
fn no_schedule_passes_a_cap() {
    let schedules = std::env::var("STORYGEN_SCHEDULES")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(SCHEDULES);
    let begun = std::time::Instant::now();
    let threads = 2;
    let (mut calls, mut kills, mut refused, mut spent) = (0, 0, 0, Money::ZERO);
    let worlds = |first: u64| {
        let (mut calls, mut kills, mut refused, mut spent) = (0, 0, 0, Money::ZERO);
        for seed in (first..schedules).step_by(threads) {
            let mut dice = Dice(seed);
            let mut world = World::new(seed, &mut dice);
            for _ in 0..20 + dice.below(32) {
                world.step(&mut dice);
            }
            calls += world.calls;
            kills += world.kills;
            refused += world.refused;
            spent += world.spent;
        }
        (calls, kills, refused, spent)
    };
    std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..threads).map(|first| scope.spawn(move || worlds(first as u64))).collect();
        for one in all {
            let sum = one.join().expect("a seed passed a cap");
            calls += sum.0;
            kills += sum.1;
            refused += sum.2;
            spent += sum.3;
        }
    });
    println!(
        "{schedules} schedules, {calls} calls, {kills} kills, {refused} refusals, {:?}",
        begun.elapsed()
    );
    // Else nothing was tried.
    assert!(calls > schedules && kills > schedules && refused > schedules / 10);
    assert!(spent > Money::ZERO);
}
