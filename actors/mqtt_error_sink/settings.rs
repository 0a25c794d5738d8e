//! `errorTracking.mqtt`.

use crate::config::{Flag, Key};
use crate::io::mqtt::Topic;
use crate::keys;

keys! {
    /// `Butler-SOS.errorTracking.mqtt`.
    pub struct ErrorTopicKeys {
        /// Publish each error as JSON; needs mqttConfig.enable too
        enable: "enable" Key<Flag> = false;
        /// Topic, without + and #
        topic: "topic" Key<Topic> = "butler-sos/errors";
    }
}

impl ErrorTopicKeys {
    /// The topic; `None` when it is switched off.
    pub fn check(&self) -> Option<String> {
        self.enable.get().then(|| self.topic.get())
    }

    /// What switches it on.
    pub fn enable(&self) -> &Key<Flag> {
        &self.enable
    }
}
