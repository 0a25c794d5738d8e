//! `logEvents.categorise`: rules that give log events a category or drop them.

use actors::domain::yaml::{Field, List, NamedValue, Reader, Section};
use serde::Deserialize;

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

const LEVELS: [(&str, ()); 8] = [
    ("error", ()),
    ("warn", ()),
    ("info", ()),
    ("verbose", ()),
    ("debug", ()),
    ("silly", ()),
    ("fatal", ()),
    ("warning", ()),
];

impl CategoriseConfig {
    pub(super) fn check(&self, at: &Reader) {
        if !at.key("enable").or(&self.enable, false) {
            return;
        }
        for (at, rule) in at.key("rules").items(&self.rules) {
            at.section(rule).check(&at);
        }
        let default_at = at.key("ruleDefault");
        let default = default_at.section(&self.rule_default);
        if default_at.key("enable").or(&default.enable, true) {
            NamedValue::list(&default_at.key("category"), &default.category);
        }
    }
}

impl RuleConfig {
    fn check(&self, at: &Reader) {
        at.key("description").optional(&self.description);
        let levels_at = at.key("logLevel");
        let levels = levels_at.items(&self.log_level);
        if levels.is_empty() {
            levels_at.error("needs at least one log level");
        }
        for (at, level) in levels {
            at.choice(level, &LEVELS, ());
        }
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
        for (at, filter) in filters {
            let filter = at.section(filter);
            let why = "every filter has a type and a value";
            if at.key("type").needed(&filter.kind, why).is_some() {
                at.key("type").choice(&filter.kind, &[("sw", ()), ("ew", ()), ("so", ())], ());
            }
            at.key("value").needed(&filter.value, why);
        }
    }
}
