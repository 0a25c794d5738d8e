//! Making sure that a destination can take anything: before the first batch, and when nothing
//! waits that would show whether it is back.

use tokio::time::Instant;

use super::Inner;
use super::event::Event;
use super::transport::Transport;

impl<T: Transport> Inner<T> {
    /// Has the transport prepare the destination; when that shows that nothing can be sent, it is
    /// away at once.
    pub(super) async fn prepare(&self) {
        let begun = Instant::now();
        let result = self.transport.prepare().await;
        let events = {
            let mut state = self.state.borrow_mut();
            match result {
                Ok(()) => {
                    let waiting = state.waiting_to_catch_up();
                    let back = state.away.take().map(|_| Event::Back { backlog_points: waiting });
                    state.begin_round();
                    back.into_iter().collect()
                }
                // What is stored needs no preparation: nothing that it finds stands in the way.
                Err(_) if state.is_proven() => {
                    state.needs_no_preparation = true;
                    Vec::new()
                }
                Err(error) => state.stay_away(error, begun),
            }
        };
        self.report(events);
    }
}
