//! What is wrong with a datagram that claims to be an event.

use std::fmt;

/// Why a datagram of a known source or kind cannot be decoded. Its text is ours alone: nothing of
/// the datagram is in it, because words of an error decide its category (decision E10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    defect: Defect,
    /// Whether it looks like what an earlier log appender sends.
    earlier_appender: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defect {
    TooFewFields { expected: usize, found: usize },
    NotANumber { field: &'static str },
}

impl Flaw {
    /// Fewer fields than its source has; counts them.
    pub(super) fn too_few_fields(expected: usize, text: &str) -> Self {
        let found = memchr::memchr_iter(b';', text.as_bytes()).count() + 1;
        Self { defect: Defect::TooFewFields { expected, found }, earlier_appender: false }
    }

    /// A text where a number belongs.
    pub(super) fn not_a_number(field: &'static str) -> Self {
        Self { defect: Defect::NotANumber { field }, earlier_appender: false }
    }

    /// The same of a datagram that looks like what an earlier log appender sends.
    pub(super) fn of_earlier_appender(self, earlier_appender: bool) -> Self {
        Self { earlier_appender, ..self }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.defect {
            Defect::TooFewFields { expected, found } => {
                write!(f, "expected {expected} fields, found {found}")?;
            }
            Defect::NotANumber { field } => write!(f, "{field} is not a number")?,
        }
        if self.earlier_appender {
            f.write_str("; the LocalLogConfig.xml there is of another version")?;
        }
        Ok(())
    }
}
