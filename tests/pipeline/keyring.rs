//! Keys out of a real keyring, GNOME's, stored by the desktop's own program.

use crate::byte_server::{ByteServer, answer};
use crate::common::small;
use crate::keyring_peer::{BUS, Keyring, Session};
use crate::support::{Output, Project};
use crate::trust::{CANARY, assert_no_key};

/// A key of another name in the same keyring.
const OTHER: &str = "sk-cellar-51f0a7";

/// The command that the README and the hint give.
fn store(session: &Session, name: &str, key: &str) {
    let words = ["store", "--label", "storygen", "service", "storygen", "username", name];
    session.secret_tool(&words, key);
}

/// A server that knows no key.
fn server() -> ByteServer {
    let no = answer(401, &[("connection", "close")], br#"{"error":{"message":"no"}}"#);
    ByteServer::start(vec![vec![no]; 4])
}

/// Drafts with this entry under `endpoints`, and these variables.
fn draft(project: &Project, endpoint: &str, variables: &[(&str, &str)]) -> Output {
    let config = format!("model: openai/x\nendpoints: {{{endpoint}}}");
    project.write("../home/config/storygen/config.yaml", config);
    project.run_with(&["draft", "chapter", "1"], variables)
}

#[test]
fn a_key_of_the_keyring_goes_to_its_own_address_only() {
    const HERE: Option<&str> = Some("{HERE}/v1");
    // The user's endpoint, the environment's address, the key that the server sees.
    let table = [
        ("openai: {base_url: '{HERE}/v1', api_key_keyring: attic}", None, Some(CANARY)),
        ("openai: {base_url: '{HERE}/v1', api_key_keyring: cellar}", None, Some(OTHER)),
        // Another endpoint of the user's at the same address.
        ("loft: {base_url: '{HERE}/v1', api_key_keyring: attic}", HERE, Some(CANARY)),
        // The same one at another address.
        ("openai: {base_url: 'https://elsewhere.example/v1', api_key_keyring: attic}", HERE, None),
        // A vendor's key at an address that is not the vendor's.
        ("openrouter: {api_key_keyring: attic}", HERE, None),
    ];
    let home = tempfile::tempdir().expect("a folder");
    let session = Session::begin(home.path(), Keyring::Unlocked);
    store(&session, "attic", CANARY);
    // As `echo KEY | secret-tool store …` leaves it.
    store(&session, "cellar", &format!("{OTHER}\n"));
    for (endpoint, address, key) in table {
        let (server, project) = (server(), small(&[]));
        let fill = |text: &str| text.replace("{HERE}", &server.origin());
        let address = address.map(fill);
        let mut variables = vec![(BUS, session.address())];
        variables.extend(address.iter().map(|address| ("STORYGEN_BASE_URL", address.as_str())));
        let output = draft(&project, &fill(endpoint), &variables);
        let sent = server.requests();
        assert_eq!(sent.len(), 1, "{endpoint}: {output}");
        let expected = key.map(|key| format!("Bearer {key}"));
        assert_eq!(sent[0].header("authorization"), expected.as_deref(), "{endpoint}: {output}");
        assert_no_key(&project, &output, endpoint);
    }
}

#[test]
fn no_project_gets_a_key_out_of_the_keyring() {
    let home = tempfile::tempdir().expect("a folder");
    let session = Session::begin(home.path(), Keyring::Unlocked);
    store(&session, "attic", CANARY);
    // What the project says, the exit code, the requests that its own server sees.
    for (setting, code, seen) in [
        ("api_key_keyring: attic", 12, 0),
        ("endpoint: {base_url: '{EVIL}/v1', api_key_keyring: attic}", 12, 0),
        ("model: openai/x\nendpoint: {base_url: '{EVIL}/v1'}", 6, 1),
    ] {
        let (evil, project) = (server(), small(&[]));
        let said = setting.replace("{EVIL}", &evil.origin());
        project.write("storygen.yaml", format!("{}\n{said}\n", project.read("storygen.yaml")));
        project.run(&["trust", "--yes"]);
        // The vendor of the model that is drafted with: at its own address only.
        let endpoint = "openai: {api_key_keyring: attic}";
        let output = draft(&project, endpoint, &[(BUS, session.address())]);
        assert_eq!(output.code, code, "{setting}: {output}");
        let sent = evil.requests();
        assert_eq!(sent.len(), seen, "{setting}: {output}");
        assert!(sent.iter().all(|request| request.header("authorization").is_none()), "{setting}");
        assert_no_key(&project, &output, setting);
    }
}

#[test]
fn what_a_keyring_lacks_is_said() {
    let home = tempfile::tempdir().expect("a folder");
    let (server, project) = (server(), small(&[]));
    let said = |bus: Option<&str>, name: &str| {
        let endpoint =
            format!("openai: {{base_url: '{}/v1', api_key_keyring: {name}}}", server.origin());
        let variables: Vec<_> = bus.iter().map(|bus| (BUS, *bus)).collect();
        let output = draft(&project, &endpoint, &variables);
        assert_no_key(&project, &output, name);
        assert_eq!(output.code, 6, "{output}");
        output.stderr
    };
    let mut found = String::new();
    {
        let session = Session::begin(home.path(), Keyring::Unlocked);
        store(&session, "attic", CANARY);
        store(&session, "void", " \n");
        store(&session, "twice", CANARY);
        let elsewhere = ["store", "--collection", "session", "--label", "storygen"];
        let words = [&elsewhere[..], &["service", "storygen", "username", "twice"]].concat();
        session.secret_tool(&words, CANARY);
        for name in ["atic", "openrouter", "void", "twice"] {
            found += &said(Some(session.address()), name);
        }
    }
    for keyring in [Keyring::Locked, Keyring::None] {
        found += &said(Some(Session::begin(home.path(), keyring).address()), "attic");
    }
    for bus in [Some("unix:path=/nonexistent/bus"), None] {
        found += &said(bus, "attic");
    }
    assert_eq!(found, EXPECTED);
    assert_eq!(server.requests().len(), 0);
}

const EXPECTED: &str = "\
error: cannot get the key: `atic`, your `api_key_keyring`, is not in your keyring under the service `storygen`
help: did you mean `attic`?
help: put it there: `secret-tool store --label storygen service storygen username atic`
error: cannot get the key: `openrouter`, your `api_key_keyring`, is not in your keyring under the service `storygen`
help: put it there: `secret-tool store --label storygen service storygen username openrouter`
error: cannot get the key: `void`, your `api_key_keyring`, is an entry without a text
help: put it there: `secret-tool store --label storygen service storygen username void`
error: cannot get the key: `twice`, your `api_key_keyring`, stands for 2 entries of your keyring
help: take all but one away in the keyring's own program
error: cannot get the key: `attic`, your `api_key_keyring`, is in a keyring that is locked, and nobody unlocked it
help: unlock it in its own program or by logging in to your desktop, then run this again
help: or name another source: `api_key_env`, `api_key_file` or `api_key_command`
error: cannot get the key: `attic`, your `api_key_keyring`, needs a keyring, and none answers (The name org.freedesktop.secrets was not provided by any .service files)
help: run storygen in a desktop session with GNOME Keyring, KWallet or KeePassXC (Secret Service)
help: or name another source: `api_key_env`, `api_key_file` or `api_key_command`
error: cannot get the key: `attic`, your `api_key_keyring`, needs a keyring, and none answers (Failed to connect to socket /nonexistent/bus: No such file or directory)
help: run storygen in a desktop session with GNOME Keyring, KWallet or KeePassXC (Secret Service)
help: or name another source: `api_key_env`, `api_key_file` or `api_key_command`
error: cannot get the key: `attic`, your `api_key_keyring`, needs a keyring, and none answers (`DBUS_SESSION_BUS_ADDRESS` names no message bus, and `XDG_RUNTIME_DIR` holds none)
help: run storygen in a desktop session with GNOME Keyring, KWallet or KeePassXC (Secret Service)
help: or name another source: `api_key_env`, `api_key_file` or `api_key_command`
";
