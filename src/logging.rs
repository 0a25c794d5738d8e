//! Log lines as the original writes them, `<time> <level>: <message>`, to standard output and,
//! once the configuration says where, to a file for each day.
//!
//! Nobody waits for an output: lines go into a bounded buffer for each, which a thread of its own
//! writes out. What does not fit is counted, and the count is logged (decision E18).

mod buffer;
mod daily_file;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use actors::domain::text::is_invisible;
use actors::io::quoted::without_secrets;
use actors::runtime::level::{Level, VERBOSE};
use actors::runtime::log_lines::LogOutput;
use chrono::Utc;
use env_logger::{Builder, Target, WriteStyle};
use log::LevelFilter;

use self::buffer::{BufferGuard, Pipe};
use self::daily_file::DailyFile;

/// Where the program's own records come from.
const OWN_MODULES: [&str; 2] = ["actors", "butler_sos"];

/// Writes out what is left when it is dropped.
pub struct LogGuard {
    console: BufferGuard,
    file: Option<BufferGuard>,
    to_file: Arc<OnceLock<Pipe>>,
}

impl LogGuard {
    /// Waits until everything logged so far is written, two seconds at most for each output.
    pub fn flush(&self) {
        self.console.flush();
        if let Some(file) = &self.file {
            file.flush();
        }
    }

    /// Logs to a file for each day in `folder` too, from now on.
    ///
    /// # Errors
    /// When the folder or the file of today cannot be made, or there is a folder already.
    pub fn also_to(&mut self, folder: &Path) -> io::Result<()> {
        let (pipe, guard) = buffer::start(Box::new(DailyFile::open(folder)?), LogOutput::File)?;
        self.file = Some(guard);
        self.to_file.set(pipe).map_err(|_| io::ErrorKind::AlreadyExists.into())
    }
}

/// Starts logging to standard output.
///
/// # Errors
/// When logging was started before, or the writer thread cannot be started.
pub fn start(level: Level) -> Result<LogGuard, String> {
    let stdout = io::stdout();
    let colour = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none() && ansi_is_known();
    start_on(level, Box::new(stdout), colour)
}

/// Starts logging to `output`.
///
/// # Errors
/// See [`start`].
pub fn start_on(
    level: Level,
    output: Box<dyn Write + Send>,
    colour: bool,
) -> Result<LogGuard, String> {
    let (pipe, console) =
        buffer::start(output, LogOutput::Console).map_err(|error| error.to_string())?;
    let to_file = Arc::<OnceLock<Pipe>>::default();
    let outputs = Outputs { console: pipe, to_file: Arc::clone(&to_file) };
    let mut builder = Builder::new();
    if let Ok(directives) = std::env::var("RUST_LOG") {
        builder.parse_filters(&directives);
    }
    builder
        .filter_level(library_level(level))
        .write_style(WriteStyle::Never)
        .target(Target::Pipe(Box::new(io::sink())))
        .format(move |_, record| {
            let time = Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ");
            outputs.write(&time, Level::of(record), record.args(), colour);
            Ok(())
        });
    // Last, so that RUST_LOG adds directives for libraries only.
    for module in OWN_MODULES {
        builder.filter_module(module, own_level(level));
    }
    builder.filter_module(VERBOSE, verbose_level(level));
    builder.try_init().map_err(|error| error.to_string())?;
    Ok(LogGuard { console, file: None, to_file })
}

/// All outputs. Colour is for the console only.
struct Outputs {
    console: Pipe,
    to_file: Arc<OnceLock<Pipe>>,
}

impl Outputs {
    fn write(
        &self,
        time: &impl fmt::Display,
        level: Level,
        message: &fmt::Arguments<'_>,
        colour: bool,
    ) {
        // Before anything is escaped: a secret may have what is.
        let message = message.to_string();
        let message = OneLine(&without_secrets(&message));
        let file = self.to_file.get();
        if file.is_some() || !colour {
            let line = format!("{time} {level}: {message}\n");
            if let Some(file) = file {
                file.line(line.as_bytes());
            }
            if !colour {
                return self.console.line(line.as_bytes());
            }
        }
        let (on, off) = (ansi(level), "\x1b[0m");
        self.console.line(format!("{time} {on}{level}{off}: {message}\n").as_bytes());
    }
}

fn own_level(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::Error,
        Level::Warn => LevelFilter::Warn,
        Level::Info | Level::Verbose => LevelFilter::Info,
        Level::Debug => LevelFilter::Debug,
        Level::Silly => LevelFilter::Trace,
    }
}

fn verbose_level(level: Level) -> LevelFilter {
    if level >= Level::Verbose { LevelFilter::Debug } else { LevelFilter::Off }
}

/// Libraries are held back, so that their chatter does not hide what matters.
fn library_level(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::Error,
        Level::Warn | Level::Info | Level::Verbose => LevelFilter::Warn,
        Level::Debug => LevelFilter::Info,
        Level::Silly => LevelFilter::Debug,
    }
}

fn ansi(level: Level) -> &'static str {
    match level {
        Level::Error => "\x1b[31m",
        Level::Warn => "\x1b[33m",
        Level::Info => "\x1b[32m",
        Level::Verbose => "\x1b[36m",
        Level::Debug => "\x1b[34m",
        Level::Silly => "\x1b[35m",
    }
}

/// Old Windows consoles show colour codes as garbage; the newer terminal says who it is.
fn ansi_is_known() -> bool {
    !cfg!(windows) || std::env::var_os("WT_SESSION").is_some()
}

/// A message on one line, in the order in which it was written: control characters and marks of
/// direction, which may come from the network, are escaped.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(is_invisible) {
            f.write_str(&rest[..at])?;
            let mut chars = rest[at..].chars();
            if let Some(hidden) = chars.next() {
                write!(f, "{}", hidden.escape_default())?;
            }
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_always_one_line() {
        let name = "a\nb\x1b[31m\u{7f}ü";
        assert_eq!(OneLine(&format!("x {name}")).to_string(), "x a\\nb\\u{1b}[31m\\u{7f}ü");
        let beyond_ascii = "ü\u{85}\u{9b}\u{2028}\u{202e}\u{200f}😀";
        let escaped = "ü\\u{85}\\u{9b}\\u{2028}\\u{202e}\\u{200f}😀";
        assert_eq!(OneLine(beyond_ascii).to_string(), escaped);
    }

    #[test]
    fn verbose_shows_itself_but_no_debug_line() {
        assert_eq!(own_level(Level::Verbose), LevelFilter::Info);
        assert_eq!(verbose_level(Level::Verbose), LevelFilter::Debug);
        assert_eq!(verbose_level(Level::Info), LevelFilter::Off);
    }
}
