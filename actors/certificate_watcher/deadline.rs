//! When a warning about the end of a certificate is due: pure.

use std::path::Path;

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

impl News {
    /// The line, for the certificate in `file`.
    pub(super) fn line(self, file: &Path) -> (log::Level, String) {
        let (file, end) = (file.display(), self.end.to_rfc3339_opts(SecondsFormat::Secs, true));
        match self.what {
            What::Ends { days } => {
                let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
                let text = format!(
                    "The client certificate {file} ends in {days}, at {end}. Export a new one from \
                     the Qlik Management Console; replaced files are read without a restart"
                );
                (log::Level::Warn, text)
            }
            What::Ended => {
                let text = format!(
                    "The client certificate {file} has ended, at {end}: Qlik Sense will refuse it. \
                     Export a new one from the Qlik Management Console"
                );
                (log::Level::Error, text)
            }
            What::Replaced => {
                let text = format!("The client certificate {file} was replaced, it ends at {end}");
                (log::Level::Info, text)
            }
        }
    }
}
