//! The program under test as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{self, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::until;

/// A running program whose lines are collected.
pub struct Program {
    child: process::Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts `binary` with words for its command line.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(binary: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary);
        command.args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit());
        Self::start_by(command)
    }

    /// Starts what `command` says.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_by(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let output = child.stdout.take().expect("its output is piped");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let for_thread = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                for_thread.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self { child, lines, reader: Some(reader) }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a line with `text` in it.
    ///
    /// # Panics
    /// When none comes.
    pub fn line_with(&self, text: &str) -> String {
        until(&format!("a line with {text:?}"), || {
            self.lines().into_iter().find(|line| line.contains(text))
        })
    }

    /// Asks it to stop as a service manager does.
    ///
    /// # Panics
    /// When it is gone.
    pub fn terminate(&self) {
        assert!(self.try_terminate(), "process {} is gone", self.id());
    }

    /// As [`Program::terminate`]; whether it was there to be asked.
    ///
    /// # Panics
    /// When there is no shell.
    pub fn try_terminate(&self) -> bool {
        self.signal("TERM")
    }

    /// Sends it a signal by its name without `SIG`; whether it was there.
    ///
    /// # Panics
    /// When there is no shell.
    pub fn signal(&self, name: &str) -> bool {
        // Built into every shell, where a program of this name need not be installed.
        let command = format!("kill -{name} {} 2>/dev/null", self.id());
        Command::new("sh").args(["-c", &command]).status().expect("sh runs").success()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Ends it without asking.
    ///
    /// # Panics
    /// When it is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        _ = self.wait();
    }

    /// Waits for its end; the exit code.
    ///
    /// # Panics
    /// When it does not end.
    pub fn wait(&mut self) -> Option<i32> {
        let status = until("the program to end", || self.child.try_wait().ok().flatten());
        if let Some(reader) = self.reader.take() {
            _ = reader.join();
        }
        status.code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Runs a program to its end in `folder`; exit code, standard output, standard error.
///
/// # Panics
/// When it does not start.
pub fn run_to_end(
    binary: &str,
    arguments: &[&str],
    folder: &Path,
) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(binary)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (status.code(), text(&stdout), text(&stderr))
}
