//! Log lines as the original writes them, `<time> <level>: <message>`, to standard output.
//!
//! Nobody waits for the output: lines go into a bounded buffer that a thread of its own writes
//! out. What does not fit is counted, and the count is logged (decision E18).

mod buffer;

use std::fmt::{self, Write as _};
use std::io::{IsTerminal, Write};

use actors::runtime::level::{Level, VERBOSE};
use chrono::Utc;
use env_logger::{Builder, Target, WriteStyle};
use log::LevelFilter;

pub use buffer::LogGuard;

/// Where the program's own records come from.
const OWN_MODULES: [&str; 2] = ["actors", "butler_sos"];

/// Starts logging to standard output. The guard writes out what is left when it is dropped.
///
/// # Errors
/// When logging was started before, or the writer thread cannot be started.
pub fn start(level: Level) -> Result<LogGuard, String> {
    let stdout = std::io::stdout();
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
    let (pipe, guard) = buffer::start(output).map_err(|error| error.to_string())?;
    let mut builder = Builder::new();
    if let Ok(directives) = std::env::var("RUST_LOG") {
        builder.parse_filters(&directives);
    }
    builder
        .filter_level(library_level(level))
        .write_style(WriteStyle::Never)
        .target(Target::Pipe(Box::new(pipe)))
        .format(move |out, record| {
            let time = Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ");
            let level = Level::of(record);
            if colour {
                let (on, off) = (ansi(level), "\x1b[0m");
                writeln!(out, "{time} {on}{level}{off}: {}", OneLine(record.args()))
            } else {
                writeln!(out, "{time} {level}: {}", OneLine(record.args()))
            }
        });
    // Last, so that RUST_LOG adds directives for libraries only.
    for module in OWN_MODULES {
        builder.filter_module(module, own_level(level));
    }
    builder.filter_module(VERBOSE, verbose_level(level));
    builder.try_init().map_err(|error| error.to_string())?;
    Ok(guard)
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

/// A message on one line: control characters, which may come from the network, are escaped.
struct OneLine<'a>(&'a fmt::Arguments<'a>);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Escape<'a, 'b>(&'a mut fmt::Formatter<'b>);
        impl fmt::Write for Escape<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                if !text.bytes().any(|byte| byte.is_ascii_control()) {
                    return self.0.write_str(text);
                }
                for c in text.chars() {
                    if c.is_control() {
                        write!(self.0, "{}", c.escape_default())?;
                    } else {
                        self.0.write_char(c)?;
                    }
                }
                Ok(())
            }
        }
        Escape(f).write_fmt(*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_always_one_line() {
        let name = "a\nb\x1b[31m\u{7f}ü";
        assert_eq!(OneLine(&format_args!("x {name}")).to_string(), "x a\\nb\\u{1b}[31m\\u{7f}ü");
    }

    #[test]
    fn verbose_shows_itself_but_no_debug_line() {
        assert_eq!(own_level(Level::Verbose), LevelFilter::Info);
        assert_eq!(verbose_level(Level::Verbose), LevelFilter::Debug);
        assert_eq!(verbose_level(Level::Info), LevelFilter::Off);
    }
}
