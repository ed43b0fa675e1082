use proptest::prelude::*;

use super::*;

/// A runtime whose clock runs only while everyone waits.
fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// When each call was let in and how long it stayed, in seconds from the start.
fn run(limits: Limits, calls: &[(u64, u64)]) -> Vec<(f64, f64)> {
    let calls: Vec<_> = calls.iter().map(|(tokens, stays)| (*tokens, *tokens, *stays)).collect();
    taking(limits, &calls)
}

/// The same for calls that take fewer tokens than they may.
fn taking(limits: Limits, calls: &[(u64, u64, u64)]) -> Vec<(f64, f64)> {
    let runtime = paused();
    runtime.block_on(async {
        let gate = Arc::new(Gate::new(limits));
        let begun = Instant::now();
        let tasks: Vec<_> = calls
            .iter()
            .map(|(tokens, took, stays)| {
                let (gate, tokens, took, stays) = (gate.clone(), *tokens, *took, *stays);
                tokio::spawn(async move {
                    let mut pass = gate.pass(tokens, &|_| {}).await;
                    pass.begin();
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
    assert_eq!(starts(thrifty, &[(60, 1), (60, 1), (500, 1), (10, 1)]), [0.0, 60.0, 120.0, 180.0]);
}

#[test]
fn a_place_that_is_not_used_counts_in_no_minute() {
    let limits = Limits { concurrent: 9, requests: Some(1), tokens: Some(100) };
    paused().block_on(async {
        let gate = Gate::new(limits);
        let begun = Instant::now();
        drop(gate.pass(100, &|_| {}).await);
        let mut used = gate.pass(100, &|_| {}).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        used.begin();
        drop(used);
        drop(gate.pass(1, &|_| {}).await);
        assert_eq!(begun.elapsed().as_secs(), MINUTE.as_secs());
    });
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
        let runtime = paused();
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
            let call = || async { gate.pass(60, &hear).await.begin() };
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
    let runtime = paused();
    runtime.block_on(async {
        let gate = Gate::new(Limits { tokens: Some(100), ..Limits::default() });
        let begun = Instant::now();
        let millis = || u64::try_from(begun.elapsed().as_millis()).unwrap();
        let heard = Mutex::new(Vec::new());
        let hear = |wait: Option<Wait>| {
            let seconds = |wait: Wait| wait.pause.map(|pause| pause.as_secs());
            heard.lock().unwrap().push(wait.map(|wait| (seconds(wait), millis())));
        };
        let mut first = gate.pass(60, &hear).await;
        first.begin();
        let ends = async {
            tokio::time::sleep(Duration::from_millis(after)).await;
            first.took(took);
        };
        let second = async {
            gate.pass(60, &hear).await.begin();
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
    let runtime = paused();
    let heard = Mutex::new(Vec::new());
    runtime.block_on(async {
        let gate = Gate::new(Limits { tokens: Some(100), ..Limits::default() });
        for _ in 0..3 {
            gate.pass(30, &|_| {}).await.begin();
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        let hear = |wait: Option<Wait>| {
            heard.lock().unwrap().push(wait.and_then(|wait| wait.pause).map(|one| one.as_secs()));
        };
        gate.pass(50, &hear).await.begin();
    });
    assert_eq!(heard.into_inner().unwrap(), [Some(40), None]);
}

#[test]
fn a_call_that_is_told_to_wait_makes_all_wait() {
    let runtime = paused();
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
