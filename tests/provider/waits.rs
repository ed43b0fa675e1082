//! Time: silence, slowness, and a caller that has had enough.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use storygen::provider::Fault;
use storygen::provider::http::{Patience, Remote};
use tokio_util::sync::CancellationToken;

use crate::byte_server::{ByteServer, Step, answer, stream_head};
use crate::common::{
    DONE, endpoint, ends, kind, patience, remote, request, run, run_with, says, send,
};

#[test]
fn silence_ends_a_stream_but_slowness_does_not() {
    let idle = Duration::from_millis(300);
    let drip: Vec<Step> = [stream_head()]
        .into_iter()
        .chain((0..8).flat_map(|_| [Step::Pause(idle / 5), send(says("a"))]))
        .chain([send(ends("stop") + DONE)])
        .collect();
    let pings: Vec<Step> = [stream_head()]
        .into_iter()
        .chain((0..8).flat_map(|_| [Step::Pause(idle / 5), send(": ping\n\n")]))
        .chain([send(says("a") + &ends("stop"))])
        .collect();
    let cases = [
        ("stall", vec![stream_head(), send(says("a")), Step::Hold], "a", false),
        ("stall at the head", vec![Step::Hold], "", false),
        ("slow drip", drip, "aaaaaaaa", true),
        ("keep-alives", pings, "a", true),
    ];
    for (name, steps, text, whole) in cases {
        let server = ByteServer::start([steps]);
        let mut endpoint = endpoint(&server.origin());
        endpoint.patience = Patience { idle, connect: Duration::from_millis(100), ..patience() };
        let start = Instant::now();
        let (heard, reply) = run(&Remote::new(endpoint).unwrap(), &request());
        assert!(start.elapsed() >= idle, "{name}");
        assert_eq!(heard, text, "{name}");
        assert_eq!(reply.is_ok(), whole, "{name}: {reply:?}");
        if let Err(fault) = reply {
            assert_eq!(kind(&fault), "interrupted", "{name}");
            assert!(fault.to_string().contains("nothing came for 300ms"), "{name}: {fault}");
        }
        // Silence is not repaired by asking the same again.
        assert_eq!(server.requests().len(), 1, "{name}");
    }
}

#[test]
fn every_pause_is_told_before_it_begins() {
    let busy = |wait| vec![answer(429, &[("retry-after", wait)], b"{}")];
    let whole = vec![stream_head(), send(says("a") + &ends("stop") + DONE)];
    let unsupported = br#"{"message": "`seed` is not supported"}"#;
    let cases = [
        ("at once", vec![whole.clone()], vec![]),
        (
            "at once, without a field",
            vec![vec![answer(400, &[], unsupported)], whole.clone()],
            vec![],
        ),
        ("the third time", vec![busy("1"), busy("0"), whole], vec![1, 0]),
        ("never", vec![busy("0"); 4], vec![0; 3]),
        ("never again", vec![vec![answer(401, &[], b"{}")]], vec![]),
    ];
    for (name, answers, expected) in cases {
        let server = ByteServer::start(answers);
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let provider = remote(&server.origin()).telling_pauses(Box::new(move |pause, fault| {
            heard.lock().unwrap().push((pause.as_secs(), fault.to_string()));
        }));
        let _ = run(&provider, &request());
        let told = told.lock().unwrap();
        let seconds: Vec<u64> = told.iter().map(|(seconds, _)| *seconds).collect();
        assert_eq!(seconds, expected, "{name}");
        assert!(told.iter().all(|(_, why)| why.contains("asks to wait")), "{name}: {told:?}");
    }
}

#[test]
fn a_proven_end_is_not_waited_upon() {
    let whole = [stream_head(), send(says("a") + &ends("stop"))];
    let ping = [Step::Pause(Duration::from_millis(50)), send(": ping\n\n")];
    let pings = ping.into_iter().cycle().take(1000);
    let cases = [("silent", vec![Step::Hold]), ("pinging", pings.collect())];
    for (name, rest) in cases {
        let server = ByteServer::start([[whole.to_vec(), rest].concat()]);
        let start = Instant::now();
        run(&remote(&server.origin()), &request()).1.unwrap();
        assert!(start.elapsed() < patience().idle / 2, "{name}");
    }
}

#[test]
fn a_cancel_ends_every_wait_and_hangs_up() {
    let cases = [
        ("in a stream", vec![stream_head(), send(says("a")), Step::Hold]),
        ("before the head", vec![Step::Hold]),
        ("between tries", vec![answer(429, &[("retry-after", "200")], b"{}")]),
    ];
    for (name, steps) in cases {
        let held = steps.iter().any(|step| matches!(step, Step::Hold));
        let server = ByteServer::start([steps]);
        let provider = remote(&server.origin());
        let cancel = CancellationToken::new();
        let start = Instant::now();
        let (_, reply) = std::thread::scope(|scope| {
            scope.spawn(|| {
                while server.requests().is_empty() {
                    std::thread::yield_now();
                }
                cancel.cancel();
            });
            run_with(&provider, &request(), &cancel, |_| cancel.cancel())
        });
        assert!(matches!(reply, Err(Fault::Cancelled)), "{name}: {reply:?}");
        assert!(start.elapsed() < Duration::from_secs(10), "{name}");
        if held {
            server.await_hangups(1);
        }
    }
    let cancel = CancellationToken::new();
    cancel.cancel();
    let server = ByteServer::start([]);
    let (_, reply) = run_with(&remote(&server.origin()), &request(), &cancel, |_| {});
    assert!(matches!(reply, Err(Fault::Cancelled)));
    assert!(server.requests().is_empty(), "nothing is sent once cancelled");
}
