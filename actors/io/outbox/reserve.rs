//! Room that is kept for when the volume is full: even deleting needs some.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::io::private;

/// How much is kept: as much as the log of changes has before it becomes part of the database.
const SIZE: usize = 4 << 20;

/// Pause before it is made again.
const AGAIN: Duration = Duration::from_secs(60);

/// A file of no use but its size.
pub(super) struct Reserve {
    file: PathBuf,
    is_there: bool,
    tried: Option<Instant>,
}

impl Reserve {
    /// In this file, which is made as soon as there is room.
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, is_there: false, tried: None }
    }

    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    /// Makes it, unless it is there or could not be made a moment ago; whether it is there.
    pub(super) fn keep(&mut self) -> bool {
        if self.is_there || self.tried.is_some_and(|tried| tried.elapsed() < AGAIN) {
            return self.is_there;
        }
        self.tried = Some(Instant::now());
        self.is_there = self.make().is_ok();
        if !self.is_there {
            // Half of it is no reserve, and takes room from others.
            _ = fs::remove_file(&self.file);
        }
        self.is_there
    }

    fn make(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let mut file = private::open(&self.file, &mut options)?;
        // Written, so that the room is really taken.
        file.write_all(&vec![0xa5; SIZE])?;
        file.sync_all()
    }

    /// Gives the room back, if there is any.
    pub(super) fn free(&mut self) {
        self.tried = Some(Instant::now());
        if std::mem::take(&mut self.is_there) {
            _ = fs::remove_file(&self.file);
        }
    }
}
