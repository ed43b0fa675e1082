//! What an endpoint may be asked for at the same time, and in a minute.
//!
//! One gate stands before each endpoint, whoever calls it: the calls of one book
//! or of two hundred. It lets them in in the order they came. A call that is
//! told to wait (`Retry-After`) shuts the gate for all, so that they do not each
//! learn the same thing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// The span in which requests and tokens are counted.
const MINUTE: Duration = Duration::from_mins(1);

/// What an endpoint may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls at the same time; at least one.
    pub concurrent: usize,
    /// Requests in any minute.
    pub requests: Option<u64>,
    /// Tokens of prompts and reply limits in any minute. A call that asks for
    /// more than that is let in alone.
    pub tokens: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrent: 4, requests: None, tokens: None }
    }
}

/// Lets calls to one endpoint in.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    permits: Arc<Semaphore>,
    /// Those who have a permit wait here for the minute's limits, in order.
    turnstile: tokio::sync::Mutex<Counted>,
    /// Nobody is let in before.
    shut_until: Mutex<Option<Instant>>,
}

/// What was let in within the last minute, oldest first.
#[derive(Debug, Default)]
struct Counted {
    let_in: VecDeque<(Instant, u64)>,
    tokens: u64,
}

/// A call's place at the endpoint, given up when dropped.
#[derive(Debug)]
pub struct Pass {
    _permit: Option<OwnedSemaphorePermit>,
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
            shut_until: Mutex::default(),
        }
    }

    /// Waits until a call of so many tokens may be sent.
    pub async fn pass(&self, tokens: u64) -> Pass {
        // The semaphore is never closed; without a permit the call still goes.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        let mut counted = self.turnstile.lock().await;
        while let Some(until) = self.opens(&mut counted, tokens) {
            sleep_until(until).await;
        }
        counted.let_in.push_back((Instant::now(), tokens));
        counted.tokens = counted.tokens.saturating_add(tokens);
        Pass { _permit: permit }
    }

    /// Lets nobody in for so long.
    pub fn shut(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut shut = self.shut_until.lock().unwrap_or_else(PoisonError::into_inner);
        *shut = Some(shut.map_or(until, |before| before.max(until)));
    }

    /// When it may be worth asking again; none where the call may be sent now.
    fn opens(&self, counted: &mut Counted, tokens: u64) -> Option<Instant> {
        let now = Instant::now();
        let shut = *self.shut_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = shut.filter(|until| *until > now) {
            return Some(until);
        }
        while let Some((at, gone)) = counted.let_in.front().copied() {
            if now.duration_since(at) < MINUTE {
                break;
            }
            counted.let_in.pop_front();
            counted.tokens = counted.tokens.saturating_sub(gone);
        }
        let (oldest, _) = counted.let_in.front().copied()?;
        let requests = u64::try_from(counted.let_in.len()).unwrap_or(u64::MAX);
        let is_full = self.limits.requests.is_some_and(|most| requests >= most.max(1))
            || self.limits.tokens.is_some_and(|most| counted.tokens.saturating_add(tokens) > most);
        is_full.then_some(oldest + MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// When each call was let in and how long it stayed, in seconds from the start.
    fn run(limits: Limits, calls: &[(u64, u64)]) -> Vec<(f64, f64)> {
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
                .map(|(tokens, stays)| {
                    let (gate, tokens, stays) = (gate.clone(), *tokens, *stays);
                    tokio::spawn(async move {
                        let _pass = gate.pass(tokens).await;
                        let at = begun.elapsed().as_secs_f64();
                        tokio::time::sleep(Duration::from_secs(stays)).await;
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
    fn a_call_that_is_told_to_wait_makes_all_wait() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let gate = Gate::new(Limits::default());
            let begun = Instant::now();
            drop(gate.pass(1).await);
            gate.shut(Duration::from_secs(7));
            gate.shut(Duration::from_secs(3));
            drop(gate.pass(1).await);
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
            calls in proptest::collection::vec((0_u64..200, 0_u64..90), 1..30),
        ) {
            let times = run(Limits { concurrent, requests, tokens }, &calls);
            for (at, _) in &times {
                let together = times.iter().filter(|(from, to)| from <= at && at < to).count();
                prop_assert!(together <= concurrent);
                let within: Vec<usize> = (0..times.len())
                    .filter(|index| times[*index].0 <= *at && *at - times[*index].0 < 59.9)
                    .collect();
                prop_assert!(requests.is_none_or(|most| within.len() as u64 <= most));
                let sum: u64 = within.iter().map(|index| calls[*index].0).sum();
                let is_alone = within.iter().filter(|index| calls[**index].0 > 0).count() <= 1;
                prop_assert!(tokens.is_none_or(|most| sum <= most || is_alone));
            }
        }
    }
}
