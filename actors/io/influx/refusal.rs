//! What InfluxDB says when it refuses points.

use serde_json::Value;

use super::retype::Conflict;

/// A 400, 413 or 422 and what its body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The server's words, bounded, on one line.
    pub(super) message: String,
    /// Points that were not named were stored.
    pub(super) partial: bool,
    /// How many points were not stored, where the server says.
    pub(super) dropped: Option<usize>,
    /// Lines of the request that were not stored, from 0, where the server names them.
    pub(super) lines: Vec<usize>,
    /// The column that has another type.
    pub(super) conflict: Option<Conflict>,
}

impl Refusal {
    /// Reads the body of a refusal.
    pub(super) fn read(body: &[u8]) -> Self {
        let message = server_message(body);
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let lines: Vec<usize> = json
            .get("data")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.get("line_number")?.as_u64()?.checked_sub(1))
            .filter_map(|line| usize::try_from(line).ok())
            .collect();
        Self {
            partial: message.contains("partial write"),
            dropped: dropped(&message),
            conflict: Conflict::find(&message),
            lines,
            message: for_log(&message),
        }
    }
}

/// The message in a JSON answer (`error` in versions 1 and 3, `message` in version 2), else the
/// answer itself.
pub(super) fn server_message(body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    text("message")
        .or_else(|| text("error"))
        .unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
}

/// Text from the network for a log line: bounded.
pub(super) fn for_log(text: &str) -> String {
    const LONGEST: usize = 300;
    let text = text.trim();
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

fn dropped(message: &str) -> Option<usize> {
    let (_, rest) = message.rsplit_once("dropped=")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_three_versions_are_understood() {
        let v1 = br#"{"error":"partial write: points beyond retention policy dropped=3"}"#;
        let refusal = Refusal::read(v1);
        assert!(refusal.partial);
        assert_eq!((refusal.dropped, refusal.conflict), (Some(3), None));

        let v2 = br#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: input field \"a\" on measurement \"m\" is type integer, already exists as type float dropped=1"}"#;
        let refusal = Refusal::read(v2);
        assert_eq!(refusal.conflict.unwrap().field, "a");

        let v3 = br#"{"error":"partial write of line protocol occurred","data":[{"original_line":"m f=x","line_number":2,"error_message":"invalid"},{"line_number":0}]}"#;
        let refusal = Refusal::read(v3);
        assert_eq!((refusal.partial, refusal.lines), (true, vec![1]));
    }

    #[test]
    fn any_other_body_is_its_own_message() {
        let refusal = Refusal::read(&b"x".repeat(1_000));
        assert_eq!(refusal.message.chars().count(), 301);
        assert!(!refusal.partial);
        assert_eq!(Refusal::read(b"").message, "");
    }
}
