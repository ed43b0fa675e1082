//! Several models as one: the first answers, the others stand in when it fails.
//!
//! Nothing is swapped in silence: whoever listens hears which model failed, why,
//! and which one is asked next; the reply says which one answered. What a chain
//! can do is what all its models can: the smallest window, the dearest price.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use super::{Admitting, Bill, Ear, Facts, Fault, Pass, Provider, Request, Sampling, Streaming};
use crate::chat::{Counted, Counting, Message, Tokenizer};
use crate::money::Money;

/// Hears that a model failed, and which one is asked now.
pub type OnFallback = Box<dyn Fn(&str, &Fault, &str) + Send + Sync>;

/// One model of a chain.
struct Link {
    model: Box<dyn Provider>,
    /// How its prose is sampled.
    prose: Option<Sampling>,
    /// It failed for a reason that time does not mend: no key, no such model.
    is_out: AtomicBool,
}

/// Models that stand in for each other.
pub struct Chain {
    links: Vec<Link>,
    facts: Facts,
    tokens: Arc<Most>,
    on_fallback: OnFallback,
}

impl Chain {
    /// A chain of `first` and those that stand in for it.
    #[must_use]
    pub fn new(
        first: Box<dyn Provider>,
        others: Vec<Box<dyn Provider>>,
        on_fallback: OnFallback,
    ) -> Self {
        let all: Vec<&dyn Provider> =
            std::iter::once(&*first).chain(others.iter().map(|other| &**other)).collect();
        let facts = common(first.facts(), all.iter().skip(1).map(|model| model.facts()));
        let counters = all.iter().map(|model| (model.facts().name.clone(), model.tokenizer()));
        let tokens = Arc::new(Most(counters.collect()));
        let links = std::iter::once(first)
            .chain(others)
            .map(|model| Link { model, prose: None, is_out: AtomicBool::new(false) })
            .collect();
        Self { links, facts, tokens, on_fallback }
    }

    /// The same chain, where each model's prose is sampled in its own way: whoever
    /// stands in is not asked by the settings of the first one's author.
    #[must_use]
    pub fn sampled(mut self, prose: Vec<Sampling>) -> Self {
        for (link, prose) in self.links.iter_mut().zip(prose) {
            link.prose = Some(prose);
        }
        self
    }

    /// What a link is asked, where the first would be asked this.
    fn own<'a>(&self, request: &'a Request, link: &Link) -> Cow<'a, Request> {
        let usual = self.links.first().and_then(|first| first.prose.as_ref());
        match &link.prose {
            Some(own) if usual == Some(&request.sampling) && *own != request.sampling => {
                Cow::Owned(Request { sampling: own.clone(), ..request.clone() })
            }
            _ => Cow::Borrowed(request),
        }
    }

    /// The models to ask, in order; all of them where all are out.
    fn asked(&self) -> Vec<&Link> {
        let able: Vec<&Link> =
            self.links.iter().filter(|link| !link.is_out.load(Ordering::Relaxed)).collect();
        if able.is_empty() { self.links.iter().collect() } else { able }
    }
}

/// What all of some models can do, under the name of the first.
#[must_use]
pub fn common<'a>(first: &Facts, others: impl Iterator<Item = &'a Facts>) -> Facts {
    others.fold(first.clone(), |all, one| {
        let reply_limit = all.reply_limit.or(one.reply_limit).map(|_| {
            let [of_all, of_one] = [&all, one].map(|facts| facts.reply_limit.unwrap_or(usize::MAX));
            least_beside(of_all, &all, of_one, one)
        });
        let is_least = room(one) < room(&all);
        Facts {
            // What one thinks takes nothing from the window of another: the room for
            // prompt and text is the least of all, and thinking stands beside it.
            window: least_beside(all.window, &all, one.window, one),
            held_by: if is_least { Some(one.name.clone()) } else { all.held_by },
            window_way: if is_least { one.window_way.clone() } else { all.window_way },
            reply_limit,
            thinking: all.thinking.max(one.thinking),
            name: all.name,
            prefill: all.prefill && one.prefill,
            structured: all.structured && one.structured,
            accepts: all.accepts,
            steps_back: all.steps_back && one.steps_back,
            is_local: all.is_local && one.is_local,
            price: all.price.zip(one.price).map(|(all, one)| all.dearer(one)),
            tries: all.tries.saturating_add(one.tries),
        }
    })
}

/// What a window leaves for prompt and text.
fn room(facts: &Facts) -> usize {
    facts.window.saturating_sub(facts.thinking)
}

/// The lesser of what two limits leave beside what their models think, and the most
/// that either thinks.
fn least_beside(of_all: usize, all: &Facts, of_one: usize, one: &Facts) -> usize {
    let left = of_all.saturating_sub(all.thinking).min(of_one.saturating_sub(one.thinking));
    left.saturating_add(all.thinking.max(one.thinking))
}

/// Counts as the one of several models that needs most, each with its name.
#[derive(Debug)]
pub struct Most(pub Vec<(String, Arc<dyn Tokenizer>)>);

impl Most {
    fn of(&self, count: impl Fn(&dyn Tokenizer) -> usize) -> usize {
        self.0.iter().map(|(_, one)| count(&**one)).max().unwrap_or_default()
    }
}

impl Tokenizer for Most {
    fn text(&self, text: &str) -> usize {
        self.of(|one| one.text(text))
    }

    fn prompt(&self, messages: &[Message]) -> usize {
        self.of(|one| one.prompt(messages))
    }

    fn is_bound(&self) -> bool {
        self.0.iter().any(|(_, one)| one.is_bound())
    }

    /// Several bounds that are one bound are written down as that one.
    fn counting(&self) -> Counting {
        let mut all = self.0.iter().map(|(_, one)| one.counting());
        match all.next() {
            Some(bound @ Counting::Bound { .. }) if all.all(|one| one == bound) => bound,
            _ => {
                let each = self.0.iter().map(|(name, one)| Counted::of(name, name, &**one));
                Counting::Most(each.collect())
            }
        }
    }
}

/// Passes on what is heard, and remembers whether text was.
struct Passing<'a> {
    ear: &'a mut dyn Ear,
    heard: bool,
}

impl Ear for Passing<'_> {
    fn text(&mut self, piece: &str) {
        self.heard |= !piece.is_empty();
        self.ear.text(piece);
    }

    fn piece(&mut self) {
        self.ear.piece();
    }

    fn answers(&mut self, model: &str) {
        self.ear.answers(model);
    }

    fn sending(&mut self) {
        self.ear.sending();
    }

    fn billed(&mut self, bill: Bill) {
        self.ear.billed(bill);
    }

    fn may_cost(&mut self, most: Money) {
        self.ear.may_cost(most);
    }
}

impl Provider for Chain {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn tokenizer(&self) -> Arc<dyn Tokenizer> {
        Arc::clone(&self.tokens) as Arc<dyn Tokenizer>
    }

    /// At the model that is asked first.
    fn admit<'a>(&'a self, request: &'a Request) -> Admitting<'a> {
        Box::pin(async move {
            let link = self.asked().into_iter().next()?;
            link.model.admit(&self.own(request, link)).await
        })
    }

    fn stream<'a>(
        &'a self,
        request: &'a Request,
        mut pass: Option<Pass>,
        ear: &'a mut dyn Ear,
        cancel: &'a CancellationToken,
    ) -> Streaming<'a> {
        Box::pin(async move {
            let mut passing = Passing { ear, heard: false };
            let mut asked = self.asked().into_iter().peekable();
            while let Some(link) = asked.next() {
                passing.ear.asks(&link.model.facts().name);
                let own = self.own(request, link);
                let fault = match link.model.stream(&own, pass.take(), &mut passing, cancel).await {
                    Ok(reply) => return Ok(reply),
                    Err(fault) => fault,
                };
                // A reply that has begun is continued, not begun again elsewhere.
                let is_final = passing.heard || !may_stand_in(&fault);
                let Some(next) = asked.peek().filter(|_| !is_final) else {
                    return Err(fault);
                };
                if !fault.is_passing() {
                    link.is_out.store(true, Ordering::Relaxed);
                }
                (self.on_fallback)(&link.model.facts().name, &fault, &next.model.facts().name);
            }
            Err(Fault::Model("a chain without models".to_owned()))
        })
    }
}

/// Whether another model may do what this one could not.
fn may_stand_in(fault: &Fault) -> bool {
    !matches!(fault, Fault::Cancelled | Fault::TooLong { .. } | Fault::Script(_))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::money::Price;
    use crate::provider::{Finish, Reply};

    /// Says its name, or fails each time in this way; text first, if told.
    struct One {
        facts: Facts,
        fails: Option<fn() -> Fault>,
        speaks: bool,
        calls: Arc<Mutex<Vec<String>>>,
    }

    impl Provider for One {
        fn facts(&self) -> &Facts {
            &self.facts
        }

        fn tokenizer(&self) -> Arc<dyn Tokenizer> {
            Arc::new(crate::prompt::tokens::Bound::new(None))
        }

        fn stream<'a>(
            &'a self,
            _: &'a Request,
            _: Option<Pass>,
            ear: &'a mut dyn Ear,
            _: &'a CancellationToken,
        ) -> Streaming<'a> {
            self.calls.lock().unwrap().push(self.facts.name.clone());
            Box::pin(async move {
                if self.speaks {
                    ear.text("It ");
                }
                match self.fails {
                    Some(fault) => Err(fault()),
                    None => Ok(Reply {
                        finish: Finish::Stop,
                        usage: None,
                        model: self.facts.name.clone(),
                    }),
                }
            })
        }
    }

    fn lost() -> Fault {
        Fault::Unreachable { origin: "here".into(), why: "refused".into(), way: None }
    }

    fn no_key() -> Fault {
        Fault::Key { origin: "here".into(), message: "no".into(), way: None }
    }

    fn too_long() -> Fault {
        Fault::TooLong { model: "a".into(), tokens: 2, window: 1 }
    }

    fn request() -> Request {
        Request {
            messages: Vec::new(),
            reply_tokens: 1,
            sampling: Sampling::default(),
            seed: 0,
            schema: None,
            marks: Vec::new(),
            bans: None,
        }
    }

    type Case = (Option<fn() -> Fault>, bool, &'static [&'static str], Result<&'static str, ()>);

    #[test]
    fn the_next_model_is_asked_where_that_can_help() {
        // How the first fails, whether it spoke, who was asked in two calls, who answered.
        let table: [Case; 5] = [
            (None, true, &["a", "a"], Ok("a")),
            (Some(lost), false, &["a", "b", "a", "b"], Ok("b")),
            (Some(no_key), false, &["a", "b", "b"], Ok("b")),
            (Some(lost), true, &["a", "a"], Err(())),
            (Some(too_long), false, &["a", "a"], Err(())),
        ];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (fails, speaks, asked, answered) in table {
            let calls = Arc::new(Mutex::new(Vec::new()));
            let one = |name: &str, fails, speaks| -> Box<dyn Provider> {
                let facts = Facts::plain(name, 1_000);
                Box::new(One { facts, fails, speaks, calls: calls.clone() })
            };
            let told = Arc::new(Mutex::new(Vec::new()));
            let hears = told.clone();
            let chain = Chain::new(
                one("a", fails, speaks),
                vec![one("b", None, true)],
                Box::new(move |from, _, to| hears.lock().unwrap().push(format!("{from} {to}"))),
            );
            let cancel = CancellationToken::new();
            for _ in 0..2 {
                let request = request();
                let reply =
                    runtime.block_on(chain.stream(&request, None, &mut |_: &str| {}, &cancel));
                assert_eq!(
                    reply.map(|reply| reply.model).map_err(drop),
                    answered.map(str::to_owned)
                );
            }
            assert_eq!(*calls.lock().unwrap(), asked);
            let swaps = asked.windows(2).filter(|pair| *pair == ["a", "b"]).count();
            assert_eq!(*told.lock().unwrap(), vec!["a b"; swaps]);
        }
    }

    #[test]
    fn a_chain_can_do_what_all_its_models_can() {
        let dear = Price::per_million(3.0, 15.0, None, None);
        let cheap = Price::per_million(4.0, 1.0, None, None);
        let first = Facts { price: dear, prefill: true, tries: 4, ..Facts::plain("a", 32_000) };
        let second =
            Facts { price: cheap, reply_limit: Some(900), tries: 2, ..Facts::plain("b", 8_000) };
        let all = common(&first, std::iter::once(&second));
        assert_eq!((all.name.as_str(), all.window, all.reply_limit), ("a", 8_000, Some(900)));
        assert_eq!((all.prefill, all.tries), (false, 6));
        assert_eq!(all.held_by.as_deref(), Some("b"));
        let larger = Facts::plain("f", 64_000);
        assert_eq!(common(&all, std::iter::once(&larger)).held_by.as_deref(), Some("b"));
        assert_eq!(common(&larger, std::iter::once(&larger)).held_by, None);
        assert_eq!(all.price, Price::per_million(4.0, 15.0, None, None));
        // What one thinks takes nothing from the other's window.
        let thinks =
            Facts { thinking: 8_000, reply_limit: Some(128_000), ..Facts::plain("d", 1_000_000) };
        let small = Facts::plain("e", 8_192);
        for chain in
            [common(&thinks, std::iter::once(&small)), common(&small, std::iter::once(&thinks))]
        {
            let Facts { window, reply_limit, thinking, .. } = chain;
            assert_eq!((window, reply_limit, thinking), (16_192, Some(128_000), 8_000));
        }
        let unknown = Facts::plain("c", 9_000);
        assert_eq!(common(&first, std::iter::once(&unknown)).price, None);
    }
}
