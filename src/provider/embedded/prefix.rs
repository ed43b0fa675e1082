//! Computes prompts, and does not compute again what they share.
//!
//! Consecutive prompts begin alike (rules, bible, the story so far), and a run
//! goes to and fro between a few kinds of prompt. So there are three places to
//! find a beginning: the live attention cache, snapshots in memory of the last
//! few prompts, and the [`Shelf`] of earlier runs.
//!
//! Reuse must not change a reply. A token's place in its micro-batch changes
//! the last bits of what is computed, and now and then those bits choose
//! another word. Only whole blocks of [`BLOCK`] prompt tokens, computed
//! together, are therefore reused; what follows is computed in the same blocks
//! as without reuse. Tokens of a reply are never reused, since they were
//! computed one by one.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::session::{LlamaStateSeqFlags, SeqState};
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;

use super::shelf::Shelf;

/// Tokens computed together: also how often cancellation is looked for.
pub const BLOCK: usize = 128;
/// The fewest tokens worth a snapshot; fewer are computed faster.
const WORTH: usize = 2 * BLOCK;
/// Snapshots in memory, and the bytes that they may take together.
const SNAPSHOTS: usize = 4;
const SNAPSHOT_BYTES: usize = 512 << 20;

/// Why a prompt was not computed.
#[derive(Debug)]
pub enum Stop {
    /// The caller asked to stop.
    Cancelled,
    /// llama.cpp failed.
    Failed(String),
}

/// A prompt that was computed.
#[derive(Clone, Copy, Debug)]
pub struct Computed {
    /// Tokens that were there already.
    pub cached: usize,
    /// The row of the last decode that holds the prompt's last token.
    pub row: i32,
}

/// The context and what its cache holds.
pub struct Prefix<'m> {
    context: LlamaContext<'m>,
    /// The tokens of sequence 0 that were computed in whole blocks.
    live: Vec<LlamaToken>,
    /// The last used is at the end.
    snapshots: Vec<(Vec<LlamaToken>, SeqState)>,
    shelf: Option<Shelf>,
    /// Whether a restored state gives the same tokens: not with sliding windows
    /// or recurrent layers.
    can_restore: bool,
}

/// How many tokens two texts have in common from their start.
#[must_use]
pub fn shared(one: &[LlamaToken], other: &[LlamaToken]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

fn whole_blocks(tokens: usize) -> usize {
    tokens / BLOCK * BLOCK
}

impl<'m> Prefix<'m> {
    /// An empty cache.
    #[must_use]
    pub fn new(context: LlamaContext<'m>, shelf: Option<Shelf>, can_restore: bool) -> Self {
        Self {
            context,
            live: Vec::new(),
            snapshots: Vec::new(),
            shelf: shelf.filter(|_| can_restore),
            can_restore,
        }
    }

    /// The context, to decode replies with.
    pub fn context(&mut self) -> &mut LlamaContext<'m> {
        &mut self.context
    }

    /// Computes `tokens`, which must not be empty, in sequence 0.
    ///
    /// # Errors
    ///
    /// When `is_cancelled` says so, or llama.cpp fails.
    pub fn compute(
        &mut self,
        tokens: &[LlamaToken],
        batch: &mut LlamaBatch<'_>,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Computed, Stop> {
        let cached = self.reuse(tokens);
        let mut row = 0;
        for (index, block) in tokens[cached..].chunks(BLOCK).enumerate() {
            if is_cancelled() {
                return Err(Stop::Cancelled);
            }
            let from = cached + index * BLOCK;
            let is_last = from + block.len() == tokens.len();
            row = self.decode_block(block, from, is_last, batch)?;
            if block.len() == BLOCK {
                self.live.extend_from_slice(block);
            }
        }
        Ok(Computed { cached, row })
    }

    fn decode_block(
        &mut self,
        block: &[LlamaToken],
        from: usize,
        is_last: bool,
        batch: &mut LlamaBatch<'_>,
    ) -> Result<i32, Stop> {
        let failed = |why: String| Stop::Failed(why);
        batch.clear();
        for (index, token) in block.iter().enumerate() {
            let position = i32::try_from(from + index).map_err(|e| failed(e.to_string()))?;
            let has_output = is_last && index + 1 == block.len();
            batch.add(*token, position, &[0], has_output).map_err(|e| failed(e.to_string()))?;
        }
        if let Err(error) = self.context.decode(batch) {
            self.forget();
            return Err(failed(error.to_string()));
        }
        Ok(batch.n_tokens() - 1)
    }

    /// Makes sequence 0 the longest known beginning of `tokens` and gives its
    /// length. At least the last token is left to compute.
    fn reuse(&mut self, tokens: &[LlamaToken]) -> usize {
        let most = whole_blocks(tokens.len() - 1);
        let here = shared(&self.live, tokens).min(most);
        let here = whole_blocks(here);
        if self.live.len() >= here + WORTH {
            self.take_snapshot();
        }
        if here < most && self.can_restore && self.restore(tokens, here, most) {
            return self.live.len();
        }
        self.cut(here);
        self.live.len()
    }

    /// Restores the best state that beats `here` tokens, if there is one.
    fn restore(&mut self, tokens: &[LlamaToken], here: usize, most: usize) -> bool {
        let useful = |length: usize| whole_blocks(length.min(most));
        let kept = (0..self.snapshots.len())
            .map(|index| (index, useful(shared(&self.snapshots[index].0, tokens))))
            .max_by_key(|(_, length)| *length);
        let in_memory = kept.map_or(0, |(_, length)| length);
        let found = self.shelf.as_ref().and_then(|shelf| shelf.find(tokens));
        let on_disk = found.as_ref().map_or(0, |(_, length)| useful(*length));
        // A state is read faster than its tokens are computed, but not for nothing.
        if in_memory.max(on_disk) < here + BLOCK {
            return false;
        }
        self.cut(0);
        if let (Some((path, _)), Some(shelf)) = (found, &self.shelf)
            && on_disk > in_memory
        {
            let Some(held) = shelf.load(&path, &mut self.context) else {
                self.forget();
                return false;
            };
            self.live = held;
        } else if let Some((index, _)) = kept {
            let kept = self.snapshots.remove(index);
            let is_set = self.context.state_seq_set(&kept.1, 0).is_ok();
            self.live.clone_from(&kept.0);
            if !is_set {
                self.forget();
                return false;
            }
            self.snapshots.push(kept);
        }
        self.cut(in_memory.max(on_disk))
    }

    /// Shortens sequence 0 to its first `length` tokens and checks that the
    /// cache really did so; if not, it is emptied.
    fn cut(&mut self, length: usize) -> bool {
        let is_removed = u32::try_from(length)
            .is_ok_and(|from| self.context.kv_cache_seq_rm(0, Some(from), None).is_ok());
        let last = usize::try_from(self.context.kv_cache_seq_pos_max(0) + 1);
        let is_there = is_removed && last == Ok(length);
        if is_there {
            self.live.truncate(length);
        } else {
            self.forget();
        }
        is_there
    }

    fn forget(&mut self) {
        self.context.clear_kv_cache();
        self.live.clear();
    }

    /// Keeps the live prompt in memory before another takes its place.
    fn take_snapshot(&mut self) {
        let is_kept = self.snapshots.iter().any(|(kept, _)| kept.starts_with(&self.live));
        if !self.can_restore || is_kept || !self.cut(self.live.len()) {
            return;
        }
        let Ok(state) = self.context.state_seq_get(0, LlamaStateSeqFlags::empty()) else {
            return;
        };
        self.snapshots.retain(|(kept, _)| !self.live.starts_with(kept));
        self.snapshots.push((self.live.clone(), state));
        while self.snapshots.len() > SNAPSHOTS || self.snapshot_bytes() > SNAPSHOT_BYTES {
            self.snapshots.remove(0);
        }
    }

    fn snapshot_bytes(&self) -> usize {
        self.snapshots.iter().map(|(_, state)| state.byte_len()).sum()
    }

    /// Writes what a later run may want: the live prompt and the snapshots.
    pub fn shelve(&mut self) {
        if self.shelf.is_none() {
            return;
        }
        if self.live.len() >= WORTH && self.cut(self.live.len()) {
            self.store();
        }
        for (tokens, state) in std::mem::take(&mut self.snapshots) {
            let is_set = self.cut(0) && self.context.state_seq_set(&state, 0).is_ok();
            self.live = tokens;
            if is_set && self.cut(self.live.len()) {
                self.store();
            }
        }
        self.forget();
    }

    fn store(&self) {
        if let Some(shelf) = &self.shelf {
            shelf.store(&self.context, &self.live);
        }
    }
}
