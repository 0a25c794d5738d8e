//! A program that ends with the value that stands for it.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{self, Command, Stdio};

/// A running program with its output in a file.
#[derive(Debug)]
pub struct Child(process::Child);

impl Child {
    /// Starts a program whose output goes to `log`.
    ///
    /// # Panics
    /// When it cannot be started: the message names the Debian package to install.
    pub fn start(command: &mut Command, package: &str, log: &Path) -> Self {
        let open = || File::options().create(true).append(true).open(log);
        let output = open().expect("the log of a test server can be written");
        let errors = output.try_clone().expect("a file handle can be copied");
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
        Self(child.unwrap_or_else(|error| {
            panic!("{command:?} does not run: {error}; on Debian: apt-get install {package}")
        }))
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether it is still running.
    pub fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// A port that is free now. Another program may take it before it is used: whoever starts a
/// server on it tries again with another.
///
/// # Panics
/// When the machine has no free port.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("a bound socket has an address").port()
}
