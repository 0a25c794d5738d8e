//! One request to New Relic: the bodies that leave together, and what its answer means.

use std::rc::Rc;

use super::settings::{Account, Endpoint};
use crate::domain::errors::{Category, Failure, NewRelicModule};
use crate::domain::events::excerpt;
use crate::domain::names::Secret;
use crate::io::delivery::{Attempt, Batch, Rejection, SendError, Transport};
use crate::io::http::{HttpClient, Request};

/// Posts of one kind for one account.
pub(super) struct NewRelicTransport {
    http: Rc<HttpClient>,
    form: Form,
    url: String,
    headers: Vec<(String, Secret)>,
    key: Secret,
}

/// What a request holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Always an array: the Metric API.
    Array,
    /// One object, or an array of several: the Event API.
    ObjectOrArray,
}

/// Characters of a body that the debug log shows.
const VALUES: usize = 2_000;

impl NewRelicTransport {
    pub(super) fn new(
        module: NewRelicModule,
        http: Rc<HttpClient>,
        form: Form,
        endpoint: &Endpoint,
        account: &Account,
    ) -> Self {
        Self {
            http,
            form,
            url: url(module, endpoint, account),
            headers: endpoint.headers.clone(),
            key: account.key.clone(),
        }
    }

    fn body(&self, batch: &Batch) -> Vec<u8> {
        match batch.jobs.as_slice() {
            [only] if self.form == Form::ObjectOrArray => only.to_vec(),
            all => [b"[".as_slice(), &all.join(b",".as_slice()), b"]"].concat(),
        }
    }
}

impl Transport for NewRelicTransport {
    const NAME: &'static str = "new relic";
    const CATEGORY: Category = Category::NewRelicError;

    async fn send(&self, batch: Batch, attempt: &Attempt<'_>) -> Result<Vec<Rejection>, SendError> {
        let body = self.body(&batch);
        let values = log::log_enabled!(log::Level::Debug)
            .then(|| excerpt(&String::from_utf8_lossy(&body), VALUES).into_owned());
        let mut request = Request::post(&self.url, body).header("Content-Type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value.reveal());
        }
        let request = request.compressed().header("Api-Key", self.key.reveal());
        attempt.request();
        let away = |failure: Failure, retry_after| {
            let message = failure.message().into_owned();
            SendError { failure, message, retry_after, suspicion: None }
        };
        let answer = self.http.send(request).await.map_err(|failure| away(failure, None))?;
        match answer.status {
            200 | 202 => {
                if let Some(values) = values {
                    log::debug!("NEW RELIC: Posted {values:?}");
                }
                Ok(Vec::new())
            }
            status => {
                let failure = Failure::Answered { status, request: self.http.facts(&self.url) };
                Err(away(failure, answer.retry_after))
            }
        }
    }
}

fn url(module: NewRelicModule, endpoint: &Endpoint, account: &Account) -> String {
    match module {
        NewRelicModule::UserEvents | NewRelicModule::LogEvents => {
            let base = endpoint.url.trim_end_matches('/');
            let id = percent_encoding::utf8_percent_encode(
                &account.id,
                percent_encoding::NON_ALPHANUMERIC,
            );
            format!("{base}/v1/accounts/{id}/events")
        }
        _ => endpoint.url.clone(),
    }
}
