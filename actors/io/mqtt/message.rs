//! One message, what can be its topic, and how the messages of one publication are kept together.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where to.
    pub topic: String,
    /// UTF-8 text.
    pub payload: String,
}

/// The messages of one publication in a row: each as two texts with their lengths before them.
pub fn pack(messages: &[Message]) -> Bytes {
    let size = messages.iter().map(|message| message.topic.len() + message.payload.len() + 8);
    let mut packed = BytesMut::with_capacity(size.sum());
    for text in messages.iter().flat_map(|message| [&message.topic, &message.payload]) {
        packed.put_u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
        packed.put_slice(text.as_bytes());
    }
    packed.freeze()
}

/// What was packed.
pub(super) fn unpack(mut packed: Bytes) -> Vec<Message> {
    let mut text = || {
        let length = packed.try_get_u32().ok()? as usize;
        let text = (length <= packed.len()).then(|| packed.split_to(length))?;
        String::from_utf8(text.into()).ok()
    };
    std::iter::from_fn(|| Some(Message { topic: text()?, payload: text()? })).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in() {
        let message = |topic: &str, payload: &str| Message {
            topic: topic.to_owned(),
            payload: payload.to_owned(),
        };
        let messages = [message("a/b", "1"), message("", ""), message("ä", "{\n}")];
        assert_eq!(unpack(pack(&messages)), messages);
        assert_eq!(unpack(pack(&[])), []);
        assert_eq!(unpack(pack(&messages).slice(..4)), [], "cut off");
    }
}
