//! `butler-sos errors`: what failed, out of the error history.

mod csv;
mod since;
mod table;

use std::io::Write;
use std::path::PathBuf;

use actors::domain::errors::{Category, ErrorType};
use actors::error_history::{DEFAULT_FILE, ErrorReader, Filter, HistoryRow};
use actors::runtime::clock::Clock;
use chrono::SecondsFormat;
use serde_json::{Map, Value};

pub use table::Table;

use crate::cli::{ErrorsArgs, OutputFormat};
use crate::{config, paths};

/// Rows of a table when no limit is asked for.
const TABLE_LIMIT: usize = 100;

/// Prints the events that `args` asks for to `out`.
///
/// # Errors
/// A message for standard error: an unknown type or category, or a history that cannot be read.
pub fn run(args: &ErrorsArgs, out: &mut impl Write) -> Result<(), String> {
    let filter = filter(args, &Clock::system())?;
    let file = history_file(args)?;
    if !file.exists() {
        return Err(format!(
            "error: there is no error history at {}\n\nThe program writes one while it monitors a \
             site. Name it with --file, or name the\nconfiguration that it runs with: butler-sos \
             errors -c FILE",
            file.display()
        ));
    }
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("error: {} cannot be read: {error}", file.display())
    };
    let reader = ErrorReader::open(&file).map_err(|error| unreadable(&error))?;

    // Standard output that is closed early, by `head` for example, is no failure.
    let mut output = Output { out, closed: false };
    match args.format {
        OutputFormat::Table => {
            let limit = args.limit.unwrap_or(TABLE_LIMIT);
            let mut rows = Vec::new();
            let read = reader.for_each(&filter, Some(limit), |row| rows.push(row));
            read.map_err(|error| unreadable(&error))?;
            let totals = reader.totals(&filter).map_err(|error| unreadable(&error))?;
            output.write(&Table { rows: &rows, totals: &totals }.to_string());
        }
        OutputFormat::Json => {
            let mut begin = "[";
            let read = reader.for_each(&filter, args.limit, |row| {
                output.write(begin);
                output.write(&format!("\n  {}", json(row)));
                begin = ",";
            });
            read.map_err(|error| unreadable(&error))?;
            output.write(if begin == "[" { "[]\n" } else { "\n]\n" });
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
            read.map_err(|error| unreadable(&error))?;
        }
    }
    Ok(())
}

struct Output<'a, W: Write> {
    out: &'a mut W,
    closed: bool,
}

impl<W: Write> Output<'_, W> {
    fn write(&mut self, text: &str) {
        if !self.closed {
            self.closed = self.out.write_all(text.as_bytes()).is_err();
        }
    }
}

fn filter(args: &ErrorsArgs, clock: &Clock) -> Result<Filter, String> {
    let allowed = |what: &str, found: &str, all: Vec<&str>| {
        format!("error: there is no {what} {found:?}\n\nAllowed are: {}", all.join(", "))
    };
    let error_type = args.error_type.as_deref().map(|text| {
        ErrorType::from_text(&text.to_uppercase()).ok_or_else(|| {
            allowed("error type", text, ErrorType::ALL.map(ErrorType::as_str).to_vec())
        })
    });
    let category = args.category.as_deref().map(|text| {
        Category::from_text(&text.to_lowercase())
            .ok_or_else(|| allowed("category", text, Category::ALL.map(Category::as_str).to_vec()))
    });
    Ok(Filter {
        since: Some(since::stamp_before(clock.now(), &args.since)?),
        error_type: error_type.transpose()?,
        server: args.server.clone(),
        category: category.transpose()?,
    })
}

/// The file that is named, that a configuration names, or the default.
fn history_file(args: &ErrorsArgs) -> Result<PathBuf, String> {
    let base = paths::base_folder();
    if let Some(file) = &args.file {
        return Ok(paths::absolute(file));
    }
    let Some(config) = &args.config else {
        return Ok(base.join(DEFAULT_FILE));
    };
    let loaded = config::load(config, &base).map_err(|error| format!("error: {error}"))?;
    let Some(settings) = loaded.settings else {
        let problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        return Err(format!("error: {} is wrong:\n{}", config.display(), problems.join("\n")));
    };
    settings.tracking.and_then(|tracking| tracking.history).map(|history| history.file).ok_or_else(
        || {
            format!(
                "error: {} keeps no history: Butler-SOS.errorTracking.enable or \
                 Butler-SOS.errorTracking.history.enable is false",
                config.display()
            )
        },
    )
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
