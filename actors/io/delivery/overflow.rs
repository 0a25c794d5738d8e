//! What is said about points that found no room: once when it begins, now and then while it goes
//! on, and the rest when it is over.

use tokio::time::{Duration, Instant};

/// Pause between two lines.
const AGAIN: Duration = Duration::from_secs(60);

/// Points that found no room.
#[derive(Debug, Default)]
pub(super) struct Overflow {
    untold: usize,
    /// When something was said last, in this episode.
    told: Option<Instant>,
}

/// What is to be said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loss {
    pub(super) points: usize,
    /// Whether it is the first of an episode.
    pub(super) begins: bool,
}

impl Overflow {
    pub(super) fn dropped(&mut self, points: usize) {
        self.untold += points;
    }

    /// What is to be said now; `over` is whether there is room again.
    pub(super) fn loss(&mut self, over: bool) -> Option<Loss> {
        let begins = self.told.is_none();
        let is_due = over || self.told.is_none_or(|told| told.elapsed() >= AGAIN);
        if over && self.untold == 0 {
            self.told = None;
        }
        if self.untold == 0 || !is_due {
            return None;
        }
        self.told = (!over).then(Instant::now);
        Some(Loss { points: std::mem::take(&mut self.untold), begins })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn loss(points: usize, begins: bool) -> Option<Loss> {
        Some(Loss { points, begins })
    }

    #[tokio::test(start_paused = true)]
    async fn an_episode_begins_once_and_ends_with_the_rest() {
        let mut overflow = Overflow::default();
        assert_eq!(overflow.loss(true), None);
        overflow.dropped(3);
        assert_eq!(overflow.loss(false), loss(3, true));
        overflow.dropped(4);
        assert_eq!(overflow.loss(false), None, "too soon");
        tokio::time::advance(AGAIN).await;
        assert_eq!(overflow.loss(false), loss(4, false));
        overflow.dropped(5);
        assert_eq!(overflow.loss(true), loss(5, false));
        overflow.dropped(6);
        assert_eq!(overflow.loss(false), loss(6, true), "another episode");
        assert_eq!(overflow.loss(true), None);
        overflow.dropped(7);
        assert_eq!(overflow.loss(true), loss(7, true));
    }
}
