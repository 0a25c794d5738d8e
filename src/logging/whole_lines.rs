//! Whole lines or none: what a full disk takes of a line is taken back.

use std::fs::File;
use std::io::{self, Write};

use chrono::Utc;

/// Where lines are appended.
pub(super) trait Target: Write {
    /// Bytes that are there.
    fn length(&self) -> io::Result<u64>;
    /// Removes everything beyond so many bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Target for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Lines that could not be written.
#[derive(Debug, Default)]
pub(super) struct Gap {
    /// Those that the file does not tell of yet.
    lines: u64,
    /// All of them since it last worked.
    all: u64,
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything is written, as before.
    Written,
    /// Everything is written again; so many lines are missing, which lines in their places tell.
    Resumed(u64),
    /// For the first time since it worked, not everything is written.
    Failed(io::Error),
    /// As before, not everything is written.
    StillFailing,
}

impl Gap {
    /// Appends whole lines; the first to be written after a gap tells of it.
    pub(super) fn append(
        &mut self,
        target: io::Result<&mut (impl Target + ?Sized)>,
        lines: &[u8],
    ) -> Outcome {
        let missing = self.lines;
        let notice = match missing {
            0 => String::new(),
            _ => format!(
                "{} warn: LOGGING: {} missing here, not written for want of room or access\n",
                Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ"),
                lines_are(missing)
            ),
        };
        let all = [notice.as_bytes(), lines].concat();
        let (kept, error) = match target {
            Ok(target) => append(target, &all),
            Err(error) => (0, Some(error)),
        };
        if kept >= notice.len() {
            self.lines = 0;
        }
        let lost = count(&all[kept.max(notice.len())..]);
        self.lines += lost;
        self.all += lost;
        match error {
            None if missing == 0 => Outcome::Written,
            None => Outcome::Resumed(std::mem::take(&mut self.all)),
            Some(error) if missing == 0 => Outcome::Failed(error),
            Some(_) => Outcome::StillFailing,
        }
    }
}

/// Appends lines; how many bytes of whole lines are there afterwards, and why not all of them.
fn append(target: &mut (impl Target + ?Sized), lines: &[u8]) -> (usize, Option<io::Error>) {
    let before = match target.length() {
        Ok(before) => before,
        Err(error) => return (0, Some(error)),
    };
    let (written, error) = write_all(target, lines);
    let whole = lines[..written].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    // What somebody else has appended since is not ours to remove.
    let ours = target.length().is_ok_and(|length| length == before + written as u64);
    if whole < written && ours {
        // A half line that cannot be removed either has to stay.
        _ = target.cut(before + whole as u64);
    }
    (whole, error)
}

fn write_all(target: &mut (impl Target + ?Sized), bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while written < bytes.len() {
        match target.write(&bytes[written..]) {
            Ok(0) => return (written, Some(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}

/// `1 line is` or `2 lines are`.
pub(super) fn lines_are(count: u64) -> String {
    if count == 1 { "1 line is".to_owned() } else { format!("{count} lines are") }
}

fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let free = self.room - self.bytes.len();
            if free == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(free);
            self.bytes.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Target for Disk {
        fn length(&self) -> io::Result<u64> {
            Ok(self.bytes.len() as u64)
        }

        fn cut(&mut self, length: u64) -> io::Result<()> {
            self.bytes.truncate(usize::try_from(length).unwrap());
            Ok(())
        }
    }

    #[test]
    fn whatever_fits_the_file_ends_with_a_whole_line_and_all_lines_are_accounted_for() {
        let long = format!("{}\n", "long".repeat(40));
        // A short line may fit where a long one did not.
        let batches = ["first line\n", "second\nthird\n", long.as_str(), "5\n"];
        for room in 0..400 {
            let mut disk = Disk { bytes: Vec::new(), room };
            let (mut gap, mut missing) = (Gap::default(), 0);
            for batch in batches {
                if let Outcome::Resumed(lines) = gap.append(Ok(&mut disk), batch.as_bytes()) {
                    missing += lines;
                }
                assert!(disk.bytes.is_empty() || disk.bytes.ends_with(b"\n"), "{room}");
            }
            disk.room = 2_000;
            match gap.append(Ok(&mut disk), b"at last\n") {
                Outcome::Written => {}
                Outcome::Resumed(lines) => missing += lines,
                other => panic!("{room}: {other:?}"),
            }
            assert_eq!((gap.lines, gap.all), (0, 0));
            let text = String::from_utf8(disk.bytes).unwrap();
            let (notices, ours): (Vec<&str>, Vec<&str>) =
                text.lines().partition(|line| line.contains("warn: LOGGING: "));
            let told = notices.iter().map(|line| {
                let (_, rest) = line.split_once("LOGGING: ").unwrap();
                rest.split(' ').next().unwrap().parse::<u64>().unwrap()
            });
            assert_eq!(told.sum::<u64>(), missing, "{room}: {text}");
            assert_eq!(ours.len() as u64 + missing, 6, "{room}: {text}");
        }
    }

    #[test]
    fn a_failure_is_told_once() {
        let mut disk = Disk { bytes: Vec::new(), room: 3 };
        let mut gap = Gap::default();
        let failed = gap.append(Ok(&mut disk), b"one line\n");
        assert!(
            matches!(&failed, Outcome::Failed(error) if error.kind() == io::ErrorKind::StorageFull)
        );
        assert!(matches!(gap.append(Ok(&mut disk), b"another\n"), Outcome::StillFailing));
        let nowhere: io::Result<&mut Disk> = Err(io::ErrorKind::NotFound.into());
        assert!(matches!(gap.append(nowhere, b"a third\n"), Outcome::StillFailing));
        assert_eq!((gap.lines, disk.bytes.len()), (3, 0));
    }

    #[test]
    fn what_somebody_else_appended_meanwhile_stays() {
        /// Another process writes right after us.
        struct Shared(Disk);
        impl Write for Shared {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let taken = self.0.write(bytes)?;
                self.0.bytes.extend_from_slice(b"theirs\n");
                self.0.room = self.0.bytes.len();
                Ok(taken)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        impl Target for Shared {
            fn length(&self) -> io::Result<u64> {
                self.0.length()
            }

            fn cut(&mut self, length: u64) -> io::Result<()> {
                self.0.cut(length)
            }
        }
        let mut shared = Shared(Disk { bytes: Vec::new(), room: 3 });
        Gap::default().append(Ok(&mut shared), b"a line\n");
        assert_eq!(shared.0.bytes, b"a ltheirs\n");
    }
}
