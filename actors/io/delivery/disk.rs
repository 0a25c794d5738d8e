//! What a stream has on disk: which rows are to be written, which are done with, and how much
//! lies there that is not in memory. While the database answers, nothing is written.

use std::collections::{HashSet, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::{Duration, Instant};

use super::event::{DropReason, Event};
use super::flight::{Flight, Flights};
use super::job::{Job, Queue};
use super::state::State;
use super::suspect::Suspect;
use super::transport::Rejection;
use crate::io::outbox::{OutboxError, RefusedPoints, Reply, Row, Work};

/// What a stream knows of its part of the outbox.
#[derive(Default)]
pub(super) struct Disk {
    append: Vec<Row>,
    /// Rows that are done with, and their points.
    remove: Vec<(i64, usize)>,
    /// What was refused, to be looked at.
    refused: Vec<RefusedPoints>,
    /// The newest row that was brought into memory, or never left it.
    loaded: i64,
    /// The highest number that was given away.
    last: i64,
    /// Points that are not in memory.
    tail: usize,
    /// Of these, the rows that were there when they came, since the file was asked last.
    later: Vec<(i64, usize)>,
    /// The file has answered once.
    is_open: bool,
    /// Work is under way.
    busy: bool,
    /// Nothing can be written until then; what waits is in memory only.
    failing: Option<Instant>,
}

/// Points of the backlog that are in memory; the rest is on disk only.
const WINDOW: usize = 20_000;

/// Refused points that may wait for the disk, which keeps few as well.
const MOST_REFUSED: usize = 100;

/// Pause before a disk that failed is tried again.
const AGAIN: Duration = Duration::from_secs(10);

impl Disk {
    fn works(&self) -> bool {
        self.failing.is_none_or(|until| Instant::now() >= until)
    }

    /// Has a job written next, unless it is there already; its number. Numbers follow the clock,
    /// so that those of a fresh file are above those of a damaged one.
    fn save(&mut self, job: &mut Job) -> i64 {
        if let Some(row) = job.row {
            return row;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        self.last = (self.last + 1).max(i64::try_from(now).unwrap_or(i64::MAX));
        self.append.push(Row { id: self.last, points: job.points, lines: job.bytes.clone() });
        job.row = Some(self.last);
        self.last
    }

    fn removed(&self) -> HashSet<i64> {
        self.remove.iter().map(|(row, _)| *row).collect()
    }
}

impl State {
    /// A job joins what waits: on disk where there is one, and in memory as far as there is room.
    pub(super) fn join_backlog(&mut self, mut job: Job) {
        if let Some(disk) = self.disk.as_mut().filter(|disk| disk.works()) {
            let was_there = job.row.is_some();
            let row = disk.save(&mut job);
            let room = WINDOW.saturating_sub(self.backlog.points());
            if disk.tail > 0 || job.points > room {
                disk.tail += job.points;
                if was_there {
                    disk.later.push((row, job.points));
                    // Newer ones may be in memory: it is read from here on.
                    disk.loaded = disk.loaded.min(row - 1);
                }
                return;
            }
            // What an earlier start has left lies before it, and is looked for from the beginning.
            if disk.is_open {
                disk.loaded = disk.loaded.max(row);
            }
        }
        self.backlog.push(job);
    }

    /// What is live and has no room goes to the disk.
    pub(super) fn spill(&mut self) {
        while self.live.points() > WINDOW && self.disk.as_ref().is_some_and(Disk::works) {
            let Some(job) = self.live.drop_least() else { return };
            self.join_backlog(job);
        }
    }

    /// Whether nothing could be written last.
    pub(super) fn is_disk_failing(&self) -> bool {
        self.disk.as_ref().is_some_and(|disk| disk.failing.is_some())
    }

    /// Whether a job that lies on disk was read from there before it came.
    pub(super) fn was_loaded(&self, job: &Job) -> bool {
        let loaded = self.disk.as_ref().map(|disk| disk.loaded);
        job.row.is_some_and(|row| loaded.is_some_and(|loaded| row <= loaded))
    }

    /// A job that lies on disk is in memory: nothing before it is to be read from there.
    pub(super) fn note_row(&mut self, job: &Job) {
        if let (Some(row), Some(disk)) = (job.row, &mut self.disk)
            && disk.is_open
            && disk.tail == 0
        {
            disk.loaded = disk.loaded.max(row);
        }
    }

    /// So many points are on disk that are not in memory.
    pub(super) fn missed(&mut self, points: usize) {
        if let Some(disk) = &mut self.disk {
            disk.tail += points;
            // They lie among what is done with or in memory.
            disk.loaded = 0;
        }
    }

    /// Points on disk that are not in memory.
    pub(super) fn tail(&self) -> usize {
        self.disk.as_ref().map_or(0, |disk| disk.tail)
    }

    /// These jobs are done with.
    pub(super) fn forget(&mut self, jobs: &[Job]) {
        if let Some(disk) = &mut self.disk {
            disk.remove.extend(jobs.iter().filter_map(|job| Some((job.row?, job.points))));
        }
    }

    /// What the destination will never take is kept to be looked at, the latest of it.
    pub(super) fn note_refused(&mut self, rejections: &[Rejection]) {
        let Some(disk) = &mut self.disk else { return };
        let room = MOST_REFUSED.saturating_sub(disk.refused.len());
        let known = rejections.iter().filter(|rejection| !rejection.bytes.is_empty()).take(room);
        disk.refused.extend(known.map(|rejection| RefusedPoints {
            reason: rejection.message.clone(),
            lines: rejection.bytes.clone(),
        }));
    }

    /// The end is near: what is only in memory is written as well.
    pub(super) fn save_all(&mut self) {
        let Some(disk) = self.disk.as_mut().filter(|disk| disk.works()) else { return };
        let elsewhere = in_memory_mut(&mut self.backlog, &mut self.flights, &mut self.suspects);
        for job in elsewhere.chain(self.live.jobs_mut()) {
            disk.save(job);
        }
    }

    /// Points that would be lost if the program ended now.
    pub(super) fn unsaved(&self) -> usize {
        let Some(disk) = &self.disk else { return self.waiting() };
        let unwritten: HashSet<i64> = disk.append.iter().map(|row| row.id).collect();
        let is_unsaved = |job: &&Job| job.row.is_none_or(|row| unwritten.contains(&row));
        self.in_memory().filter(is_unsaved).map(|job| job.points).sum()
    }

    /// Whether the file has everything that it is to have, and nothing else, or cannot.
    pub(super) fn is_saved(&self) -> bool {
        self.disk.as_ref().is_none_or(|disk| {
            let nothing_to_do =
                disk.append.is_empty() && disk.remove.is_empty() && disk.refused.is_empty();
            !disk.busy && (nothing_to_do || !disk.works())
        })
    }

    /// What is to be done with the file now; the next is asked for after the reply.
    pub(super) fn disk_work(&mut self) -> Option<Work> {
        let waiting = self.backlog.points();
        let disk = self.disk.as_mut().filter(|disk| !disk.busy && disk.works())?;
        let is_short = !disk.is_open || (disk.tail > 0 && waiting < WINDOW / 2);
        let is_written =
            disk.append.is_empty() && disk.remove.is_empty() && disk.refused.is_empty();
        if !is_short && is_written {
            return None;
        }
        let removed = disk.removed();
        let mut append = std::mem::take(&mut disk.append);
        // What was stored before it could be written need not be.
        append.retain(|row| !removed.contains(&row.id));
        disk.busy = true;
        let remove = std::mem::take(&mut disk.remove).into_iter().map(|(row, _)| row).collect();
        let load = is_short.then(|| (disk.loaded, WINDOW.saturating_sub(waiting)));
        let refused = std::mem::take(&mut disk.refused);
        Some(Work { append, remove, refused, load })
    }

    /// The file has answered.
    pub(super) fn disk_replied(
        &mut self,
        work: Work,
        reply: Result<Reply, OutboxError>,
    ) -> Vec<Event> {
        match reply {
            Ok(reply) => self.written(work.load.is_some(), reply),
            Err(_) => {
                self.not_written(work);
                Vec::new()
            }
        }
    }

    /// `asked` is whether rows were wanted.
    fn written(&mut self, asked: bool, reply: Reply) -> Vec<Event> {
        let Reply { loaded, dropped, level, set_aside } = reply;
        self.backlog.drop_rows(dropped.up_to);
        let held: HashSet<i64> = self.in_memory().filter_map(|job| job.row).collect();
        // What came while the file was at work is not in its sums.
        let is_known = |row: i64| row <= level.last;
        let saved = self.in_memory().filter(|job| job.row.is_some_and(is_known));
        let saved: usize = saved.map(|job| job.points).sum();
        let Some(disk) = &mut self.disk else { return Vec::new() };
        let was_known = disk.is_open.then_some(disk.tail);
        disk.busy = false;
        disk.is_open = true;
        disk.failing = None;
        disk.last = disk.last.max(level.last);
        let to_come = disk.append.iter().filter(|row| !held.contains(&row.id));
        let to_come: usize = to_come.map(|row| row.points).sum();
        let later = disk.later.drain(..).filter(|(row, _)| !is_known(*row));
        let unknown = to_come + later.map(|(_, points)| points).sum::<usize>();
        let done = disk.remove.iter().filter(|(row, _)| is_known(*row));
        let done: usize = done.map(|(_, points)| *points).sum();
        // The file has nothing more: whatever the sums say, it must not be asked for ever.
        let is_at_its_end = asked && loaded.is_empty();
        let known = if is_at_its_end { 0 } else { level.points.saturating_sub(saved + done) };
        disk.tail = known + unknown;
        let lost = was_known
            .filter(|_| set_aside.is_some())
            .map(|tail| tail.saturating_sub(disk.tail + dropped.for_size + dropped.for_age));
        let removed = disk.removed();
        for row in loaded {
            disk.loaded = disk.loaded.max(row.id);
            if held.contains(&row.id) || removed.contains(&row.id) {
                continue;
            }
            disk.tail = disk.tail.saturating_sub(row.points);
            let job = Job::new(row.lines, row.points, None);
            self.backlog.push(Job { row: Some(row.id), ..job });
        }
        let drops = [
            (DropReason::Size, dropped.for_size, "the outbox is full, the oldest had to go"),
            (DropReason::Age, dropped.for_age, "they have waited for too long"),
            (DropReason::Damaged, lost.unwrap_or(0), "the file of the outbox was damaged"),
        ];
        let drops = drops.into_iter().filter(|(_, points, _)| *points > 0);
        drops
            .map(|(reason, points, message)| {
                self.stats.count_drop(reason, points);
                Event::Dropped { points, reason, message: message.to_owned(), begins: true }
            })
            .collect()
    }

    fn not_written(&mut self, work: Work) {
        let Some(disk) = &mut self.disk else { return };
        disk.busy = false;
        disk.failing = Some(Instant::now() + AGAIN);
        disk.remove.extend(work.remove.into_iter().map(|row| (row, 0)));
        let mut rows = work.append;
        rows.append(&mut disk.append);
        let ids: HashSet<i64> = rows.iter().map(|row| row.id).collect();
        let mut held = HashSet::new();
        for job in in_memory_mut(&mut self.backlog, &mut self.flights, &mut self.suspects) {
            if let Some(row) = job.row.take_if(|row| ids.contains(row)) {
                held.insert(row);
            }
        }
        let removed = disk.removed();
        rows.retain(|row| !held.contains(&row.id) && !removed.contains(&row.id));
        for Row { lines, points, .. } in rows {
            disk.tail = disk.tail.saturating_sub(points);
            self.backlog.push(Job::new(lines, points, None));
        }
    }

    /// What waits in memory or is under way.
    fn in_memory(&self) -> impl Iterator<Item = &Job> {
        let flights = self.flights.iter().flat_map(Flight::jobs);
        let suspects = self.suspects.iter().flat_map(Suspect::jobs);
        self.live.jobs().chain(self.backlog.jobs()).chain(flights).chain(suspects)
    }
}

/// As [`State::in_memory`] without what is live, for a state of which another part is in use.
fn in_memory_mut<'a>(
    backlog: &'a mut Queue,
    flights: &'a mut Flights,
    suspects: &'a mut VecDeque<Suspect>,
) -> impl Iterator<Item = &'a mut Job> {
    let flights = flights.iter_mut().flat_map(Flight::jobs_mut);
    let suspects = suspects.iter_mut().flat_map(Suspect::jobs_mut);
    backlog.jobs_mut().chain(flights).chain(suspects)
}
