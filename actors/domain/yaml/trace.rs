//! Which keys a `Config` reads, and which keys of a file nobody reads.
//!
//! The structs are the only list of keys there is. While a file is read, every [`Section`] notes
//! its path, the keys that its struct has, and the keys that it found.
//!
//! [`Section`]: super::Section

use std::cell::RefCell;

use serde::Deserialize as _;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, IntoDeserializer,
    MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, json};

/// What was noted while something was read.
#[derive(Debug, Default)]
pub struct Noticed {
    /// Every section.
    pub sections: Vec<Visited>,
    /// Lists that have a key but nothing below it.
    pub empty_lists: Vec<String>,
}

/// A section that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visited {
    /// Dotted path, list items with their index.
    pub path: String,
    /// The keys that it reads.
    pub known: &'static [&'static str],
    /// The keys that stand there and that it does not read.
    pub unknown: Vec<String>,
}

#[derive(Default)]
struct Trace {
    path: Vec<String>,
    noticed: Noticed,
}

impl Trace {
    fn path(&self) -> String {
        self.path.join(".").replace(".[", "[")
    }
}

thread_local! {
    /// Reading goes through the traits of `serde`, which have no place for a companion.
    static TRACE: RefCell<Trace> = RefCell::default();
}

/// Reads something and returns it with what was noticed on this thread meanwhile. Paths begin with
/// `root`.
pub fn traced<R>(root: &str, read: impl FnOnce() -> R) -> (R, Noticed) {
    TRACE.set(Trace { path: vec![root.to_owned()], noticed: Noticed::default() });
    let result = read();
    (result, TRACE.take().noticed)
}

/// Notes a list without anything below it.
pub(super) fn empty_list() {
    TRACE.with_borrow_mut(|trace| {
        let path = trace.path();
        trace.noticed.empty_lists.push(path);
    });
}

/// Reads below one step of the path.
fn below<R>(step: String, read: impl FnOnce() -> R) -> R {
    TRACE.with_borrow_mut(|trace| trace.path.push(step));
    let result = read();
    TRACE.with_borrow_mut(|trace| trace.path.pop());
    result
}

/// The keys of a struct out of a map.
pub(super) fn keys<'de, T, A>(map: A) -> Result<T, A::Error>
where
    T: DeserializeOwned,
    A: MapAccess<'de>,
{
    let known = fields_of::<T>();
    let path = TRACE.with_borrow(Trace::path);
    let mut unknown = Vec::new();
    let noted = Noted { map, known, unknown: &mut unknown, key: String::new() };
    let result = T::deserialize(MapAccessDeserializer::new(noted))?;
    TRACE.with_borrow_mut(|trace| trace.noticed.sections.push(Visited { path, known, unknown }));
    Ok(result)
}

/// The items of a list.
pub(super) fn items<'de, T, A>(mut list: A) -> Result<Vec<T>, A::Error>
where
    T: DeserializeOwned,
    A: SeqAccess<'de>,
{
    let mut items = Vec::new();
    while let Some(item) = below(format!("[{}]", items.len()), || list.next_element())? {
        items.push(item);
    }
    Ok(items)
}

/// A map whose keys are compared with those of a struct on the way.
struct Noted<'u, A> {
    map: A,
    known: &'static [&'static str],
    unknown: &'u mut Vec<String>,
    key: String,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Noted<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(super::Field::Value(key) | super::Field::Unusual(key, _)) =
            self.map.next_key::<super::Field<String>>()?
        else {
            // A key that is no text names nothing; with it the map ends for a struct.
            while self.map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        if !self.known.contains(&key.as_str()) {
            self.unknown.push(key.clone());
        }
        self.key.clone_from(&key);
        seed.deserialize(IntoDeserializer::<A::Error>::into_deserializer(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        let key = std::mem::take(&mut self.key);
        below(key, || self.map.next_value_seed(seed))
    }
}

/// The keys that a struct with a derived `Deserialize` reads.
fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // Asked for its fields, it is told that there is nothing to read; that error is the plan.
    _ = T::deserialize(Fields(&mut fields));
    fields
}

struct Fields<'f>(&'f mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(Self::Error::custom("only asked"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("only asked"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Every key that a section of type `T` reads, below `root`, in the order of the structs. The
/// items of lists have `[]` in their paths; sections and lists stand before what is in them.
pub fn known_keys<T: DeserializeOwned + Default>(root: &str) -> Vec<String> {
    let mut keys = Vec::new();
    explore::<T>(root, &mut Vec::new(), &mut keys);
    keys
}

/// Tries what a key is: a list of sections if it reads a list of maps, a section if it reads a map,
/// else a value.
fn explore<T: DeserializeOwned + Default>(
    root: &str,
    steps: &mut Vec<String>,
    keys: &mut Vec<String>,
) {
    let Some(section) = visit::<T>(root, steps) else { return };
    for key in section.known {
        steps.push((*key).to_owned());
        keys.push(path(root, steps).replace("[0]", "[]"));
        // What may be one section or a list of them is told by its list alone.
        steps.push("[0]".to_owned());
        let before = keys.len();
        explore::<T>(root, steps, keys);
        steps.pop();
        if keys.len() == before {
            explore::<T>(root, steps, keys);
        }
        steps.pop();
    }
}

fn path(root: &str, steps: &[String]) -> String {
    std::iter::once(root)
        .chain(steps.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join(".")
        .replace(".[", "[")
}

/// The section at the end of the steps, if there is one.
fn visit<T: DeserializeOwned + Default>(root: &str, steps: &[String]) -> Option<Visited> {
    let document = steps.iter().rev().fold(json!({}), |inner, step| match step.as_str() {
        "[0]" => json!([inner]),
        key => Value::Object(Map::from_iter([(key.to_owned(), inner)])),
    });
    let wanted = path(root, steps);
    let (_, noticed) = traced(root, || super::Section::<T>::deserialize(document).map(|_| ()));
    noticed.sections.into_iter().find(|section| section.path == wanted)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::{Field, List, Names, OneOrMany, Section};
    use super::*;

    #[derive(Debug, Clone, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Outer {
        some_text: Field<String>,
        inner: Section<Inner>,
        items: List<Section<Inner>>,
        both: OneOrMany<Inner>,
        texts: List<Field<String>>,
        chosen: Names,
    }

    #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Inner {
        enable: Field<bool>,
    }

    #[test]
    fn the_structs_tell_their_keys() {
        let expected = [
            "R.someText",
            "R.inner",
            "R.inner.enable",
            "R.items",
            "R.items[].enable",
            "R.both",
            "R.both[].enable",
            "R.texts",
            "R.chosen",
        ];
        assert_eq!(known_keys::<Outer>("R"), expected);
    }

    #[test]
    fn keys_that_nobody_reads_and_empty_lists_are_noticed() {
        let text = json!({
            "someTxt": 1, "chosen": { "any": 1 }, "texts": null,
            "items": [{}, { "enabel": true }], "inner": "wrong", "both": { "x": { "y": 2 } },
        });
        let (read, noticed) = traced("R", || Section::<Outer>::deserialize(text));
        assert!(matches!(read, Ok(Section::Keys(_))));
        let unknown: Vec<String> = noticed
            .sections
            .iter()
            .flat_map(|section| section.unknown.iter().map(|key| format!("{}.{key}", section.path)))
            .collect();
        assert_eq!(unknown, ["R.items[1].enabel", "R.both.x", "R.someTxt"]);
        assert_eq!(noticed.empty_lists, ["R.texts"]);
    }
}
