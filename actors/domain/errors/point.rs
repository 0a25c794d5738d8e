//! An error event with everything derived from it, as the sinks receive it.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Category, ErrorCode, ErrorOccurred, Failure, Origin};
use crate::domain::point::{FieldValue, Stamp};

/// One recorded error: what happened, when, and its category. Cheap to clone, because every sink
/// gets one.
#[derive(Debug, Clone, PartialEq, actix::Message)]
#[rtype(result = "()")]
pub struct ErrorPoint(Arc<ErrorFacts>);

#[derive(Debug, PartialEq)]
struct ErrorFacts {
    stamp: Stamp,
    category: Category,
    event: ErrorOccurred,
}

/// What can be written as a line or a message about an error: the tags and fields of the page.
pub trait ErrorRecord {
    /// When the error was recorded.
    fn stamp(&self) -> Stamp;

    /// Calls `tag` for each tag of the page's table "Tags", sorted by name (decision E5).
    /// `server_name` is always among them, empty where not applicable (decision E2); whoever
    /// encodes leaves an empty one off the wire.
    fn for_each_tag(&self, tag: impl FnMut(&'static str, &str));

    /// Calls `field` for each field of the page's table "Fields", in its order. `error_code` is
    /// always among them, empty where there is none (decision E1).
    fn for_each_field(&self, field: impl FnMut(&'static str, FieldValue<'_>));
}

impl ErrorPoint {
    /// Fixes the stamp (decision E15) and the category of an error.
    pub fn new(stamp: Stamp, event: ErrorOccurred) -> Self {
        let category = event.failure.category();
        Self(Arc::new(ErrorFacts { stamp, category, event }))
    }

    /// When the error was recorded.
    pub fn stamp(&self) -> Stamp {
        self.0.stamp
    }

    /// What the error is about.
    pub fn category(&self) -> Category {
        self.0.category
    }

    /// What failed.
    pub fn origin(&self) -> &Origin {
        &self.0.event.origin
    }

    /// How it failed.
    pub fn failure(&self) -> &Failure {
        &self.0.event.failure
    }
}

impl ErrorRecord for ErrorPoint {
    fn stamp(&self) -> Stamp {
        Self::stamp(self)
    }

    fn for_each_tag(&self, mut tag: impl FnMut(&'static str, &str)) {
        let origin = self.origin();
        if let Some(to) = origin.destination_host() {
            tag("destination_host", to.as_str());
        }
        tag("error_type", origin.error_type().as_str());
        if let Some(host) = origin.host() {
            tag("host", host.as_str());
        }
        if let Some(module) = origin.module() {
            tag("module", module.as_str());
        }
        tag("server_name", origin.server().map_or("", |name| name.as_str()));
        if let Some(virtual_proxy) = origin.virtual_proxy() {
            tag("virtual_proxy", virtual_proxy.as_str());
        }
    }

    fn for_each_field(&self, mut field: impl FnMut(&'static str, FieldValue<'_>)) {
        let failure = self.failure();
        let text = |value| FieldValue::Text(Cow::Borrowed(value));
        field("error_count", FieldValue::Integer(1));
        field("error_category", text(self.category().as_str()));
        field("error_code", text(failure.code().map_or("", ErrorCode::as_str)));
        if let Some(status) = failure.status() {
            field("http_status", FieldValue::Integer(status.into()));
        }
        if let Some(request) = failure.request() {
            field("request_url", text(request.url.as_str()));
            if let Some(timeout) = request.timeout {
                let ms = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
                field("request_timeout_ms", FieldValue::Integer(ms));
            }
        }
        if let Some(remote) = failure.remote() {
            let address = remote.ip().to_string();
            field("remote_address", FieldValue::Text(Cow::Owned(address)));
            field("remote_port", FieldValue::Integer(remote.port().into()));
        }
        if let Some(syscall) = failure.syscall() {
            field("syscall", text(syscall));
        }
    }
}
