//! GNOME's keyring on a message bus of its own, as a desktop session has it.
//!
//! `tests/run` installs both. The bus starts the keyring for the first who asks,
//! and lets him wait until it is up; it ends with its bus, and that with its test.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The variable that names a bus to the programs of its session.
pub const BUS: &str = "DBUS_SESSION_BUS_ADDRESS";

/// The keyring that a session has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyring {
    /// There is none.
    None,
    /// Its password has not been given, and there is nobody to give it.
    Locked,
    /// Its password has been given, as by logging in. It is made where there is none.
    Unlocked,
}

/// A session of a user's.
pub struct Session {
    bus: Child,
    address: String,
}

impl Drop for Session {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

impl Session {
    /// Begins a session of the user whose keyrings are in this folder.
    pub fn begin(home: &Path, keyring: Keyring) -> Self {
        let services = home.join("services");
        let runtime = home.join("runtime");
        for folder in [&services, &runtime] {
            fs::create_dir_all(folder).expect("a folder");
        }
        fs::set_permissions(&runtime, Permissions::from_mode(0o700))
            .expect("a folder of one's own");
        fs::write(services.join("keyring.service"), service(keyring)).expect("a service");
        let settings = home.join("bus.conf");
        fs::write(&settings, bus(home)).expect("the bus's settings");
        let mut bus = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address", "--config-file"])
            .arg(&settings)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", runtime)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`dbus-daemon` starts; `tests/run` installs it");
        let mut address = String::new();
        let told = bus.stdout.take().expect("its output");
        BufReader::new(told).read_line(&mut address).expect("an address");
        Self { bus, address: address.trim().to_owned() }
    }

    /// The bus's address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Runs the desktop's own program for secrets, which is told this; what it prints.
    pub fn secret_tool(&self, arguments: &[&str], told: &str) -> String {
        let mut tool = Command::new("secret-tool")
            .args(arguments)
            .env(BUS, &self.address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`secret-tool` starts; `tests/run` installs it");
        let mut input = tool.stdin.take().expect("its input");
        input.write_all(told.as_bytes()).expect("a listener");
        drop(input);
        let output = tool.wait_with_output().expect("an end");
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
        String::from_utf8(output.stdout).expect("a text")
    }
}

/// Says to the bus who gives secrets.
fn service(keyring: Keyring) -> String {
    let daemon = "gnome-keyring-daemon --foreground --components=secrets";
    let program = match keyring {
        Keyring::None => return String::new(),
        Keyring::Locked => daemon.to_owned(),
        Keyring::Unlocked => format!("printf password | {daemon} --unlock"),
    };
    format!("[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/sh -c '{program}'\n")
}

/// The settings of a session's bus that knows this folder's services only.
fn bus(home: &Path) -> String {
    let home = home.display();
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={home}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{home}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    )
}
