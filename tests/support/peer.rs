//! Servers that this project did not write, each run for one test.
//!
//! `tests/run` installs them under the build's folder. A server listens on a
//! free port of this machine and ends with its test, also when that fails.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a server may take until it answers.
const DEADLINE: Duration = Duration::from_mins(2);

/// The pause between two looks at a server that is not up yet.
const PAUSE: Duration = Duration::from_millis(20);

/// A server on this machine.
pub struct Peer {
    child: Child,
    port: u16,
    log: tempfile::NamedTempFile,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `tests/run` installs.
pub fn installed(file: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../peers").join(file);
    assert!(path.exists(), "{} is not installed: run `tests/run`", path.display());
    path
}

/// The small model's file: `STORYGEN_TEST_MODEL`, or what `tests/run` fetched.
pub fn model() -> PathBuf {
    const FETCHED: &str = "data/storygen/models/SmolLM2-135M-Instruct.Q4_1.gguf";
    let Some(path) = std::env::var_os("STORYGEN_TEST_MODEL").map(PathBuf::from) else {
        return installed(FETCHED).canonicalize().expect("the model's path");
    };
    assert!(path.is_file(), "there is no model `{}`: run `tests/run`", path.display());
    path
}

impl Peer {
    /// Starts a server: `command` is given the port, `health` is the path that
    /// answers 200 once it is up.
    pub fn start(command: impl FnOnce(u16) -> Command, health: &str) -> Self {
        let port = free_port();
        let log = tempfile::NamedTempFile::new().expect("a log");
        let write = || File::options().append(true).open(log.path()).expect("a log");
        let child = command(port)
            .stdin(Stdio::null())
            .stdout(write())
            .stderr(write())
            .spawn()
            .expect("the server starts");
        let mut peer = Self { child, port, log };
        peer.wait_until_up(health);
        peer
    }

    fn wait_until_up(&mut self, health: &str) {
        let begun = Instant::now();
        while !matches!(self.try_request("GET", health, ""), Ok((200, _))) {
            let ended = self.child.try_wait().expect("a state");
            assert!(ended.is_none(), "the server ended at once: {}", self.log());
            assert!(begun.elapsed() < DEADLINE, "the server is not up: {}", self.log());
            std::thread::park_timeout(PAUSE);
        }
    }

    /// What the server has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Its address with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it answers with.
    pub fn text(&self, path: &str) -> String {
        let (status, body) = self.try_request("GET", path, "").expect("an answer");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The JSON it answers with.
    pub fn get(&self, path: &str) -> Value {
        let body = self.text(path);
        serde_json::from_str(&body).unwrap_or_else(|why| panic!("{path}: {why}: {body}"))
    }

    /// Tells it something.
    pub fn post(&self, path: &str, body: &Value) {
        let (status, answer) =
            self.try_request("POST", path, &body.to_string()).expect("an answer");
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
    }

    /// The JSON it answers a question with.
    pub fn answer(&self, path: &str, body: &Value) -> Value {
        let (status, answer) =
            self.try_request("POST", path, &body.to_string()).expect("an answer");
        assert_eq!(status, 200, "{path}: {answer}");
        serde_json::from_str(&answer).unwrap_or_else(|why| panic!("{path}: {why}: {answer}"))
    }

    /// One request as of HTTP/1.0, whose answer ends with its connection.
    fn try_request(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let mut stream = TcpStream::connect_timeout(&address, DEADLINE)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok((status, body.to_owned()))
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
