//! `errorTracking.mqtt`: as written and as checked.

use serde::Deserialize;

use crate::domain::yaml::{Field, Reader};
use crate::io::mqtt::check_topic;

/// `Butler-SOS.errorTracking.mqtt` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ErrorTopicConfig {
    enable: Field<bool>,
    topic: Field<String>,
}

impl ErrorTopicConfig {
    /// Checks the section `at`; the topic, or `None` when it is switched off.
    pub fn check(&self, at: &Reader) -> Option<String> {
        at.key("enable")
            .or(&self.enable, false)
            .then(|| check_topic(&at.key("topic"), &self.topic, "butler-sos/errors"))
    }
}
