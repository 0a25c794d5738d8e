//! Events as compact JSON, keys in the order of section 4.3 of the page on events.

use std::fmt::Write;

use super::Pairs;
use super::layout::{Key, Source};
use super::log::LogEvent;
use super::user::{UserEvent, UserKey};

impl UserEvent {
    /// The event as a JSON object with `tags` inside.
    pub fn to_json(&self, tags: &Pairs) -> String {
        let mut json = Object::<false>::default();
        for (key, value) in [
            ("messageType", self.kind.as_str()),
            ("host", self.text(UserKey::Host)),
            ("command", self.text(UserKey::Command)),
            ("userDir", self.text(UserKey::UserDirectory)),
            ("userId", self.text(UserKey::UserId)),
            ("origin", self.text(UserKey::Origin)),
            ("context", self.text(UserKey::Context)),
            ("message", self.text(UserKey::Message)),
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
        self.json::<false>().end()
    }

    /// The same with `tags` at the end.
    pub fn to_json_with(&self, tags: &Pairs) -> String {
        let mut json = self.json::<false>();
        json.pairs("tags", tags);
        json.end()
    }

    /// The same as [`LogEvent::to_json`] inside of a text in quotes: every quote and backslash has
    /// one more backslash.
    pub fn to_quoted_json(&self) -> String {
        self.json::<true>().end()
    }

    fn json<const QUOTED: bool>(&self) -> Object<QUOTED> {
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
            json.raw("[");
            for (index, (name, value)) in category.iter().enumerate() {
                json.raw(if index > 0 { ",{" } else { "{" });
                json.first = true;
                json.text("name", name);
                json.text("value", value);
                json.raw("}");
            }
            json.raw("]");
        }
        json
    }
}

/// A JSON object while it is written, alone or inside of a text in quotes. Written by hand because
/// it is made for every event, and a tree of values would cost more than everything else together.
struct Object<const QUOTED: bool> {
    text: String,
    /// Whether no member was written yet.
    first: bool,
}

impl<const QUOTED: bool> Default for Object<QUOTED> {
    fn default() -> Self {
        let mut text = String::with_capacity(1024);
        text.push('{');
        Self { text, first: true }
    }
}

impl<const QUOTED: bool> Object<QUOTED> {
    /// Marks that need no escaping.
    fn raw(&mut self, marks: &str) {
        self.text.push_str(marks);
    }

    fn quote(&mut self) {
        self.raw(if QUOTED { "\\\"" } else { "\"" });
    }

    /// `name` is one of ours and needs no escaping.
    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.first) {
            self.raw(",");
        }
        self.quote();
        self.raw(name);
        self.raw(if QUOTED { "\\\":" } else { "\":" });
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.value(value);
    }

    fn value(&mut self, value: &str) {
        self.quote();
        // Folded instead of searched: so the compiler compares many bytes at once.
        if value.bytes().fold(true, |plain, byte| plain & !is_special(byte)) {
            self.raw(value);
        } else {
            self.escaped(value);
        }
        self.quote();
    }

    /// An object of texts; its names are the administrator's.
    fn pairs(&mut self, name: &str, pairs: &Pairs) {
        self.name(name);
        self.raw("{");
        for (index, (name, value)) in pairs.iter().enumerate() {
            if index > 0 {
                self.raw(",");
            }
            self.value(name);
            self.raw(":");
            self.value(value);
        }
        self.raw("}");
    }

    fn escaped(&mut self, value: &str) {
        let mut rest = value;
        while let Some(at) = rest.bytes().position(is_special) {
            self.raw(&rest[..at]);
            let special = rest.as_bytes()[at];
            self.backslash();
            match special {
                b'"' => self.quote(),
                b'\\' => self.backslash(),
                b'\n' => self.raw("n"),
                b'\r' => self.raw("r"),
                b'\t' => self.raw("t"),
                control => _ = write!(self.text, "u{control:04x}"),
            }
            rest = &rest[at + 1..];
        }
        self.raw(rest);
    }

    fn backslash(&mut self) {
        self.raw(if QUOTED { "\\\\" } else { "\\" });
    }

    fn number(&mut self, name: &str, value: i64) {
        self.name(name);
        _ = write!(self.text, "{value}");
    }

    fn float(&mut self, name: &str, value: Option<f64>) {
        self.name(name);
        match value {
            Some(value) => _ = write!(self.text, "{value}"),
            None => self.raw("null"),
        }
    }

    fn end(mut self) -> String {
        self.raw("}");
        self.text
    }
}

/// Whether JSON cannot hold a byte as it is. All are ASCII, so cutting there keeps characters whole.
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}
