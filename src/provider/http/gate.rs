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

/// A call's place at the endpoint, given up when dropped: one that was not used counts
/// in no minute.
#[derive(Debug)]
pub struct Pass {
    _permit: Option<OwnedSemaphorePermit>,
    counter: Arc<Counter>,
    number: u64,
    is_unused: bool,
}

impl Pass {
    /// The call is about to be sent.
    pub fn begin(&mut self) {
        self.is_unused = false;
    }

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

    fn give_back(&self) {
        let mut counted = self.counter.lock();
        let own = counted.let_in.iter().rposition(|one| one.number == self.number);
        if let Some(one) = own.and_then(|own| counted.let_in.remove(own)) {
            counted.tokens = counted.tokens.saturating_sub(one.tokens);
        }
        drop(counted);
        self.counter.corrected.notify_waiters();
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_unused {
            self.give_back();
        } else {
            self.over(None);
        }
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
        Pass { _permit: permit, counter: Arc::clone(&self.counter), number, is_unused: true }
    }

    /// Whether it gave this place.
    #[must_use]
    pub fn gave(&self, pass: &Pass) -> bool {
        Arc::ptr_eq(&self.counter, &pass.counter)
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
mod tests;
