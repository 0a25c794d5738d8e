//! A bounded buffer between those who log and a thread that writes.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actors::runtime::log_lines::LogOutput;

/// Most bytes that wait to be written; about fifty thousand lines.
const CAPACITY: usize = 8 << 20;

/// How long the end of the program waits for an output that takes nothing.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// Takes lines without ever waiting for the output.
pub(super) struct Pipe(Arc<Shared>);

/// Writes out what is left when it is dropped.
pub(super) struct BufferGuard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    output: LogOutput,
    state: Mutex<State>,
    /// Something to write, or the end.
    filled: Condvar,
    /// Everything is written.
    emptied: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Lines that did not fit since the last were written.
    dropped: u64,
    writing: bool,
    closed: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // The buffer is whole at every moment, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the writing thread.
pub(super) fn start(
    output: Box<dyn Write + Send>,
    kind: LogOutput,
) -> io::Result<(Pipe, BufferGuard)> {
    let shared = Arc::new(Shared {
        output: kind,
        state: Mutex::default(),
        filled: Condvar::new(),
        emptied: Condvar::new(),
    });
    let for_thread = Arc::clone(&shared);
    let thread = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_out(&for_thread, output))?;
    Ok((Pipe(Arc::clone(&shared)), BufferGuard { shared, thread: Some(thread) }))
}

impl Pipe {
    /// Takes one line, with its line break.
    pub(super) fn line(&self, line: &[u8]) {
        let mut state = self.0.state();
        if state.waiting.len() + line.len() > CAPACITY || state.dropped > 0 {
            // After the first that does not fit none fits, so that the gap is where it is told.
            state.dropped += 1;
            self.0.output.lose(1);
        } else {
            state.waiting.extend_from_slice(line);
            self.0.filled.notify_one();
        }
    }
}

fn write_out(shared: &Shared, mut output: Box<dyn Write + Send>) {
    let mut lines = Vec::new();
    loop {
        let mut state = shared.state();
        state.writing = false;
        while state.waiting.is_empty() && !state.closed {
            shared.emptied.notify_all();
            state = shared.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.waiting.is_empty() {
            shared.emptied.notify_all();
            return;
        }
        lines.clear();
        mem::swap(&mut lines, &mut state.waiting);
        let dropped = mem::take(&mut state.dropped);
        state.writing = true;
        drop(state);
        if dropped > 0 {
            let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ");
            let line =
                format!("{now} warn: LOGGING: {dropped} lines dropped, the output is too slow\n");
            lines.extend_from_slice(line.as_bytes());
        }
        // An output that is gone, a closed pipe for example, is no reason to stop working.
        if output.write_all(&lines).and_then(|()| output.flush()).is_err() {
            shared.output.lose(lines.iter().filter(|byte| **byte == b'\n').count() as u64);
        }
    }
}

impl BufferGuard {
    /// Waits until everything logged so far is written, two seconds at most.
    pub(super) fn flush(&self) {
        let deadline = Instant::now() + LAST_WAIT;
        let mut state = self.shared.state();
        while !state.waiting.is_empty() || state.writing {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self
                .shared
                .emptied
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Drop for BufferGuard {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.filled.notify_one();
        self.flush();
        let blocked = self.shared.state().writing;
        if let Some(thread) = self.thread.take()
            && !blocked
        {
            _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// An output that waits for permission before each write.
    struct Gate {
        permits: mpsc::Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            _ = self.permits.recv();
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_blocked_output_blocks_nobody_and_the_gap_is_told() {
        let (permit, permits) = mpsc::channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let gate = Gate { permits, written: Arc::clone(&written) };
        let (pipe, guard) = start(Box::new(gate), LogOutput::File).unwrap();
        let line = [b"x".repeat(99), b"\n".to_vec()].concat();
        let lost = LogOutput::File.lost();
        let lines = 2 * CAPACITY / line.len() + 10;
        for _ in 0..lines {
            pipe.line(&line);
        }
        drop(permit); // every write passes from now on
        drop(guard);
        let written = written.lock().unwrap();
        let text = String::from_utf8_lossy(&written);
        let kept = text.lines().filter(|line| line.starts_with('x')).count();
        let told: usize = text
            .lines()
            .filter_map(|line| {
                line.split("LOGGING: ").nth(1)?.split(' ').next()?.parse::<usize>().ok()
            })
            .sum();
        assert!(told > 0);
        assert_eq!(kept + told, lines);
        assert_eq!(LogOutput::File.lost() - lost, told as u64, "Prometheus is told the same");
    }

    #[test]
    fn lines_for_an_output_that_is_gone_are_counted() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lost = LogOutput::Console.lost();
        let (pipe, guard) = start(Box::new(Gone), LogOutput::Console).unwrap();
        for line in ["one\n", "two\n", "three\n"] {
            pipe.line(line.as_bytes());
        }
        drop(guard);
        assert_eq!(LogOutput::Console.lost() - lost, 3);
    }

    #[test]
    fn everything_logged_before_the_end_is_written_in_order() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let (permit, permits) = mpsc::channel();
        drop(permit);
        let (pipe, guard) =
            start(Box::new(Gate { permits, written: Arc::clone(&written) }), LogOutput::Console)
                .unwrap();
        for i in 0..10_000 {
            pipe.line(format!("{i}\n").as_bytes());
        }
        drop(guard);
        let expected: String = (0..10_000).map(|i| format!("{i}\n")).collect();
        assert_eq!(String::from_utf8(written.lock().unwrap().clone()).unwrap(), expected);
    }
}
