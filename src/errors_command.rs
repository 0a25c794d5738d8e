//! `butler-sos errors`: what failed, out of the error history.

mod csv;
mod filter;
mod history_file;
mod layout;
mod moment;
mod table;
pub(crate) mod width;

use std::io::{self, Write};

use actors::io::error_log::{ErrorReader, HistoryRow};
use actors::runtime::clock::Clock;
use chrono::SecondsFormat;
use serde_json::{Map, Value};

pub use table::Table;

use self::history_file::HistoryFile;
use crate::cli::{ErrorsArgs, OutputFormat};
use crate::paths::Bases;

/// Rows of a table when no limit is asked for.
const TABLE_LIMIT: usize = 100;

/// Prints the events that `args` asks for to `out`.
///
/// # Errors
/// A message for standard error: a filter that nothing can pass, a history that cannot be read, or
/// an output that cannot be written.
pub fn run(args: &ErrorsArgs, bases: &Bases, out: &mut impl Write) -> Result<(), String> {
    let filter = filter::of(args, &Clock::system())?;
    let HistoryFile { file, servers } = history_file::find(args, bases)?;
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("error: {} cannot be read: {error}", file.display())
    };
    let reader = ErrorReader::open(&file).map_err(|error| unreadable(&error))?;
    filter::check_names(&filter, &reader, &servers, &file)?;

    let mut output = Output { out, failed: None };
    let left_out = match args.format {
        OutputFormat::Table => {
            let limit = args.limit.unwrap_or(TABLE_LIMIT);
            let mut rows = Vec::new();
            let read = reader.for_each(&filter, Some(limit), |row| rows.push(row));
            let left_out = read.map_err(|error| unreadable(&error))?;
            let totals = reader.totals(&filter).map_err(|error| unreadable(&error))?;
            if totals.is_empty() {
                output.write(&format!("No errors {}.\n", filter::period(&filter)));
            } else {
                let width = width::of_stdout();
                output.write(&Table { rows: &rows, totals: &totals, width }.to_string());
            }
            left_out
        }
        OutputFormat::Json => {
            let mut begin = "[";
            let read = reader.for_each(&filter, args.limit, |row| {
                output.write(begin);
                output.write(&format!("\n  {}", json(row)));
                begin = ",";
            });
            output.write(if begin == "[" { "[]\n" } else { "\n]\n" });
            read.map_err(|error| unreadable(&error))?
        }
        OutputFormat::Csv => {
            output.write(&csv::line(COLUMNS));
            let read = reader.for_each(&filter, args.limit, |row| {
                output.write(&csv::line(values(row).iter().map(|(_, value)| match value {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                })));
            });
            read.map_err(|error| unreadable(&error))?
        }
    };
    output.end()?;
    if left_out > 0 {
        let file = file.display();
        // Nobody to tell that nobody can be told.
        _ = writeln!(
            io::stderr(),
            "note: of {file} {left_out} rows are no events that can be read; they are left out"
        );
    }
    Ok(())
}

/// What was printed may be the only copy that somebody has, so that a failure counts.
struct Output<'a, W: Write> {
    out: &'a mut W,
    failed: Option<io::Error>,
}

impl<W: Write> Output<'_, W> {
    fn write(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(text.as_bytes()).err();
        }
    }

    /// A reader that has seen enough, `head` for example, is no failure.
    fn end(self) -> Result<(), String> {
        match self.failed.or_else(|| self.out.flush().err()) {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(format!("error: the output cannot be written: {error}"))
            }
            _ => Ok(()),
        }
    }
}

/// Names of what is printed as JSON and CSV: the time, then the page's tags and fields.
const COLUMNS: [&str; 16] = [
    "time",
    "error_type",
    "server_name",
    "host",
    "virtual_proxy",
    "destination_host",
    "module",
    "error_category",
    "error_code",
    "http_status",
    "request_url",
    "request_timeout_ms",
    "remote_address",
    "remote_port",
    "syscall",
    "message",
];

fn values(row: HistoryRow) -> [(&'static str, Value); 16] {
    let time = row.stamp.to_utc().to_rfc3339_opts(SecondsFormat::Nanos, true);
    let values: [Value; 16] = [
        time.into(),
        row.error_type.into(),
        row.server_name.into(),
        row.host.into(),
        row.virtual_proxy.into(),
        row.destination_host.into(),
        row.module.into(),
        row.error_category.into(),
        row.error_code.into(),
        row.http_status.into(),
        row.request_url.into(),
        row.request_timeout_ms.into(),
        row.remote_address.into(),
        row.remote_port.into(),
        row.syscall.into(),
        row.message.into(),
    ];
    let mut values = values.into_iter();
    COLUMNS.map(|name| (name, values.next().unwrap_or(Value::Null)))
}

/// One object; members without a value are left out, as InfluxDB does.
fn json(row: HistoryRow) -> Value {
    let members = values(row).into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails from the first line on.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_output_that_fails_is_an_error_unless_its_reader_has_seen_enough() {
        let end = |kind| {
            let mut out = Broken(kind);
            let mut output = Output { out: &mut out, failed: None };
            output.write("one\n");
            output.write("two\n");
            output.end()
        };
        assert_eq!(end(io::ErrorKind::BrokenPipe), Ok(()));
        let error = end(io::ErrorKind::StorageFull).unwrap_err();
        assert!(error.starts_with("error: the output cannot be written: "), "{error}");
    }
}
