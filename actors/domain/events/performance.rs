//! Which performance events of the engine are kept (section 3.4 of the page on events).

use super::log::RawPerformance;

/// `logEvents.enginePerformanceMonitor.monitorFilter`, checked. An event is kept when either part
/// accepts it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PerformanceFilter {
    /// `appSpecific`; empty when it is switched off.
    pub specific: Vec<AppFilter>,
    /// `allApps`; `None` when it is switched off. Its `apps` are those that are not wanted.
    pub all: Option<AppFilter>,
}

/// What to keep of some apps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppFilter {
    /// Which apps.
    pub apps: Vec<AppMatch>,
    /// `objectType`.
    pub object_type: Choice,
    /// `appObject`.
    pub object: Choice,
    /// `method`.
    pub method: Choice,
}

/// An app by id, by name, or by both; one with neither is every app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppMatch {
    /// Compared exactly.
    pub id: Option<String>,
    /// Compared exactly; never equal to the name of an app that is not known.
    pub name: Option<String>,
}

/// All but some, or only some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Everything else.
    AllBut(Vec<String>),
    /// Nothing else.
    Only(Vec<String>),
}

impl Choice {
    fn accepts(&self, text: &str) -> bool {
        match self {
            Self::AllBut(texts) => !texts.iter().any(|other| other == text),
            Self::Only(texts) => texts.iter().any(|other| other == text),
        }
    }
}

impl AppMatch {
    fn accepts(&self, id: &str, name: &str) -> bool {
        self.id.as_deref().is_none_or(|wanted| wanted == id)
            && self.name.as_deref().is_none_or(|wanted| !name.is_empty() && wanted == name)
    }
}

impl AppFilter {
    fn accepts(&self, event: &RawPerformance<'_>) -> bool {
        self.object_type.accepts(event.object_type)
            && self.object.accepts(event.object_id)
            && self.method.accepts(event.method)
    }
}

impl PerformanceFilter {
    /// Whether an event of an app with this name is kept; the name is empty when it is not known.
    pub fn accepts(&self, event: &RawPerformance<'_>, app_name: &str) -> bool {
        let listed =
            |filter: &AppFilter| filter.apps.iter().any(|app| app.accepts(event.app_id, app_name));
        self.specific.iter().any(|filter| listed(filter) && filter.accepts(event))
            || self.all.as_ref().is_some_and(|filter| !listed(filter) && filter.accepts(event))
    }
}
