//! A server on this machine that sends exact bytes, and breaks off as told.
//!
//! Mock servers speak proper HTTP; what is to be tested here is what comes when
//! a server does not. Each connection carries one request, and is served the
//! next list of [`Step`]s. Used from several test binaries by `#[path]`.

#![allow(dead_code)]

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// The longest that anything here waits: a test that needs more has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to do next on a connection. After the last step it is closed properly.
#[derive(Clone)]
pub enum Step {
    /// Send exactly these bytes, in a packet of their own.
    Send(Vec<u8>),
    /// Wait for the test.
    Await(Gate),
    /// Let time pass, where time itself is what is tested.
    Pause(Duration),
    /// Break the connection (RST).
    Reset,
    /// Close the sending half, then wait for the client to hang up.
    HalfClose,
    /// Keep the connection open until the client hangs up.
    Hold,
}

/// Something to wait for.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets everyone pass, now and later.
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Waits until it is open. Panics when that takes too long.
    pub fn pass(&self) {
        let shut = self.0.0.lock().unwrap();
        let (open, _) = self.0.1.wait_timeout_while(shut, PATIENCE, |open| !*open).unwrap();
        assert!(*open, "a gate was never opened");
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// `POST /v1/chat/completions HTTP/1.1`.
    pub line: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body.
    pub body: Vec<u8>,
}

impl Recorded {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

#[derive(Default)]
struct Shared {
    scripts: Mutex<VecDeque<Vec<Step>>>,
    requests: Mutex<Vec<Recorded>>,
    hangups: Mutex<usize>,
    hung_up: Condvar,
    closing: Mutex<bool>,
}

/// The server; it stops when dropped.
pub struct ByteServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<thread::JoinHandle<()>>,
}

impl ByteServer {
    /// Serves the lists of steps in turn, one a request.
    pub fn start(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            scripts: Mutex::new(scripts.into_iter().collect()),
            ..Shared::default()
        });
        let state = Arc::clone(&shared);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if *state.closing.lock().unwrap() {
                    break;
                }
                let shared = Arc::clone(&state);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    /// `http://127.0.0.1:<port>`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits until clients have hung up on `count` connections with steps to go.
    pub fn await_hangups(&self, count: usize) {
        let hangups = self.shared.hangups.lock().unwrap();
        let (hangups, _) = self
            .shared
            .hung_up
            .wait_timeout_while(hangups, PATIENCE, |hangups| *hangups < count)
            .unwrap();
        assert!(*hangups >= count, "the client did not hang up");
    }
}

impl Drop for ByteServer {
    fn drop(&mut self) {
        *self.shared.closing.lock().unwrap() = true;
        // Wakes the accepting thread, which then sees that it is over.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    stream.set_nodelay(true).expect("a socket option");
    let Some(request) = read_request(&stream) else {
        return;
    };
    // Both locks at once, so that the order of requests is the order of scripts.
    let mut requests = shared.requests.lock().unwrap();
    let steps = shared.scripts.lock().unwrap().pop_front();
    requests.push(request);
    drop(requests);
    // A request too many is answered with what no client repeats.
    let steps = steps.unwrap_or_else(|| vec![answer(418, &[], b"no script left")]);
    for step in steps {
        if !perform(&step, &mut stream, shared) {
            return;
        }
    }
}

/// False when nothing more can be done on this connection.
fn perform(step: &Step, stream: &mut TcpStream, shared: &Shared) -> bool {
    match step {
        Step::Send(bytes) => {
            // The client may have hung up, which is its right.
            if stream.write_all(bytes).is_err() {
                note_hangup(shared);
                return false;
            }
        }
        Step::Await(gate) => gate.pass(),
        Step::Pause(time) => thread::sleep(*time),
        Step::Reset => {
            let socket = socket2::SockRef::from(&*stream);
            socket.set_linger(Some(Duration::ZERO)).expect("linger");
            return false;
        }
        Step::HalfClose => {
            let _ = stream.shutdown(Shutdown::Write);
            await_hangup(stream, shared);
        }
        Step::Hold => await_hangup(stream, shared),
    }
    true
}

fn await_hangup(stream: &mut TcpStream, shared: &Shared) {
    let mut rest = [0; 512];
    while stream.read(&mut rest).is_ok_and(|count| count > 0) {}
    note_hangup(shared);
}

fn note_hangup(shared: &Shared) {
    *shared.hangups.lock().unwrap() += 1;
    shared.hung_up.notify_all();
}

fn read_request(stream: &TcpStream) -> Option<Recorded> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let line = line.trim_end().to_owned();
    Some(Recorded { line, headers, body })
}

/// A whole answer with a length, after which the connection closes.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Step {
    let length = body.len().to_string();
    let mut all = headers.to_vec();
    all.push(("content-length", &length));
    let mut bytes = head(status, &all);
    bytes.extend_from_slice(body);
    Step::Send(bytes)
}

/// The head of an event stream that ends when the connection closes.
pub fn stream_head() -> Step {
    Step::Send(head(200, &[("content-type", "text/event-stream")]))
}

/// The head of an event stream in chunks, so that an early end shows.
pub fn chunked_head() -> Step {
    Step::Send(chunked("text/event-stream"))
}

/// The head of a stream of this type in chunks.
pub fn chunked(kind: &str) -> Vec<u8> {
    head(200, &[("content-type", kind), ("transfer-encoding", "chunked")])
}

/// One chunk of a chunked body. No bytes at all end it.
pub fn chunk(bytes: &[u8]) -> Step {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    Step::Send(chunk)
}

fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Said\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    head.into_bytes()
}
