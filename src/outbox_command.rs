//! `butler-sos outbox`: what waits for InfluxDB on disk, what was refused, and how to get rid of it.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use actors::domain::grouped::grouped;
use actors::io::outbox::{
    OutboxReader, OutboxSettings, RefusedEntry, Stream, Waiting, drop_stream,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::cli::{OutboxArgs, OutboxFormat};
use crate::config;
use crate::paths::Bases;

/// Prints what `args` ask for to `out`, or empties a stream.
///
/// # Errors
/// A message for standard error: no such outbox, a file that cannot be read or is in use, an output
/// that cannot be written.
pub fn run(args: &OutboxArgs, bases: &Bases, out: &mut impl Write) -> Result<(), String> {
    let settings = settings(args, bases)?;
    let file = settings.file.clone();
    if !file.exists() {
        return finish(writeln!(out, "Nothing has ever waited: there is no {}.", file.display()));
    }
    if let Some(stream) = args.drop {
        return empty(&settings, stream, args.yes, out);
    }
    let unreadable = |error| format!("error: {} cannot be read: {error}", file.display());
    let reader = OutboxReader::open(&file).map_err(unreadable)?;
    if args.export {
        let mut failed = None;
        let read = reader.for_each(|lines| {
            if failed.is_none() {
                failed = out.write_all(lines).err();
            }
        });
        read.map_err(unreadable)?;
        return finish(failed.map_or_else(|| out.flush(), Err));
    }
    let text = if args.refused {
        let refused = reader.refused().map_err(unreadable)?;
        match args.format {
            OutboxFormat::Json => {
                format!("{:#}\n", Value::from_iter(refused.iter().map(refused_json)))
            }
            OutboxFormat::Table => refused_table(&refused),
        }
    } else {
        let waiting = reader.waiting().map_err(unreadable)?;
        match args.format {
            OutboxFormat::Json => format!("{:#}\n", status_json(&waiting, &settings)),
            OutboxFormat::Table => status_table(&waiting, &settings, Utc::now()),
        }
    };
    finish(out.write_all(text.as_bytes()))
}

fn settings(args: &OutboxArgs, bases: &Bases) -> Result<OutboxSettings, String> {
    let config = config::find(args.config.as_deref(), |name| std::env::var(name).ok())
        .ok_or("error: no configuration file given. Name one with -c FILE")?;
    let loaded = config::load(&config, bases.clone()).map_err(|error| format!("error: {error}"))?;
    let Some(settings) = loaded.settings else {
        let problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        return Err(format!("error: {} is wrong:\n{}", config.display(), problems.join("\n")));
    };
    settings.outbox.ok_or_else(|| {
        format!(
            "error: {} keeps nothing on disk: Butler-SOS.influxdbConfig.enable or \
             Butler-SOS.influxdbConfig.outbox.enable is false",
            config.display()
        )
    })
}

/// A reader that has seen enough is no failure.
fn finish(result: io::Result<()>) -> Result<(), String> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("error: the output cannot be written: {error}"))
        }
        _ => Ok(()),
    }
}

fn empty(
    settings: &OutboxSettings,
    stream: Stream,
    yes: bool,
    out: &mut impl Write,
) -> Result<(), String> {
    let (file, stream_name) = (settings.file.display(), stream.as_str());
    let waiting = OutboxReader::open(&settings.file)
        .and_then(|reader| reader.waiting())
        .map_err(|error| format!("error: {file} cannot be read: {error}"))?;
    let points = waiting.iter().find(|it| it.stream == stream).map_or(0, |it| it.level.points);
    if !yes {
        if !io::stdin().is_terminal() {
            return Err(format!(
                "error: {} points of {stream_name} would be lost; nobody can be asked here: say --yes",
                grouped(points as u64)
            ));
        }
        finish(write!(out, "Drop {} points of {stream_name}? [y/N] ", grouped(points as u64)))?;
        finish(out.flush())?;
        let mut answer = String::new();
        _ = io::stdin().lock().read_line(&mut answer);
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            return finish(writeln!(out, "Nothing was dropped."));
        }
    }
    let dropped = drop_stream(settings, stream).map_err(|error| {
        format!("error: {error}. Stop the program first: what it sends must not vanish under it")
    })?;
    finish(writeln!(out, "Dropped {} points of {stream_name}.", grouped(dropped as u64)))
}

/// Three quarters of the file are for measurements and events, the rest for errors.
fn limit(stream: Stream, settings: &OutboxSettings) -> u64 {
    match stream {
        Stream::Errors => settings.max_bytes / 4,
        Stream::Measurements => settings.max_bytes / 4 * 3,
    }
}

/// Seconds until the bound at the present growth.
fn lasts(waiting: &Waiting, limit: u64) -> Option<u64> {
    let left = limit.saturating_sub(waiting.level.bytes) as f64;
    (waiting.growth > 0.0).then(|| (left / waiting.growth) as u64)
}

fn time(seconds: i64) -> String {
    let time = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn status_json(waiting: &[Waiting], settings: &OutboxSettings) -> Value {
    let streams = waiting.iter().map(|it| {
        let limit = limit(it.stream, settings);
        json!({
            "stream": it.stream.as_str(),
            "operations": it.level.rows,
            "points": it.level.points,
            "bytes": it.level.bytes,
            "max_bytes": limit,
            "oldest": it.level.oldest.map(time),
            "bytes_per_second": it.growth,
            "full_in_seconds": lasts(it, limit),
        })
    });
    json!({ "file": settings.file, "streams": streams.collect::<Vec<_>>() })
}

fn status_table(waiting: &[Waiting], settings: &OutboxSettings, now: DateTime<Utc>) -> String {
    let mut text = format!("{}, {} on disk\n\n", settings.file.display(), size(&settings.file));
    let head = ["stream", "operations", "points", "bytes", "of", "oldest", "full in"];
    let mut rows = vec![head.map(str::to_owned)];
    for it in waiting {
        let limit = limit(it.stream, settings);
        let age = it.level.oldest.map(|oldest| now.timestamp().saturating_sub(oldest));
        rows.push([
            it.stream.as_str().to_owned(),
            grouped(it.level.rows),
            grouped(it.level.points as u64),
            bytes(it.level.bytes),
            bytes(limit),
            age.map_or("-".to_owned(), |age| span(u64::try_from(age).unwrap_or(0))),
            lasts(it, limit).map_or("not growing".to_owned(), span),
        ]);
    }
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0))
        .collect();
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let end = if column + 1 == head.len() { "\n" } else { "  " };
            _ = match column {
                0 => write!(text, "{cell:<width$}{end}"),
                _ => write!(text, "{cell:>width$}{end}"),
            };
        }
    }
    text
}

fn refused_json(entry: &RefusedEntry) -> Value {
    json!({
        "stream": entry.stream,
        "time": time(entry.at),
        "reason": entry.reason,
        "lines": String::from_utf8_lossy(&entry.lines),
    })
}

fn refused_table(refused: &[RefusedEntry]) -> String {
    if refused.is_empty() {
        return "Nothing was refused.\n".to_owned();
    }
    refused.iter().fold(String::new(), |mut text, entry| {
        // Quoted: neither the words of a server nor those of an event are commands of a terminal.
        _ = writeln!(text, "{}  {}  {:?}", time(entry.at), entry.stream, entry.reason);
        for line in String::from_utf8_lossy(&entry.lines).lines() {
            let line: String = line.escape_debug().collect();
            _ = writeln!(text, "  {line}");
        }
        text
    })
}

fn size(file: &Path) -> String {
    std::fs::metadata(file).map_or("0 B".to_owned(), |file| bytes(file.len()))
}

fn bytes(count: u64) -> String {
    match count {
        0..1_024 => format!("{count} B"),
        1_024..1_048_576 => format!("{:.1} KiB", count as f64 / 1_024.0),
        _ => format!("{:.1} MiB", count as f64 / 1_048_576.0),
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        let shown = [0, 2_048, 5 << 20].map(bytes);
        assert_eq!(shown, ["0 B", "2.0 KiB", "5.0 MiB"]);
        assert_eq!([59, 600, 7_200, 400_000].map(span), ["59 s", "10 min", "2 h", "4 d"]);
    }

    #[test]
    fn what_was_refused_is_no_command_of_a_terminal() {
        let entry = RefusedEntry {
            stream: "measurements".to_owned(),
            at: 0,
            reason: "\u{1b}[2J".to_owned(),
            lines: b"m f=\"\x1b[2J\" 1\n".to_vec(),
        };
        assert!(!refused_table(&[entry]).contains('\u{1b}'));
    }
}
