//! What holds after each round.
//!
//! 1. The program runs, and nothing panicked.
//! 2. An event that is sent now is stored.
//! 3. Every error that the history knows is stored, as the bytes that its row stands for, and the
//!    history knows it once. An error is a series and a stamp, as it is for InfluxDB.
//! 4. No error is stored that a history of this campaign did not know; but for those that were
//!    recorded between the deletion of the file and the line that says that it was noticed.
//! 5. What was stored twice has equal bytes; no event is stored that was not sent.
//! 6. No error leaves the history without a line that says that the file was damaged or deleted;
//!    one that was emptied while the program was off is as good as new, and nothing is said.
//!
//! After damage to a file the same rules hold: 3 speaks of what could be read of it, 4 of what was
//! known before.

use std::collections::{BTreeMap, BTreeSet};

use crate::campaign::{Campaign, wait};
use crate::database::Key;

/// How much is stored.
pub(crate) struct Sizes {
    pub(crate) errors: usize,
    pub(crate) events: usize,
}

/// Lines that tell that a history is not what it was.
pub(crate) const REPORTS: [&str; 2] =
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
        let before = self.known_now()?;
        let all = wait("rule 3", || {
            let stored = self.database.stored();
            before.keys().all(|key| stored.errors.contains_key(key)).then_some(())
        });
        if all.is_err() {
            return Err(format!("rule 3: {}", self.missing(&before)));
        }
        let stored = self.database.stored().errors.clone();
        // Read after what is stored: an error is written there first.
        let now = self.known_now()?;
        if let Some((key, line)) = before.iter().find(|(key, line)| stored.get(*key) != Some(*line))
        {
            return Err(format!("rule 3: stored {:?}\n  known {line:?}", stored.get(key)));
        }
        let mut unknown = stored.iter().filter(|(key, _)| {
            !self.known.contains(*key) && !self.nameless.iter().any(|time| time.contains(&key.0))
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
        let gone: BTreeSet<Key> =
            self.known.iter().filter(|key| !now.contains_key(*key)).cloned().collect();
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

    /// The history may be about to be begun anew.
    fn known_now(&mut self) -> Result<BTreeMap<Key, String>, String> {
        let mut error = String::new();
        wait("a history", || self.learn().map_err(|this| error = this).ok())
            .map_err(|_| error.clone())
    }

    fn missing(&self, known: &BTreeMap<Key, String>) -> String {
        let stored = self.database.stored();
        let missing: Vec<&String> = known
            .iter()
            .filter(|(key, _)| !stored.errors.contains_key(*key))
            .map(|(_, line)| line)
            .collect();
        format!(
            "{} of {} errors are not stored, from {:?} to {:?}",
            missing.len(),
            known.len(),
            missing.first(),
            missing.last()
        )
    }
}
