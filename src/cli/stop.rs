//! Ctrl-C, and what a system sends to a program that is to end.

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::ui::Ui;
use crate::failure::Exit;

/// The first Ctrl-C stops the run where it is safe, the second at once. The
/// watch has a thread of its own: the run may be busy computing.
pub(super) fn watch(cancel: CancellationToken, ui: Ui) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let mut signals = Signals::listen();
            // Whoever started the run has gone; so has the wish to watch.
            let _ = ready.send(());
            signals.next().await;
            ui.warn("\nstopping; what has come is being saved (once more Ctrl-C leaves at once)");
            cancel.cancel();
            signals.next().await;
            std::process::exit(i32::from(Exit::Cancelled as u8));
        });
    });
    // From here on no signal is missed.
    let _ = is_ready.recv();
    Ok(())
}

/// The signals by which a user or a system asks a program to end.
struct Signals {
    #[cfg(unix)]
    all: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self { all: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let all = &mut self.all;
        std::future::poll_fn(|context| {
            if all.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
