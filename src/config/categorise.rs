//! `logEvents.categorise`: rules that give log events a category or drop them.

use actors::domain::events::{Action, Categorise, Filter, Match, Rule};
use actors::domain::yaml::{Field, List, NamedValue, Reader, Section};
use serde::Deserialize;

use super::shared::pairs;

/// `logEvents.categorise` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CategoriseConfig {
    enable: Field<bool>,
    rules: List<Section<RuleConfig>>,
    rule_default: Section<DefaultConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RuleConfig {
    description: Field<String>,
    log_level: List<Field<String>>,
    action: Field<String>,
    category: List<Section<NamedValue>>,
    filter: List<Section<FilterConfig>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct FilterConfig {
    #[serde(rename = "type")]
    kind: Field<String>,
    value: Field<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct DefaultConfig {
    enable: Field<bool>,
    category: List<Section<NamedValue>>,
}

const LEVELS: [(&str, &str); 8] = [
    ("error", "error"),
    ("warn", "warn"),
    ("info", "info"),
    ("verbose", "verbose"),
    ("debug", "debug"),
    ("silly", "silly"),
    ("fatal", "fatal"),
    ("warning", "warning"),
];

const FILTERS: [(&str, Match); 3] =
    [("sw", Match::StartsWith), ("ew", Match::EndsWith), ("so", Match::Contains)];

impl CategoriseConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub(super) fn check(&self, at: &Reader) -> Option<Categorise> {
        if !at.key("enable").or(&self.enable, false) {
            return None;
        }
        let rules = at.key("rules").items(&self.rules);
        let rules = rules.into_iter().map(|(at, rule)| at.section(rule).check(&at)).collect();
        let default_at = at.key("ruleDefault");
        let default = default_at.section(&self.rule_default);
        let default = default_at
            .key("enable")
            .or(&default.enable, true)
            .then(|| pairs(NamedValue::list(&default_at.key("category"), &default.category)));
        Some(Categorise { rules, default })
    }
}

impl RuleConfig {
    fn check(&self, at: &Reader) -> Rule {
        at.key("description").optional(&self.description);
        let levels_at = at.key("logLevel");
        let levels = levels_at.items(&self.log_level);
        if levels.is_empty() {
            levels_at.error("needs at least one log level");
        }
        let levels = levels.into_iter().map(|(at, level)| at.choice(level, &LEVELS, "").to_owned());
        let levels = levels.collect();
        let actions = [("categorise", true), ("drop", false)];
        let categorise = at.key("action").choice(&self.action, &actions, true);
        let category_at = at.key("category");
        let category = NamedValue::list(&category_at, &self.category);
        if categorise && category.is_empty() {
            category_at.error("needs at least one entry, because the action is categorise");
        }
        let filter_at = at.key("filter");
        let filters = filter_at.items(&self.filter);
        if filters.is_empty() {
            filter_at.error("needs at least one filter");
        }
        let filters = filters.into_iter().filter_map(|(at, filter)| at.section(filter).check(&at));
        Rule {
            levels,
            filters: filters.collect(),
            action: if categorise { Action::Categorise(pairs(category)) } else { Action::Drop },
        }
    }
}

impl FilterConfig {
    fn check(&self, at: &Reader) -> Option<Filter> {
        let why = "every filter has a type and a value";
        let kind = at
            .key("type")
            .needed(&self.kind, why)
            .map(|_| at.key("type").choice(&self.kind, &FILTERS, Match::Contains));
        let text = at.key("value").needed(&self.value, why);
        Some(Filter { matches: kind?, text: text? })
    }
}
