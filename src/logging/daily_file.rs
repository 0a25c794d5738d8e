//! One log file for each local day, `butler-sos.YYYY-MM-DD.log`; files of more than thirty days ago
//! are removed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{Local, NaiveDate};

/// Days that a file is kept.
const KEPT_DAYS: i64 = 30;

/// The file of today. People look for today's file, so days are local.
pub(super) struct DailyFile {
    folder: PathBuf,
    today: Box<dyn Fn() -> NaiveDate + Send>,
    file: Option<(NaiveDate, File)>,
    failing: bool,
}

impl DailyFile {
    /// Opens the file of today, for appending.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Self::open_on(folder, || Local::now().date_naive())
    }

    fn open_on(folder: &Path, today: impl Fn() -> NaiveDate + Send + 'static) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let folder = folder.to_owned();
        let mut daily = Self { folder, today: Box::new(today), file: None, failing: false };
        daily.file()?;
        Ok(daily)
    }

    fn file(&mut self) -> io::Result<&mut File> {
        let today = (self.today)();
        if self.file.as_ref().is_none_or(|(day, _)| *day != today) {
            self.file = None;
            let path = self.folder.join(name(today));
            let file = File::options().create(true).append(true).open(path)?;
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
        let written = self.file().and_then(|file| file.write_all(lines));
        let failed = written.is_err();
        if failed && !self.failing {
            // Told on the console; this output does not see it.
            if let Err(error) = &written {
                log::warn!("LOGGING: Cannot write to {}: {error}", self.folder.display());
            }
        }
        self.failing = failed;
        written.map(|()| lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn name(day: NaiveDate) -> String {
    format!("butler-sos.{day}.log")
}

/// Removes what has the name of a log file and a day too long ago; nothing else is touched.
fn remove_old(folder: &Path, today: NaiveDate) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let file = entry.file_name();
        let day = file
            .to_str()
            .and_then(|name| name.strip_prefix("butler-sos.")?.strip_suffix(".log"))
            .and_then(|day| day.parse::<NaiveDate>().ok());
        if day.is_some_and(|day| (today - day).num_days() > KEPT_DAYS && file == *name(day)) {
            // One that cannot be removed is tried again tomorrow.
            _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

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
        let mut daily = DailyFile::open_on(&at, move || *clock.lock().unwrap()).unwrap();
        daily.write_all(b"first\n").unwrap();
        *today.lock().unwrap() = day("2026-02-02");
        daily.write_all(b"second\n").unwrap();
        daily.write_all(b"third\n").unwrap();
        drop(daily);
        let mut again = DailyFile::open_on(&at, || day("2026-02-02")).unwrap();
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
}
