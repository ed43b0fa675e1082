//! Lines of a stream: bytes in, cut anywhere, and lines out.
//!
//! A line ends with LF, CR or both. Text that is not UTF-8 is an error instead
//! of being patched, a byte-order mark before the first line is skipped, and a
//! line has a size limit.

use super::sse::FrameError;

/// Puts lines together from bytes, at a cost linear in the bytes.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    /// The line so far, without its end.
    line: Vec<u8>,
    /// The last byte ended a line as CR, so an LF now belongs to it.
    after_cr: bool,
    /// No line has ended yet, so a byte-order mark may stand at its start.
    is_first: bool,
}

/// Takes a line, without its end.
type Take<'a> = dyn FnMut(&str) -> Result<(), FrameError> + 'a;

impl Lines {
    /// Takes lines of up to `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, line: Vec::new(), after_cr: false, is_first: true }
    }

    /// Reads on, and hands over the lines that are now whole.
    ///
    /// # Errors
    ///
    /// [`FrameError`]; nothing more can be read then.
    pub fn push(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&str) -> Result<(), FrameError>,
    ) -> Result<(), FrameError> {
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
            self.end(&mut take)?;
        }
        Ok(())
    }

    /// Hands over the last line, where the stream ended without a line's end.
    ///
    /// # Errors
    ///
    /// [`FrameError`] for a line that is cut inside a character.
    pub fn finish(
        mut self,
        mut take: impl FnMut(&str) -> Result<(), FrameError>,
    ) -> Result<(), FrameError> {
        if self.line.is_empty() { Ok(()) } else { self.end(&mut take) }
    }

    fn end(&mut self, take: &mut Take<'_>) -> Result<(), FrameError> {
        let text = std::str::from_utf8(&self.line).map_err(|_| FrameError::NotUtf8)?;
        let text = if std::mem::take(&mut self.is_first) {
            text.strip_prefix('\u{feff}').unwrap_or(text)
        } else {
            text
        };
        let taken = take(text);
        // The buffer is kept, so that a stream allocates for its longest line only.
        self.line.clear();
        taken
    }
}
