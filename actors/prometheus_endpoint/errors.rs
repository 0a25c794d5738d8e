//! Errors since the program started, by everything that is known beforehand. Pure.

use std::collections::BTreeMap;

use crate::domain::errors::{Category, ErrorPoint, ErrorType, Module};
use crate::domain::metrics::{Family, Labels};
use crate::domain::names::ServerName;

/// The counts. Every one that there will ever be is there from the start, with 0.
pub(super) struct ErrorSheet {
    by_type: Counts,
    by_server: Counts,
    by_category: Counts,
    by_module: Counts,
}

/// Counts by the value of one label.
struct Counts {
    family: Family,
    label: &'static str,
    counts: BTreeMap<String, u64>,
}

impl ErrorSheet {
    /// Nothing has failed yet. `servers` are all that are configured.
    pub(super) fn new<'a>(servers: impl IntoIterator<Item = &'a ServerName>) -> Self {
        let servers = servers.into_iter().map(ServerName::as_str);
        Self {
            by_type: Counts::new(
                Family::counter("butlersos_errors_total", "Errors by type."),
                "error_type",
                ErrorType::ALL.map(ErrorType::as_str),
            ),
            by_server: Counts::new(
                Family::counter(
                    "butlersos_errors_by_server_total",
                    "Errors by server; without a name those that are about no server.",
                ),
                "server_name",
                servers.chain([""]),
            ),
            by_category: Counts::new(
                Family::counter("butlersos_errors_by_category_total", "Errors by category."),
                "error_category",
                Category::ALL.map(Category::as_str),
            ),
            by_module: Counts::new(
                Family::counter(
                    "butlersos_errors_by_module_total",
                    "Errors by module; errors of polls have none.",
                ),
                "module",
                Module::ALL.map(Module::as_str),
            ),
        }
    }

    /// One error more.
    pub(super) fn add(&mut self, point: &ErrorPoint) {
        let origin = point.origin();
        self.by_type.add(origin.error_type().as_str());
        self.by_server.add(origin.server().map_or("", ServerName::as_str));
        self.by_category.add(point.category().as_str());
        if let Some(module) = origin.module() {
            self.by_module.add(module.as_str());
        }
    }

    /// All counts.
    pub(super) fn families(&self) -> Vec<Family> {
        [&self.by_type, &self.by_server, &self.by_category, &self.by_module]
            .map(Counts::family)
            .into()
    }
}

impl Counts {
    fn new<'a>(
        family: Family,
        label: &'static str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let counts = values.into_iter().map(|value| (value.to_owned(), 0)).collect();
        Self { family, label, counts }
    }

    /// A value that is not known, which no actor sends, counts nowhere: it must not become a series.
    fn add(&mut self, value: &str) {
        if let Some(count) = self.counts.get_mut(value) {
            *count += 1;
        }
    }

    fn family(&self) -> Family {
        self.counts.iter().fold(self.family.clone(), |family, (value, count)| {
            family.count(Labels::of(&[(self.label, value)]), *count)
        })
    }
}
