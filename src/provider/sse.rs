//! Server-sent events: bytes in, cut anywhere, and events out.
//!
//! Follows the event-stream part of the HTML standard, with three departures
//! that a paid stream asks for: text that is not UTF-8 is an error instead of
//! being patched, lines and events have a size limit, and an event that the end
//! of the stream cut off is offered to the caller ([`Framer::finish`]) instead
//! of being dropped.

use thiserror::Error;

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
    limit: usize,
    /// The line so far, without its end.
    line: Vec<u8>,
    /// The last byte ended a line as CR, so an LF now belongs to it.
    after_cr: bool,
    /// No line has ended yet, so a byte-order mark may stand at its start.
    first: bool,
    /// The event so far; `None` before its first `data` line.
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
        Self {
            limit,
            line: Vec::new(),
            after_cr: false,
            first: true,
            data: None,
            name: String::new(),
        }
    }

    /// Reads on, and adds the events that are now whole to `events`.
    ///
    /// # Errors
    ///
    /// [`FrameError`]; the events before the fault have been added, and the
    /// framer is of no further use.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), FrameError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_cr) && rest[0] == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = &rest[..end.unwrap_or(rest.len())];
            if self.line.len() + part.len() > self.limit {
                return Err(FrameError::TooBig(self.limit));
            }
            self.line.extend_from_slice(part);
            let Some(end) = end else { break };
            self.after_cr = rest[end] == b'\r';
            rest = &rest[end + 1..];
            self.end_line(events)?;
        }
        Ok(())
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
        if !self.line.is_empty() {
            self.end_line(&mut events)?;
        }
        self.end_event(&mut events);
        Ok(events.pop())
    }

    fn end_line(&mut self, events: &mut Vec<Event>) -> Result<(), FrameError> {
        // The buffer is kept, so that a stream allocates for its longest line only.
        let mut line = std::mem::take(&mut self.line);
        let result = self.take_line(&line, events);
        line.clear();
        self.line = line;
        result
    }

    fn take_line(&mut self, line: &[u8], events: &mut Vec<Event>) -> Result<(), FrameError> {
        let text = std::str::from_utf8(line).map_err(|_| FrameError::NotUtf8)?;
        let text = if std::mem::take(&mut self.first) {
            text.strip_prefix('\u{feff}').unwrap_or(text)
        } else {
            text
        };
        if text.is_empty() {
            self.end_event(events);
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

    fn end_event(&mut self, events: &mut Vec<Event>) {
        let name = std::mem::take(&mut self.name);
        if let Some(data) = self.data.take() {
            events.push(Event { name, data });
        }
    }
}
