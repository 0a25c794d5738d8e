//! The error history for people: one line for each event, totals at the end. As wide as the
//! terminal; sentences wrap, names do not.

use std::fmt;

use actors::domain::grouped::grouped;
use actors::io::error_log::{HistoryRow, Total};

use super::layout::{columns, printable, wrap};

/// Events and totals, printed by [`fmt::Display`].
pub struct Table<'a> {
    /// The events to print, newest first.
    pub rows: &'a [HistoryRow],
    /// Counts of all events that were asked for, printed or not.
    pub totals: &'a [Total],
    /// Characters of a line.
    pub width: usize,
}

/// Between two columns.
const GAP: &str = "  ";

/// A sentence in a narrower column than this is hard to read; it gets lines of its own.
const NARROWEST_DETAIL: usize = 24;

/// In front of a sentence on a line of its own.
const INDENT: &str = "    ";

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() && self.totals.is_empty() {
            return writeln!(f, "No errors.");
        }
        if !self.rows.is_empty() {
            self.print_rows(f)?;
            writeln!(f)?;
        }
        self.print_totals(f)
    }
}

impl Table<'_> {
    fn print_rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = columns(self.rows);
        let line = |cell: &dyn Fn(usize) -> String| {
            let cells = columns.iter().enumerate();
            cells
                .map(|(at, column)| format!("{:<1$}{GAP}", cell(at), column.width()))
                .collect::<String>()
        };
        let before: usize = columns.iter().map(|column| column.width() + GAP.len()).sum();
        let beside = self.width.checked_sub(before).filter(|room| *room >= NARROWEST_DETAIL);
        let headings = line(&|at| columns[at].heading.to_owned());
        match beside {
            Some(_) => writeln!(f, "{headings}Detail")?,
            None => writeln!(f, "{}", headings.trim_end())?,
        }
        for (number, row) in self.rows.iter().enumerate() {
            let names = line(&|at| columns[at].cells[number].clone());
            let room = beside.unwrap_or(self.width.saturating_sub(INDENT.len()));
            let mut sentence = wrap(&detail(row), room).into_iter();
            let indent = if beside.is_some() {
                let first = sentence.next().unwrap_or_default();
                writeln!(f, "{}", format!("{names}{first}").trim_end())?;
                " ".repeat(before)
            } else {
                writeln!(f, "{}", names.trim_end())?;
                INDENT.to_owned()
            };
            sentence.try_for_each(|line| writeln!(f, "{indent}{line}"))?;
        }
        Ok(())
    }

    fn print_totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: u64 = self.totals.iter().map(|total| total.count).sum();
        for Total { error_type, error_category, count } in self.totals {
            let (kind, category) = (printable(error_type), printable(error_category));
            writeln!(f, "{kind:<17} {category:<18} {:>9}", grouped(*count))?;
        }
        writeln!(f, "{:<36} {:>9}", "Total", grouped(total))?;
        let shown = self.rows.len() as u64;
        if shown < total {
            let (shown, total) = (grouped(shown), grouped(total));
            writeln!(f, "\nThe newest {shown} of {total} events are shown; --limit shows more.")?;
        }
        Ok(())
    }
}

/// What happened, as a sentence, with the code that the words do not have.
fn detail(row: &HistoryRow) -> String {
    let said = match row.http_status {
        Some(status) if row.message.is_empty() => format!("HTTP status {status}"),
        _ => row.message.clone(),
    };
    let code = &row.error_code;
    printable(&match (said.is_empty(), code.is_empty() || said.contains(code.as_str())) {
        (false, false) => format!("{said} ({code})"),
        (true, false) => code.clone(),
        _ => said,
    })
}

#[cfg(test)]
mod tests {
    use actors::domain::point::Stamp;

    use super::*;

    fn row(server: &str, code: &str, status: Option<u16>, message: &str) -> HistoryRow {
        HistoryRow {
            stamp: Stamp(1_777_824_609_420_000_000),
            error_type: "INFLUXDB_V1_WRITE".to_owned(),
            server_name: server.to_owned(),
            host: None,
            virtual_proxy: None,
            destination_host: None,
            module: None,
            error_category: "connection_refused".to_owned(),
            error_code: code.to_owned(),
            http_status: status,
            request_url: None,
            request_timeout_ms: None,
            remote_address: None,
            remote_port: None,
            syscall: None,
            message: message.to_owned(),
        }
    }

    fn total(count: u64) -> Total {
        let (error_type, error_category) =
            ("INFLUXDB_V1_WRITE".to_owned(), "connection_refused".to_owned());
        Total { error_type, error_category, count }
    }

    fn rows() -> [HistoryRow; 3] {
        let module = |mut row: HistoryRow, module: &str| {
            row.module = Some(module.to_owned());
            row.host = Some("one".to_owned());
            row
        };
        [
            module(
                row("a server with a very long name ü", "DEPTH_ZERO_SELF_SIGNED_CERT", None, ""),
                "LOG_EVENTS",
            ),
            module(row("s\u{1b}[1m1", "", Some(503), ""), "LOG_EVENTS"),
            module(
                row("s\u{1b}[1m1", "ECONNREFUSED", None, "the server does not listen there"),
                "HEALTH_METRICS",
            ),
        ]
    }

    #[test]
    fn names_are_whole_and_sentences_wrap_beside_them() {
        let text = Table { rows: &rows(), totals: &[total(1012)], width: 140 }.to_string();
        assert_eq!(
            text,
            "\
Time (UTC)           Type               Server                            Module          Category            Detail
2026-05-03 16:10:09  INFLUXDB_V1_WRITE  a server with a very long name ü  LOG_EVENTS      connection_refused  DEPTH_ZERO_SELF_SIGNED_CERT
2026-05-03 16:10:09  INFLUXDB_V1_WRITE  s?[1m1                            LOG_EVENTS      connection_refused  HTTP status 503
2026-05-03 16:10:09  INFLUXDB_V1_WRITE  s?[1m1                            HEALTH_METRICS  connection_refused  the server does not listen
                                                                                                              there (ECONNREFUSED)

INFLUXDB_V1_WRITE connection_refused     1,012
Total                                    1,012

The newest 3 of 1,012 events are shown; --limit shows more.
"
        );
    }

    #[test]
    fn where_it_is_narrow_sentences_have_lines_of_their_own() {
        let text = Table { rows: &rows()[1..], totals: &[total(2)], width: 40 }.to_string();
        assert_eq!(
            text,
            "\
Time (UTC)           Type               Server  Module          Category
2026-05-03 16:10:09  INFLUXDB_V1_WRITE  s?[1m1  LOG_EVENTS      connection_refused
    HTTP status 503
2026-05-03 16:10:09  INFLUXDB_V1_WRITE  s?[1m1  HEALTH_METRICS  connection_refused
    the server does not listen there
    (ECONNREFUSED)

INFLUXDB_V1_WRITE connection_refused         2
Total                                        2
"
        );
    }

    #[test]
    fn nothing_is_said_in_words() {
        assert_eq!(Table { rows: &[], totals: &[], width: 80 }.to_string(), "No errors.\n");
        let only_counted = Table { rows: &[], totals: &[total(1)], width: 80 }.to_string();
        assert!(only_counted.starts_with("INFLUXDB_V1_WRITE "), "{only_counted}");
    }

    #[test]
    fn thousands_are_separated() {
        let texts = [0, 999, 1_000, 12_345, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "12,345", "1,234,567"]);
    }
}
