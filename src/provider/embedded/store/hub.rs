//! Files of the Hugging Face hub, in the cache that its own tools use.
//!
//! The layout is `models--ORG--NAME/{blobs,refs,snapshots}`: a blob is named by
//! its digest, a snapshot links to blobs. A download that breaks off stays as
//! `.incomplete` and is taken up again from there.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, ETAG, HeaderMap, LOCATION, RANGE};
use reqwest::{Client, Method, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{HubFile, OnProgress, Progress, hex};

const ENDPOINT: &str = "https://huggingface.co";
const CONNECT: Duration = Duration::from_secs(10);
/// How long a download may be silent.
const SILENCE: Duration = Duration::from_secs(30);
const REDIRECTS: usize = 5;
/// How often a download that moves on but breaks off is taken up again.
const ATTEMPTS: usize = 5;

/// A hub and its cache on this machine.
#[derive(Clone, Debug)]
pub struct Hub {
    /// The folder that holds `models--…`.
    pub cache: PathBuf,
    /// Scheme and host.
    pub endpoint: String,
    /// Sent to the endpoint's own origin only.
    pub token: Option<SecretString>,
}

/// What the hub says about a file.
struct Description {
    commit: String,
    digest: String,
    size: Option<u64>,
}

impl Hub {
    /// The hub as `HF_HOME`, `HF_HUB_CACHE`, `HF_ENDPOINT` and `HF_TOKEN` say.
    #[must_use]
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let base = || {
            let own = set("HOME").map(|home| PathBuf::from(home).join(".cache"));
            let base = set("XDG_CACHE_HOME").map(PathBuf::from).or(own);
            base.unwrap_or_else(|| PathBuf::from(".cache"))
        };
        let home = || set("HF_HOME").map_or_else(|| base().join("huggingface"), PathBuf::from);
        Self {
            cache: set("HF_HUB_CACHE").map_or_else(|| home().join("hub"), PathBuf::from),
            endpoint: set("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()),
            token: set("HF_TOKEN").map(|token| SecretString::from(token.trim())),
        }
    }

    /// Scheme and host of the endpoint, to show.
    #[must_use]
    pub fn origin(&self) -> String {
        Url::parse(&self.endpoint)
            .map_or_else(|_| self.endpoint.clone(), |url| url.origin().ascii_serialization())
    }

    fn folder(&self, file: &HubFile) -> PathBuf {
        let name = file.repository.replace('/', "--");
        self.cache.join(format!("models--{name}"))
    }

    /// The file, if the cache has it: the main revision's, else any.
    #[must_use]
    pub fn cached(&self, file: &HubFile) -> Option<PathBuf> {
        let folder = self.folder(file);
        let snapshots = folder.join("snapshots");
        let in_snapshot = |path: PathBuf| Some(path.join(&file.file)).filter(|p| p.is_file());
        let main = fs::read_to_string(folder.join("refs").join("main")).ok();
        let main = main
            .filter(|commit| is_plain(commit.trim()))
            .and_then(|commit| in_snapshot(snapshots.join(commit.trim())));
        main.or_else(|| {
            let entries = fs::read_dir(&snapshots).ok()?;
            let mut found: Vec<PathBuf> =
                entries.filter_map(|entry| in_snapshot(entry.ok()?.path())).collect();
            found.sort();
            found.pop()
        })
    }

    /// Downloads the file into the cache.
    pub(super) async fn fetch(
        &self,
        file: &HubFile,
        progress: OnProgress<'_>,
    ) -> Result<PathBuf, String> {
        let endpoint =
            Url::parse(&self.endpoint).map_err(|e| format!("`HF_ENDPOINT` is no address ({e})"))?;
        // A mirror's address may have a path, which stays.
        let base = endpoint.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/{}/resolve/main/{}", file.repository, file.file))
            .map_err(|e| format!("`HF_ENDPOINT` is no address ({e})"))?;
        let client = client(&endpoint)?;
        let about = self.describe(&client, &endpoint, &url, file).await?;
        let folder = self.folder(file);
        let blob = folder.join("blobs").join(&about.digest);
        if !blob.is_file() {
            make_folder(&folder.join("blobs"))?;
            let mut last = 0;
            for attempt in 1.. {
                let call = Call { hub: self, client: &client, endpoint: &endpoint };
                match call.download(&url, &blob, &about, progress).await {
                    Ok(()) => break,
                    Err((why, held)) if held <= last || attempt == ATTEMPTS => return Err(why),
                    Err((_, held)) => last = held,
                }
            }
        }
        link(&folder, &blob, &about, &file.file)
    }

    async fn describe(
        &self,
        client: &Client,
        endpoint: &Url,
        url: &Url,
        file: &HubFile,
    ) -> Result<Description, String> {
        let call = Call { hub: self, client, endpoint };
        let response = call.send(&Method::HEAD, url, 0).await?;
        let headers = response.headers();
        let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim().to_owned());
        let tag = text("x-linked-etag")
            .or_else(|| text(ETAG.as_str()))
            .map(|tag| tag.trim_start_matches("W/").trim_matches('"').to_lowercase());
        let said = tag.filter(|tag| tag.len() == 64 && tag.chars().all(|c| c.is_ascii_hexdigit()));
        let digest = match (&file.digest, said) {
            (Some(known), Some(said)) if *known != said => {
                return Err(format!("it holds another file under this name (sha256 {said})"));
            }
            (Some(known), _) => known.clone(),
            (None, Some(said)) => said,
            (None, None) => return Err("it does not say the file's SHA-256".to_owned()),
        };
        let commit = text("x-repo-commit").filter(|commit| is_plain(commit));
        Ok(Description {
            commit: commit.unwrap_or_else(|| "main".to_owned()),
            digest,
            size: size(headers, response.status()),
        })
    }
}

/// The file's size; a redirect's own length is that of its page.
fn size(headers: &HeaderMap, status: StatusCode) -> Option<u64> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse().ok();
    number("x-linked-size")
        .or_else(|| status.is_success().then(|| number(CONTENT_LENGTH.as_str())).flatten())
}

/// What every request of one download needs.
struct Call<'a> {
    hub: &'a Hub,
    client: &'a Client,
    endpoint: &'a Url,
}

impl Call<'_> {
    /// Sends one request and follows redirects by hand: the token goes to the
    /// endpoint's own origin and nowhere else. A `HEAD` stops at the redirect
    /// that describes the file.
    async fn send(&self, method: &Method, url: &Url, from: u64) -> Result<Response, String> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            let mut request = self.client.request(method.clone(), url.clone());
            if from > 0 {
                request = request.header(RANGE, format!("bytes={from}-"));
            }
            if let Some(token) = self.hub.token.as_ref().filter(|_| self.may_see_token(&url)) {
                request =
                    request.header(AUTHORIZATION, format!("Bearer {}", token.expose_secret()));
            }
            let response = request.send().await.map_err(|e| reason(&e))?;
            let status = response.status();
            let describes =
                *method == Method::HEAD && response.headers().contains_key("x-linked-etag");
            if status.is_redirection() && !describes {
                url = next(&url, &response)?;
                continue;
            }
            let is_past_end = status == StatusCode::RANGE_NOT_SATISFIABLE;
            if status.is_success() || describes || is_past_end {
                return Ok(response);
            }
            return Err(refusal(status));
        }
        Err("it redirects without end".to_owned())
    }

    fn may_see_token(&self, url: &Url) -> bool {
        url.origin() == self.endpoint.origin() && (url.scheme() == "https" || is_loopback(url))
    }

    /// Loads what is missing of the blob. A failure says how many bytes are
    /// held now.
    async fn download(
        &self,
        url: &Url,
        blob: &Path,
        about: &Description,
        progress: OnProgress<'_>,
    ) -> Result<(), (String, u64)> {
        let path = blob.with_extension("incomplete");
        let mut part = Part::open(path).map_err(|why| (why, 0))?;
        match self.stream(url, &mut part, about, progress).await {
            Ok(()) => part.finish(blob, &about.digest).map_err(|why| (why, 0)),
            Err(why) => Err((why, part.held)),
        }
    }

    async fn stream(
        &self,
        url: &Url,
        part: &mut Part,
        about: &Description,
        progress: OnProgress<'_>,
    ) -> Result<(), String> {
        if about.size.is_some_and(|size| part.held > size) {
            part.restart()?;
        }
        if about.size == Some(part.held) && part.held > 0 {
            return Ok(());
        }
        let mut response = self.send(&Method::GET, url, part.held).await?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            part.restart()?;
            response = self.send(&Method::GET, url, 0).await?;
        }
        if response.status() != StatusCode::PARTIAL_CONTENT {
            // The whole file comes, whatever was asked for.
            part.restart()?;
        }
        let total = about.size;
        while let Some(bytes) = response.chunk().await.map_err(|e| reason(&e))? {
            part.add(&bytes)?;
            if total.is_some_and(|total| part.held > total) {
                part.restart()?;
                return Err("it sent more than the file holds".to_owned());
            }
            progress(Progress::Bytes { done: part.held, total });
        }
        match total {
            Some(total) if part.held < total => {
                Err(format!("it broke off after {} of {total} bytes", part.held))
            }
            _ => Ok(()),
        }
    }
}

/// A blob on its way, and the digest of what is there.
struct Part {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    held: u64,
}

impl Part {
    fn open(path: PathBuf) -> Result<Self, String> {
        let shown = path.display().to_string();
        let cannot = |e: std::io::Error| format!("`{shown}` cannot be written ({e})");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(cannot)?;
        file.try_lock().map_err(|_| format!("another download of `{shown}` is under way"))?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        let mut held = 0;
        loop {
            let read = file.read(&mut buffer).map_err(cannot)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            held += read as u64;
        }
        Ok(Self { path, file, hasher, held })
    }

    fn cannot(&self, error: &std::io::Error) -> String {
        format!("`{}` cannot be written ({error})", self.path.display())
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.file.write_all(bytes).map_err(|e| self.cannot(&e))?;
        self.hasher.update(bytes);
        self.held += bytes.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), String> {
        let emptied = self.file.set_len(0);
        emptied.and_then(|()| self.file.seek(SeekFrom::Start(0))).map_err(|e| self.cannot(&e))?;
        self.hasher = Sha256::new();
        self.held = 0;
        Ok(())
    }

    /// Gives the file its name, if it is the right one.
    fn finish(&mut self, blob: &Path, digest: &str) -> Result<(), String> {
        let got = hex(&std::mem::take(&mut self.hasher).finalize());
        if got != digest {
            // Nothing of it can be trusted, so the next attempt starts afresh.
            let _ = fs::remove_file(&self.path);
            return Err(format!("what came has another SHA-256 ({got})"));
        }
        self.file
            .sync_all()
            .and_then(|()| fs::rename(&self.path, blob))
            .map_err(|e| self.cannot(&e))
    }
}

/// Makes the blob the snapshot's file and the snapshot the main one.
fn link(folder: &Path, blob: &Path, about: &Description, name: &str) -> Result<PathBuf, String> {
    let snapshot = folder.join("snapshots").join(&about.commit);
    let refs = folder.join("refs");
    make_folder(&snapshot)?;
    make_folder(&refs)?;
    let file = snapshot.join(name);
    let cannot = |e: std::io::Error| format!("`{}` cannot be written ({e})", file.display());
    if !file.is_file() {
        // A dangling link of an earlier time would be in the way.
        let _ = fs::remove_file(&file);
        #[cfg(unix)]
        std::os::unix::fs::symlink(Path::new("../../blobs").join(&about.digest), &file)
            .map_err(cannot)?;
        #[cfg(not(unix))]
        fs::hard_link(blob, &file).map_err(cannot)?;
    }
    let main = refs.join("main");
    fs::write(&main, &about.commit)
        .map_err(|e| format!("`{}` cannot be written ({e})", main.display()))?;
    debug_assert!(blob.is_file());
    Ok(file)
}

fn make_folder(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder)
        .map_err(|e| format!("the folder `{}` cannot be made ({e})", folder.display()))
}

fn client(endpoint: &Url) -> Result<Client, String> {
    // Fails only if a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .user_agent(concat!("storygen/", env!("CARGO_PKG_VERSION")));
    if is_loopback(endpoint) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|e| reason(&e))
}

/// Where a redirect leads: never from `https` to plain `http`.
fn next(url: &Url, response: &Response) -> Result<Url, String> {
    let target = response
        .headers()
        .get(LOCATION)
        .and_then(|target| target.to_str().ok())
        .and_then(|target| url.join(target).ok())
        .ok_or("it redirects to nowhere")?;
    match target.scheme() {
        "https" => Ok(target),
        "http" if url.scheme() == "http" => Ok(target),
        other => Err(format!("it redirects to `{other}`, which is not followed")),
    }
}

fn refusal(status: StatusCode) -> String {
    match status.as_u16() {
        401 | 403 => format!("it refuses access ({status}); set `HF_TOKEN` if the model is gated"),
        404 => "it does not have this file".to_owned(),
        _ => format!("it answers {status}"),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A name that is safe as a folder's.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The innermost cause, which says most, and never the address with its query:
/// a signed one is a secret.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.is_timeout() {
        return "it does not answer in time".to_owned();
    }
    let text = cause.to_string();
    if text.contains("://") { "the connection failed".to_owned() } else { text }
}
