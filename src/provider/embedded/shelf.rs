//! Keeps computed prompts between runs: one file per prompt in the state folder.
//!
//! A file is llama.cpp's own sequence state, which begins with the tokens it
//! belongs to. Its name is the model's key and the digest of its content, so a
//! damaged or torn file is found out before llama.cpp reads it, and removed.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::token::LlamaToken;

/// Bytes that all files together may take; the least lately used go first.
const ROOM: u64 = 1 << 30;
/// When a half-written file of a killed run is taken away.
const STALE: Duration = Duration::from_hours(1);
const ENDING: &str = "kv";
const HALF: &str = "part";
/// Bytes before the tokens: magic, version, count.
const HEAD: u64 = 12;

/// The folder of states, as one model sees it.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    key: String,
    window: usize,
}

impl Shelf {
    /// The states of the model at `path`, run with `settings`. `None` if the
    /// file's age cannot be told: better no reuse than a wrong one.
    #[must_use]
    pub fn new(folder: PathBuf, path: &Path, settings: &str, window: usize) -> Option<Self> {
        let path = fs::canonicalize(path).ok()?;
        let meta = fs::metadata(&path).ok()?;
        let age = meta.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let identity =
            format!("{}\n{}\n{}\n{settings}", path.display(), meta.len(), age.as_nanos());
        let key = blake3::hash(identity.as_bytes()).to_hex()[..16].to_owned();
        Some(Self { folder, key, window })
    }

    /// The file that shares the longest beginning with `tokens`, and how long
    /// that is.
    #[must_use]
    pub fn find(&self, tokens: &[LlamaToken]) -> Option<(PathBuf, usize)> {
        let own = self.files().into_iter().filter(|(path, _, _)| self.is_own(path));
        own.filter_map(|(path, _, _)| {
            let held = self.tokens(&path)?;
            Some((path, super::prefix::shared(&held, tokens)))
        })
        .max_by_key(|(_, length)| *length)
    }

    /// Loads a file that [`Shelf::find`] gave into sequence 0, which must be empty.
    pub fn load(&self, path: &Path, context: &mut LlamaContext<'_>) -> Option<Vec<LlamaToken>> {
        let tokens = digest(path)
            .filter(|digest| path.file_name() == Some(self.name(digest).as_ref()))
            .and_then(|_| context.state_seq_load_file(path, 0, self.window).ok());
        let Some((tokens, _)) = tokens else {
            // The worst that can follow is that the prompt is computed again.
            let _ = fs::remove_file(path);
            return None;
        };
        let _ = File::options()
            .append(true)
            .open(path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        Some(tokens)
    }

    /// Writes sequence 0, which must hold just `tokens`. A failure costs time
    /// in a later run and nothing else, so it is not reported.
    pub fn store(&self, context: &LlamaContext<'_>, tokens: &[LlamaToken]) {
        if self.find(tokens).is_some_and(|(_, length)| length == tokens.len()) {
            return;
        }
        if self.write(context, tokens).is_some() {
            self.drop_beginnings(tokens);
            self.make_room();
        }
    }

    fn write(&self, context: &LlamaContext<'_>, tokens: &[LlamaToken]) -> Option<()> {
        fs::create_dir_all(&self.folder).ok()?;
        let half = tempfile::Builder::new()
            .prefix(&self.key)
            .suffix(&format!(".{HALF}"))
            .tempfile_in(&self.folder)
            .ok()?
            .into_temp_path();
        context.state_seq_save_file(&half, 0, tokens).ok()?;
        let digest = digest(&half)?;
        half.persist(self.folder.join(self.name(&digest))).ok()
    }

    /// Removes states that a longer one makes useless.
    fn drop_beginnings(&self, tokens: &[LlamaToken]) {
        for (path, _, _) in self.files() {
            let is_beginning = self.is_own(&path)
                && self
                    .tokens(&path)
                    .is_some_and(|held| held.len() < tokens.len() && tokens.starts_with(&held));
            if is_beginning {
                let _ = fs::remove_file(path);
            }
        }
    }

    fn make_room(&self) {
        let mut files = self.files();
        files.sort_by_key(|(_, _, used)| std::cmp::Reverse(*used));
        let mut taken = 0;
        for (path, size, used) in files {
            let is_half = path.extension().is_some_and(|e| e == HALF);
            if !is_half {
                taken += size;
            }
            let is_stale = is_half && used.elapsed().is_ok_and(|age| age > STALE);
            if is_stale || (taken > ROOM && !is_half) {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Every state in the folder, of any model: path, size, last use.
    fn files(&self) -> Vec<(PathBuf, u64, SystemTime)> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let meta = fs::symlink_metadata(&path).ok()?;
                let ending = path.extension()?;
                (meta.is_file() && (ending == ENDING || ending == HALF)).then_some((
                    path,
                    meta.len(),
                    meta.modified().ok()?,
                ))
            })
            .collect()
    }

    fn is_own(&self, path: &Path) -> bool {
        path.extension().is_some_and(|ending| ending == ENDING)
            && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&self.key))
    }

    fn name(&self, digest: &str) -> String {
        format!("{}-{digest}.{ENDING}", self.key)
    }

    /// The tokens at the beginning of a state file.
    fn tokens(&self, path: &Path) -> Option<Vec<LlamaToken>> {
        let file = File::open(path).ok()?;
        let size = file.metadata().ok()?.len();
        let mut source = BufReader::new(file);
        let mut head = [0; 12];
        source.read_exact(&mut head).ok()?;
        let count = u64::from(u32::from_le_bytes([head[8], head[9], head[10], head[11]]));
        let fits = usize::try_from(count).is_ok_and(|count| count <= self.window);
        if !fits || HEAD + 4 * count > size {
            return None;
        }
        let mut raw = vec![0; usize::try_from(4 * count).ok()?];
        source.read_exact(&mut raw).ok()?;
        let (words, _) = raw.as_chunks();
        Some(words.iter().map(|word| LlamaToken(i32::from_le_bytes(*word))).collect())
    }
}

fn digest(path: &Path) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).ok()?).ok()?;
    Some(hasher.finalize().to_hex()[..32].to_owned())
}
