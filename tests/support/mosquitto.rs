//! A real MQTT broker (Debian packages `mosquitto` and `mosquitto-clients`).

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use crate::child::{Child, free_port};
use crate::until;

/// A broker that keeps its port, and what it has to deliver, when it is stopped and started again.
pub struct Mosquitto {
    folder: TempDir,
    port: u16,
    settings: String,
    child: Option<Child>,
}

impl Mosquitto {
    /// A broker that lets everybody in, running.
    ///
    /// # Panics
    /// When it does not start.
    pub fn started() -> Self {
        Self::started_with("allow_anonymous true\n")
    }

    /// A running broker with these lines in its configuration; `{folder}` is its folder, into which
    /// [`Mosquitto::file`] puts files.
    ///
    /// # Panics
    /// When it does not start.
    pub fn started_with(settings: &str) -> Self {
        for _ in 0..5 {
            let mut broker = Self::with(settings);
            if broker.try_start() {
                return broker;
            }
        }
        panic!("no mosquitto could be started");
    }

    /// The same, not started yet; nothing listens on its port.
    ///
    /// # Panics
    /// When no folder can be made.
    pub fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let port = free_port();
        Self { folder, port, settings: settings.to_owned(), child: None }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Puts a file into its folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("a temporary file can be written");
    }

    /// Adds somebody to a file of users in its folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn password(&self, name: &str, user: &str, password: &str) {
        let file = self.folder.path().join(name);
        let mut command = Command::new("mosquitto_passwd");
        let status = command.args(["-b", "-c"]).arg(file).args([user, password]).status();
        assert!(status.expect("mosquitto_passwd runs").success());
    }

    /// Starts it, on the port that it has.
    ///
    /// # Panics
    /// When nobody answers there.
    pub fn start(&mut self) {
        assert!(self.try_start(), "mosquitto does not start on port {}: {}", self.port, self.log());
    }

    fn try_start(&mut self) -> bool {
        let root = self.folder.path();
        let path = root.display().to_string();
        let settings = self.settings.replace("{folder}", &path);
        let config = format!(
            "user root\npersistence true\npersistence_location {path}/\nmax_queued_messages 0\n\
             set_tcp_nodelay true\nlistener {} 127.0.0.1\n{settings}",
            self.port
        );
        let file = root.join("mosquitto.conf");
        fs::write(&file, config).expect("a temporary file can be written");
        // Debian puts it where only root looks for programs.
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("mosquitto");
        command.env("PATH", format!("{path}:/usr/sbin")).arg("-c").arg(&file);
        let mut child = Child::start(&mut command, "mosquitto", &root.join("log"));
        let address = (Ipv4Addr::LOCALHOST, self.port);
        let answers = until("mosquitto to answer or to end", || {
            if !child.is_running() {
                return Some(false);
            }
            TcpStream::connect(address).is_ok().then_some(true)
        });
        self.child = answers.then_some(child);
        answers
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Ends it in order, though it may be paused: it keeps what it still has to deliver.
    ///
    /// # Panics
    /// When it is not running.
    pub fn stop(&mut self) {
        self.signal("TERM");
        self.signal("CONT");
        let mut child = self.child.take().expect("it is running");
        until("mosquitto to end", || (!child.is_running()).then_some(()));
    }

    /// Ends it at once, whatever it is doing.
    pub fn kill(&mut self) {
        self.child = None;
    }

    /// Makes it silent: connections stay, nothing is answered.
    ///
    /// # Panics
    /// When it is not running.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// The end of [`Mosquitto::pause`].
    ///
    /// # Panics
    /// When it is not running.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it is running").id();
        // Built into every shell, where a program of this name need not be installed.
        let command = format!("kill -{name} {id}");
        let status = Command::new("sh").args(["-c", &command]).status();
        assert!(status.expect("sh runs").success());
    }

    /// Subscribes to everything, with further options of `mosquitto_sub`.
    ///
    /// # Panics
    /// When the subscription is not confirmed.
    pub fn subscribe(&self, options: &[&str]) -> Subscriber {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let log = folder.path().join("messages");
        // Line by line, else what it says stays in a buffer.
        let mut command = Command::new("stdbuf");
        let port = self.port.to_string();
        command.args([
            "-oL",
            "mosquitto_sub",
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-t",
            "#",
            "-F",
            "%x %t",
            "-d",
        ]);
        command.args(options);
        let child = Child::start(&mut command, "mosquitto-clients", &log);
        let subscriber = Subscriber { folder, _child: child, heard: Mutex::default() };
        until("the subscription to be confirmed", || {
            subscriber.output().contains("Subscribed (mid:").then_some(())
        });
        subscriber
    }
}

/// Somebody who hears everything.
pub struct Subscriber {
    folder: TempDir,
    _child: Child,
    heard: Mutex<Heard>,
}

/// What was read of the output: whoever waits for ten thousand messages asks a thousand times.
#[derive(Default)]
struct Heard {
    messages: Vec<(String, String)>,
    /// Bytes of whole lines.
    read: u64,
}

impl Heard {
    fn go_on(&mut self, mut output: impl Read + Seek) -> io::Result<()> {
        output.seek(SeekFrom::Start(self.read))?;
        let mut rest = String::new();
        output.read_to_string(&mut rest)?;
        let whole = rest.rfind('\n').map_or("", |end| &rest[..=end]);
        self.read += whole.len() as u64;
        self.messages.extend(whole.lines().filter_map(message));
        Ok(())
    }
}

impl Subscriber {
    fn output(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("messages")
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        fs::File::open(self.log())
            .and_then(|output| heard.go_on(output))
            .expect("mosquitto_sub writes text to a file");
        heard
    }

    /// What was heard so far: topics and payloads, in order.
    ///
    /// # Panics
    /// When its output cannot be read.
    pub fn messages(&self) -> Vec<(String, String)> {
        self.heard().messages.clone()
    }

    /// The payload that was heard last.
    ///
    /// # Panics
    /// When its output cannot be read.
    pub fn last(&self) -> Option<String> {
        self.heard().messages.last().map(|(_, payload)| payload.clone())
    }

    /// How many messages were heard so far.
    ///
    /// # Panics
    /// When its output cannot be read.
    pub fn count(&self) -> usize {
        self.heard().messages.len()
    }
}

/// A line `payload in hexadecimal, space, topic`; other lines tell what the program does.
fn message(line: &str) -> Option<(String, String)> {
    let (payload, topic) = line.split_once(' ')?;
    if payload.len() % 2 != 0 || !payload.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at| u8::from_str_radix(&payload[at..at + 2], 16).ok();
    let bytes: Option<Vec<u8>> = (0..payload.len()).step_by(2).map(byte).collect();
    Some((topic.to_owned(), String::from_utf8(bytes?).ok()?))
}
