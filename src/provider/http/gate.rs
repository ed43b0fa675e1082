//! What an endpoint may be asked for at the same time, and in a minute.
//!
//! One gate stands before each endpoint, whoever calls it: the calls of one book
//! or of two hundred. It lets them in in the order they came. A call that is
//! told to wait (`Retry-After`) shuts the gate for all, so that they do not each
//! learn the same thing. A call counts with the most tokens that it may take until it
//! has ended, and then with those that it took.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

/// The span in which requests and tokens are counted.
const MINUTE: Duration = Duration::from_mins(1);

/// Shorter waits are not told of.
const SHORT: Duration = Duration::from_secs(1);

/// What an endpoint may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls at the same time; at least one.
    pub concurrent: usize,
    /// Requests in any minute.
    pub requests: Option<u64>,
    /// Tokens of prompts and replies in any minute. A call that may take more than
    /// that is let in alone.
    pub tokens: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrent: 4, requests: None, tokens: None }
    }
}

/// A call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How long, where that can be told.
    pub pause: Option<Duration>,
    /// What for.
    pub why: Why,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// So many requests are allowed in a minute.
    Requests(u64),
    /// So many tokens are allowed in a minute.
    Tokens(u64),
    /// The endpoint has told another call to wait.
    Told,
    /// Another call is before it.
    Turn,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(1) => f.write_str("1 request a minute is allowed"),
            Self::Requests(most) => write!(f, "{most} requests a minute are allowed"),
            Self::Tokens(most) => write!(f, "{most} tokens a minute are allowed"),
            Self::Told => f.write_str("the endpoint has asked for a pause"),
            Self::Turn => f.write_str("other calls wait for the endpoint before it"),
        }
    }
}

/// Hears that a call waits, and by nothing that it waits no longer.
pub type OnWait<'a> = &'a (dyn Fn(Option<Wait>) + Send + Sync);

/// Lets calls to one endpoint in.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    permits: Arc<Semaphore>,
    /// Those who have a permit wait here for the minute's limits, in order.
    turnstile: tokio::sync::Mutex<()>,
    counter: Arc<Counter>,
    /// Nobody is let in before.
    shut_until: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Counter {
    counted: Mutex<Counted>,
    /// Told when a call turns out to have taken less than it might have.
    corrected: Notify,
}

impl Counter {
    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was let in within the last minute, oldest first.
#[derive(Debug, Default)]
struct Counted {
    let_in: VecDeque<Entered>,
    tokens: u64,
    /// How many were let in ever: each has a number of its own.
    number: u64,
}

/// A call that was let in.
#[derive(Debug)]
struct Entered {
    at: Instant,
    number: u64,
    tokens: u64,
    /// Whether these are the tokens that it took, as far as anybody will know.
    is_over: bool,
}

/// Why a call may not be sent now.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shut {
    /// When it may be worth asking again, at the latest.
    until: Instant,
    /// Whether it can be no sooner.
    is_sure: bool,
    why: Why,
}

/// A call's place at the endpoint, given up when dropped.
#[derive(Debug)]
pub struct Pass {
    _permit: Option<OwnedSemaphorePermit>,
    counter: Arc<Counter>,
    number: u64,
}

impl Pass {
    /// The call took so many tokens, and no longer counts with all that it might
    /// have taken.
    pub fn took(&self, tokens: u64) {
        self.over(Some(tokens));
    }

    fn over(&self, took: Option<u64>) {
        let mut counted = self.counter.lock();
        let mut recent = counted.let_in.iter_mut().rev();
        // One that took longer than a minute counts no more.
        let Some(own) = recent.find(|one| one.number == self.number) else { return };
        let before = own.tokens;
        let after = took.unwrap_or(before);
        (own.tokens, own.is_over) = (after, true);
        counted.tokens = counted.tokens.saturating_sub(before).saturating_add(after);
        drop(counted);
        self.counter.corrected.notify_waiters();
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.over(None);
    }
}

impl Gate {
    /// A gate with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let concurrent = limits.concurrent.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            limits,
            permits: Arc::new(Semaphore::new(concurrent)),
            turnstile: tokio::sync::Mutex::default(),
            counter: Arc::default(),
            shut_until: Mutex::default(),
        }
    }

    /// Waits until a call may be sent that takes at most so many tokens. `hear` is
    /// told of a wait that is not short.
    pub async fn pass(&self, tokens: u64, hear: OnWait<'_>) -> Pass {
        // The semaphore is never closed; without a permit the call still goes.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        let mut is_told = false;
        let mut tell = |pause: Option<Duration>, why| {
            hear(Some(Wait { pause, why }));
            is_told = true;
        };
        let _turn = if let Ok(turn) = timeout(SHORT, self.turnstile.lock()).await {
            turn
        } else {
            tell(None, Why::Turn);
            self.turnstile.lock().await
        };
        let (begun, mut last) = (Instant::now(), None);
        loop {
            // Asked for before the look, so that no correction is missed in between.
            let corrected = self.counter.corrected.notified();
            tokio::pin!(corrected);
            corrected.as_mut().enable();
            let Some(shut) = self.shut_for(tokens) else { break };
            let now = Instant::now();
            let pause = shut.until.saturating_duration_since(now);
            // A call that runs may take less than it might at any moment.
            let told = begun + SHORT;
            let is_due = shut.is_sure || now >= told;
            let mut until = shut.until;
            if !is_due {
                until = until.min(told);
            } else if pause >= SHORT && last != Some((shut.is_sure, shut.why)) {
                tell(Some(pause).filter(|_| shut.is_sure), shut.why);
                last = Some((shut.is_sure, shut.why));
            }
            tokio::select! {
                () = sleep_until(until) => {}
                () = corrected => {}
            }
        }
        if is_told {
            hear(None);
        }
        let mut counted = self.counter.lock();
        counted.number += 1;
        let number = counted.number;
        counted.let_in.push_back(Entered { at: Instant::now(), number, tokens, is_over: false });
        counted.tokens = counted.tokens.saturating_add(tokens);
        drop(counted);
        Pass { _permit: permit, counter: Arc::clone(&self.counter), number }
    }

    /// Lets nobody in for so long.
    pub fn shut(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut shut = self.shut_until.lock().unwrap_or_else(PoisonError::into_inner);
        *shut = Some(shut.map_or(until, |before| before.max(until)));
    }

    /// Why a call may not be sent now; none where it may.
    fn shut_for(&self, tokens: u64) -> Option<Shut> {
        let now = Instant::now();
        let shut = *self.shut_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = shut.filter(|until| *until > now) {
            return Some(Shut { until, is_sure: true, why: Why::Told });
        }
        let mut counted = self.counter.lock();
        while let Some(oldest) = counted.let_in.front() {
            if now.duration_since(oldest.at) < MINUTE {
                break;
            }
            let gone = oldest.tokens;
            counted.let_in.pop_front();
            counted.tokens = counted.tokens.saturating_sub(gone);
        }
        let requests = u64::try_from(counted.let_in.len()).unwrap_or(u64::MAX);
        if let Some(most) = self.limits.requests.filter(|most| requests >= (*most).max(1)) {
            let until = counted.let_in.front()?.at + MINUTE;
            return Some(Shut { until, is_sure: true, why: Why::Requests(most) });
        }
        let most = self.limits.tokens?;
        let until = counted.has_room(tokens, most)?;
        let is_sure = counted.let_in.iter().all(|one| one.is_over);
        Some(Shut { until, is_sure, why: Why::Tokens(most) })
    }
}

impl Counted {
    /// When so many tokens have room below the most of a minute, if no call takes
    /// less than it counts with; none where they have it now.
    fn has_room(&self, tokens: u64, most: u64) -> Option<Instant> {
        let mut left = self.tokens;
        let mut until = None;
        for one in &self.let_in {
            // What took nothing holds nobody up.
            if left == 0 || left.saturating_add(tokens) <= most {
                break;
            }
            left = left.saturating_sub(one.tokens);
            until = Some(one.at + MINUTE);
        }
        until
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// When each call was let in and how long it stayed, in seconds from the start.
    fn run(limits: Limits, calls: &[(u64, u64)]) -> Vec<(f64, f64)> {
        let calls: Vec<_> =
            calls.iter().map(|(tokens, stays)| (*tokens, *tokens, *stays)).collect();
        taking(limits, &calls)
    }

    /// The same for calls that take fewer tokens than they may.
    fn taking(limits: Limits, calls: &[(u64, u64, u64)]) -> Vec<(f64, f64)> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let gate = Arc::new(Gate::new(limits));
            let begun = Instant::now();
            let tasks: Vec<_> = calls
                .iter()
                .map(|(tokens, took, stays)| {
                    let (gate, tokens, took, stays) = (gate.clone(), *tokens, *took, *stays);
                    tokio::spawn(async move {
                        let pass = gate.pass(tokens, &|_| {}).await;
                        let at = begun.elapsed().as_secs_f64();
                        tokio::time::sleep(Duration::from_secs(stays)).await;
                        pass.took(took);
                        (at, begun.elapsed().as_secs_f64())
                    })
                })
                .collect();
            let mut times = Vec::new();
            for task in tasks {
                times.push(task.await.unwrap());
            }
            times
        })
    }

    #[test]
    fn calls_wait_for_their_turn() {
        let limits = Limits { concurrent: 2, requests: None, tokens: None };
        let starts = |limits, calls: &[(u64, u64)]| -> Vec<f64> {
            run(limits, calls).into_iter().map(|(at, _)| at.round()).collect()
        };
        assert_eq!(starts(limits, &[(1, 10); 5]), [0.0, 0.0, 10.0, 10.0, 20.0]);
        let slow = Limits { requests: Some(2), ..limits };
        assert_eq!(starts(slow, &[(1, 1); 5]), [0.0, 0.0, 60.0, 60.0, 120.0]);
        let thrifty = Limits { tokens: Some(100), ..limits };
        // What is larger than the limit goes alone.
        assert_eq!(
            starts(thrifty, &[(60, 1), (60, 1), (500, 1), (10, 1)]),
            [0.0, 60.0, 120.0, 180.0]
        );
    }

    #[test]
    fn a_call_counts_with_what_it_took() {
        let limits = Limits { concurrent: 9, requests: None, tokens: Some(100) };
        let starts = |calls: &[(u64, u64, u64)]| -> Vec<f64> {
            taking(limits, calls).into_iter().map(|(at, _)| at.round()).collect()
        };
        // As soon as it is known what one took, the next has room.
        assert_eq!(starts(&[(90, 10, 5); 4]), [0.0, 5.0, 60.0, 65.0]);
        assert_eq!(starts(&[(90, 90, 5); 2]), [0.0, 60.0]);
        assert_eq!(starts(&[(90, 0, 5); 4]), [0.0, 5.0, 10.0, 15.0]);
        // More than it was thought to take counts, too.
        assert_eq!(starts(&[(50, 80, 5), (50, 50, 5), (20, 20, 5)]), [0.0, 0.0, 60.0]);
        // What a call took that was let in more than a minute ago counts no more.
        assert_eq!(starts(&[(90, 90, 70), (90, 90, 5), (90, 90, 5)]), [0.0, 60.0, 120.0]);
    }

    #[test]
    fn waits_are_told() {
        let told = |limits: Limits, calls: usize| {
            let heard = Arc::new(Mutex::new(Vec::new()));
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(async {
                let gate = Gate::new(limits);
                let hears = heard.clone();
                let hear = move |wait: Option<Wait>| {
                    let seconds = |pause: Duration| pause.as_secs();
                    hears
                        .lock()
                        .unwrap()
                        .push(wait.map(|wait| (wait.pause.map(seconds), wait.why.to_string())));
                };
                let call = || async { drop(gate.pass(60, &hear).await) };
                match calls {
                    2 => drop(tokio::join!(call(), call())),
                    _ => drop(tokio::join!(call(), call(), call())),
                }
            });
            Arc::try_unwrap(heard).unwrap().into_inner().unwrap()
        };
        let limits = Limits { concurrent: 9, ..Limits::default() };
        let wait = |seconds, why: &str| Some((seconds, why.to_owned()));
        assert_eq!(told(limits, 3), []);
        let slow = Limits { requests: Some(1), ..limits };
        assert_eq!(told(slow, 2), [wait(Some(60), "1 request a minute is allowed"), None]);
        let thrifty = Limits { tokens: Some(100), ..limits };
        assert_eq!(
            told(thrifty, 3),
            [
                wait(Some(60), "100 tokens a minute are allowed"),
                wait(None, "other calls wait for the endpoint before it"),
                None,
                wait(Some(60), "100 tokens a minute are allowed"),
                None,
            ]
        );
    }

    /// A wait that is told of: its seconds, where they are known, and when it is
    /// told, in milliseconds; none where it ends.
    type Told = Option<(Option<u64>, u64)>;

    /// What is told of waits by two calls that may take 60 tokens of 100 a minute,
    /// of which the first takes so many, after so many milliseconds; and when the
    /// second is let in.
    fn told_behind(took: u64, after: u64) -> (Vec<Told>, u64) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let gate = Gate::new(Limits { tokens: Some(100), ..Limits::default() });
            let begun = Instant::now();
            let millis = || u64::try_from(begun.elapsed().as_millis()).unwrap();
            let heard = Mutex::new(Vec::new());
            let hear = |wait: Option<Wait>| {
                let seconds = |wait: Wait| wait.pause.map(|pause| pause.as_secs());
                heard.lock().unwrap().push(wait.map(|wait| (seconds(wait), millis())));
            };
            let first = gate.pass(60, &hear).await;
            let ends = async {
                tokio::time::sleep(Duration::from_millis(after)).await;
                first.took(took);
            };
            let second = async {
                drop(gate.pass(60, &hear).await);
                millis()
            };
            let ((), at) = tokio::join!(ends, second);
            (heard.into_inner().unwrap(), at)
        })
    }

    /// A call that runs counts with all that it may take, but what it takes in the
    /// end may leave room at any moment.
    #[test]
    fn only_waits_that_come_are_told_and_with_their_length() {
        for (took, after, told, at) in [
            (10, 300, vec![], 300),
            (10, 5_000, vec![Some((None, 1_000)), None], 5_000),
            (50, 300, vec![Some((Some(59), 300)), None], 60_000),
            (50, 5_000, vec![Some((None, 1_000)), Some((Some(55), 5_000)), None], 60_000),
        ] {
            let (heard, let_in) = told_behind(took, after);
            // The clock of the runtime has whole milliseconds.
            assert_eq!((heard, let_in / 10 * 10), (told, at), "{took} after {after} ms");
        }
    }

    /// The wait is as long as it takes until enough of the minute's calls are gone.
    #[test]
    fn a_wait_for_several_calls_to_go_is_told_whole() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let heard = Mutex::new(Vec::new());
        runtime.block_on(async {
            let gate = Gate::new(Limits { tokens: Some(100), ..Limits::default() });
            for _ in 0..3 {
                drop(gate.pass(30, &|_| {}).await);
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
            let hear = |wait: Option<Wait>| {
                heard
                    .lock()
                    .unwrap()
                    .push(wait.and_then(|wait| wait.pause).map(|one| one.as_secs()));
            };
            drop(gate.pass(50, &hear).await);
        });
        assert_eq!(heard.into_inner().unwrap(), [Some(40), None]);
    }

    #[test]
    fn a_call_that_is_told_to_wait_makes_all_wait() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let gate = Gate::new(Limits::default());
            let begun = Instant::now();
            drop(gate.pass(1, &|_| {}).await);
            gate.shut(Duration::from_secs(7));
            gate.shut(Duration::from_secs(3));
            drop(gate.pass(1, &|_| {}).await);
            assert_eq!(begun.elapsed().as_secs(), 7);
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_limit_is_ever_passed(
            concurrent in 1_usize..5,
            requests in proptest::option::of(1_u64..8),
            tokens in proptest::option::of(1_u64..300),
            calls in proptest::collection::vec((0_u64..200, 0_u64..=100, 0_u64..90), 1..30),
        ) {
            let calls: Vec<_> = calls
                .into_iter()
                .map(|(tokens, share, stays)| (tokens, tokens * share / 100, stays))
                .collect();
            let times = taking(Limits { concurrent, requests, tokens }, &calls);
            for (at, _) in &times {
                let together = times.iter().filter(|(from, to)| from <= at && at < to).count();
                prop_assert!(together <= concurrent);
                let within: Vec<usize> = (0..times.len())
                    .filter(|index| times[*index].0 <= *at && *at - times[*index].0 < 59.9)
                    .collect();
                prop_assert!(requests.is_none_or(|most| within.len() as u64 <= most));
                let sum: u64 = within.iter().map(|index| calls[*index].1).sum();
                let is_alone = within.iter().filter(|index| calls[**index].1 > 0).count() <= 1;
                prop_assert!(tokens.is_none_or(|most| sum <= most || is_alone));
            }
        }
    }
}
