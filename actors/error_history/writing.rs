//! Events that are pending become rows, and the sink is told where they are.

use super::{ErrorHistoryActor, MAX_PENDING};
use crate::domain::errors::ErrorPoint;
use crate::domain::point::Stamp;
use crate::io::error_log::{CursorWork, Placement, StoreError};
use crate::runtime::panics::catch;

impl ErrorHistoryActor {
    /// Writes what is pending, if that is possible.
    pub(super) fn flush(&mut self) {
        let Some(store) = &mut self.store else { return self.release() };
        if self.pending.is_empty() {
            return;
        }
        let pending = &self.pending;
        match catch(|| store.insert(pending)) {
            Ok(Ok(numbers)) => self.written(&numbers),
            Ok(Err(error)) => self.not_written(&error),
            Err(panic) => {
                log::error!("ERROR HISTORY: Writing events {panic}; they are tried one by one");
                self.flush_one_by_one();
            }
        }
    }

    /// What makes it panic once more is set aside: it would for ever.
    fn flush_one_by_one(&mut self) {
        for point in std::mem::take(&mut self.pending) {
            let is_released = self.released > 0;
            self.released = self.released.saturating_sub(1);
            let Some(store) = &mut self.store else { return };
            let one = [point];
            match catch(|| store.insert(&one)) {
                Ok(Ok(numbers)) => {
                    self.place(numbers.first().copied().map(|id| (Some(id), one[0].stamp())));
                }
                Ok(Err(error)) => log::debug!("ERROR HISTORY: One event is lost: {error}"),
                Err(panic) => {
                    self.poison += 1;
                    log::error!(
                        "ERROR HISTORY: An event of type {} is left out, {} so far: it {panic}",
                        one[0].origin().error_type().as_str(),
                        self.poison
                    );
                    if !is_released {
                        self.place([(None, one[0].stamp())]);
                    }
                }
            }
        }
    }

    fn written(&mut self, numbers: &[i64]) {
        let points = std::mem::take(&mut self.pending);
        let (known, new) = numbers.split_at(std::mem::take(&mut self.released));
        // Those that did not wait are with the sink already.
        if let Some(store) = &mut self.store {
            store.finish(known);
            // A sink that is switched on later does not begin with what was before.
            if self.places_to.is_none()
                && let Err(error) = store.work(CursorWork { done: new.to_vec(), read: None })
            {
                log::debug!("ERROR HISTORY: The place of the sink is not written: {error}");
            }
        }
        let stamps = points[known.len()..].iter().map(ErrorPoint::stamp);
        self.place(new.iter().copied().map(Some).zip(stamps));
        if std::mem::take(&mut self.failing) {
            match std::mem::take(&mut self.dropped) {
                0 => log::info!("ERROR HISTORY: Writing again, nothing was dropped"),
                dropped => log::warn!(
                    "ERROR HISTORY: Writing again, {dropped} events were dropped: more than \
                     {MAX_PENDING} waited for Butler-SOS.errorTracking.history.file"
                ),
            }
        }
    }

    fn not_written(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.failing, true) {
            log::warn!("ERROR HISTORY: Cannot write, events are kept in memory: {error}");
        }
        if error.is_gone {
            // Opened anew: that sets a damaged file aside.
            self.store = None;
        }
        self.release();
    }

    /// The sink does not wait for a file that cannot be written.
    pub(super) fn release(&mut self) {
        let stamps: Vec<Stamp> =
            self.pending[self.released..].iter().map(ErrorPoint::stamp).collect();
        self.released = self.pending.len();
        self.place(stamps.into_iter().map(|stamp| (None, stamp)));
        let surplus = self.pending.len().saturating_sub(MAX_PENDING);
        self.pending.drain(..surplus);
        self.released -= surplus;
        self.dropped += surplus as u64;
    }

    /// Tells the sink where events are.
    fn place(&mut self, events: impl IntoIterator<Item = (Option<i64>, Stamp)>) {
        let Some(sink) = &self.places_to else { return };
        self.unplaced.extend(events);
        if self.unplaced.is_empty() {
            return;
        }
        if let Err(error) = sink.try_send(Placement(self.unplaced.as_slice().into())) {
            // It is told with the next ones.
            log::debug!("ERROR HISTORY: The sink cannot be told of events yet: {error}");
            let surplus = self.unplaced.len().saturating_sub(MAX_PENDING);
            self.unplaced.drain(..surplus);
        } else {
            self.unplaced.clear();
        }
    }

    /// The end: the sink is told everything, whatever waits for it, once.
    pub(super) fn place_last(&mut self) {
        if let Some(sink) = &self.places_to
            && !self.unplaced.is_empty()
        {
            sink.do_send(Placement(std::mem::take(&mut self.unplaced).into()));
        }
    }

    /// Tells the sink what it could not be told before.
    pub(super) fn place_again(&mut self) {
        self.place([]);
    }
}
