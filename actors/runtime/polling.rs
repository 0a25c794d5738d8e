//! What all pollers have in common: each target is asked at its own rate, and one poll is one risk.

use std::cell::RefCell;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::clock::Clock;
use super::panics::{Panic, catch};
use super::poll_state::Polls;
use super::rhythm::{every, offset};
use crate::domain::errors::{Category, ErrorOccurred, Failure, Origin};
use crate::runtime::outlet::Outlet;

/// Something that is asked again and again.
pub(crate) trait Target {
    /// What comes when all is well.
    type Answer;

    /// As the log calls it, its kind first: `HEALTH: sense1 (sense1:4747)`.
    fn name(&self) -> String;

    /// Where an error comes from.
    fn origin(&self) -> Origin;

    /// Its polls so far.
    fn polls(&self) -> &RefCell<Polls>;

    /// Asks once.
    fn ask(&self) -> impl Future<Output = Result<Self::Answer, Failure>>;

    /// Hands on an answer that came after `took`.
    fn answered(&self, answer: Self::Answer, took: Duration);

    /// A poll has failed: what was kept for the next is not to be trusted.
    fn failed(&self);
}

/// Who hears of polls.
pub(crate) struct Listeners<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) errors: &'a Outlet<ErrorOccurred>,
}

/// Polls each target every `interval`, for ever.
pub(crate) async fn watch<T: Target>(
    targets: impl ExactSizeIterator<Item = T>,
    interval: Duration,
    to: Listeners<'_>,
) {
    let count = targets.len();
    let all = targets.enumerate().map(|(index, target)| {
        let first = offset(index, count, interval);
        watch_one(target, first, interval, &to)
    });
    join_all(all).await;
}

async fn watch_one(target: impl Target, first: Duration, interval: Duration, to: &Listeners<'_>) {
    let poll = async || poll(&target, to).await;
    every(first, interval, poll, |skipped| {
        log::warn!(
            "{} took longer than the polling interval, {skipped} polls skipped",
            target.name()
        );
    })
    .await;
}

/// One poll. A mistake of ours in it is an error of this poll, and of no other: the actor goes on,
/// and so do all other targets.
async fn poll(target: &impl Target, to: &Listeners<'_>) {
    let began = Instant::now();
    let answer = caught(target.ask()).await;
    let took = began.elapsed();
    let outcome = match answer {
        Ok(Ok(answer)) => catch(|| target.answered(answer, took)).map_err(|it| defect(target, &it)),
        Ok(Err(failure)) => Err(failure),
        Err(panic) => Err(defect(target, &panic)),
    };
    let mut polls = target.polls().borrow_mut();
    match outcome {
        Ok(()) => {
            if let Some(outage) = polls.worked(took, to.clock) {
                log::info!("{} {outage}", target.name());
            }
        }
        Err(failure) => {
            target.failed();
            polls.failed(took, to.clock);
            log::error!("{}: {}", target.name(), failure.message());
            to.errors.send(ErrorOccurred { origin: target.origin(), failure });
        }
    }
}

/// The panic goes to the log only: words in it could come from the answer, and would choose the
/// category of the error.
fn defect(target: &impl Target, panic: &Panic) -> Failure {
    log::error!("{}: a mistake of this program, please report it: {panic}", target.name());
    let message = "the answer could not be handled, through a mistake of this program";
    Failure::local(Category::Unknown, message)
}

/// Runs `work` to its end; a panic in it ends here.
async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panic> {
    let mut work = pin!(work);
    std::future::poll_fn(|cx| match catch(|| work.as_mut().poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::domain::errors::Category;
    use crate::domain::names::{Host, ServerName};
    use crate::runtime::probe::probe;

    /// Asked for the numbers 1, 2, 3, …; handling 2 panics, asking for 4 does.
    #[derive(Default)]
    struct Counting {
        asked: Cell<u32>,
        handed_on: RefCell<Vec<u32>>,
        retired: Cell<u32>,
        polls: RefCell<Polls>,
    }

    impl Target for &Counting {
        type Answer = u32;

        fn name(&self) -> String {
            "HEALTH: sense1".to_owned()
        }

        fn origin(&self) -> Origin {
            Origin::HealthApi { server: ServerName::from("sense1"), host: Host::of_authority("h") }
        }

        fn polls(&self) -> &RefCell<Polls> {
            &self.polls
        }

        async fn ask(&self) -> Result<u32, Failure> {
            self.asked.set(self.asked.get() + 1);
            tokio::task::yield_now().await;
            assert_ne!(self.asked.get(), 4, "TLS cert timeout");
            Ok(self.asked.get())
        }

        fn answered(&self, answer: u32, _: Duration) {
            assert_ne!(answer, 2, "mqtt");
            self.handed_on.borrow_mut().push(answer);
        }

        fn failed(&self) {
            self.retired.set(self.retired.get() + 1);
        }
    }

    #[actix::test]
    async fn a_mistake_in_one_poll_costs_that_poll_and_is_one_error() {
        tokio::time::pause();
        let (errors, received) = probe::<ErrorOccurred>();
        let (clock, target, other) = (Clock::system(), Counting::default(), Counting::default());
        other.asked.set(10);
        let second = Duration::from_secs(1);
        let to = Listeners { clock: &clock, errors: &errors.into() };
        let both = watch([&target, &other].into_iter(), second, to);
        _ = tokio::time::timeout(second * 5 + second / 2, both).await;
        assert_eq!(*target.handed_on.borrow(), [1, 3, 5, 6]);
        assert_eq!(*other.handed_on.borrow(), [11, 12, 13, 14, 15, 16], "nobody else is late");
        assert_eq!(target.retired.get(), 2);
        let found = received.at_least(2).await;
        let categories: Vec<Category> = found.iter().map(|it| it.failure.category()).collect();
        assert_eq!(categories, [Category::Unknown; 2], "no word of a panic decides");
    }
}
