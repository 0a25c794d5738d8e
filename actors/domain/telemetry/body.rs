//! Bodies of answers of Qlik Sense, read as leniently as they can be without guessing.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads JSON. A byte order mark in front is skipped, and bytes that are not UTF-8 become U+FFFD:
/// one odd name must not cost a whole answer.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(body)),
    }
}

/// A number, also one that was written as text. What is not finite is none, and a zero has no sign.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        value => value.as_f64()?,
    };
    Some(number + 0.0).filter(|number| number.is_finite())
}

/// A text, also one that was written as number.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether something is so, also where that was written as text.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        value => value.as_bool(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mark_and_odd_bytes_cost_nothing() {
        let read = |body: &[u8]| read::<Value>(body).map_err(|error| error.is_syntax());
        assert_eq!(read(b"\xef\xbb\xbf{\"a\":1}"), Ok(json!({"a": 1})));
        assert_eq!(read(b"{\"a\":\"M\xfcller\"}"), Ok(json!({"a": "M\u{fffd}ller"})));
        assert_eq!(read(b"\xef\xbb\xbf<html>"), Err(true));
        assert_eq!(read(b"\xff\xfe{"), Err(true));
    }

    #[test]
    fn numbers_texts_and_truths_are_read_by_what_they_say() {
        for (value, expected) in [
            (json!(12), Some(12.0)),
            (json!("12.5"), Some(12.5)),
            (json!(" 7 "), Some(7.0)),
            (json!("NaN"), None),
            (json!("inf"), None),
            (json!("much"), None),
            (json!(""), None),
            (json!(null), None),
            (json!(true), None),
        ] {
            assert_eq!(number(&value), expected, "{value}");
        }
        for zero in [json!(-0.0), json!("-0")] {
            assert_eq!(number(&zero).map(f64::is_sign_negative), Some(false), "{zero}");
        }
        assert_eq!(text(&json!(12)).as_deref(), Some("12"));
        assert_eq!(text(&json!(12.5)).as_deref(), Some("12.5"));
        assert_eq!(text(&json!([])), None);
        assert_eq!(truth(&json!("True")), Some(true));
        assert_eq!(truth(&json!(false)), Some(false));
        assert_eq!((truth(&json!("no")), truth(&json!(0))), (None, None));
    }
}
