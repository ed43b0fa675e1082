//! Keeps llama.cpp fast on a busy machine.
//!
//! libgomp's threads wait for each other by spinning, for about a millisecond
//! at a time. Alone on the machine that is fastest. When something else wants
//! the processors too, they spin through the time in which the thread they wait
//! for could run: decoding fell from about 100 to between 6 and 25 tokens per
//! second on the two cores where this was measured, against 37 to 41 with short
//! spins. libgomp spins briefly as soon as it keeps more threads than there are
//! processors. Its settings are environment variables, read before `main`, so
//! the way there is a second team of threads: made by one token decoded on a
//! thread that then sleeps, and given up when the machine is quiet again, since
//! brief spins cost a third of the speed there.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;

use super::vocabulary::{Vocabulary, backend};

/// How often the machine is looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// Shares of the machine that others take: above the first it is busy, below
/// the second quiet again.
const BUSY: f64 = 0.15;
const QUIET: f64 = 0.05;

/// Watches the machine, and keeps the sleeping team while it is busy.
pub struct Calm {
    vocabulary: Arc<Vocabulary>,
    threads: usize,
    looked: Instant,
    last: Option<Ticks>,
    team: Option<Team>,
}

impl Calm {
    /// Nothing sleeps at first.
    pub fn new(vocabulary: Arc<Vocabulary>, threads: usize) -> Self {
        Self { vocabulary, threads, looked: Instant::now(), last: None, team: None }
    }

    /// Work begins: what the machine did before it does not count.
    pub fn begin(&mut self) {
        self.looked = Instant::now();
        self.last = Ticks::now();
    }

    /// Looks at the machine, once in a while: to be called between two decodes.
    /// Where the system does not tell how busy it is, nothing ever happens.
    pub fn look(&mut self) {
        if self.threads < 2 || self.looked.elapsed() < INTERVAL {
            return;
        }
        self.looked = Instant::now();
        let now = Ticks::now();
        let others = self.last.zip(now).and_then(|(last, now)| now.others_since(last));
        self.last = now;
        match others {
            Some(share) if share > BUSY && self.team.is_none() => {
                self.team = Team::start(Arc::clone(&self.vocabulary), self.threads);
            }
            Some(share) if share < QUIET => self.team = None,
            _ => {}
        }
    }
}

/// Time of all processors since the start, in the system's ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    /// All there were.
    all: u64,
    /// Those in which something ran, or another machine had the processor.
    busy: u64,
    /// Those that this process used.
    own: u64,
}

impl Ticks {
    fn now() -> Option<Self> {
        let system = std::fs::read_to_string("/proc/stat").ok()?;
        let own = std::fs::read_to_string("/proc/self/stat").ok()?;
        Self::parse(&system, &own)
    }

    /// Reads the texts of `/proc/stat` and `/proc/self/stat`, as proc(5) has them.
    fn parse(system: &str, own: &str) -> Option<Self> {
        let columns = system.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
        // Time of guests, after the eighth, is counted in the first ones too.
        let columns: Vec<u64> = columns.take(8).map_while(|c| c.parse().ok()).collect();
        let all = columns.iter().sum();
        let [_, _, _, idle, waiting, ..] = columns[..] else {
            return None;
        };
        // The process's name, in parentheses, may hold anything.
        let (_, fields) = own.rsplit_once(')')?;
        let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
        let (user, kernel) = (times.next()?.ok()?, times.next()?.ok()?);
        Some(Self { all, busy: all - idle - waiting, own: user + kernel })
    }

    /// The share of the machine that others used since `last`.
    fn others_since(self, last: Self) -> Option<f64> {
        let all = self.all.checked_sub(last.all).filter(|all| *all > 0)?;
        let busy = self.busy.checked_sub(last.busy)?;
        let others = busy.saturating_sub(self.own.checked_sub(last.own)?);
        #[expect(clippy::cast_precision_loss, reason = "ticks of about a second")]
        Some(others as f64 / all as f64)
    }
}

/// The sleeping team.
struct Team {
    /// The thread sleeps until this is gone.
    asleep: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Team {
    /// Makes the team and returns when it sleeps. Without it everything works,
    /// slower on a busy machine, so failures are not reported.
    fn start(vocabulary: Arc<Vocabulary>, threads: usize) -> Option<Self> {
        let (asleep, until) = channel();
        let (tell, heard) = channel();
        let thread = std::thread::Builder::new()
            .name("llama-calm".to_owned())
            .spawn(move || sleep(&vocabulary, threads, &tell, &until))
            .ok()?;
        let _ = heard.recv();
        Some(Self { asleep: Some(asleep), thread: Some(thread) })
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.asleep = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn sleep(vocabulary: &Vocabulary, threads: usize, tell: &Sender<()>, until: &Receiver<()>) {
    let _ = decode_one(vocabulary, threads);
    let _ = tell.send(());
    let _ = until.recv();
}

fn decode_one(vocabulary: &Vocabulary, threads: usize) -> Option<()> {
    let threads = i32::try_from(threads).ok()?;
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(64))
        .with_n_batch(1)
        .with_n_ubatch(1)
        .with_n_threads(threads)
        .with_n_threads_batch(threads);
    let mut context = vocabulary.model().new_context(backend().ok()?, params).ok()?;
    let mut batch = LlamaBatch::new(1, 1);
    batch.add(LlamaToken(0), 0, &[0], false).ok()?;
    context.decode(&mut batch).ok()
}

#[cfg(test)]
mod tests {
    use super::Ticks;

    #[test]
    fn others_are_what_is_busy_and_not_ours() {
        let at = |system: &str, own: &str| Ticks::parse(system, own);
        let own = |user: u64, kernel: u64| {
            format!("7 (a ) b) S 1 1 1 0 -1 4 1 0 0 0 {user} {kernel} 0 0 20 0 4 0 9 9 9")
        };
        let before = at("cpu  100 0 50 800 10 0 0 40 5 5\ncpu0 1 2", &own(60, 20)).unwrap();
        assert_eq!(before, Ticks { all: 1000, busy: 190, own: 80 });
        // Of 200 more ticks 100 were busy, 70 of them ours.
        let after = at("cpu  170 0 70 890 20 0 0 50 5 5\n", &own(120, 30)).unwrap();
        let share = after.others_since(before).unwrap();
        assert!((share - 0.15).abs() < 1e-9, "{share}");
        // No time has passed, or the counters went back.
        assert_eq!(before.others_since(before), None);
        assert_eq!(before.others_since(after), None);
        for (system, own) in [("", ""), ("cpu 1 2 3", "7 (x) S"), ("intr 1", "7 (x) S 1 2")] {
            assert_eq!(at(system, own), None);
        }
    }
}
