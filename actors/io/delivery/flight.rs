//! Batches that are under way.

use std::collections::BTreeMap;

use tokio::time::{Duration, Instant};

use super::job::{Job, Load};
use super::state::{Lane, State};
use super::suspect::Suspect;
use super::transport::{Batch, Doubt};

/// A batch that was sent and has no answer yet.
pub(super) struct Flight {
    cargo: Cargo,
    load: Load,
    pub(super) begun: Instant,
}

/// What is under way, by where it came from.
pub(super) enum Cargo {
    Live(Vec<Job>),
    Backlog(Vec<Job>),
    Suspect(Suspect),
}

/// All that is under way, by number.
#[derive(Default)]
pub(super) struct Flights {
    flights: BTreeMap<u64, Flight>,
    live: Load,
    late: Load,
}

impl Flights {
    fn add(&mut self, id: u64, flight: Flight) {
        let sum = if flight.is_live() { &mut self.live } else { &mut self.late };
        *sum = sum.plus(flight.load);
        self.flights.insert(id, flight);
    }

    /// The flight with this number; it is no longer under way.
    pub(super) fn land(&mut self, id: u64) -> Option<Flight> {
        let flight = self.flights.remove(&id)?;
        let sum = if flight.is_live() { &mut self.live } else { &mut self.late };
        *sum = sum.minus(flight.load);
        Some(flight)
    }

    /// Takes all of them out, in the order in which they left.
    pub(super) fn take_all(&mut self) -> impl DoubleEndedIterator<Item = Flight> + use<> {
        std::mem::take(self).flights.into_values()
    }

    /// How much is under way for the first time.
    pub(super) fn live(&self) -> Load {
        self.live
    }

    /// How much is under way again.
    pub(super) fn late(&self) -> Load {
        self.late
    }

    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Flight> {
        self.flights.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Flight> {
        self.flights.values_mut()
    }
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
    pub(super) fn load(&self) -> Load {
        self.load
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.cargo, Cargo::Live(_))
    }

    pub(super) fn is_suspect(&self) -> bool {
        matches!(self.cargo, Cargo::Suspect(_))
    }

    pub(super) fn into_cargo(self) -> Cargo {
        self.cargo
    }

    pub(super) fn jobs(&self) -> Box<dyn Iterator<Item = &Job> + '_> {
        match &self.cargo {
            Cargo::Live(jobs) | Cargo::Backlog(jobs) => Box::new(jobs.iter()),
            Cargo::Suspect(suspect) => Box::new(suspect.jobs()),
        }
    }

    pub(super) fn jobs_mut(&mut self) -> Box<dyn Iterator<Item = &mut Job> + '_> {
        match &mut self.cargo {
            Cargo::Live(jobs) | Cargo::Backlog(jobs) => Box::new(jobs.iter_mut()),
            Cargo::Suspect(suspect) => Box::new(suspect.jobs_mut()),
        }
    }
}

impl Cargo {
    pub(super) fn into_jobs(self) -> Vec<Job> {
        match self {
            Self::Live(jobs) | Self::Backlog(jobs) => jobs,
            Self::Suspect(suspect) => suspect.into_jobs(),
        }
    }
}

impl State {
    /// Sends the oldest batch of a lane off, of at most `limit` bytes where that can be; `None`
    /// when nothing is there.
    pub(super) fn depart(&mut self, lane: Lane, limit: usize) -> Option<Departure> {
        let most = self.most(lane, limit);
        let (cargo, doubt) = match lane {
            Lane::Live => {
                let jobs = self.live.take(most);
                self.first_live = (!self.live.is_empty()).then(Instant::now);
                (Cargo::Live(jobs), Doubt::None)
            }
            Lane::Backlog => {
                let mut jobs = Vec::new();
                self.backlog.take(most, &mut jobs);
                self.pace_replay(Load::of(&jobs).points);
                (Cargo::Backlog(jobs), Doubt::None)
            }
            Lane::Suspect => {
                let suspect = self.next_suspect()?;
                let doubt = self.doubt_of(&suspect);
                (Cargo::Suspect(suspect), doubt)
            }
        };
        self.served = Some(lane);
        self.departures += 1;
        let id = self.departures;
        let mut flight = Flight { cargo, load: Load::default(), begun: Instant::now() };
        flight.load = Load::of(flight.jobs());
        let batch = Batch::of(flight.jobs());
        self.flights.add(id, flight);
        Some(Departure { id, lane, batch, doubt })
    }

    /// The backlog waits after so many points of it, where it has a pace.
    fn pace_replay(&mut self, points: usize) {
        let Some(pace) = self.policy.replay else { return };
        let now = Instant::now();
        let begin = self.replay_at.filter(|at| *at > now).unwrap_or(now);
        self.replay_at = Some(begin + Duration::from_secs_f64(points as f64 / f64::from(pace)));
    }

    /// Nobody waits for the answers any more: what was under way is sent again.
    pub(super) fn send_again(&mut self) {
        for flight in self.flights.take_all().rev() {
            match flight.cargo {
                Cargo::Live(jobs) | Cargo::Backlog(jobs) => self.backlog.put_back(jobs),
                Cargo::Suspect(suspect) => self.suspects.push_front(suspect),
            }
        }
    }

    /// The suspect that is due first; while the destination is away they take turns.
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
