//! The error history for people: one line for each event, 80 columns at most, totals at the end.

use std::fmt;

use actors::error_history::{HistoryRow, Total};

/// Events and totals, printed by [`fmt::Display`].
pub struct Table<'a> {
    /// The events to print, newest first.
    pub rows: &'a [HistoryRow],
    /// Counts of all events that were asked for, printed or not.
    pub totals: &'a [Total],
}

/// Columns of a terminal.
const WIDTH: usize = 80;

/// Longest server name that is printed whole.
const LONGEST_SERVER: usize = 16;

const HEADINGS: [&str; 5] = ["Time (UTC)", "Type", "Server", "Category", "Detail"];

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() && self.totals.is_empty() {
            return writeln!(f, "No errors.");
        }
        let lines: Vec<[String; 5]> = self.rows.iter().map(cells).collect();
        let mut widths = HEADINGS.map(str::len);
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths[2] = widths[2].min(LONGEST_SERVER);
        let before: usize = widths[..4].iter().map(|width| width + 1).sum();
        widths[4] = widths[4].min(WIDTH - before);

        print(f, &HEADINGS.map(str::to_owned), widths)?;
        lines.iter().try_for_each(|line| print(f, line, widths))?;
        self.print_totals(f)
    }
}

impl Table<'_> {
    fn print_totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: u64 = self.totals.iter().map(|total| total.count).sum();
        writeln!(f)?;
        for Total { error_type, error_category, count } in self.totals {
            writeln!(f, "{error_type:<17} {error_category:<18} {count:>9}")?;
        }
        writeln!(f, "{:<36} {total:>9}", "Total")?;
        let shown = self.rows.len() as u64;
        if shown < total {
            writeln!(f, "\nThe newest {shown} of {total} events are shown; --limit shows more.")?;
        }
        Ok(())
    }
}

fn print(f: &mut fmt::Formatter<'_>, cells: &[String; 5], widths: [usize; 5]) -> fmt::Result {
    let mut line = String::with_capacity(WIDTH);
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(&format!("{:<width$} ", cut(cell, width)));
    }
    writeln!(f, "{}", line.trim_end())
}

fn cells(row: &HistoryRow) -> [String; 5] {
    let detail = match row.http_status {
        Some(status) => format!("HTTP {status}"),
        None if row.error_code.is_empty() => row.message.clone(),
        None => row.error_code.clone(),
    };
    [
        row.stamp.to_utc().format("%m-%d %H:%M:%S").to_string(),
        row.error_type.clone(),
        if row.server_name.is_empty() { "-".to_owned() } else { row.server_name.clone() },
        row.error_category.clone(),
        detail,
    ]
    .map(|cell| cell.chars().map(|c| if c.is_control() { '?' } else { c }).collect())
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
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

    #[test]
    fn the_widest_events_fit_into_eighty_columns() {
        let rows = [
            row("a server with a very long name ü", "DEPTH_ZERO_SELF_SIGNED_CERT", None, ""),
            row("s\u{1b}[1m1", "", Some(503), ""),
            row("", "", None, "the answer is not valid JSON"),
        ];
        let total = Total {
            error_type: "INFLUXDB_V1_WRITE".to_owned(),
            error_category: "connection_refused".to_owned(),
            count: 12,
        };
        let text = Table { rows: &rows, totals: &[total] }.to_string();
        assert_eq!(
            text,
            "\
Time (UTC)     Type              Server           Category           Detail
05-03 16:10:09 INFLUXDB_V1_WRITE a server with a… connection_refused DEPTH_ZERO…
05-03 16:10:09 INFLUXDB_V1_WRITE s?[1m1           connection_refused HTTP 503
05-03 16:10:09 INFLUXDB_V1_WRITE -                connection_refused the answer…

INFLUXDB_V1_WRITE connection_refused        12
Total                                       12

The newest 3 of 12 events are shown; --limit shows more.
"
        );
        assert!(text.lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn nothing_is_said_in_words() {
        assert_eq!(Table { rows: &[], totals: &[] }.to_string(), "No errors.\n");
    }
}
