//! The write API of InfluxDB 3 Core 3.6 as the server itself answers it: what it says, what it
//! keeps to itself, and what of a refused body it stores.

use std::collections::HashMap;

use crate::{Answer, RecordedRequest};

/// A database of version 3.
pub struct Influx3 {
    authorisation: [String; 2],
    columns: HashMap<(String, String), &'static str>,
}

/// The largest request in bytes, after decompression.
const LARGEST: usize = 10_485_760;

/// Why a line is not stored, its number from 1, and its beginning.
struct Complaint {
    message: String,
    number: usize,
    line: String,
}

impl Influx3 {
    /// A database that this token opens.
    pub fn with_token(token: &str) -> Self {
        Self {
            authorisation: [format!("Token {token}"), format!("Bearer {token}")],
            columns: HashMap::new(),
        }
    }

    /// The column of a measurement that somebody has written before: `integer`, `float`, `string`,
    /// `boolean` or `uinteger`.
    #[must_use]
    pub fn column(mut self, measurement: &str, name: &str, kind: &'static str) -> Self {
        self.columns.insert((measurement.to_owned(), name.to_owned()), kind);
        self
    }

    /// The answer to a request.
    pub fn answer(&mut self, seen: &RecordedRequest) -> Answer {
        let given = seen.header("Authorization").unwrap_or_default();
        if !self.authorisation.iter().any(|wanted| wanted == given) {
            return Answer::new(401, "");
        }
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        match path {
            "/health" => Answer::new(200, "OK"),
            "/ping" => Answer::new(200, r#"{"version":"3.6.0"}"#),
            "/write" | "/api/v2/write" => self.write_all(&seen.text()),
            "/api/v3/write_lp" => {
                self.write_lp(&seen.text(), query.contains("accept_partial=true"))
            }
            _ => Answer::new(404, ""),
        }
    }

    /// The path of version 2: everything or nothing, and no word about the line.
    fn write_all(&mut self, text: &str) -> Answer {
        let failed = |status, code: &str, message: &str| {
            Answer::new(status, format!(r#"{{"code":"{code}","message":"{message}"}}"#))
        };
        if text.len() > LARGEST {
            let message = format!("max request size ({LARGEST} bytes) exceeded");
            return failed(413, "request too large", &message);
        }
        if text.is_empty() {
            return failed(400, "invalid", "write buffer error: incoming write was empty");
        }
        let columns = self.columns.clone();
        if self.store(text).is_empty() {
            return Answer::new(204, "");
        }
        self.columns = columns;
        failed(400, "invalid", "write buffer error: parsing for line protocol failed")
    }

    fn write_lp(&mut self, text: &str, accept_partial: bool) -> Answer {
        let columns = self.columns.clone();
        let complaints = self.store(text);
        let Some(first) = complaints.first() else { return Answer::new(204, "") };
        if accept_partial {
            let all: Vec<String> = complaints.iter().map(Complaint::json).collect();
            let body = format!(
                r#"{{"error":"partial write of line protocol occurred","data":[{}]}}"#,
                all.join(",")
            );
            return Answer::new(400, body);
        }
        self.columns = columns;
        let body = format!(
            r#"{{"error":"parsing failed for write_lp endpoint","data":{}}}"#,
            first.json()
        );
        Answer::new(400, body)
    }

    /// Stores what can be stored: a new column has the type of its first value.
    fn store(&mut self, text: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if let Err(message) = self.store_line(line) {
                let line = line.chars().take(20).collect();
                complaints.push(Complaint { message, number: index + 1, line });
            }
        }
        complaints
    }

    fn store_line(&mut self, line: &str) -> Result<(), String> {
        let line = line.replace("\\ ", "\u{1}").replace("\\,", "\u{2}");
        let mut parts = line.splitn(2, ' ');
        let series = parts.next().unwrap_or_default();
        let fields = parts.next().and_then(|rest| rest.rsplit_once(' ')).map(|(fields, _)| fields);
        let measurement = series.split(',').next().unwrap_or_default().to_owned();
        let fields: Vec<(&str, &str)> = fields
            .unwrap_or_default()
            .split(',')
            .filter_map(|field| field.split_once('='))
            .collect();
        if fields.is_empty() || fields.iter().any(|(_, value)| value.is_empty()) {
            return Err("No fields were provided".to_owned());
        }
        for (name, value) in fields {
            let kind = kind(value);
            let key = (measurement.clone(), name.to_owned());
            let column = *self.columns.entry(key).or_insert(kind);
            if column != kind {
                return Err(format!(
                    "invalid column type for column '{name}', expected \
                     iox::column_type::field::{column}, got iox::column_type::field::{kind}"
                ));
            }
        }
        Ok(())
    }
}

impl Complaint {
    fn json(&self) -> String {
        serde_json::json!({
            "error_message": self.message,
            "line_number": self.number,
            "original_line": self.line,
        })
        .to_string()
    }
}

fn kind(value: &str) -> &'static str {
    match (value.as_bytes().first(), value.as_bytes().last()) {
        (Some(b'"'), _) => "string",
        (Some(b't' | b'T' | b'f' | b'F'), _) => "boolean",
        (_, Some(b'i')) => "integer",
        (_, Some(b'u')) => "uinteger",
        _ => "float",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn ask(influx: &mut Influx3, target: &str, token: &str, body: &str) -> (u16, String) {
        let headers = vec![("Authorization".to_owned(), token.to_owned())];
        let (method, body) = ("POST".to_owned(), body.as_bytes().to_vec());
        let target = target.to_owned();
        let seen = RecordedRequest { at: Instant::now(), method, target, headers, body };
        match influx.answer(&seen) {
            Answer::Http(status, _, body) => (status, body),
            other => panic!("{other:?}"),
        }
    }

    /// The lines and answers are those that were recorded.
    #[test]
    fn it_answers_as_the_server_did() {
        let mut influx = Influx3::with_token("t").column("m", "f", "integer");
        let lines = "m,t=a f=1i 17953440\nm,t=a f=1.5 17953440\nm,t=a f= 3\nm,t=a f=2i 17953441";
        let v2 = "/api/v2/write?bucket=d&precision=ns";
        let refused = r#"{"code":"invalid","message":"write buffer error: parsing for line protocol failed"}"#;
        assert_eq!(ask(&mut influx, v2, "Token t", lines), (400, refused.to_owned()));
        assert_eq!(ask(&mut influx, v2, "Token wrong", lines), (401, String::new()));
        assert_eq!(ask(&mut influx, "/health", "Bearer t", ""), (200, "OK".to_owned()));
        let v3 = "/api/v3/write_lp?db=d&precision=nanosecond&accept_partial=true";
        let (status, body) = ask(&mut influx, v3, "Token t", lines);
        let partial = r#"{"error":"partial write of line protocol occurred","data":[{"error_message":"invalid column type for column 'f', expected iox::column_type::field::integer, got iox::column_type::field::float","line_number":2,"original_line":"m,t=a f=1.5 17953440"},{"error_message":"No fields were provided","line_number":3,"original_line":"m,t=a f= 3"}]}"#;
        assert_eq!((status, body.as_str()), (400, partial));
        let good = "m,t=a f=1i 17953440\nnew f=\"x\" 1";
        assert_eq!(ask(&mut influx, v2, "Token t", good), (204, String::new()));
    }
}
