//! When a warning about the end of a certificate is due: pure.

use std::fmt;
use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, Utc};

/// Days before the end at which one warning is due, and the end itself.
const DAYS: [i64; 5] = [30, 14, 7, 1, 0];

/// What was told about one certificate.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    end: Option<DateTime<Utc>>,
    /// The last of [`DAYS`] that was told.
    told: Option<i64>,
}

/// Something worth a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct News {
    end: DateTime<Utc>,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// It ends in so many days, at most.
    Ends {
        days: i64,
    },
    Ended,
    /// The files hold another certificate, which ends later.
    Replaced,
}

impl Deadline {
    /// What is new about a certificate that ends at `end`.
    pub(super) fn news(&mut self, end: DateTime<Utc>, now: DateTime<Utc>) -> Option<News> {
        let replaced = self.end.is_some_and(|before| before != end) && self.told.is_some();
        if self.end.replace(end) != Some(end) {
            self.told = None;
        }
        let left = end - now;
        let due = DAYS.into_iter().rfind(|days| left <= chrono::Duration::days(*days));
        if due.is_none() && replaced {
            return Some(News { end, what: What::Replaced });
        }
        let due = due.filter(|due| self.told.is_none_or(|told| *due < told))?;
        self.told = Some(due);
        // A started day is a day.
        let days = left.num_days() + i64::from(left > chrono::Duration::days(left.num_days()));
        let what = if due == 0 { What::Ended } else { What::Ends { days } };
        Some(News { end, what })
    }
}

/// Whose certificate it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// Ours, in this file.
    Client(PathBuf),
    /// Of the authorities in this file, the one that ends first.
    Authority(PathBuf),
    /// That of a monitored server: its name, and where it showed it.
    Server(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(file) => write!(f, "client certificate {}", file.display()),
            Self::Authority(file) => {
                write!(f, "certificate of the authority in {}", file.display())
            }
            Self::Server(server) => write!(f, "certificate of the server {server}"),
        }
    }
}

impl Subject {
    /// What follows once it has ended.
    fn consequence(&self) -> &'static str {
        match self {
            Self::Client(_) => "Qlik Sense will refuse it",
            Self::Authority(_) => "no server that it has signed is trusted any more",
            Self::Server(_) => "every poll of it fails unless rejectUnauthorized is false",
        }
    }

    fn cure(&self) -> &'static str {
        match self {
            Self::Client(_) | Self::Authority(_) => {
                "Export a new one from the Qlik Management Console"
            }
            Self::Server(_) => "Renew it on that server",
        }
    }
}

impl News {
    /// The line about `subject`.
    pub(super) fn line(self, subject: &Subject) -> (log::Level, String) {
        let end = self.end.to_rfc3339_opts(SecondsFormat::Secs, true);
        let cure = subject.cure();
        match self.what {
            What::Ends { days } => {
                let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
                let read = match subject {
                    Subject::Server(_) => "",
                    _ => "; replaced files are read without a restart",
                };
                let text = format!("The {subject} ends in {days}, at {end}. {cure}{read}");
                (log::Level::Warn, text)
            }
            What::Ended => {
                let consequence = subject.consequence();
                let text = format!("The {subject} has ended, at {end}: {consequence}. {cure}");
                (log::Level::Error, text)
            }
            What::Replaced => {
                (log::Level::Info, format!("The {subject} was replaced, it ends at {end}"))
            }
        }
    }
}
