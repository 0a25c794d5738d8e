//! `logEvents.categorise`: rules that give log events a category or drop them.

use crate::config::{
    Choice, Choices, Flag, Key, NamedValue, Optional, Section, Sections, Text, Values,
};
use crate::domain::events::{Action, Categorise, Filter, Match, Rule, pairs};
use crate::keys;

keys! {
    /// `Butler-SOS.logEvents.categorise`.
    pub struct CategoriseKeys {
        /// Give log events categories by rules
        enable: "enable" Key<Flag> = false;
        /// The rules, in their order
        rules: "rules" Sections<RuleKeys>;
        default: "ruleDefault" Section<DefaultKeys>;
    }
}

keys! {
    struct RuleKeys {
        /// What the rule is for
        description: "description" Optional<Text>;
        /// Log levels it applies to
        levels: "logLevel" Values<Choice<RuleLevel>>;
        /// categorise or drop
        action: "action" Key<Choice<RuleAction>> = "categorise";
        /// Categories it gives
        category: "category" Sections<NamedValue>;
        /// Texts it looks for; the first that matches decides
        filters: "filter" Sections<FilterKeys>;
    }
}

keys! {
    struct FilterKeys {
        /// sw: starts with, ew: ends with, so: contains
        kind: "type" Optional<Choice<Match>>;
        /// The text, compared with its letter case
        value: "value" Optional<Text>;
    }
}

keys! {
    struct DefaultKeys {
        /// Give a category when no rule matched
        enable: "enable" Key<Flag> = true;
        /// That category
        category: "category" Sections<NamedValue>;
    }
}

/// The level of a log event.
#[derive(Debug, Clone, Copy)]
struct RuleLevel(&'static str);

impl Choices for RuleLevel {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("error", Self("error")),
        ("warn", Self("warn")),
        ("info", Self("info")),
        ("verbose", Self("verbose")),
        ("debug", Self("debug")),
        ("silly", Self("silly")),
        ("fatal", Self("fatal")),
        ("warning", Self("warning")),
    ];
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RuleAction {
    Categorise,
    Drop,
}

impl Choices for RuleAction {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("categorise", Self::Categorise), ("drop", Self::Drop)];
}

impl Choices for Match {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("sw", Self::StartsWith), ("ew", Self::EndsWith), ("so", Self::Contains)];
}

impl CategoriseKeys {
    /// The rules; `None` when they are switched off.
    pub fn check(&self) -> Option<Categorise> {
        if !self.enable.get() {
            return None;
        }
        let rules = self.rules.items().iter().map(RuleKeys::check).collect();
        let default = self.default.get();
        let default = default.enable.get().then(|| pairs(NamedValue::pairs(&default.category)));
        Some(Categorise { rules, default })
    }
}

impl RuleKeys {
    fn check(&self) -> Rule {
        self.description.get();
        let levels = self.levels.items();
        if levels.is_empty() {
            self.levels.at.error("needs at least one log level");
        }
        let level =
            |level: &Optional<Choice<RuleLevel>>| level.get().map(|level| level.0.to_owned());
        let levels = levels.iter().filter_map(level).collect();
        let categorise = self.action.get() == RuleAction::Categorise;
        let category = NamedValue::pairs(&self.category);
        if categorise && category.is_empty() {
            let said = "needs at least one entry, because the action is categorise";
            self.category.at.error(said);
        }
        let filters = self.filters.items();
        if filters.is_empty() {
            self.filters.at.error("needs at least one filter");
        }
        Rule {
            levels,
            filters: filters.iter().filter_map(FilterKeys::check).collect(),
            action: if categorise { Action::Categorise(pairs(category)) } else { Action::Drop },
        }
    }
}

impl FilterKeys {
    fn check(&self) -> Option<Filter> {
        let why = "every filter has a type and a value";
        let (kind, text) = (self.kind.needed(why), self.value.needed(why));
        Some(Filter { matches: kind?, text: text? })
    }
}
