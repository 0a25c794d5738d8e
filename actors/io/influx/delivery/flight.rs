//! Batches that are under way.

use tokio::time::Instant;

use super::state::{Lane, State};
use super::suspect::{Doubt, Suspect};
use crate::io::influx::queue::{Batch, WriteJob};

/// A batch that was sent and has no answer yet.
pub(super) struct Flight {
    id: u64,
    load: Load,
    points: usize,
    pub(super) begun: Instant,
}

/// What is under way, by where it came from.
pub(super) enum Load {
    Live(Vec<WriteJob>),
    Backlog(Vec<WriteJob>),
    Suspect(Suspect),
}

/// What leaves now.
pub(super) struct Departure {
    /// Names the flight when it has landed.
    pub(super) id: u64,
    pub(super) lane: Lane,
    pub(super) batch: Batch,
    /// What is thought of the batch.
    pub(super) doubt: Doubt,
}

impl Flight {
    pub(super) fn points(&self) -> usize {
        self.points
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.load, Load::Live(_))
    }

    pub(super) fn is_suspect(&self) -> bool {
        matches!(self.load, Load::Suspect(_))
    }

    pub(super) fn into_load(self) -> Load {
        self.load
    }

    pub(super) fn jobs(&self) -> Box<dyn Iterator<Item = &WriteJob> + '_> {
        match &self.load {
            Load::Live(jobs) | Load::Backlog(jobs) => Box::new(jobs.iter()),
            Load::Suspect(suspect) => Box::new(suspect.jobs()),
        }
    }

    pub(super) fn jobs_mut(&mut self) -> Box<dyn Iterator<Item = &mut WriteJob> + '_> {
        match &mut self.load {
            Load::Live(jobs) | Load::Backlog(jobs) => Box::new(jobs.iter_mut()),
            Load::Suspect(suspect) => Box::new(suspect.jobs_mut()),
        }
    }
}

impl Load {
    pub(super) fn into_jobs(self) -> Vec<WriteJob> {
        match self {
            Self::Live(jobs) | Self::Backlog(jobs) => jobs,
            Self::Suspect(suspect) => suspect.into_jobs(),
        }
    }
}

impl State {
    /// Sends the oldest batch of a lane off, of at most `most` points where that can be; `None`
    /// when nothing is there.
    pub(super) fn depart(&mut self, lane: Lane, most: usize) -> Option<Departure> {
        let (batch, load, doubt) = match lane {
            Lane::Live => {
                let batch = self.live.oldest(most);
                let jobs = self.live.remove(batch.jobs.len());
                self.first_live = (!self.live.is_empty()).then(Instant::now);
                (batch, Load::Live(jobs), Doubt::None)
            }
            Lane::Backlog => {
                let batch = self.backlog.oldest(most);
                let jobs = self.backlog.remove(batch.jobs.len());
                (batch, Load::Backlog(jobs), Doubt::None)
            }
            Lane::Suspect => {
                let suspect = self.next_suspect()?;
                let doubt = self.doubt_of(&suspect);
                (suspect.batch(), Load::Suspect(suspect), doubt)
            }
        };
        self.served = Some(lane);
        self.departures += 1;
        let (id, points) = (self.departures, batch.points);
        self.flights.push(Flight { id, load, points, begun: Instant::now() });
        Some(Departure { id, lane, batch, doubt })
    }

    /// The flight with this number; it is no longer under way.
    pub(super) fn land(&mut self, id: u64) -> Option<Flight> {
        let index = self.flights.iter().position(|flight| flight.id == id)?;
        Some(self.flights.remove(index))
    }

    /// Nobody waits for the answers any more: what was under way is sent again.
    pub(super) fn call_back(&mut self) {
        for flight in self.flights.drain(..).rev() {
            match flight.load {
                Load::Live(jobs) | Load::Backlog(jobs) => self.backlog.put_back(jobs),
                Load::Suspect(suspect) => self.suspects.push_front(suspect),
            }
        }
    }

    /// The suspect that is due first; while the database is away they take turns.
    fn next_suspect(&mut self) -> Option<Suspect> {
        let suspects = self.suspects.iter().enumerate();
        let first = suspects.min_by_key(|(_, suspect)| suspect.until()).map(|(index, _)| index);
        self.suspects.remove(first.filter(|_| self.away.is_none()).unwrap_or(0))
    }

    /// While others wait they show whether it is the server; a search would only load it more.
    fn doubt_of(&self, suspect: &Suspect) -> Doubt {
        match suspect.doubt() {
            Doubt::Possible if !self.backlog.is_empty() => Doubt::None,
            doubt => doubt,
        }
    }
}
