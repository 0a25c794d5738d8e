//! Certificates that servers show while they are polled: pollers tell CertificateWatcher of them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use actix::Recipient;
use chrono::{DateTime, Utc};

use crate::domain::names::ServerName;

/// A monitored server has shown a certificate.
#[derive(Debug, Clone, PartialEq, Eq, actix::Message)]
#[rtype(result = "()")]
pub struct ServerCertificate {
    /// Which server.
    pub server: ServerName,
    /// `name[:port]` of the service on it, as configured.
    pub authority: Arc<str>,
    /// Until when the certificate is valid.
    pub end: DateTime<Utc>,
}

/// The certificate files may have been replaced: they are to be looked at now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, actix::Message)]
#[rtype(result = "()")]
pub struct ReadAgain;

/// What a poller has sent already: nothing is sent while nothing changes.
pub struct ServerCertificates {
    watcher: Option<Recipient<ServerCertificate>>,
    sent: RefCell<HashMap<Arc<str>, DateTime<Utc>>>,
}

impl ServerCertificates {
    /// For a poller; nobody hears of them without a watcher.
    pub fn for_watcher(watcher: Option<Recipient<ServerCertificate>>) -> Self {
        Self { watcher, sent: RefCell::default() }
    }

    /// A service has shown a certificate that is valid until `end`.
    pub fn saw(&self, server: &ServerName, authority: &Arc<str>, end: Option<DateTime<Utc>>) {
        let (Some(watcher), Some(end)) = (&self.watcher, end) else { return };
        let mut sent = self.sent.borrow_mut();
        if sent.get(authority) == Some(&end) {
            return;
        }
        let (server, authority) = (server.clone(), Arc::clone(authority));
        // A full mailbox: the next poll tries again.
        let message = ServerCertificate { server, authority: Arc::clone(&authority), end };
        if watcher.try_send(message).is_ok() {
            sent.insert(authority, end);
        }
    }
}
