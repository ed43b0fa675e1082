//! Server-sent events: bytes in, cut anywhere, and events out.
//!
//! Follows the event-stream part of the HTML standard, with three departures
//! that a paid stream asks for: text that is not UTF-8 is an error instead of
//! being patched, lines and events have a size limit, and an event that the end
//! of the stream cut off is offered to the caller ([`Framer::finish`]) instead
//! of being dropped.

use thiserror::Error;

use super::lines::Lines;

/// The most bytes that one line, or the data of one event, may have.
pub const EVENT_LIMIT: usize = 16 * 1024 * 1024;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// What its `event` line says; empty without one.
    pub name: String,
    /// Its `data` lines, joined by line feeds.
    pub data: String,
}

/// What makes a stream unreadable. Nothing after it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// A line or an event passed the limit.
    #[error("an event of more than {0} bytes")]
    TooBig(usize),
    /// A line is not UTF-8.
    #[error("bytes that are not UTF-8")]
    NotUtf8,
}

/// Puts events together from bytes, at a cost linear in the bytes.
#[derive(Debug)]
pub struct Framer {
    lines: Lines,
    event: Pending,
}

/// The event so far.
#[derive(Debug)]
struct Pending {
    limit: usize,
    /// Its data; `None` before its first `data` line.
    data: Option<String>,
    name: String,
}

impl Default for Framer {
    fn default() -> Self {
        Self::with_limit(EVENT_LIMIT)
    }
}

impl Framer {
    /// A framer that takes lines and events of up to `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        let event = Pending { limit, data: None, name: String::new() };
        Self { lines: Lines::with_limit(limit), event }
    }

    /// Reads on, and adds the events that are now whole to `events`.
    ///
    /// # Errors
    ///
    /// [`FrameError`]; the events before the fault have been added, and the
    /// framer is of no further use.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), FrameError> {
        let event = &mut self.event;
        self.lines.push(bytes, |line| event.take_line(line, events))
    }

    /// The event that the end of the stream cut short of its blank line, if any.
    ///
    /// The standard drops it; but endpoints do leave out the last blank line, so
    /// the caller decides, by whether the data is whole.
    ///
    /// # Errors
    ///
    /// [`FrameError`] for a last line that is cut inside a character or makes
    /// the event too big.
    pub fn finish(mut self) -> Result<Option<Event>, FrameError> {
        let mut events = Vec::new();
        let event = &mut self.event;
        self.lines.finish(|line| event.take_line(line, &mut events))?;
        event.end(&mut events);
        Ok(events.pop())
    }
}

impl Pending {
    fn take_line(&mut self, text: &str, events: &mut Vec<Event>) -> Result<(), FrameError> {
        if text.is_empty() {
            self.end(events);
            return Ok(());
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            // Some gateways wrap a keep-alive comment into data, `data: : ping`;
            // no JSON begins with a colon.
            "data" if value.starts_with(':') => {}
            "data" => self.add_data(value)?,
            "event" => value.clone_into(&mut self.name),
            // Not of the standard: older llama.cpp servers report a fault so.
            "error" if value.starts_with('{') => {
                "error".clone_into(&mut self.name);
                self.add_data(value)?;
            }
            // Comments (the empty field), `id` and `retry`: a paid request is
            // never reconnected, so they mean nothing here.
            _ => {}
        }
        Ok(())
    }

    fn add_data(&mut self, value: &str) -> Result<(), FrameError> {
        let Some(data) = &mut self.data else {
            self.data = Some(value.to_owned());
            return Ok(());
        };
        if data.len() + 1 + value.len() > self.limit {
            return Err(FrameError::TooBig(self.limit));
        }
        data.push('\n');
        data.push_str(value);
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        let name = std::mem::take(&mut self.name);
        if let Some(data) = self.data.take() {
            events.push(Event { name, data });
        }
    }
}
