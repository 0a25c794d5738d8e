//! Events as compact JSON, keys in the order of section 4.3 of the page on events.

use std::fmt::Write;

use super::Pairs;
use super::layout::{Key, Source};
use super::log::LogEvent;
use super::user::UserEvent;

impl UserEvent {
    /// The event as a JSON object with `tags` inside.
    pub fn to_json(&self, tags: &Pairs) -> String {
        let mut json = Object::default();
        for (key, value) in [
            ("messageType", self.kind.as_str()),
            ("host", &self.host),
            ("command", &self.command),
            ("userDir", &self.user_directory),
            ("userId", &self.user_id),
            ("origin", &self.origin),
            ("context", &self.context),
            ("message", &self.message),
        ] {
            json.text(key, value);
        }
        json.pairs("tags", tags);
        for (key, value) in self.details() {
            if !value.is_empty() {
                json.text(key, value);
            }
        }
        json.end()
    }
}

impl LogEvent {
    /// The event as a JSON object, its category included.
    pub fn to_json(&self) -> String {
        self.json().end()
    }

    /// The same with `tags` at the end.
    pub fn to_json_with(&self, tags: &Pairs) -> String {
        let mut json = self.json();
        json.pairs("tags", tags);
        json.end()
    }

    fn json(&self) -> Object {
        let mut json = Object::default();
        json.text("source", self.source.as_str());
        json.number("log_row", self.log_row);
        // The order of the wire, in which only the performance events have more to come.
        for (key, _) in self.source.layout() {
            json.text(key.as_str(), self.text(*key));
        }
        if let Some(numbers) = &self.performance {
            json.text("app_name", self.text(Key::AppName));
            json.number("request_id", numbers.request_id);
            json.text("method", self.text(Key::Method));
            json.float("process_time", numbers.process_time);
            json.float("work_time", numbers.work_time);
            json.float("lock_time", numbers.lock_time);
            json.float("validate_time", numbers.validate_time);
            json.float("traverse_time", numbers.traverse_time);
            json.number("handle", numbers.handle);
            json.text("object_id", self.text(Key::ObjectId));
            json.number("net_ram", numbers.net_ram);
            json.number("peak_ram", numbers.peak_ram);
            json.text("object_type", self.text(Key::ObjectType));
            json.text("event_activity_source", numbers.activity_source());
        }
        if self.source != Source::Scheduler {
            json.text("user_full", self.text(Key::UserFull));
        }
        if let Some(category) = &self.category {
            json.name("category");
            json.0.push('[');
            for (index, (name, value)) in category.iter().enumerate() {
                let mut pair = Object::default();
                pair.text("name", name);
                pair.text("value", value);
                if index > 0 {
                    json.0.push(',');
                }
                json.0.push_str(&pair.end());
            }
            json.0.push(']');
        }
        json
    }
}

/// A JSON object while it is written. Written by hand because it is made for every event, and a
/// tree of values would cost more than everything else together.
struct Object(String);

impl Default for Object {
    fn default() -> Self {
        let mut text = String::with_capacity(1024);
        text.push('{');
        Self(text)
    }
}

impl Object {
    /// `name` is one of ours and needs no escaping.
    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push('"');
        let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        if value.bytes().fold(true, |all, byte| all & plain(byte)) {
            self.0.push_str(value);
        } else {
            self.escaped(value);
        }
        self.0.push('"');
    }

    /// An object of texts; its names are the administrator's.
    fn pairs(&mut self, name: &str, pairs: &Pairs) {
        self.name(name);
        self.0.push('{');
        for (index, (name, value)) in pairs.iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            self.0.push('"');
            self.escaped(name);
            self.0.push_str("\":\"");
            self.escaped(value);
            self.0.push('"');
        }
        self.0.push('}');
    }

    fn escaped(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                '\r' => self.0.push_str("\\r"),
                '\t' => self.0.push_str("\\t"),
                c if (c as u32) < 0x20 => {
                    self.0.push_str("\\u00");
                    for digit in [c as u32 / 16, c as u32 % 16] {
                        self.0.push(char::from_digit(digit, 16).unwrap_or('0'));
                    }
                }
                c => self.0.push(c),
            }
        }
    }

    fn number(&mut self, name: &str, value: i64) {
        self.name(name);
        _ = write!(self.0, "{value}");
    }

    fn float(&mut self, name: &str, value: Option<f64>) {
        self.name(name);
        match value {
            Some(value) => _ = write!(self.0, "{value}"),
            None => self.0.push_str("null"),
        }
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
