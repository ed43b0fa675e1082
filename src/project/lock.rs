//! The project's lock: one run at a time writes into a project.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};

use anyhow::Result;

use super::folder::Folder;
use super::layout;
use crate::failure::{Exit, Failure};

/// How often the lock is tried for while somebody only looks at it.
const LOOKS: usize = 10_000;

/// Takes the project's lock, until it is dropped.
///
/// # Errors
///
/// Says who holds it, or why it cannot be taken.
pub fn take(folder: &Folder) -> Result<File> {
    let mut file = folder.lock_file(layout::LOCK)?;
    for _ in 0..LOOKS {
        if file.try_lock().is_ok() {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())?;
            return Ok(file);
        }
        // Whoever only looks shares it for a moment; a run shares it with nobody.
        if file.try_lock_shared().is_err() {
            break;
        }
        file.unlock()?;
        std::thread::yield_now();
    }
    let who = named(&mut file);
    Err(Failure::new(Exit::Locked, format!("{who} is working on this project"))
        .hint("wait until it has ended, or stop it; what it has written is safe")
        .into())
}

/// The run that holds the project, in words; none where none does. The lock is not
/// taken for that.
#[must_use]
pub fn holder(folder: &Folder) -> Option<String> {
    // What cannot be opened is told of when it is to be held.
    let mut file = folder.open_there(layout::LOCK).ok()??;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(named(&mut file)),
        _ => None,
    }
}

/// Who has written its number into the lock's file.
fn named(file: &mut File) -> String {
    let mut holder = String::new();
    // The number is only told; a file that cannot be read says nothing.
    let _ = file.read_to_string(&mut holder);
    match holder.trim().parse::<u32>() {
        Ok(process) => format!("another run (process {process})"),
        Err(_) => "another run".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_at_a_lock_takes_it_from_nobody() {
        let root = tempfile::TempDir::new().expect("a folder");
        let folder = Folder::open(root.path()).expect("a folder");
        assert_eq!(holder(&folder), None);
        assert!(!folder.exists(layout::LOCK));
        let held = take(&folder).expect("a lock");
        let named = format!("another run (process {})", std::process::id());
        assert_eq!(holder(&folder), Some(named.clone()));
        let refused = take(&folder).expect_err("a refusal").to_string();
        assert_eq!(refused, format!("{named} is working on this project"));
        drop(held);
        assert_eq!(holder(&folder), None);
        // Many look while others take it: it is refused only where it is taken.
        let taken = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !taken.load(std::sync::atomic::Ordering::Relaxed) {
                        let _ = holder(&folder);
                    }
                });
            }
            let all = (0..200).all(|_| take(&folder).is_ok());
            taken.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(all);
        });
    }
}
