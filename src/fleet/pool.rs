//! So many jobs at a time, each on a thread of its own.
//!
//! A book spends its time waiting: for its endpoint, which is asked by the
//! shared runtime, and for its disk, which would hold up all others if they
//! shared a thread. A thread costs a few kilobytes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Does every job, at most `at_once` together and begun in their order; gives
/// the outcomes in that order.
pub fn run<Job, Outcome>(
    jobs: &[Job],
    at_once: usize,
    work: impl Fn(usize, &Job) -> Outcome + Sync,
) -> Vec<Outcome>
where
    Job: Sync,
    Outcome: Send,
{
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Outcome)>> = Mutex::new(Vec::with_capacity(jobs.len()));
    std::thread::scope(|scope| {
        for _ in 0..at_once.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { break };
                    let outcome = work(index, job);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_done_once_in_order_and_never_too_much_at_once() {
        for (jobs, at_once) in [(0, 3), (1, 3), (40, 1), (40, 7), (5, 100)] {
            let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let jobs: Vec<usize> = (0..jobs).collect();
            let outcomes = run(&jobs, at_once, |index, job| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
                (index, *job * 2)
            });
            let expected: Vec<(usize, usize)> = jobs.iter().map(|job| (*job, job * 2)).collect();
            assert_eq!(outcomes, expected);
            assert!(most.load(Ordering::SeqCst) <= at_once);
        }
    }
}
