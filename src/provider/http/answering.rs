//! One request and its answer: an event stream, a whole reply, or neither.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::client::{Answer, Kind};
use super::dialect::{Ending, Framing, Reader, Trouble};
use super::fault::Failure;
use super::listening::{Listener, Listening, Stopped};
use super::{PAGE_LIMIT, Remote, billing, halves, refusal};
use crate::provider::Reply;
use crate::provider::sse::EVENT_LIMIT;

/// How long figures are waited for behind an error, at most.
const LATE_FIGURES: Duration = Duration::from_secs(2);

impl Remote {
    /// Sends the body once. What is learned of the reply goes into `ending`,
    /// also when it comes to nothing.
    pub(super) async fn once(
        &self,
        body: &Value,
        mut reader: Box<dyn Reader>,
        listener: &mut Listener<'_>,
        ending: &mut Ending,
    ) -> Result<Reply, Failure> {
        let answer = self.answer(body).await?;
        // Known before the first event, which may never come.
        if self.endpoint.knobs.bill_page.is_some() {
            ending.id.clone_from(&answer.id);
            listener.open.clone_from(&answer.id);
        }
        let heard = match answer.status {
            200..300 => self.hear(answer, reader.as_mut(), listener).await,
            _ => Err(self.refused(answer, reader.as_mut()).await),
        };
        let id = ending.id.take();
        ending.clone_from(reader.ending());
        ending.id = ending.id.take().or(id);
        let is_billed = billing::says_a_bill(ending);
        billing::forget_impossible(ending, listener.has_text);
        heard.map_err(|failure| Failure {
            is_free: failure.is_free && !is_billed,
            is_late: failure.is_late && ending.id.is_some(),
            ..failure
        })?;
        let judge = self.judge();
        ending.reply(&self.endpoint.model).ok_or_else(|| match &ending.foreign {
            Some(word) => judge.foreign_finish(word),
            None => judge.unended(),
        })
    }

    /// Hears an answer that began well, whatever it is.
    async fn hear(
        &self,
        mut answer: Answer,
        reader: &mut dyn Reader,
        listener: &mut Listener<'_>,
    ) -> Result<(), Failure> {
        let (kind, head) = self.kind(&mut answer).await;
        match kind {
            Kind::Stream(framing) => {
                let mut listening = Listening::new(framing, &mut *reader);
                self.listen(answer, &head, &mut listening, listener).await?;
            }
            _ => self.whole(answer, kind, head, &mut *reader, listener).await?,
        }
        self.told(reader).await
    }

    /// The answer, if it is one that can be read.
    async fn answer(&self, body: &Value) -> Result<Answer, Failure> {
        let judge = self.judge();
        let answer = self.client.post(body).await.map_err(|broken| judge.broken(&broken))?;
        match answer.packing.as_ref().filter(|_| (200..300).contains(&answer.status)) {
            Some(packing) => Err(judge.packed(packing)),
            None => Ok(answer),
        }
    }

    /// What an answer with another status than 200 means. Figures that it states are
    /// its bill all the same.
    async fn refused(&self, mut answer: Answer, reader: &mut dyn Reader) -> Failure {
        let idle = self.endpoint.patience.idle;
        // An error body that is cut still says something.
        let (body, _) = answer.rest(Vec::new(), PAGE_LIMIT, idle).await;
        if let Ok(said) = halves::value(&body) {
            reader.stated(&said);
        }
        self.judge().status(&answer, &refusal::of_body(&body))
    }

    /// What an answer is, by its type or, where that says nothing, by its first
    /// bytes, which are read then.
    async fn kind(&self, answer: &mut Answer) -> (Kind, Vec<u8>) {
        let framing = self.endpoint.dialect.framing;
        match answer.kind {
            // A JSON value a line is a stream that does not say so.
            Kind::Json if framing == Framing::Lines => (Kind::Stream(Framing::Lines), Vec::new()),
            Kind::Unsaid => {
                let mut head = Vec::new();
                if let Ok(Some(chunk)) = answer.next(self.endpoint.patience.idle).await {
                    head.extend_from_slice(chunk.as_ref());
                }
                (sniffed(&head, framing), head)
            }
            said => (said, Vec::new()),
        }
    }

    /// Reads an event stream, up to its end or until it is known to be whole.
    async fn listen(
        &self,
        mut answer: Answer,
        head: &[u8],
        listening: &mut Listening<'_>,
        listener: &mut Listener<'_>,
    ) -> Result<(), Failure> {
        let judge = self.judge();
        let patience = &self.endpoint.patience;
        let mut fed = listening.feed(head, listener);
        // Keep-alives may go on for ever; they put off the idle time-out, but
        // not the end of the grace.
        let mut grace_ends = None;
        let broken = loop {
            match fed {
                Ok(false) => {}
                Ok(true) => break None,
                // What follows a proven end (a bad usage event, say) cannot undo it.
                Err(_) if listening.is_whole() && !listener.steps_back() => break None,
                Err(stopped) => {
                    if matches!(stopped, Stopped::Trouble(Trouble::Refused(_))) {
                        self.hear_out(&mut answer, listening).await;
                    }
                    return Err(judge.stopped(stopped, listening.has_begun()));
                }
            }
            let mut limit = patience.idle;
            if listening.is_whole() {
                let end = *grace_ends.get_or_insert_with(|| Instant::now() + patience.grace);
                limit = limit.min(end.saturating_duration_since(Instant::now()));
            }
            match answer.next(limit).await {
                Ok(Some(chunk)) => fed = listening.feed(chunk.as_ref(), listener),
                Ok(None) => break None,
                Err(broken) => break Some(broken),
            }
        };
        let begun = listening.has_begun();
        listening.end(listener).map_err(|stopped| match (stopped, broken) {
            (Stopped::Early | Stopped::Empty(_), Some(broken)) => judge.broken(&broken),
            (stopped, _) => judge.stopped(stopped, begun),
        })
    }

    /// Reads on behind an error, for the figures of what was done before it.
    async fn hear_out(&self, answer: &mut Answer, listening: &mut Listening<'_>) {
        let end = Instant::now() + self.endpoint.patience.grace.min(LATE_FIGURES);
        let mut is_over = listening.is_billed();
        while !is_over {
            let limit = end.saturating_duration_since(Instant::now());
            match answer.next(limit).await {
                Ok(Some(chunk)) => is_over = listening.feed_on(chunk.as_ref()),
                Ok(None) | Err(_) => return listening.end_on(),
            }
        }
    }

    /// Reads an answer that is no stream: a whole reply in JSON, or something else.
    async fn whole(
        &self,
        mut answer: Answer,
        kind: Kind,
        head: Vec<u8>,
        reader: &mut dyn Reader,
        listener: &mut Listener<'_>,
    ) -> Result<(), Failure> {
        let judge = self.judge();
        let most = if kind == Kind::Json { EVENT_LIMIT } else { PAGE_LIMIT };
        let (body, broken) = answer.rest(head, most, self.endpoint.patience.idle).await;
        if let Some(broken) = broken {
            return Err(judge.broken(&broken));
        }
        let Ok(value) = halves::value(&body) else {
            return Err(judge.no_reply(&body));
        };
        if kind != Kind::Json {
            reader.stated(&value);
            return Err(judge.no_reply(&body));
        }
        let piece = reader.whole(&value).map_err(|trouble| {
            reader.stated(&value);
            judge.stopped(Stopped::Trouble(trouble), false)
        })?;
        listener.hear(&piece.text, None);
        if reader.ending().finish.is_none() && reader.ending().foreign.is_none() {
            reader.stated(&value);
            return Err(judge.early("a whole reply without a finish reason"));
        }
        Ok(())
    }

    /// Asks for what the stream did not tell, where the wire has a page for it.
    /// An endpoint that does not give it has still given the reply.
    async fn told(&self, reader: &mut dyn Reader) -> Result<(), Failure> {
        let Some(path) = self.endpoint.dialect.after else { return Ok(()) };
        let grace = self.endpoint.patience.grace;
        let Ok(Ok(page)) = timeout(grace, self.fetch(path, None)).await else { return Ok(()) };
        let judge = self.judge();
        reader.told(&page).map_err(|trouble| judge.stopped(Stopped::Trouble(trouble), true))
    }
}

/// What an answer is that does not say so, by its first bytes.
fn sniffed(head: &[u8], framing: Framing) -> Kind {
    let bytes = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let bytes = bytes.trim_ascii_start();
    let is_stream = [&b"data:"[..], b"event:", b"id:", b"retry:", b":"]
        .iter()
        .any(|start| bytes.starts_with(start));
    match bytes.first() {
        _ if is_stream => Kind::Stream(Framing::Events),
        Some(b'{') if framing == Framing::Lines => Kind::Stream(Framing::Lines),
        Some(b'{') => Kind::Json,
        _ => Kind::Other,
    }
}
