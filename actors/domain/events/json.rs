//! Events as compact JSON, keys in the order of section 4.3 of the page on events.

use std::io::Write;

use super::Pairs;
use super::layout::{Key, Source};
use super::log::LogEvent;
use super::specials::Specials;
use super::user::{UserEvent, UserKey};
use crate::domain::digits::{write_float, write_integer};

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
        let mut json = Object::<false>::default();
        self.members(&mut json);
        json.end()
    }

    /// The same with `tags` at the end.
    pub fn to_json_with(&self, tags: &Pairs) -> String {
        let mut json = Object::<false>::default();
        self.members(&mut json);
        json.pairs("tags", tags);
        json.end()
    }

    /// Appends the same as [`LogEvent::to_json`] as it is inside of a text in quotes: every quote
    /// and backslash has one more backslash.
    pub fn write_quoted_json(&self, out: &mut Vec<u8>) {
        let mut json = Object::<true>::at_the_end_of(std::mem::take(out));
        self.members(&mut json);
        json.raw("}");
        *out = json.out;
    }

    fn members<const QUOTED: bool>(&self, json: &mut Object<QUOTED>) {
        /// A comma and a name of ours, put together when the program is compiled.
        macro_rules! name {
            ($name:literal) => {
                if QUOTED { concat!(",\\\"", $name, "\\\":") } else { concat!(",\"", $name, "\":") }
            };
        }
        json.text("source", self.source.as_str());
        json.number(name!("log_row"), self.log_row);
        // The order of the wire, in which only the performance events have more to come.
        for (key, _) in self.source.layout() {
            json.known(*key, self);
        }
        if let Some(numbers) = &self.performance {
            json.known(Key::AppName, self);
            json.number(name!("request_id"), numbers.request_id);
            json.known(Key::Method, self);
            json.float(name!("process_time"), numbers.process_time);
            json.float(name!("work_time"), numbers.work_time);
            json.float(name!("lock_time"), numbers.lock_time);
            json.float(name!("validate_time"), numbers.validate_time);
            json.float(name!("traverse_time"), numbers.traverse_time);
            json.number(name!("handle"), numbers.handle);
            json.known(Key::ObjectId, self);
            json.number(name!("net_ram"), numbers.net_ram);
            json.number(name!("peak_ram"), numbers.peak_ram);
            json.known(Key::ObjectType, self);
            json.text("event_activity_source", numbers.activity_source());
        }
        if self.source != Source::Scheduler {
            json.known(Key::UserFull, self);
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
    }
}

/// A JSON object while it is written, alone or inside of a text in quotes. Written by hand because
/// it is made for every event, and a tree of values would cost more than everything else together.
struct Object<const QUOTED: bool> {
    out: Vec<u8>,
    /// Whether no member was written yet.
    first: bool,
}

impl<const QUOTED: bool> Default for Object<QUOTED> {
    fn default() -> Self {
        Self::at_the_end_of(Vec::with_capacity(2048))
    }
}

impl<const QUOTED: bool> Object<QUOTED> {
    fn at_the_end_of(mut out: Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Marks that need no escaping.
    fn raw(&mut self, marks: &str) {
        self.out.extend_from_slice(marks.as_bytes());
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

    /// A text of an event, behind another member.
    fn known(&mut self, key: Key, event: &LogEvent) {
        let (value, specials) = event.text_with_specials(key);
        self.raw(key.member(QUOTED));
        self.inside(value, specials);
        self.quote();
    }

    fn value(&mut self, value: &str) {
        self.quote();
        self.inside(value, Specials::of(value));
        self.quote();
    }

    /// What stands between quotes.
    fn inside(&mut self, value: &str, specials: Specials) {
        if specials.quote() || specials.control() {
            self.escaped(value);
        } else {
            self.raw(value);
        }
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
                control => _ = write!(self.out, "u{control:04x}"),
            }
            rest = &rest[at + 1..];
        }
        self.raw(rest);
    }

    fn backslash(&mut self) {
        self.raw(if QUOTED { "\\\\" } else { "\\" });
    }

    /// `name` has everything around it.
    fn number(&mut self, name: &str, value: i64) {
        self.raw(name);
        write_integer(&mut self.out, value);
    }

    fn float(&mut self, name: &str, value: Option<f64>) {
        self.raw(name);
        match value {
            Some(value) => write_float(&mut self.out, value),
            None => self.raw("null"),
        }
    }

    fn end(mut self) -> String {
        self.raw("}");
        String::from_utf8(self.out).expect("whole texts, cut at characters of ASCII only")
    }
}

/// Whether JSON cannot hold a byte as it is. All are ASCII, so cutting there keeps characters whole.
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}
