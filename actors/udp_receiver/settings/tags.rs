//! Tags of events.

use crate::config::{Optional, Sections, Text};
use crate::domain::events::{Pairs, pairs};
use crate::keys;

keys! {
    /// A tag of events; its name was called `tag` in files before version 11.
    pub struct EventTag {
        /// Its name
        name: "name" Optional<Text>, was "tag";
        /// Its value
        value: "value" Optional<Text>;
    }
}

/// Names and values of a list of tags; both must be there.
pub fn event_tags(list: &Sections<EventTag>) -> Pairs {
    let why = "every entry has a name and a value";
    let pair = |tag: EventTag| {
        let (name, value) = (tag.name.needed(why), tag.value.needed(why));
        Some((name?, value?))
    };
    pairs(list.items().into_iter().filter_map(pair))
}
