//! One log file for each local day, `butler-sos.YYYY-MM-DD.log`; files of more than thirty days ago
//! are removed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actors::io::private;
use chrono::{Local, NaiveDate};

use super::whole_lines::{Gap, Outcome, lines_are};

/// Days that a file is kept.
const KEPT_DAYS: i64 = 30;

/// The file of today. People look for today's file, so days are local.
pub(super) struct DailyFile {
    folder: PathBuf,
    today: Box<dyn Fn() -> NaiveDate + Send>,
    file: Option<(NaiveDate, File)>,
    gap: Gap,
    /// Set when the file is to be opened again: it may have been moved away.
    reopen: Arc<AtomicBool>,
}

impl DailyFile {
    /// Opens the file of today, for appending; again before the next line once `reopen` is set.
    pub(super) fn open(folder: &Path, reopen: Arc<AtomicBool>) -> io::Result<Self> {
        Self::open_on(folder, || Local::now().date_naive(), reopen)
    }

    fn open_on(
        folder: &Path,
        today: impl Fn() -> NaiveDate + Send + 'static,
        reopen: Arc<AtomicBool>,
    ) -> io::Result<Self> {
        private::make_folder(folder)?;
        let (folder, today) = (folder.to_owned(), Box::new(today));
        let mut daily = Self { folder, today, file: None, gap: Gap::default(), reopen };
        daily.file()?;
        Ok(daily)
    }

    fn file(&mut self) -> io::Result<&mut File> {
        let today = (self.today)();
        if self.reopen.swap(false, Ordering::Relaxed) {
            self.file = None;
        }
        if self.file.as_ref().is_none_or(|(day, _)| *day != today) {
            self.file = None;
            let path = self.folder.join(name(today));
            let file = private::open(&path, File::options().create(true).append(true))?;
            remove_old(&self.folder, today);
            self.file = Some((today, file));
        }
        match &mut self.file {
            Some((_, file)) => Ok(file),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Write for DailyFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let mut gap = std::mem::take(&mut self.gap);
        let outcome = gap.append(self.file(), lines);
        self.gap = gap;
        let folder = self.folder.display();
        match outcome {
            Outcome::Written | Outcome::StillFailing => {}
            // Read on the console; here it is the next of the lines that are missing.
            Outcome::Failed(error) => {
                log::warn!("LOGGING: Cannot write to {folder}, lines are counted instead: {error}");
            }
            Outcome::Resumed(missing) => {
                log::info!(
                    "LOGGING: Writing to {folder} again, {} missing there",
                    lines_are(missing)
                );
            }
        }
        // What is missing is accounted for.
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn name(day: NaiveDate) -> String {
    format!("butler-sos.{day}.log")
}

/// The day of a log file; nothing for other files.
pub(super) fn day_of(file: &OsStr) -> Option<NaiveDate> {
    let day = file.to_str()?.strip_prefix("butler-sos.")?.strip_suffix(".log")?;
    day.parse().ok().filter(|day| file == &*name(*day))
}

/// Removes what has the name of a log file and a day too long ago; nothing else is touched.
fn remove_old(folder: &Path, today: NaiveDate) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let day = day_of(&entry.file_name());
        if day.is_some_and(|day| (today - day).num_days() > KEPT_DAYS) {
            // One that cannot be removed is tried again tomorrow.
            _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn never() -> Arc<AtomicBool> {
        Arc::default()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn each_day_has_its_file_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("log");
        fs::create_dir(&at).unwrap();
        for name in [
            "butler-sos.2026-01-01.log",
            "butler-sos.2026-01-02.log",
            "butler-sos.2026-01-01.log.gz",
            "butler-sos.log",
            "other.2020-01-01.log",
            ".0a1b-audit.json",
        ] {
            fs::write(at.join(name), "old\n").unwrap();
        }
        let today = Arc::new(Mutex::new(day("2026-02-01")));
        let clock = Arc::clone(&today);
        let mut daily = DailyFile::open_on(&at, move || *clock.lock().unwrap(), never()).unwrap();
        daily.write_all(b"first\n").unwrap();
        *today.lock().unwrap() = day("2026-02-02");
        daily.write_all(b"second\n").unwrap();
        daily.write_all(b"third\n").unwrap();
        drop(daily);
        let mut again = DailyFile::open_on(&at, || day("2026-02-02"), never()).unwrap();
        again.write_all(b"fourth\n").unwrap();
        assert_eq!(
            names(&at),
            [
                ".0a1b-audit.json",
                "butler-sos.2026-01-01.log.gz",
                "butler-sos.2026-02-01.log",
                "butler-sos.2026-02-02.log",
                "butler-sos.log",
                "other.2020-01-01.log",
            ]
        );
        let text = fs::read_to_string(at.join("butler-sos.2026-02-02.log")).unwrap();
        assert_eq!(text, "second\nthird\nfourth\n");
    }
    #[test]
    fn a_file_that_was_moved_away_is_made_again_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let reopen = Arc::<AtomicBool>::default();
        let today = || day("2026-02-01");
        let mut daily = DailyFile::open_on(folder.path(), today, Arc::clone(&reopen)).unwrap();
        let file = folder.path().join("butler-sos.2026-02-01.log");
        let moved = folder.path().join("moved");
        daily.write_all(b"first\n").unwrap();
        fs::rename(&file, &moved).unwrap();
        daily.write_all(b"second\n").unwrap();
        reopen.store(true, Ordering::Relaxed);
        daily.write_all(b"third\n").unwrap();
        assert_eq!(fs::read_to_string(moved).unwrap(), "first\nsecond\n");
        assert_eq!(fs::read_to_string(file).unwrap(), "third\n");
    }

    #[cfg(unix)]
    #[test]
    fn files_are_for_their_owner_and_links_are_not_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("log");
        let today = || day("2026-02-01");
        drop(DailyFile::open_on(&at, today, never()).unwrap());
        let file = at.join("butler-sos.2026-02-01.log");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&at), mode(&file)), (0o700, 0o600));
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        fs::remove_file(&file).unwrap();
        symlink(&victim, &file).unwrap();
        let error = DailyFile::open_on(&at, today, never()).err().unwrap();
        assert!(error.to_string().contains("it is a link"), "{error}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }
}
