//! One reply on its way: bytes in, text out, and a proof of the end.
//!
//! Pure: the socket is elsewhere.

use super::dialect::{Ending, Reader, Trouble};
use crate::provider::sse::{FrameError, Framer};
use crate::provider::{Bill, Ear, Reply};

/// The most bytes of one stream. A reply of a whole book is far below it.
const STREAM_LIMIT: usize = 256 * 1024 * 1024;

/// The most bytes kept of a stream that has no events, to say what it was.
const HEAD_LIMIT: usize = 64 * 1024;

/// Where the text goes, and whether any has gone.
pub(super) struct Listener<'a> {
    ear: &'a mut dyn Ear,
    /// Text has been delivered: the request must not be sent again.
    pub heard: bool,
}

impl<'a> Listener<'a> {
    pub fn new(ear: &'a mut dyn Ear) -> Self {
        Self { ear, heard: false }
    }

    pub fn sending(&mut self) {
        self.ear.sending();
    }

    pub fn billed(&mut self, bill: Bill) {
        self.ear.billed(bill);
    }

    pub fn hear(&mut self, text: &str) {
        if !text.is_empty() {
            self.heard = true;
            self.ear.text(text);
        }
    }
}

/// What stopped the reading.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The reader gave up.
    Trouble(Trouble),
    /// The bytes are no event stream.
    Frame(FrameError),
    /// More bytes than any reply has.
    TooMuch,
    /// It ended without a proven end.
    Early,
    /// It ended in a word that proves nothing.
    Foreign(String),
    /// It ended without any event; these bytes came instead.
    Empty(Vec<u8>),
}

/// The state of one event stream.
pub(super) struct Listening {
    framer: Framer,
    reader: Box<dyn Reader>,
    /// The first bytes, until the first event.
    head: Vec<u8>,
    bytes: usize,
    events: usize,
}

impl Listening {
    pub fn new(reader: Box<dyn Reader>) -> Self {
        Self { framer: Framer::default(), reader, head: Vec::new(), bytes: 0, events: 0 }
    }

    /// Reads on. True at an end mark: nothing more is to be read.
    pub fn feed(&mut self, bytes: &[u8], listener: &mut Listener<'_>) -> Result<bool, Stopped> {
        self.bytes += bytes.len();
        if self.bytes > STREAM_LIMIT {
            return Err(Stopped::TooMuch);
        }
        if self.events == 0 {
            let room = HEAD_LIMIT.saturating_sub(self.head.len());
            self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        let mut events = Vec::new();
        let framed = self.framer.push(bytes, &mut events);
        for event in &events {
            let piece = self.reader.event(event).map_err(Stopped::Trouble)?;
            self.events += 1;
            listener.hear(&piece.text);
            if piece.last {
                return Ok(true);
            }
        }
        framed.map(|()| false).map_err(Stopped::Frame)
    }

    /// Whether the reply has proven to be whole.
    pub fn is_whole(&self) -> bool {
        self.reader.ending().finish.is_some()
    }

    /// Whether anything of it has made sense.
    pub fn has_begun(&self) -> bool {
        self.events > 0
    }

    /// What is known of its end by now.
    pub fn ending(&self) -> &Ending {
        self.reader.ending()
    }

    /// The reply, or why it is none.
    pub fn end(&mut self, model: &str, listener: &mut Listener<'_>) -> Result<Reply, Stopped> {
        // An event without its blank line counts if it can be read; if it
        // cannot, the stream was cut inside it, which is no fault of its own.
        if let Ok(Some(event)) = std::mem::take(&mut self.framer).finish() {
            self.events += 1;
            match self.reader.event(&event) {
                Ok(piece) => listener.hear(&piece.text),
                Err(trouble @ Trouble::Refused(_)) if !self.is_whole() => {
                    return Err(Stopped::Trouble(trouble));
                }
                Err(_) => {}
            }
        }
        let ending = self.reader.ending();
        match (ending.reply(model), &ending.foreign) {
            (Some(reply), _) => Ok(reply),
            (None, Some(word)) => Err(Stopped::Foreign(word.clone())),
            (None, None) if self.events == 0 => Err(Stopped::Empty(std::mem::take(&mut self.head))),
            (None, None) => Err(Stopped::Early),
        }
    }
}
