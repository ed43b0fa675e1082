//! One reply on its way: bytes in, text out, and a proof of the end.
//!
//! Pure: the socket is elsewhere.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::blotting::Blotting;
use super::dialect::{Framing, Reader, Trouble};
use super::framing::Cutter;
use super::halves::{self, Halves};
use super::refusal::packing;
use super::stepping::Stepping;
use crate::money::Money;
use crate::provider::sse::{Event, FrameError};
use crate::provider::{Bill, Ear, Finish, Request};

/// The most bytes of one stream. A reply of a whole book is far below it.
const STREAM_LIMIT: usize = 256 * 1024 * 1024;

/// The most bytes kept of a stream that has no events, to say what it was.
const HEAD_LIMIT: usize = 64 * 1024;

/// Where the text goes, and whether any has gone.
///
/// White space before the first word waits for that word: a stream that breaks
/// off behind it has said nothing, and may be asked for again.
pub(super) struct Listener<'a> {
    ear: &'a mut dyn Ear,
    /// What holds text back that may yet have to be unsaid.
    stepping: Option<Stepping>,
    /// What must not be shown, even if the endpoint says it.
    blotting: Blotting,
    /// The endpoint's name for the reply that runs, which nobody has billed yet.
    pub open: Option<String>,
    /// Text has been delivered: the request must not be sent again.
    pub heard: bool,
    /// Text has come since the request was sent last, delivered or not.
    pub has_text: bool,
    /// The white space before the first word.
    blank: String,
    /// What is to be said at the end of the bytes that are read now: an endpoint
    /// that sends many pieces at once is heard in one go.
    ready: String,
}

impl<'a> Listener<'a> {
    pub fn new(ear: &'a mut dyn Ear, stepping: Option<Stepping>, blotting: Blotting) -> Self {
        Self {
            ear,
            stepping,
            blotting,
            open: None,
            heard: false,
            has_text: false,
            blank: String::new(),
            ready: String::new(),
        }
    }

    /// What is to be sent now for this request: the request itself, or the rest
    /// of it after a step back.
    pub fn turn<'r>(&mut self, request: &'r Request) -> Cow<'r, Request> {
        match &mut self.stepping {
            Some(stepping) => stepping.turn(request),
            None => Cow::Borrowed(request),
        }
    }

    /// Whether what came is to be unsaid, and the rest asked for anew.
    pub fn steps_back(&self) -> bool {
        self.stepping.as_ref().is_some_and(Stepping::steps_back)
    }

    /// The reply has ended in this way; whether more of it is to be asked for.
    pub fn wants_more(&mut self, finish: &Finish) -> bool {
        let Some(stepping) = &mut self.stepping else { return false };
        match stepping.end(finish) {
            Some(rest) => {
                self.say(&rest);
                self.end(true);
                false
            }
            None => true,
        }
    }

    /// The request is sent again from its beginning.
    pub fn again(&mut self) {
        if let Some(stepping) = &mut self.stepping {
            stepping.again();
        }
    }

    pub fn sending(&mut self) {
        self.open = None;
        self.has_text = false;
        self.ear.sending();
    }

    pub fn billed(&mut self, bill: Bill) {
        self.open = None;
        self.ear.billed(bill);
    }

    /// The model that answers, in the endpoint's own words: a reply that is stopped or
    /// breaks off has no others.
    fn answers(&mut self, model: &str) {
        let model = self.blotting.shown(model);
        self.ear.answers(&model);
    }

    /// What was sent last stays open, and by what was said of it may cost this much.
    pub fn may_cost(&mut self, most: Money) {
        self.ear.may_cost(most);
    }

    /// Hears a piece of the reply, and the token that it is, where that is known.
    pub fn hear(&mut self, text: &str, token: Option<u32>) {
        if !text.is_empty() {
            self.has_text = true;
            self.ear.piece();
        }
        match &mut self.stepping {
            Some(stepping) => {
                let out = stepping.hear(text, token);
                self.say(&out);
            }
            None => self.say(text),
        }
    }

    fn say(&mut self, text: &str) {
        self.ready.push_str(text);
    }

    /// Passes on what is ready.
    fn pass_on(&mut self) {
        if !self.ready.is_empty() {
            let text = self.blotting.hear(&std::mem::take(&mut self.ready));
            self.deliver(&text);
        }
    }

    fn deliver(&mut self, text: &str) {
        if !self.heard {
            self.blank.push_str(text);
            if !self.blank.trim().is_empty() {
                self.pass();
            }
        } else if !text.is_empty() {
            self.ear.text(text);
        }
    }

    /// A try has come to its end: what waits is delivered with a whole reply, and
    /// forgotten with any other.
    pub fn end(&mut self, is_whole: bool) {
        self.pass_on();
        if self.steps_back() {
            return;
        }
        let held = self.blotting.end();
        self.deliver(&held);
        if is_whole && !self.blank.is_empty() {
            self.pass();
        }
        self.blank.clear();
    }

    fn pass(&mut self) {
        self.heard = true;
        self.ear.text(&std::mem::take(&mut self.blank));
    }
}

/// What stopped the reading.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The reader gave up.
    Trouble(Trouble),
    /// The bytes are no event stream.
    Frame(FrameError),
    /// The bytes are compressed, in this way.
    Packed(&'static str),
    /// More bytes than any reply has.
    TooMuch,
    /// What came last must not be said.
    Unsaid,
    /// It ended without a proven end.
    Early,
    /// It ended without any event; these bytes came instead.
    Empty(Vec<u8>),
}

/// The state of one event stream.
pub(super) struct Listening<'a> {
    cutter: Cutter,
    reader: &'a mut dyn Reader,
    halves: Halves,
    /// The first bytes, until the first event.
    head: Vec<u8>,
    bytes: usize,
    events: usize,
    /// The bytes that came behind an error.
    rest: usize,
    /// The end mark has come, behind an error.
    is_over: bool,
}

impl<'a> Listening<'a> {
    pub fn new(framing: Framing, reader: &'a mut dyn Reader) -> Self {
        Self {
            cutter: Cutter::new(framing),
            reader,
            halves: Halves::default(),
            head: Vec::new(),
            bytes: 0,
            events: 0,
            rest: 0,
            is_over: false,
        }
    }

    /// Reads on. True at an end mark: nothing more is to be read.
    pub fn feed(&mut self, bytes: &[u8], listener: &mut Listener<'_>) -> Result<bool, Stopped> {
        let fed = self.read(bytes, listener);
        listener.pass_on();
        fed
    }

    fn read(&mut self, bytes: &[u8], listener: &mut Listener<'_>) -> Result<bool, Stopped> {
        self.bytes += bytes.len();
        if self.bytes > STREAM_LIMIT {
            return Err(Stopped::TooMuch);
        }
        if self.events == 0 {
            let room = HEAD_LIMIT.saturating_sub(self.head.len());
            self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if let Some(packing) = packing(&self.head) {
                return Err(Stopped::Packed(packing));
            }
        }
        let mut events = Vec::new();
        let framed = self.cutter.push(bytes, &mut events);
        for (index, event) in events.iter().enumerate() {
            let is_last = match self.take(event, listener) {
                Ok(is_last) => is_last,
                Err(trouble) => {
                    self.hear_bill(&events[index..]);
                    return Err(Stopped::Trouble(trouble));
                }
            };
            if listener.steps_back() {
                return Err(Stopped::Unsaid);
            }
            if is_last {
                return Ok(true);
            }
        }
        framed.map(|()| false).map_err(Stopped::Frame)
    }

    fn take(&mut self, event: &Event, listener: &mut Listener<'_>) -> Result<bool, Trouble> {
        let was_known = self.reader.ending().model.is_some();
        let piece = match self.halves.marked(&event.data) {
            Cow::Borrowed(_) => self.reader.event(event)?,
            Cow::Owned(data) => self.reader.event(&Event { name: event.name.clone(), data })?,
        };
        self.events += 1;
        if let Some(model) = self.reader.ending().model.as_deref().filter(|_| !was_known) {
            listener.answers(model);
        }
        if listener.open.is_none() {
            listener.open.clone_from(&self.reader.ending().id);
        }
        listener.hear(&self.halves.joined(piece.text), self.reader.token());
        Ok(piece.last)
    }

    /// Takes the figures that an error states, or events behind it.
    fn hear_bill(&mut self, events: &[Event]) {
        for event in events {
            if let Ok(said) = halves::value(event.data.trim().as_bytes()) {
                self.reader.stated(&said);
            }
            self.is_over |= event.data.trim() == "[DONE]";
        }
    }

    /// Reads on behind an error, for figures alone. True when no more is to be read.
    pub fn feed_on(&mut self, bytes: &[u8]) -> bool {
        self.rest += bytes.len();
        let mut events = Vec::new();
        let framed = self.cutter.push(bytes, &mut events);
        self.hear_bill(&events);
        framed.is_err() || self.rest > HEAD_LIMIT || self.is_billed()
    }

    /// Reads what the end of the stream has cut short behind an error.
    pub fn end_on(&mut self) {
        let cutter = std::mem::replace(&mut self.cutter, Cutter::new(Framing::Events));
        if let Ok(Some(event)) = cutter.finish() {
            self.hear_bill(&[event]);
        }
    }

    /// Whether nothing more can come of its bill: it is known, or the stream has ended.
    pub fn is_billed(&self) -> bool {
        let ending = self.reader.ending();
        self.is_over || ending.is_counted || ending.cost.is_some()
    }

    /// Whether the reply has proven to be whole.
    pub fn is_whole(&self) -> bool {
        self.reader.ending().finish.is_some()
    }

    /// Whether anything of it has made sense.
    pub fn has_begun(&self) -> bool {
        self.events > 0
    }

    /// Reads what the end of the stream has cut short. Fails unless the reply
    /// has come to some end, known or foreign.
    pub fn end(&mut self, listener: &mut Listener<'_>) -> Result<(), Stopped> {
        let cutter = std::mem::replace(&mut self.cutter, Cutter::new(Framing::Events));
        // An event without its blank line counts if it can be read; if it
        // cannot, the stream was cut inside it, which is no fault of its own.
        if let Ok(Some(event)) = cutter.finish()
            && let Err(trouble) = self.take(&event, listener)
        {
            self.events += 1;
            self.hear_bill(std::slice::from_ref(&event));
            let is_torn = serde_json::from_str::<IgnoredAny>(&event.data).is_err();
            if !is_torn && !self.is_whole() {
                return Err(Stopped::Trouble(trouble));
            }
        }
        let ending = self.reader.ending();
        if ending.finish.is_some() || ending.foreign.is_some() {
            if let Some(half) = self.halves.end() {
                listener.hear(half.encode_utf8(&mut [0; 4]), None);
            }
            return Ok(());
        }
        if self.events == 0 {
            if let Ok(said) = halves::value(&self.head) {
                self.reader.stated(&said);
            }
            return Err(Stopped::Empty(std::mem::take(&mut self.head)));
        }
        Err(Stopped::Early)
    }
}
