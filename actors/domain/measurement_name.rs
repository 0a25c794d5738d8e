//! Names of measurements that an administrator configured.

use std::fmt;
use std::sync::Arc;

use super::events::Pairs;

/// A name under which InfluxDB stores points. It can be written as the beginning of a line (the
/// page of InfluxDB on line protocol): a name such as `#x` would make a comment of every line, and
/// the points would be gone although the database says that they are stored.
#[derive(Clone, PartialEq, Eq)]
pub struct MeasurementName(Arc<str>);

impl MeasurementName {
    /// A name of ours.
    pub fn known(name: &'static str) -> Self {
        debug_assert!(objection(name).is_none(), "{name:?} is a good name");
        Self(name.into())
    }

    /// A configured name.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn new(name: &str) -> Result<Self, &'static str> {
        match objection(name) {
            None => Ok(Self(name.into())),
            Some(objection) => Err(objection),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for MeasurementName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

fn objection(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("it is empty"),
        _ if name.starts_with('#') => {
            Some("what begins with # is a comment to InfluxDB, so every point would be lost")
        }
        _ if name.chars().any(char::is_control) => {
            Some("line breaks and other control characters cannot be stored")
        }
        _ if name.trim() != name => Some("it begins or ends with a blank"),
        _ if name.ends_with('\\') => Some("a backslash at the end cannot be stored"),
        _ => None,
    }
}

/// A measurement, and what all of its points are tagged with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedMeasurement {
    /// Its name.
    pub name: MeasurementName,
    /// Tags of every point of it.
    pub tags: Pairs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_begin_a_line() {
        for (name, good) in [
            ("event_count", true),
            ("my errors, all of them", true),
            ("Köln=1", true),
            ("a#b", true),
            ("a\\b", true),
            ("", false),
            ("#x", false),
            ("#", false),
            ("a\nb", false),
            ("a\r", false),
            ("a\tb", false),
            ("a\u{85}b", false),
            (" a", false),
            ("a ", false),
            ("\u{a0}a", false),
            (" ", false),
            ("a\\", false),
        ] {
            assert_eq!(MeasurementName::new(name).is_ok(), good, "{name:?}");
        }
    }
}
