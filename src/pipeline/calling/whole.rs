//! Asking for what is of use only whole: a record, a fold.
//!
//! Nobody goes on from half of one, and what breaks off is no failure of its model: it is
//! asked for again, as a call of its own.

use anyhow::Result;

use super::{Event, Line, Listener, Question, failure};
use crate::failure::{Exit, Failure};
use crate::project::calls::{self, Ending, Kept};
use crate::provider::Fault;

/// How many streams may break off in a run for one answer.
const BREAKS: u32 = 5;

/// Whether a reply whose stream broke off is whole all the same, by its words; so many
/// in a row had been closed in order, and had but no finish signal.
pub type IsWhole = fn(&str, u32) -> bool;

impl Line<'_> {
    /// Asks as [`Line::ask`] does, and again while the stream breaks off before the
    /// answer is whole.
    ///
    /// # Errors
    ///
    /// As with [`Line::ask`], and when it breaks off time and again, or for a reason that
    /// does not pass.
    pub async fn ask_whole(
        &self,
        question: Question<'_>,
        is_whole: IsWhole,
        listener: Listener<'_>,
    ) -> Result<Kept> {
        let (mut again, mut broken, mut closed) = (0_u32, 0, 0);
        let mut about = question.about.clone();
        loop {
            let mut last = None;
            let kept = {
                let mut hear = |event: Event<'_>| match event {
                    Event::Interrupted { fault, .. } => last = Some(fault.clone()),
                    other => listener(other),
                };
                Box::pin(self.ask(Question { about, ..question.clone() }, &mut hear)).await?
            };
            let is_closed = matches!(last, Some(Fault::Unended { .. }));
            closed = if is_closed { closed + 1 } else { 0 };
            if kept.ending != Ending::Interrupted || is_whole(&kept.text, closed) {
                return Ok(kept);
            }
            again += 1;
            about = format!("{} again {again}", question.about);
            // Once, what broke off was taken for whole.
            let is_replayed = self.purse.is_offline();
            if is_replayed && !calls::is_kept(self.folder, &about, self.reel.peek())? {
                return Ok(kept);
            }
            let Some(fault) = last else { continue };
            if !fault.is_passing() {
                return Err(failure(&fault).into());
            }
            broken += 1;
            if broken == BREAKS {
                return Err(never_whole(&question, &fault).into());
            }
            listener(Event::Interrupted { fault: &fault, is_asked_anew: true });
        }
    }
}

fn never_whole(question: &Question<'_>, fault: &Fault) -> Failure {
    let of = question.chapter.as_ref().map(|id| format!(" of `{id}`")).unwrap_or_default();
    let stage = question.stage.name();
    Failure::new(
        Exit::Provider,
        format!("no {stage}{of} came whole in {BREAKS} tries; the last time {fault}"),
    )
    .hint("what is finished is saved; the same command goes on where this one stopped")
}
