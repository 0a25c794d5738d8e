//! Categories of log events (section 3.3 of the page on events).

use std::sync::Arc;

use super::Pairs;

/// Names and values that a rule gives an event.
pub type Categories = Pairs;

/// `logEvents.categorise`, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Categorise {
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// For events that no rule matches; `None` when that is switched off.
    pub default: Option<Categories>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Levels that it is for, in lower case.
    pub levels: Vec<String>,
    /// The first that matches counts.
    pub filters: Vec<Filter>,
    /// What becomes of a matching event.
    pub action: Action,
}

/// What becomes of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It reaches no destination.
    Drop,
    /// It gets these categories.
    Categorise(Categories),
}

/// What a message must look like. Letter case matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Where.
    pub matches: Match,
    /// What.
    pub text: String,
}

/// Where a text must stand in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Match {
    StartsWith,
    EndsWith,
    Contains,
}

impl Filter {
    fn accepts(&self, message: &str) -> bool {
        match self.matches {
            Match::StartsWith => message.starts_with(&self.text),
            Match::EndsWith => message.ends_with(&self.text),
            Match::Contains => message.contains(&self.text),
        }
    }
}

impl Categorise {
    /// The categories of an event, possibly none; `None` when it is to be dropped.
    pub fn categories(&self, level: &str, message: &str) -> Option<Categories> {
        let mut found: Vec<&Categories> = Vec::new();
        let matching = self.rules.iter().filter(|rule| {
            rule.levels.iter().any(|wanted| wanted.eq_ignore_ascii_case(level))
                && rule.filters.iter().any(|filter| filter.accepts(message))
        });
        for rule in matching {
            match &rule.action {
                Action::Drop => return None,
                Action::Categorise(categories) => found.push(categories),
            }
        }
        Some(match found.as_slice() {
            [] => self.default.clone().unwrap_or_else(|| Arc::new([])),
            [only] => Arc::clone(only),
            several => {
                let mut all: Vec<(Arc<str>, Arc<str>)> = Vec::new();
                for pair in several.iter().flat_map(|categories| categories.iter()) {
                    if !all.contains(pair) {
                        all.push(pair.clone());
                    }
                }
                all.into()
            }
        })
    }
}
