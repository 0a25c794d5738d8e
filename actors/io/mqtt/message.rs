//! One message, and what can be its topic.

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where to.
    pub topic: String,
    /// UTF-8 text.
    pub payload: String,
}

/// Whether a text can be published to.
pub(super) fn is_topic(topic: &str) -> bool {
    (1..=65_535).contains(&topic.len()) && topic.chars().all(can_be_in_topic)
}

/// Neither wildcard nor what a broker may end the connection for (MQTT 3.1.1, section 1.5.3).
pub fn can_be_in_topic(c: char) -> bool {
    let code = u32::from(c);
    let no_character = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    !(matches!(c, '+' | '#') || c.is_control() || no_character)
}
