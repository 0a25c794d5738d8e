//! OpenSSL's own command line, as distributed: certificates made by it, and its TLS server.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use crate::until;

const MISSING: &str = "openssl runs; on Debian: apt-get install openssl";

/// Runs `openssl` in a folder with these words.
///
/// # Panics
/// When it fails.
pub fn openssl(folder: &Path, arguments: &str) {
    let words = arguments.split_whitespace();
    let output = Command::new("openssl").args(words).current_dir(folder).output().expect(MISSING);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {text}");
}

/// An authority with files in a folder, and what it signs.
pub struct Authority {
    folder: PathBuf,
    name: &'static str,
}

impl Authority {
    /// Makes `NAME.pem` and `NAME_key.pem`, with the common name `Lab NAME`.
    pub fn new(folder: &Path, name: &'static str) -> Self {
        openssl(
            folder,
            &format!(
                "req -x509 -newkey rsa:2048 -nodes -keyout {name}_key.pem -out {name}.pem -days 30 \
                 -subj /CN=Lab-{name} -addext basicConstraints=critical,CA:TRUE -addext \
                 keyUsage=critical,keyCertSign"
            ),
        );
        Self { folder: folder.to_owned(), name }
    }

    /// Where a file of this folder is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes `NAME.pem` and `NAME_key.pem`, signed. `key` is what follows `-newkey`, `extensions`
    /// has one a line, `options` belong to `openssl x509`.
    pub fn sign(&self, name: &str, key: &str, extensions: &str, options: &str) {
        let folder = &self.folder;
        openssl(
            folder,
            &format!(
                "req -newkey {key} -nodes -keyout {name}_key.pem -out {name}.csr -subj \
                 /CN=sense-{name}"
            ),
        );
        self.issue(name, &format!("{name}.csr"), extensions, options);
    }

    /// As [`Authority::sign`], for a request that exists.
    pub fn issue(&self, name: &str, request: &str, extensions: &str, options: &str) {
        let extension_file = format!("{name}.ext");
        let extended = if extensions.is_empty() {
            String::new()
        } else {
            fs::write(self.file(&extension_file), extensions).expect("a file can be written");
            format!("-extfile {extension_file}")
        };
        let root = self.name;
        let days = if options.contains("-days") { "" } else { "-days 30" };
        openssl(
            &self.folder,
            &format!(
                "x509 -req -in {request} -CA {root}.pem -CAkey {root}_key.pem -set_serial \
                 0x{serial:x} -out {name}.pem {extended} {days} {options}",
                serial = name.bytes().fold(7_u64, |sum, byte| sum * 31 % 99_991 + u64::from(byte)),
            ),
        );
    }
}

/// A running `openssl s_server`; ends with this value.
pub struct OpensslServer {
    child: process::Child,
    input: ChildStdin,
    output: Arc<Mutex<String>>,
    port: u16,
}

impl OpensslServer {
    /// Starts it in `folder` with these words, on a port that the system chose.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(folder: &Path, arguments: &str) -> Self {
        // What it says about certificates goes to its standard error.
        let command = format!("exec openssl s_server -accept 127.0.0.1:0 {arguments} 2>&1");
        let mut child = Command::new("sh")
            .args(["-c", &command])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect(MISSING);
        let input = child.stdin.take().expect("its input is piped");
        let stdout = child.stdout.take().expect("its output is piped");
        let output = Arc::<Mutex<String>>::default();
        let for_thread = Arc::clone(&output);
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line).into_owned();
                for_thread.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
                line.clear();
            }
        });
        let mut server = Self { child, input, output, port: 0 };
        server.port = until("openssl s_server to listen", || {
            let output = server.output();
            let address = output.lines().find_map(|line| line.strip_prefix("ACCEPT "))?;
            address.rsplit(':').next()?.trim().parse().ok()
        });
        server
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it printed so far.
    pub fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Types into it: text is sent to the client, a line of one letter is a command.
    ///
    /// # Panics
    /// When it has ended.
    pub fn type_in(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).expect("openssl s_server reads");
        self.input.flush().expect("openssl s_server reads");
    }
}

impl Drop for OpensslServer {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
