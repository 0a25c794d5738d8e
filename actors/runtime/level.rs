//! The six log levels of the configuration file on the five of the `log` crate: `verbose` is
//! `Debug` with a target of its own, `silly` is `Trace`.

use std::fmt;

use crate::config::Choices;

/// Target of records at level `verbose`.
pub const VERBOSE: &str = "verbose";

/// Logs at level `verbose`, which the `log` crate does not have. Costs nothing while it is off.
macro_rules! verbose {
    ($($message:tt)+) => {
        log::debug!(target: $crate::runtime::level::VERBOSE, $($message)+)
    };
}

pub(crate) use verbose;

/// A level as administrators know it, loudest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Level {
    Error,
    Warn,
    Info,
    Verbose,
    Debug,
    Silly,
}

impl Level {
    /// Names and levels, for the configuration file and the command line.
    pub const CHOICES: [(&'static str, Self); 6] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("verbose", Self::Verbose),
        ("debug", Self::Debug),
        ("silly", Self::Silly),
    ];

    /// The name, as in the configuration file and in each line.
    pub const fn as_str(self) -> &'static str {
        Self::CHOICES[self as usize].0
    }

    /// Logs a message at this level.
    pub fn log(self, message: fmt::Arguments<'_>) {
        match self {
            Self::Error => log::error!("{message}"),
            Self::Warn => log::warn!("{message}"),
            Self::Info => log::info!("{message}"),
            Self::Verbose => log::debug!(target: VERBOSE, "{message}"),
            Self::Debug => log::debug!("{message}"),
            Self::Silly => log::trace!("{message}"),
        }
    }

    /// The level of a record.
    pub fn of(record: &log::Record<'_>) -> Self {
        match record.level() {
            log::Level::Error => Self::Error,
            log::Level::Warn => Self::Warn,
            log::Level::Info => Self::Info,
            log::Level::Debug if record.target() == VERBOSE => Self::Verbose,
            log::Level::Debug => Self::Debug,
            log::Level::Trace => Self::Silly,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Choices for Level {
    const CHOICES: &'static [(&'static str, Self)] = &Self::CHOICES;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_listed_under_its_own_name() {
        for (name, level) in Level::CHOICES {
            assert_eq!(level.as_str(), name);
        }
    }
}
