//! CertificateWatcher: warns before a certificate ends, while there is time to replace it: ours, that
//! of the authority, and those that servers have shown.
//!
//! - receives: [`ServerCertificate`], [`ReadAgain`], [`AskMetrics`], [`Drain`]
//! - sends: nothing; it logs one warning 30, 14, 7 and 1 days before the end, and an error after it
//! - reports: nothing; a certificate that cannot be used is an error of each poll
//! - on restart: warns again

mod deadline;
mod servers;

use std::time::Duration;

use actix::fut::wrap_future;
use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, MessageResult, SpawnHandle, Supervised,
};
use chrono::{DateTime, SecondsFormat, Utc};
use tokio::task::spawn_blocking;

use self::deadline::{Deadline, Subject};
use self::servers::Servers;
use crate::io::http::CertFiles;
use crate::runtime::certificates::{ReadAgain, ServerCertificate};
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::metrics::AskMetrics;

/// See the module.
pub struct CertificateWatcher {
    files: CertFiles,
    clock: Clock,
    client: Deadline,
    authority: Deadline,
    servers: Servers,
    timer: Option<SpawnHandle>,
}

/// Certificates are replaced while the program runs.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Until when the certificates in our files are valid; `None` where that cannot be read.
struct Ends {
    client: Option<DateTime<Utc>>,
    authority: Option<DateTime<Utc>>,
}

impl CertificateWatcher {
    /// A watcher of the certificates in these files, and of those that it hears of.
    pub fn new(files: CertFiles, clock: Clock) -> Self {
        Self {
            files,
            clock,
            client: Deadline::default(),
            authority: Deadline::default(),
            servers: Servers::default(),
            timer: None,
        }
    }

    /// Pollers share this thread: files are read on another.
    fn look(&self, ctx: &mut Context<Self>) {
        let files = self.files.clone();
        let reading = spawn_blocking(move || Ends {
            client: files.client_end().ok(),
            authority: files.authority_end().ok(),
        });
        ctx.spawn(wrap_future(reading).map(|ends, this: &mut Self, _| {
            if let Ok(ends) = ends {
                this.judge(&ends);
            }
        }));
    }

    /// Files that cannot be read are the business of whoever polls with them.
    fn judge(&mut self, ends: &Ends) {
        let now = self.clock.now();
        let ours = [
            (&mut self.client, ends.client, Subject::Client(self.files.cert.clone())),
            (&mut self.authority, ends.authority, Subject::Authority(self.files.ca.clone())),
        ];
        let ours = ours
            .into_iter()
            .filter_map(|(deadline, end, subject)| Some(deadline.news(end?, now)?.line(&subject)));
        for (level, text) in ours.chain(self.servers.news(now)) {
            log::log!(level, "CERTIFICATE: {text}");
        }
    }
}

impl Actor for CertificateWatcher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.client = Deadline::default();
        self.authority = Deadline::default();
        self.look(ctx);
        self.timer = Some(ctx.run_interval(LOOK_EVERY, |this, ctx| this.look(ctx)));
    }
}

impl Supervised for CertificateWatcher {}

impl Handler<ServerCertificate> for CertificateWatcher {
    type Result = ();

    fn handle(&mut self, shown: ServerCertificate, _: &mut Self::Context) {
        self.servers.saw(shown);
        for (level, text) in self.servers.news(self.clock.now()) {
            log::log!(level, "CERTIFICATE: {text}");
        }
    }
}

impl Handler<ReadAgain> for CertificateWatcher {
    type Result = ();

    /// Whoever asks wants an answer: until when the files are good now, or what is wrong with them.
    /// Polls notice replaced files by themselves.
    fn handle(&mut self, _: ReadAgain, ctx: &mut Self::Context) {
        let files = self.files.clone();
        let reading = spawn_blocking(move || [files.client_end(), files.authority_end()]);
        ctx.spawn(wrap_future(reading).map(|ends, this: &mut Self, _| {
            let Ok([client, authority]) = ends else { return };
            for (what, end) in [("client certificate", &client), ("authority", &authority)] {
                match end {
                    Ok(end) => log::info!(
                        "CERTIFICATE: Read again: the {what} is valid until {}",
                        end.to_rfc3339_opts(SecondsFormat::Secs, true)
                    ),
                    Err(error) => log::error!("CERTIFICATE: Read again: {error}"),
                }
            }
            this.judge(&Ends { client: client.ok(), authority: authority.ok() });
        }));
    }
}

impl Handler<AskMetrics> for CertificateWatcher {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        MessageResult(vec![self.servers.family(self.clock.now())])
    }
}

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
