//! What is said about a key, once; everything else about keys is derived from it.

use serde_json::Value;

/// A key: all that there is to say about it.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in one sentence for administrators.
    pub sentence: String,
    /// What may stand there.
    pub shape: Shape,
    /// How it was written in older files: a path that begins beside it, `../` is one section up.
    pub was: Vec<&'static str>,
    /// What the template shows, where that is not the default.
    pub example: Option<Value>,
    /// Names a machine, a person or a place, and is masked where the configuration is shown.
    pub masked: bool,
    /// The original requires this section or list.
    pub required: bool,
    /// Not used any more, or not supported: read for the files that have it, offered to nobody.
    pub retired: bool,
}

/// What may stand behind a key.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A single value.
    Value {
        /// Keywords of JSON Schema.
        schema: Value,
        /// `None` when there is none.
        default: Option<Value>,
        /// Who may see it.
        secrecy: Secrecy,
    },
    /// A section with these keys.
    Section(Vec<Definition>),
    /// A section with `enable`, which has the sentence, and with these keys.
    Switch {
        /// The default of `enable`.
        on: bool,
        /// Further keys.
        more: Vec<Definition>,
    },
    /// A list of single values.
    Values {
        /// Keywords of JSON Schema for each.
        item: Value,
    },
    /// A list of sections with these keys.
    Sections(Vec<Definition>),
    /// A list of sections that was one section in older files.
    OneOrMany(Vec<Definition>),
    /// Values with names that the administrator chooses.
    Map {
        /// Keywords of JSON Schema for each.
        value: Value,
        /// Who may see them.
        secrecy: Secrecy,
    },
}

/// Who may see a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Secrecy {
    /// Everybody.
    #[default]
    Open,
    /// Nobody.
    Secret,
    /// Nobody: a URL whose path is a secret.
    SecretUrl,
}

impl Definition {
    /// A key with a sentence that may have line breaks.
    pub fn new(name: &'static str, sentence: &str, shape: Shape) -> Self {
        let sentence = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        let shape = match shape {
            Shape::Switch { on, more } => {
                let secrecy = Secrecy::Open;
                let schema = serde_json::json!({ "type": "boolean" });
                let flag = Shape::Value { schema, default: Some(on.into()), secrecy };
                let enable = Self::new("enable", &sentence, flag);
                Shape::Section(std::iter::once(enable).chain(more).collect())
            }
            shape => shape,
        };
        Self {
            name,
            sentence,
            shape,
            was: Vec::new(),
            example: None,
            masked: false,
            required: false,
            retired: false,
        }
    }

    /// With an older spelling.
    #[must_use]
    pub fn was(mut self, path: &'static str) -> Self {
        self.was.push(path);
        self
    }

    /// With a value for the template.
    #[must_use]
    pub fn example(mut self, value: impl Into<Value>) -> Self {
        self.example = Some(value.into());
        self
    }

    /// Masked where the configuration is shown.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.masked = true;
        self
    }

    /// Required by the original.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Not used any more.
    #[must_use]
    pub fn retired(mut self) -> Self {
        self.retired = true;
        self
    }

    /// The keys below it, and whether they are those of each item of a list.
    pub fn below(&self) -> Option<(&[Self], bool)> {
        match &self.shape {
            Shape::Section(keys) | Shape::Switch { more: keys, .. } => Some((keys, false)),
            Shape::Sections(keys) | Shape::OneOrMany(keys) => Some((keys, true)),
            Shape::Value { .. } | Shape::Values { .. } | Shape::Map { .. } => None,
        }
    }

    /// Who may see what stands there.
    pub fn secrecy(&self) -> Secrecy {
        match &self.shape {
            Shape::Value { secrecy, .. } | Shape::Map { secrecy, .. } => *secrecy,
            _ => Secrecy::Open,
        }
    }
}

/// Calls `visit` with each key and its path, in order; `[]` stands for any index of a list.
/// Sections and lists come before what is in them.
pub fn each<'d>(above: &str, keys: &'d [Definition], visit: &mut impl FnMut(&str, &'d Definition)) {
    for key in keys {
        let path = join(above, key.name);
        visit(&path, key);
        if let Some((below, of_items)) = key.below() {
            let inside = if of_items { format!("{path}[]") } else { path };
            each(&inside, below, visit);
        }
    }
}

/// `above.name`, or the name alone at the top.
pub(super) fn join(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}
