//! One call: tries, pauses between them, and what each is billed with.

use std::sync::PoisonError;

use serde_json::Value;

use super::bill_page::Page;
use super::dialect::{Ending, First, Spare};
use super::fault::Failure;
use super::gate::Pass;
use super::listening::Listener;
use super::{LONGEST_WAIT, Remote, billing};
use crate::chat::{Message, Role};
use crate::provider::{Fault, Reply, Request, Usage};

/// What a try has taught.
#[derive(Debug, Default)]
struct Learned {
    /// The request is worth sending again at once, without the field that was refused.
    is_spared: bool,
    /// The tokens it took; none where nobody has said.
    tokens: Option<u64>,
}

impl Remote {
    /// The fields of a body that this endpoint has refused so far, and which are
    /// no longer sent: left out, or sent under another name.
    ///
    /// This is how a caller learns that a reply to a request with a schema was
    /// not held to it (`response_format` is in the list), or that a seed means
    /// nothing here. [`Facts`](super::super::Facts) stay as they are for the
    /// life of a provider.
    #[must_use]
    pub fn left_out(&self) -> Vec<&'static str> {
        self.spared().iter().map(|spare| spare.field).collect()
    }

    fn spared(&self) -> std::sync::MutexGuard<'_, Vec<&'static Spare>> {
        // The list is whole whatever a panicking holder did.
        self.spared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request with the room that it takes to think: that is part of the reply by
    /// its endpoint's count.
    pub(super) fn with_thoughts(&self, request: &Request) -> Request {
        let reply_tokens = request.reply_tokens.saturating_add(self.facts.thinking);
        Request { reply_tokens, ..request.clone() }
    }

    /// The most tokens that a request takes with its reply, if it fits.
    pub(super) fn most(&self, request: &Request) -> Result<u64, Fault> {
        self.fits(self.tokens.prompt(&request.messages), request)
    }

    /// Waits for a place at the endpoint.
    pub(super) async fn enter(&self, tokens: u64) -> Pass {
        let hear = |wait| {
            if let Some(tell) = &self.on_wait {
                tell(wait);
            }
        };
        self.endpoint.gate.pass(tokens, &hear).await
    }

    /// Tries until there is a reply, or no other try can help.
    pub(super) async fn call(
        &self,
        request: &Request,
        pass: Option<Pass>,
        listener: &mut Listener<'_>,
    ) -> Result<Reply, Fault> {
        let asked = self.most(request)?;
        let mut place = pass.filter(|pass| self.endpoint.gate.gave(pass));
        let mut pauses = self.endpoint.patience.pauses();
        loop {
            let mut learned = Learned::default();
            let mut pass = match place.take() {
                Some(pass) => pass,
                None => self.enter(asked).await,
            };
            pass.begin();
            let turn = listener.turn(request);
            let outcome = self.attempt(&turn, &mut learned, listener).await;
            if let Some(tokens) = learned.tokens {
                pass.took(tokens);
            }
            drop(pass);
            let failure = match outcome {
                _ if listener.steps_back() => continue,
                Ok(reply) if listener.wants_more(&reply.finish) => continue,
                Ok(reply) => return Ok(reply),
                Err(failure) if listener.heard => return Err(failure.fault),
                Err(_) if learned.is_spared => continue,
                Err(failure) => failure,
            };
            let pause = pauses.next().filter(|_| failure.again && failure.wait <= LONGEST_WAIT);
            let Some(pause) = pause else { return Err(failure.fault) };
            let pause = pause.max(failure.wait);
            if !failure.wait.is_zero() {
                self.endpoint.gate.shut(pause);
            }
            if let Some(tell) = &self.on_pause {
                tell(pause, &failure.fault);
            }
            listener.again();
            tokio::time::sleep(pause).await;
        }
    }

    /// Tries once.
    async fn attempt(
        &self,
        request: &Request,
        learned: &mut Learned,
        listener: &mut Listener<'_>,
    ) -> Result<Reply, Failure> {
        let raw = self.endpoint.dialect.raw.as_ref();
        let first = raw.and_then(|raw| raw.first.as_ref());
        let laid = match first.filter(|first| (first.is_needed)(&self.endpoint.knobs)) {
            Some(first) => Some(self.laid(first, request).await?),
            None => None,
        };
        // What is counted is what was asked, not the text it was laid into.
        let reader = (self.endpoint.dialect.read)(request, &self.endpoint.knobs);
        let body = self.body(laid.as_ref().unwrap_or(request));
        listener.sending();
        let mut ending = Ending::default();
        let outcome = self.once(&body, reader, listener, &mut ending).await;
        // Of what is unsaid the endpoint has counted each token.
        let has_reply = ending.usage.is_some_and(|usage| usage.reply > 0);
        ending.is_counted |= listener.steps_back() && has_reply;
        listener.end(outcome.is_ok());
        let mut is_free = outcome.as_ref().is_err_and(|failure| failure.is_free && !listener.heard);
        if !is_free || outcome.as_ref().is_err_and(|failure| failure.is_late) {
            // A number that nothing is known of stands for no reply.
            let page = self.ask_for_bill(&mut ending, listener.has_text).await;
            is_free &= page == Page::Absent;
        }
        let price = self.endpoint.price;
        if let Some(bill) = billing::bill(&ending, is_free, price) {
            // A bill in money alone says nothing of tokens.
            let is_counted = bill.usage != Usage::default() || bill.cost.is_none();
            let Usage { prompt, reply, .. } = bill.usage;
            learned.tokens = is_counted.then(|| prompt.saturating_add(reply));
            listener.billed(bill);
        } else {
            let most = u64::try_from(request.reply_tokens).unwrap_or(u64::MAX);
            if let Some(most) = billing::worst(&ending, price, most) {
                listener.may_cost(most);
            }
        }
        if let Err(failure) = &outcome {
            learned.is_spared = !listener.heard && self.spare(failure, &body);
        }
        outcome
    }

    /// Bills a reply that was stopped with what its endpoint says it took, if it
    /// can be asked.
    pub(super) async fn settle_stopped(&self, listener: &mut Listener<'_>) {
        let mut ending = Ending { id: listener.open.take(), ..Ending::default() };
        self.ask_for_bill(&mut ending, listener.has_text).await;
        if let Some(bill) = billing::bill(&ending, false, self.endpoint.price) {
            listener.billed(bill);
        }
    }

    /// The request whose messages the endpoint has laid into one text.
    async fn laid(&self, first: &First, request: &Request) -> Result<Request, Failure> {
        let page = self.fetch(first.path, Some(&(first.ask)(request))).await?;
        let text = (first.answer)(&page).ok_or_else(|| {
            self.judge().garbled(&format!("something else than a prompt from `{}`", first.path))
        })?;
        // What the reply has said by itself is counted already, by its tokens.
        if request.begun().is_none() {
            self.fits(self.tokens.text(&text), request).map_err(Failure::last)?;
        }
        Ok(Request { messages: vec![Message::new(Role::User, text)], ..request.clone() })
    }

    /// What a prompt of so many tokens takes with the reply to it, if it fits.
    fn fits(&self, tokens: usize, request: &Request) -> Result<u64, Fault> {
        let tokens = tokens.saturating_add(request.reply_tokens);
        if tokens <= self.facts.window {
            return Ok(u64::try_from(tokens).unwrap_or(u64::MAX));
        }
        let model = self.endpoint.model.clone();
        Err(Fault::TooLong { model, tokens, window: self.facts.window })
    }

    fn body(&self, request: &Request) -> Value {
        let endpoint = &self.endpoint;
        let mut fields = endpoint.dialect.body(request, &endpoint.knobs);
        for spare in self.spared().iter() {
            let value = fields.shift_remove(spare.field);
            if let (Some(value), Some(name)) = (value, spare.instead) {
                fields.insert(name.to_owned(), value);
            }
        }
        Value::Object(fields)
    }

    /// Remembers the field that `failure` complains of, if it was sent and can
    /// be spared: then another request, without it, is worth sending at once.
    ///
    /// That is no second try of the same request: statuses 400 and 422 end a
    /// call for good unless the words of the refusal name a field that is
    /// optional, and a field is spared once.
    fn spare(&self, failure: &Failure, body: &Value) -> bool {
        let Some(refusal) = failure.refusal.as_ref().filter(|_| !self.endpoint.is_strict) else {
            return false;
        };
        let mut spared = self.spared();
        let spare = self.endpoint.dialect.spares.iter().find(|spare| {
            body.get(spare.field).is_some()
                && refusal.names(spare.field)
                && (spare.naming_is_enough || refusal.is_unsupported())
                // Two names of one field, both refused: it would go on for ever.
                && !spared.iter().any(|earlier| earlier.instead == Some(spare.field))
        });
        let Some(spare) = spare else { return false };
        // A call that ran at the same time may have learned it already.
        let is_new = !spared.contains(&spare);
        if is_new {
            spared.push(spare);
        }
        drop(spared);
        if let Some(tell) = self.on_left_out.as_ref().filter(|_| is_new && spare.is_of_sampling()) {
            tell(spare.field);
        }
        true
    }
}
