//! What holds after each round.
//!
//! 1. The program runs, and nothing panicked.
//! 2. An event that is sent now is stored.
//! 3. Every error that the history knows is stored, as the bytes that its row stands for, and the
//!    history knows it once.
//! 4. No error is stored that a history of this campaign did not know; but for those that were
//!    recorded between the deletion of the file and the line that says that it was noticed.
//! 5. What was stored twice has equal bytes; no event is stored that was not sent.
//! 6. No error leaves the history without a line that says that the file was damaged or deleted;
//!    one that was emptied while the program was off is as good as new, and nothing is said.
//!
//! After damage to a file the same rules hold: 3 speaks of what could be read of it, 4 of what was
//! known before.

use std::collections::{BTreeMap, BTreeSet};

use actors::domain::measurement_name::MeasurementName;
use actors::io::error_log::HistoryRow;
use actors::io::influx::encode_error;

use crate::campaign::{Campaign, wait};

/// How much is stored.
pub(crate) struct Sizes {
    pub(crate) errors: usize,
    pub(crate) events: usize,
}

/// Lines that tell that a history is not what it was.
const REPORTS: [&str; 2] =
    ["ERROR HISTORY: The file was damaged", "was deleted or replaced while it was in use"];

impl Campaign {
    pub(crate) fn stored(&self) -> Sizes {
        let stored = self.database.stored();
        Sizes { errors: stored.errors.len(), events: stored.events.len() }
    }

    /// Looks at every rule; the answer is the first that is broken.
    pub(crate) fn verify(&mut self) -> Result<Sizes, String> {
        if self.program()?.has_ended() {
            return Err("rule 1: the program has ended".to_owned());
        }
        let next = self.producer.next();
        let fresh = wait("rule 2: an event sent now to be stored", || {
            self.database.stored().events.range(next..).next().map(|(number, _)| *number)
        });
        fresh?;
        // Written while it is read: what is known now is stored soon.
        let before = wait("the history", || self.learn().ok())?;
        let all = wait("rule 3", || {
            let stored = self.database.stored();
            before.iter().all(|row| stored.errors.contains_key(&row.stamp.0)).then_some(())
        });
        if all.is_err() {
            return Err(format!("rule 3: {}", self.missing(&before)));
        }
        let stored = self.database.stored().errors.clone();
        // Read after what is stored: an error is written there first.
        let now = wait("the history", || self.learn().ok())?;
        rule_3(&before, &stored)?;
        let mut unknown = stored.iter().filter(|(stamp, _)| {
            !self.known.contains(stamp) && !self.nameless.iter().any(|time| time.contains(stamp))
        });
        if let Some((_, line)) = unknown.next() {
            let count = 1 + unknown.count();
            return Err(format!("rule 4: {count} errors are in no history: {line}"));
        }
        if let Some(wrong) = self.database.stored().wrong.first() {
            return Err(format!("rule 5: {wrong}"));
        }
        let next = self.producer.next();
        if let Some((number, _)) = self.database.stored().events.range(next..).next() {
            return Err(format!("rule 5: event {number} was not sent"));
        }
        let there: BTreeSet<i64> = now.iter().map(|row| row.stamp.0).collect();
        if there.len() != now.len() {
            return Err(format!("rule 3: {} rows, {} stamps", now.len(), there.len()));
        }
        let gone: BTreeSet<i64> = self.known.difference(&there).copied().collect();
        let lines = self.lines();
        if !gone.is_subset(&self.damaged)
            && !lines.iter().any(|line| REPORTS.iter().any(|report| line.contains(report)))
        {
            let new = gone.difference(&self.damaged).count();
            return Err(format!("rule 6: {new} errors have left the history, and no line says so"));
        }
        self.damaged = gone;
        let panic = |line: &&String| line.contains("panicked") || line.contains("CRASH DUMP");
        if let Some(line) = lines.iter().find(panic) {
            return Err(format!("rule 1: {line}"));
        }
        self.forget_lines();
        Ok(self.stored())
    }

    fn missing(&self, rows: &[HistoryRow]) -> String {
        let stored = self.database.stored();
        let missing: Vec<&HistoryRow> =
            rows.iter().filter(|row| !stored.errors.contains_key(&row.stamp.0)).collect();
        let ends = (missing.last().map(|row| row.stamp), missing.first().map(|row| row.stamp));
        let newest = stored.errors.keys().next_back();
        format!(
            "{} of {} errors are not stored, stamps {ends:?}, newest stored {newest:?}",
            missing.len(),
            rows.len()
        )
    }
}

fn rule_3(rows: &[HistoryRow], stored: &BTreeMap<i64, String>) -> Result<(), String> {
    let measurement =
        MeasurementName::new("butler_sos_errors").map_err(|error| format!("{error:?}"))?;
    for row in rows {
        let mut line = Vec::new();
        encode_error(row, measurement.as_str(), None, &mut line);
        let line = String::from_utf8_lossy(&line);
        let found = stored.get(&row.stamp.0).map(String::as_str);
        if found != Some(line.trim_end()) {
            return Err(format!("rule 3: stored {found:?}\n  known {line:?}"));
        }
    }
    Ok(())
}
