//! What is accepted, and what became of every datagram (sections 2.1 and 2.3 of the page on
//! events). Pure: told the time, asked for decisions.
//!
//! At any moment received = queued + dropped, and dropped is the sum of its reasons.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::drops::DropCounts;
use super::settings::Limits;
use crate::domain::grouped::grouped;
use crate::domain::telemetry::QueueReading;

/// Length of a window of the rate limit.
const WINDOW: Duration = Duration::from_secs(60);

/// Drops and a full queue are logged at most this often.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Processing times that are kept between two readings.
const MOST_TIMES: usize = 1_000;

/// See the module.
pub(super) struct Intake {
    limits: Limits,
    counts: QueueReading,
    /// Counts before the last reading.
    earlier: QueueReading,
    window_began: Instant,
    in_window: u64,
    times_ms: VecDeque<f64>,
    pressure: Pressure,
    /// What was dropped since drops were told.
    unlogged: DropCounts,
    drops_logged: Option<Instant>,
}

#[derive(Default)]
struct Pressure {
    active: bool,
    logged: Option<Instant>,
}

impl Intake {
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            counts: QueueReading::default(),
            earlier: QueueReading::default(),
            window_began: now,
            in_window: 0,
            times_ms: VecDeque::new(),
            pressure: Pressure::default(),
            unlogged: DropCounts::default(),
            drops_logged: None,
        }
    }

    /// Decides about a datagram of `size` bytes while `waiting` others wait; whether it is queued.
    pub(super) fn offer(&mut self, size: usize, waiting: usize, now: Instant) -> bool {
        self.counts.received += 1;
        let dropped = if size > self.limits.max_message_size {
            Some((&mut self.counts.dropped_size, &mut self.unlogged.size))
        } else if !self.within_rate(now) {
            Some((&mut self.counts.dropped_rate_limit, &mut self.unlogged.rate))
        } else if waiting >= self.limits.queue_size {
            Some((&mut self.counts.dropped_queue_full, &mut self.unlogged.queue))
        } else {
            None
        };
        match dropped {
            Some((reason, unlogged)) => {
                *reason += 1;
                *unlogged += 1;
                false
            }
            None => {
                self.counts.queued += 1;
                true
            }
        }
    }

    fn within_rate(&mut self, now: Instant) -> bool {
        let Some(most) = self.limits.rate_per_minute else { return true };
        if now - self.window_began >= WINDOW {
            self.window_began = now;
            self.in_window = 0;
        }
        let within = self.in_window < most;
        self.in_window += u64::from(within);
        within
    }

    /// A datagram was handled.
    pub(super) fn processed(&mut self, took: Duration) {
        self.counts.processed += 1;
        if self.times_ms.len() == MOST_TIMES {
            self.times_ms.pop_front();
        }
        self.times_ms.push_back(took.as_secs_f64() * 1_000.0);
    }

    /// A datagram could not be handled.
    pub(super) fn failed(&mut self) {
        self.counts.failed += 1;
    }

    /// What to log about drops, and about a queue that fills or empties. `section` is where the
    /// limits are configured.
    pub(super) fn news(
        &mut self,
        waiting: usize,
        now: Instant,
        section: &str,
    ) -> Vec<(log::Level, String)> {
        let due = |logged: Option<Instant>| logged.is_none_or(|logged| now - logged >= LOG_EVERY);
        let mut news = Vec::new();
        if due(self.drops_logged) {
            let drops = std::mem::take(&mut self.unlogged).lines(&self.limits, section);
            if !drops.is_empty() {
                self.drops_logged = Some(now);
            }
            news.extend(drops.into_iter().map(|drop| (log::Level::Warn, drop)));
        }
        let was = self.pressure.active;
        let percent = self.press(waiting);
        if self.pressure.active && (!was || due(self.pressure.logged)) {
            let size = grouped(self.limits.queue_size as u64);
            let full = format!(
                "The queue of {size} is {percent} % full (Butler-SOS.{section}.messageQueue.maxSize)"
            );
            news.push((log::Level::Warn, full));
            self.pressure.logged = Some(now);
        } else if was && !self.pressure.active {
            news.push((log::Level::Info, format!("The queue is down to {percent} %")));
        }
        news
    }

    /// Decides whether the queue is under pressure; how full it is, in percent.
    fn press(&mut self, waiting: usize) -> usize {
        let percent = waiting * 100 / self.limits.queue_size.max(1);
        let threshold = self.limits.backpressure_percent;
        // It ends below four fifths of where it began, so that it does not flicker.
        self.pressure.active = match self.pressure.active {
            true => percent * 5 >= threshold * 4,
            false => percent >= threshold,
        };
        percent
    }

    /// The numbers since the reading before, which begin anew.
    pub(super) fn reading(&mut self, waiting: usize, now: Instant) -> QueueReading {
        self.press(waiting);
        let mut times: Vec<f64> = std::mem::take(&mut self.times_ms).into();
        times.sort_by(f64::total_cmp);
        let count = times.len();
        #[expect(clippy::cast_precision_loss, reason = "a thousand at most")]
        // Added to a zero that has no sign: the sum of nothing would have one.
        let average = times.iter().fold(0.0, |sum, time| sum + time) / count.max(1) as f64;
        // ceil(0.95 n) - 1
        let p95 = (count * 95).div_ceil(100).saturating_sub(1);
        self.earlier = self.earlier.plus(&self.counts);
        QueueReading {
            queue_size: waiting as u64,
            queue_max_size: self.limits.queue_size as u64,
            processing_time_avg_ms: average,
            processing_time_p95_ms: times.get(p95).copied().unwrap_or(0.0),
            processing_time_max_ms: times.last().copied().unwrap_or(0.0),
            rate_limit_current: self.rate(now),
            backpressure_active: self.pressure.active,
            ..std::mem::take(&mut self.counts)
        }
    }

    /// What became of datagrams since the program started, and the queue now.
    pub(super) fn since_start(&self, waiting: usize) -> QueueReading {
        QueueReading {
            queue_size: waiting as u64,
            queue_max_size: self.limits.queue_size as u64,
            ..self.earlier.plus(&self.counts)
        }
    }

    /// Datagrams per minute at the speed of the current window; 0 without a limit.
    fn rate(&self, now: Instant) -> u64 {
        let elapsed = now - self.window_began;
        if self.limits.rate_per_minute.is_none() || elapsed.is_zero() || elapsed >= WINDOW {
            return 0;
        }
        let millis = elapsed.as_millis().max(1);
        let rate = (u128::from(self.in_window) * 60_000 + millis / 2) / millis;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTION: &str = "x.udpServerConfig";

    fn limits() -> Limits {
        Limits {
            queue_size: 5,
            backpressure_percent: 80,
            rate_per_minute: None,
            max_message_size: 100,
        }
    }

    #[test]
    fn every_datagram_is_queued_or_dropped_for_a_reason() {
        let begin = Instant::now();
        let mut intake = Intake::new(Limits { rate_per_minute: Some(3), ..limits() }, begin);
        assert!(!intake.offer(101, 0, begin));
        assert!(!intake.offer(100, 5, begin));
        assert!(intake.offer(100, 4, begin));
        assert!(intake.offer(1, 0, begin));
        assert!(!intake.offer(1, 0, begin + Duration::from_secs(59)));
        assert_eq!(intake.rate(begin + Duration::from_secs(30)), 6);
        assert!(intake.offer(1, 0, begin + Duration::from_secs(60)));
        intake.processed(Duration::from_millis(2));
        intake.failed();
        let now = begin + Duration::from_secs(61);
        let reading = intake.reading(1, now);
        assert_eq!((reading.received, reading.queued, reading.dropped_total()), (6, 3, 3));
        assert_eq!(
            (reading.dropped_size, reading.dropped_queue_full, reading.dropped_rate_limit),
            (1, 1, 1)
        );
        assert_eq!((reading.processed, reading.failed, reading.queue_size), (1, 1, 1));
        assert_eq!(reading.rate_limit_current, 60);
        assert_eq!(intake.reading(0, now).received, 0);
        intake.offer(1, 0, now);
        let all = intake.since_start(2);
        assert_eq!((all.received, all.queued, all.dropped_total()), (7, 4, 3), "for ever");
        assert_eq!((all.processed, all.failed), (1, 1));
        assert_eq!((all.queue_size, all.queue_max_size), (2, 5));
    }

    #[test]
    fn times_are_those_of_the_last_thousand() {
        let now = Instant::now();
        let mut intake = Intake::new(limits(), now);
        for ms in 1..=1_100 {
            intake.processed(Duration::from_millis(ms));
        }
        let reading = intake.reading(0, now);
        assert!((reading.processing_time_avg_ms - 600.5).abs() < 1e-6);
        assert!((reading.processing_time_p95_ms - 1_050.0).abs() < 1e-6);
        assert!((reading.processing_time_max_ms - 1_100.0).abs() < 1e-6);
        let nothing = intake.reading(0, now);
        assert_eq!(nothing.processing_time_max_ms, 0.0);
        assert!(nothing.processing_time_avg_ms.is_sign_positive(), "an average of nothing");
    }

    #[test]
    fn pressure_comes_and_goes_and_is_told_once_a_minute() {
        let now = Instant::now();
        let mut intake = Intake::new(limits(), now);
        let at = |seconds| now + Duration::from_secs(seconds);
        let news = |intake: &mut Intake, waiting, at| intake.news(waiting, at, SECTION);
        assert_eq!(news(&mut intake, 3, at(0)), []);
        let full =
            "The queue of 5 is 80 % full (Butler-SOS.x.udpServerConfig.messageQueue.maxSize)";
        assert_eq!(news(&mut intake, 4, at(1)), [(log::Level::Warn, full.to_owned())]);
        assert_eq!(news(&mut intake, 5, at(2)), []);
        assert_eq!(news(&mut intake, 5, at(61)).len(), 1);
        assert!(intake.reading(4, at(62)).backpressure_active);
        assert_eq!(news(&mut intake, 3, at(63))[0].0, log::Level::Info);
        intake.offer(101, 0, at(64));
        let long = "1 datagram dropped: longer than 100 bytes \
                    (Butler-SOS.x.udpServerConfig.maxMessageSize)";
        assert_eq!(news(&mut intake, 0, at(64))[0].1, long);
        intake.offer(101, 0, at(65));
        assert_eq!(news(&mut intake, 0, at(65)), []);
        assert_eq!(news(&mut intake, 0, at(124)).len(), 1);
    }
}
