//! Certificates of servers, as last shown: pure. Services of one server often share one, which is
//! worth one warning.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::deadline::{Deadline, Subject};
use crate::domain::metrics::{Family, Labels};
use crate::domain::names::ServerName;
use crate::runtime::certificates::ServerCertificate;

/// What each service has shown last.
#[derive(Debug, Default)]
pub(super) struct Servers {
    services: Vec<(ServerName, Arc<str>, DateTime<Utc>)>,
    /// One for each certificate of a server that is in use.
    deadlines: BTreeMap<(String, DateTime<Utc>), Deadline>,
}

impl Servers {
    /// A service has shown a certificate. As many are kept as services are configured.
    pub(super) fn saw(&mut self, shown: ServerCertificate) {
        let ServerCertificate { server, authority, end } = shown;
        let same = |(name, at, _): &&mut (ServerName, Arc<str>, DateTime<Utc>)| {
            *name == server && *at == authority
        };
        match self.services.iter_mut().find(same) {
            Some(known) => known.2 = end,
            None => self.services.push((server, authority, end)),
        }
    }

    /// Lines that are due.
    pub(super) fn news(&mut self, now: DateTime<Utc>) -> Vec<(log::Level, String)> {
        let mut in_use: BTreeMap<(String, DateTime<Utc>), Vec<&str>> = BTreeMap::new();
        for (server, authority, end) in &self.services {
            in_use.entry((server.to_string(), *end)).or_default().push(authority);
        }
        self.deadlines.retain(|key, _| in_use.contains_key(key));
        let mut lines = Vec::new();
        for (key, services) in in_use {
            let (server, end) = &key;
            let subject = Subject::Server(format!("{server} ({})", services.join(", ")));
            let end = *end;
            let deadline = self.deadlines.entry(key).or_default();
            lines.extend(deadline.news(end, now).map(|news| news.line(&subject)));
        }
        lines
    }

    /// For Prometheus.
    pub(super) fn family(&self, now: DateTime<Utc>) -> Family {
        let family = Family::gauge(
            "butlersos_server_certificate_expiry_days",
            "Days until the certificate ends that this service showed last, negative afterwards.",
        );
        self.services.iter().fold(family, |family, (server, authority, end)| {
            let labels = Labels::of(&[("server_name", server.as_str()), ("host", &**authority)]);
            #[expect(clippy::cast_precision_loss, reason = "seconds of centuries fit")]
            family.value(labels, (*end - now).num_seconds() as f64 / 86_400.0)
        })
    }
}
