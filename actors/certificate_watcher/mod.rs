//! CertificateWatcher: warns before the client certificate ends, while there is time to replace it.
//!
//! - receives: [`Drain`]
//! - sends: nothing; it logs one warning 30, 14, 7 and 1 days before the end, and an error after it
//! - reports: nothing; a certificate that cannot be used is an error of each poll
//! - on restart: warns again

mod deadline;

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, SpawnHandle, Supervised};

use self::deadline::Deadline;
use crate::io::http::CertFiles;
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;

/// See the module.
pub struct CertificateWatcher {
    files: CertFiles,
    clock: Clock,
    deadline: Deadline,
    timer: Option<SpawnHandle>,
}

/// Certificates are replaced while the program runs.
const LOOK_EVERY: Duration = Duration::from_secs(600);

impl CertificateWatcher {
    /// A watcher of the certificate in these files.
    pub fn new(files: CertFiles, clock: Clock) -> Self {
        Self { files, clock, deadline: Deadline::default(), timer: None }
    }

    fn look(&mut self) {
        // Files that cannot be read are the business of whoever polls with them.
        let Ok(end) = self.files.client_end() else { return };
        if let Some(news) = self.deadline.news(end, self.clock.now()) {
            let (level, text) = news.line(&self.files.cert);
            log::log!(level, "CERTIFICATE: {text}");
        }
    }
}

impl Actor for CertificateWatcher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.deadline = Deadline::default();
        self.look();
        self.timer = Some(ctx.run_interval(LOOK_EVERY, |this, _| this.look()));
    }
}

impl Supervised for CertificateWatcher {}

impl Handler<Drain> for CertificateWatcher {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
    }
}

#[cfg(test)]
mod tests;
