//! Ctrl-C, and what a system sends to a program that is to end, or whose terminal is
//! closed.

#[cfg(unix)]
use std::io::IsTerminal as _;
#[cfg(unix)]
use std::path::Path;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::ui::Ui;
use crate::failure::Exit;
#[cfg(unix)]
use crate::own_file;

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
            signals.next_but_hangup().await;
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
    /// A terminal that closes; none where the run is to outlive its terminal.
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self {
            all: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect(),
            hangup: (!outlives_its_terminal()).then(|| signal(SignalKind::hangup()).ok()).flatten(),
        }
    }

    /// The next one; of a terminal that closes both the shell and the system may tell,
    /// so that alone never makes a second.
    #[cfg(unix)]
    async fn next_but_hangup(&mut self) {
        self.hangup = None;
        self.next().await;
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let Self { all, hangup } = self;
        std::future::poll_fn(|context| {
            let mut all = all.iter_mut().chain(hangup.as_mut());
            if all.any(|signal| signal.poll_recv(context).is_ready()) {
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
    async fn next_but_hangup(&mut self) {
        self.next().await;
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Whether the signal of a closed terminal was ignored when the run began, as `nohup`
/// has it. Where the system does not tell: whether there is no terminal to be closed.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    /// The signal's bit.
    const HANGUP: u64 = 1;
    let status = own_file::text(Path::new("/proc/self/status"), own_file::BY_HAND);
    let ignored = status.ok().flatten().and_then(|status| {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    });
    ignored.map_or_else(
        || !std::io::stdout().is_terminal() && !std::io::stderr().is_terminal(),
        |mask| mask & HANGUP != 0,
    )
}
