//! AppNamesExtractor: fetches the names of all apps from the Qlik Sense repository.
//!
//! - receives: [`AskMetrics`], [`Drain`]
//! - sends: [`AppNames`] after each complete fetch; after a failed one the old names stay
//! - reports: one `APP_NAMES_EXTRACT` error for each fetch without a usable answer
//! - on restart: fetches at once, then at its interval

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, MessageResult, SpawnHandle, Supervised};
use tokio::time::Instant;

use crate::domain::errors::{ErrorOccurred, Failure, Origin};
use crate::domain::metrics::{Family, Labels};
use crate::domain::telemetry::AppNames;
use crate::io::http::CertFiles;
use crate::io::sense::{AppNamesPolling, SenseClient};
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::fanout::Fanout;
use crate::runtime::level::verbose;
use crate::runtime::metrics::AskMetrics;
use crate::runtime::outlet::Outlet;
use crate::runtime::poll_state::{self, Polls};
use crate::runtime::polling::{Listeners, Target, watch};

/// See the module.
pub struct AppNamesExtractor {
    work: Rc<Work>,
    fetching: Option<SpawnHandle>,
}

struct Work {
    polling: AppNamesPolling,
    client: SenseClient,
    polls: RefCell<Polls>,
    /// The last complete list: when it came, and how many apps are in it.
    list: Cell<Option<(Instant, usize)>>,
    clock: Clock,
    names: Fanout<AppNames>,
    errors: Outlet<ErrorOccurred>,
}

impl AppNamesExtractor {
    /// An extractor for one repository. Must be made on the thread it runs on.
    pub fn new(
        polling: AppNamesPolling,
        reject_unauthorized: bool,
        certificate: CertFiles,
        clock: Clock,
        names: Fanout<AppNames>,
        errors: impl Into<Outlet<ErrorOccurred>>,
    ) -> Self {
        let errors = errors.into();
        let client = SenseClient::for_app_list(certificate, reject_unauthorized, polling.interval);
        let (polls, list) = (RefCell::default(), Cell::new(None));
        let work = Rc::new(Work { polling, client, polls, list, clock, names, errors });
        Self { work, fetching: None }
    }
}

impl Work {
    fn families(&self) -> Vec<Family> {
        let server = self.polling.server.as_ref().map_or("", |name| name.as_str());
        let labels = Labels::of(&[("poller", "app_names"), ("server_name", server)]);
        let mut families = poll_state::families([(labels, &*self.polls.borrow())]);
        families.extend(self.client.families("app_names"));
        if let Some((came, apps)) = self.list.get() {
            families.extend([
                Family::gauge(
                    "butlersos_app_names_age_seconds",
                    "Time since the last complete list of apps came.",
                )
                .value(Labels::default(), came.elapsed().as_secs_f64()),
                Family::gauge("butlersos_app_names_apps", "Apps in the last complete list.")
                    .count(Labels::default(), apps as u64),
            ]);
        }
        families
    }
}

impl Target for &Work {
    type Answer = AppNames;

    fn name(&self) -> String {
        format!("APP NAMES: {}", self.polling.host)
    }

    fn origin(&self) -> Origin {
        let AppNamesPolling { server, host, .. } = &self.polling;
        Origin::AppNamesExtract { server: server.clone(), host: host.clone() }
    }

    fn polls(&self) -> &RefCell<Polls> {
        &self.polls
    }

    async fn ask(&self) -> Result<AppNames, Failure> {
        let answer = self.client.apps(&self.polling.host, &xrfkey()).await?;
        AppNames::from_json(&answer.body).map_err(|reason| answer.unusable(reason))
    }

    fn answered(&self, names: AppNames, took: Duration) {
        self.list.set(Some((Instant::now(), names.len())));
        verbose!("{} asked in {} ms, {} apps known", self.name(), took.as_millis(), names.len());
        self.names.send(&names);
    }

    fn failed(&self) {
        self.client.retire_connection(0);
    }
}

/// 16 random letters and digits. They need not be secret: query and header have to agree, which
/// the page of another site cannot bring about.
fn xrfkey() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(16).collect()
}

impl Actor for AppNamesExtractor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let work = Rc::clone(&self.work);
        let fetching = async move {
            let to = Listeners { clock: &work.clock, errors: &work.errors };
            watch(std::iter::once(&*work), work.polling.interval, to).await;
        };
        self.fetching = Some(ctx.spawn(wrap_future(fetching)));
    }
}

impl Supervised for AppNamesExtractor {}

impl Handler<AskMetrics> for AppNamesExtractor {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.work.families())
    }
}

impl Handler<Drain> for AppNamesExtractor {
    type Result = ();

    /// A source has nothing to finish: a fetch under way is dropped, which is no error.
    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        if let Some(fetching) = self.fetching.take() {
            ctx.cancel_future(fetching);
        }
    }
}

#[cfg(test)]
mod tests;
