//! Room in the file: what goes when there is none, and what goes back to the volume.

use super::file::{OutboxFile, is_full};
use super::sums::{Sums, number, oldest};
use super::work::{Drops, OutboxError, Stream};

impl OutboxFile {
    /// Whether the file may become larger than it is.
    pub(super) fn may_grow(&self, may: bool) -> rusqlite::Result<()> {
        let pages: i64 = match may {
            true => i64::from(u32::MAX - 1),
            false => self.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?,
        };
        // Answers with what it is from now on.
        self.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
    }

    /// The log of changes becomes part of the database, and its room is used again. That it cannot
    /// be done now is no failure: nothing of it is lost.
    pub(super) fn merge_log(&self) {
        let merged = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = merged {
            log::debug!("OUTBOX: The log of changes is not merged yet: {error}");
        }
    }

    /// Drops the oldest rows of a stream, so many bytes of them.
    pub(super) fn make_room(&mut self, stream: Stream, bytes: i64) -> rusqlite::Result<Drops> {
        let transaction = self.connection.transaction()?;
        let mut sums = Sums::read(&transaction, stream)?;
        let gone = oldest(&transaction, stream, |_, before| before < bytes)?;
        sums.drop(&transaction, stream, gone)?;
        sums.write(&transaction, stream)?;
        transaction.commit()?;
        Ok(Drops { for_size: number(gone.points), for_age: 0, up_to: gone.up_to })
    }

    /// Space that is free in the file goes back to the volume, a little at a time.
    pub(super) fn give_back(&self) -> rusqlite::Result<()> {
        self.vacuum("PRAGMA incremental_vacuum(256)")
    }

    fn vacuum(&self, pragma: &str) -> rusqlite::Result<()> {
        let mut vacuum = self.connection.prepare_cached(pragma)?;
        let mut rows = vacuum.query([])?;
        // Each step is one page.
        while rows.next()?.is_some() {}
        Ok(())
    }

    /// Drops all rows of a stream and gives their room back to the volume; their points.
    pub(super) fn empty(&mut self, stream: Stream) -> Result<usize, OutboxError> {
        let points = self.drop_all(stream).map_err(|error| self.cannot("written", &error))?;
        if let Err(error) = self.vacuum("PRAGMA incremental_vacuum") {
            log::debug!("OUTBOX: The room of what was dropped is not given back yet: {error}");
        }
        self.merge_log();
        Ok(points)
    }

    fn drop_all(&mut self, stream: Stream) -> rusqlite::Result<usize> {
        let points = number(Sums::read(&self.connection, stream)?.points);
        match self.drop_at_once(stream) {
            Err(error) if is_full(&error) => self.drop_in_slices(stream)?,
            other => other?,
        }
        Ok(points)
    }

    /// A few rows at a time, which needs less room.
    pub(super) fn drop_in_slices(&mut self, stream: Stream) -> rusqlite::Result<()> {
        self.reserve.free();
        self.merge_log();
        while self.make_room(stream, i64::MAX)?.up_to > 0 {
            self.merge_log();
        }
        // What the sums have beside the rows is no more.
        self.drop_at_once(stream)
    }

    fn drop_at_once(&mut self, stream: Stream) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let last = Sums::read(&transaction, stream)?.last;
        transaction.execute("DELETE FROM waiting WHERE stream = ?", [stream.as_str()])?;
        Sums { rows: 0, points: 0, bytes: 0, last }.write(&transaction, stream)?;
        transaction.commit()
    }
}
