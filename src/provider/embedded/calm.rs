//! Keeps llama.cpp fast on a busy machine.
//!
//! libgomp's threads wait for each other by spinning, for about a millisecond
//! at a time. When something else wants the processors too, they spin through
//! the time in which the thread they wait for could run: decoding fell from
//! about 100 to between 6 and 25 tokens per second on the two cores where this
//! was measured, against 37 to 41 with short spins. libgomp spins briefly as
//! soon as it keeps more threads than there are processors, and costs nothing
//! measurable on an idle machine then. Its settings are environment variables,
//! read before `main`, so the way there is a second team of threads: made by
//! one token decoded on a thread that stays, asleep, as long as the model does.
//! The token is also what reads the weights from the disk for the first time.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;

use super::vocabulary::{Vocabulary, backend};

/// The sleeping team.
pub struct Calm {
    /// The thread sleeps until this is gone.
    asleep: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Calm {
    /// Makes the team and returns when it sleeps. Without it everything works,
    /// slower on a busy machine, so failures are not reported.
    pub fn start(vocabulary: Arc<Vocabulary>, threads: usize) -> Option<Self> {
        if threads < 2 {
            return None;
        }
        let (asleep, until) = channel();
        let (tell, heard) = channel();
        let thread = std::thread::Builder::new()
            .name("llama-calm".to_owned())
            .spawn(move || sleep(&vocabulary, threads, &tell, &until))
            .ok()?;
        let _ = heard.recv();
        Some(Self { asleep: Some(asleep), thread: Some(thread) })
    }
}

impl Drop for Calm {
    fn drop(&mut self) {
        self.asleep = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn sleep(vocabulary: &Vocabulary, threads: usize, tell: &Sender<()>, until: &Receiver<()>) {
    // A fault here comes again, and is reported, when the real context is made.
    let _ = decode_one(vocabulary, threads);
    let _ = tell.send(());
    let _ = until.recv();
}

fn decode_one(vocabulary: &Vocabulary, threads: usize) -> Option<()> {
    let threads = i32::try_from(threads).ok()?;
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(64))
        .with_n_batch(1)
        .with_n_ubatch(1)
        .with_n_threads(threads)
        .with_n_threads_batch(threads);
    let mut context = vocabulary.model().new_context(backend().ok()?, params).ok()?;
    let mut batch = LlamaBatch::new(1, 1);
    batch.add(LlamaToken(0), 0, &[0], false).ok()?;
    context.decode(&mut batch).ok()
}
