//! `butler-sos outbox`: what waits for InfluxDB on disk, what was refused, and how to get rid of it.

mod status;

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write};

use actors::domain::grouped::grouped;
use actors::io::outbox::{
    OutboxError, OutboxReader, OutboxSettings, RefusedEntry, Stream, drop_stream,
};
use chrono::Utc;
use serde_json::{Value, json};

use self::status::{Status, time};
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
    let unreadable = |error: OutboxError| format!("error: {error}");
    let reader = OutboxReader::open(&file).map_err(unreadable)?;
    if args.export {
        return export(&reader, out);
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
        let now = Utc::now().timestamp();
        let streams = reader.waiting(now).map_err(unreadable)?;
        let refused = reader.refused_count().map_err(unreadable)?;
        let status = Status { streams, refused, settings: &settings, now };
        match args.format {
            OutboxFormat::Json => format!("{:#}\n", status.json()),
            OutboxFormat::Table => status.to_string(),
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

/// Page by page, so that neither a slow reader nor a large file holds anything of the outbox.
fn export(reader: &OutboxReader, out: &mut impl Write) -> Result<(), String> {
    let (mut end, mut left_out) = (None, 0);
    while let Some(page) = reader.page(end).map_err(|error| format!("error: {error}"))? {
        if let Err(error) = out.write_all(&page.lines) {
            return finish(Err(error));
        }
        left_out += page.left_out;
        end = Some(page.end);
    }
    finish(out.flush())?;
    if left_out > 0 {
        // Nobody to tell that nobody can be told.
        _ = writeln!(
            io::stderr(),
            "note: {left_out} write operations cannot be read; they are left out"
        );
    }
    Ok(())
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
    let stream_name = stream.as_str();
    let waiting = OutboxReader::open(&settings.file)
        .and_then(|reader| reader.waiting(Utc::now().timestamp()))
        .map_err(|error| format!("error: {error}"))?;
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
    let dropped = drop_stream(settings, stream).map_err(|error| format!("error: {error}"))?;
    finish(writeln!(out, "Dropped {} points of {stream_name}.", grouped(dropped as u64)))
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

#[cfg(test)]
mod tests {
    use super::*;

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
