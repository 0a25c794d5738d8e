//! A batch for which the server has an answer that is neither "stored" nor "refused": the server
//! may be ill, or one line of the batch may make it so. When the answer is the same time after
//! time while other requests succeed, it is the batch.

use tokio::time::{Duration, Instant};

use super::backoff::Backoff;
use super::job::{Job, Load, Queue};
use super::transport::{Doubt, Suspicion};

/// Such a batch. It is tried again by itself, and never in company.
pub(super) struct Suspect {
    jobs: Queue,
    suspicion: Suspicion,
    /// How often in a row the answer had this status.
    failures: u32,
    /// As often was something else stored since the failure before.
    witnessed: u32,
    /// How many other batches were stored when it failed last.
    successes: u64,
    backoff: Backoff,
    /// When it is tried again.
    until: Instant,
}

/// So many equal answers are no accident.
const ENOUGH: u32 = 5;

impl Suspect {
    /// A batch that has failed like this for the first time; `successes` is how many batches
    /// were stored so far, `pause` the first one.
    pub(super) fn new(
        jobs: Vec<Job>,
        suspicion: Suspicion,
        successes: u64,
        pause: Duration,
    ) -> Self {
        let jobs = Queue::from_iter(jobs);
        let mut backoff = Backoff::from(pause);
        let until = Instant::now() + backoff.next();
        Self { jobs, suspicion, failures: 1, witnessed: 1, successes, backoff, until }
    }

    /// It failed again; `None` is a failure that says nothing about it.
    pub(super) fn failed(&mut self, suspicion: Option<Suspicion>, successes: u64) {
        let stored_meanwhile = successes > self.successes;
        self.successes = successes;
        self.until = Instant::now() + self.backoff.next();
        match suspicion {
            None => {}
            Some(suspicion) if suspicion == self.suspicion => {
                self.failures += 1;
                self.witnessed += u32::from(stored_meanwhile);
                if self.witnessed == ENOUGH {
                    self.until = Instant::now();
                }
            }
            Some(other) => {
                self.suspicion = other;
                self.failures = 1;
                self.witnessed = 1;
            }
        }
    }

    pub(super) fn doubt(&self) -> Doubt {
        match (self.failures, self.witnessed) {
            _ if !self.suspicion.is_decisive => Doubt::None,
            (_, ENOUGH..) => Doubt::Proven,
            (ENOUGH.., _) => Doubt::Possible,
            _ => Doubt::None,
        }
    }

    pub(super) fn suspicion(&self) -> Suspicion {
        self.suspicion
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// It may be tried at once.
    pub(super) fn hurry(&mut self) {
        self.until = Instant::now();
    }

    pub(super) fn load(&self) -> Load {
        self.jobs.load()
    }

    /// Takes its oldest job out, for good.
    pub(super) fn drop_oldest(&mut self) -> Option<Job> {
        self.jobs.drop_oldest()
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.jobs()
    }

    pub(super) fn jobs_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        self.jobs.jobs_mut()
    }

    pub(super) fn into_jobs(mut self) -> Vec<Job> {
        self.jobs.take_all().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(1);

    const fn status(status: u16) -> Suspicion {
        Suspicion { status, is_decisive: status >= 500 }
    }

    #[test]
    fn five_equal_answers_while_others_succeed_prove_it() {
        let mut suspect = Suspect::new(vec![], status(500), 0, FIRST);
        for successes in 1..=3 {
            suspect.failed(Some(status(500)), successes);
            assert_eq!(suspect.doubt(), Doubt::None, "{successes}");
        }
        suspect.failed(Some(status(500)), 4);
        assert_eq!(suspect.doubt(), Doubt::Proven);
        assert!(suspect.until() <= Instant::now(), "it is looked into at once");
    }

    #[test]
    fn without_others_it_may_be_the_server() {
        let mut suspect = Suspect::new(vec![], status(500), 7, FIRST);
        (0..3).for_each(|_| suspect.failed(Some(status(500)), 7));
        assert_eq!(suspect.doubt(), Doubt::None);
        // A server that cannot be reached says nothing.
        suspect.failed(None, 7);
        assert_eq!(suspect.doubt(), Doubt::None);
        suspect.failed(Some(status(500)), 7);
        assert_eq!(suspect.doubt(), Doubt::Possible);
        suspect.failed(Some(status(503)), 8);
        assert_eq!(suspect.doubt(), Doubt::None, "another answer");
    }

    #[test]
    fn what_a_stranger_says_proves_nothing() {
        let mut suspect = Suspect::new(vec![], status(200), 0, FIRST);
        (1..100).for_each(|successes| suspect.failed(Some(status(200)), successes));
        assert_eq!(suspect.doubt(), Doubt::None);
    }
}
