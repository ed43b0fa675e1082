//! How a stream is cut into events.

use crate::provider::lines::Lines;
use crate::provider::sse::{EVENT_LIMIT, Event, FrameError, Framer};

/// How a stream is cut into events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Events,
    /// One JSON value a line.
    Lines,
}

impl Framing {
    /// What its requests say that they understand.
    pub(super) fn accepts(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream, application/json",
            Self::Lines => "application/x-ndjson, application/json",
        }
    }
}

/// Puts events together from bytes, cut anywhere.
#[derive(Debug)]
pub(super) enum Cutter {
    Events(Framer),
    Lines(Lines),
}

impl Cutter {
    pub fn new(framing: Framing) -> Self {
        match framing {
            Framing::Events => Self::Events(Framer::default()),
            Framing::Lines => Self::Lines(Lines::with_limit(EVENT_LIMIT)),
        }
    }

    /// Reads on, and adds the events that are now whole.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), FrameError> {
        match self {
            Self::Events(framer) => framer.push(bytes, events),
            Self::Lines(lines) => lines.push(bytes, |line| {
                events.extend(value(line));
                Ok(())
            }),
        }
    }

    /// The event that the end of the stream cut short, if any.
    pub fn finish(self) -> Result<Option<Event>, FrameError> {
        match self {
            Self::Events(framer) => framer.finish(),
            Self::Lines(lines) => {
                let mut last = None;
                lines.finish(|line| {
                    last = value(line);
                    Ok(())
                })?;
                Ok(last)
            }
        }
    }
}

/// A line as an event; blank ones keep a connection awake and mean nothing.
fn value(line: &str) -> Option<Event> {
    let data = line.trim();
    (!data.is_empty()).then(|| Event { name: String::new(), data: data.to_owned() })
}
