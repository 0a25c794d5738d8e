//! `logEvents.enginePerformanceMonitor`: which performance events of the engine are kept.

use serde_json::{Value, json};

use super::PerformanceSettings;
use crate::config::{
    Flag, Key, KeyPath, Kind, NamedValue, Optional, Section, Sections, Switch, Text, Tree, Values,
};
use crate::domain::events::{AppFilter, AppMatch, Choice, PerformanceFilter, pairs};
use crate::keys;

keys! {
    /// `Butler-SOS.logEvents.enginePerformanceMonitor`.
    pub struct PerformanceKeys {
        /// Filter performance events of the engine
        enable: "enable" Key<Flag> = false;
        /// Look up app names; needs appNames
        look_up_names: "appNameLookup" Switch = false;
        rejected: "trackRejectedEvents" Section<RejectedKeys>;
        filter: "monitorFilter" Section<FilterKeys>;
    }
}

keys! {
    struct RejectedKeys {
        /// Count what the filter rejects
        enable: "enable" Key<Flag> = false;
        /// Tags of those counts
        tags: "tags" Sections<NamedValue>;
    }
}

keys! {
    struct FilterKeys {
        all: "allApps" Section<AllAppsKeys>;
        specific: "appSpecific" Section<AppSpecificKeys>;
    }
}

keys! {
    struct AllAppsKeys {
        /// Keep events of all apps
        enable: "enable" Key<Flag> = false;
        /// Except these apps
        exclude: "appExclude" Sections<AppKeys>;
        object_type: "objectType" Section<ObjectTypeKeys>;
        method: "method" Section<MethodKeys>;
    }
}

keys! {
    struct AppSpecificKeys {
        /// Keep events of certain apps
        enable: "enable" Key<Flag> = false;
        /// Those apps; an event passes if one entry accepts it
        apps: "app" Sections<AppFilterKeys>;
    }
}

keys! {
    struct AppFilterKeys {
        /// Apps of the entry
        include: "include" Sections<IncludedAppKeys>;
        object_type: "objectType" Section<ObjectTypeKeys>;
        object: "appObject" Section<AppObjectKeys>;
        method: "method" Section<MethodKeys>;
    }
}

keys! {
    struct AppKeys {
        /// Id of the app
        id: "appId" Optional<Text>;
        /// Name of the app
        name: "appName" Optional<Text>;
    }
}

keys! {
    struct IncludedAppKeys {
        /// Id of the app
        id: "appId" Optional<Text>, masked;
        /// Name of the app
        name: "appName" Optional<Text>, masked;
    }
}

keys! {
    struct ObjectTypeKeys {
        /// All object types
        all: "allObjectTypes" Key<Flag> = true;
        /// Except these
        exclude: "allObjectTypesExclude" Values<Text>;
        /// Only these, when not all
        include: "someObjectTypesInclude" Values<Text>;
    }
}

keys! {
    struct AppObjectKeys {
        /// All objects
        all: "allAppObjects" Key<Flag> = true;
        /// Except these
        exclude: "allAppObjectsExclude" Values<ObjectId>;
        /// Only these, when not all
        include: "someAppObjectsInclude" Values<ObjectId>;
    }
}

keys! {
    struct MethodKeys {
        /// All methods
        all: "allMethods" Key<Flag> = true;
        /// Except these
        exclude: "allMethodsExclude" Values<Text>;
        /// Only these, when not all
        include: "someMethodsInclude" Values<Text>;
    }
}

/// The id of an object, or a map with `objectId`, as the comments of the original show it.
#[derive(Debug, Clone, Copy)]
struct ObjectId;

impl Kind for ObjectId {
    type Value = String;
    type Literal = &'static str;

    fn known(literal: &'static str) -> String {
        literal.to_owned()
    }

    fn read(at: &KeyPath, tree: &Tree, default: Option<&'static str>) -> Option<String> {
        if !matches!(tree, Tree::Map(_)) {
            return Text::read(at, tree, default);
        }
        let id = match tree.get("objectId") {
            None | Some(Tree::Null) => String::new(),
            Some(id) => Text::read(&at.key("objectId"), id, default).unwrap_or_default(),
        };
        if id.is_empty() {
            at.warning("has an empty objectId");
        }
        Some(id).filter(|id| !id.is_empty())
    }

    fn schema() -> Value {
        let map = json!({ "type": "object", "properties": { "objectId": Text::schema() } });
        json!({ "anyOf": [Text::schema(), map] })
    }
}

impl PerformanceKeys {
    /// The filter; `None` when it is switched off. `counted` says whether rejected events are
    /// counted at all.
    pub fn check(&self, counted: bool) -> Option<PerformanceSettings> {
        if !self.enable.get() {
            return None;
        }
        let look_up_names = self.look_up_names.is_on();
        let rejected = self.rejected.get();
        let track = rejected.enable.get();
        let tags = if track { NamedValue::pairs(&rejected.tags) } else { Vec::new() };
        Some(PerformanceSettings {
            look_up_names,
            filter: self.filter.get().check(),
            count_rejected: track && counted,
            rejected_tags: pairs(tags),
        })
    }
}

impl FilterKeys {
    fn check(&self) -> PerformanceFilter {
        let all = self.all.get();
        let all = all.enable.get().then(|| AppFilter {
            apps: all.exclude.items().iter().map(AppKeys::check).collect(),
            object_type: all.object_type.get().check(),
            object: Choice::AllBut(Vec::new()),
            method: all.method.get().check(),
        });
        let specific = self.specific.get();
        let apps = if specific.enable.get() { specific.apps.items() } else { Vec::new() };
        let filter = |app: AppFilterKeys| AppFilter {
            apps: app.include.items().iter().map(IncludedAppKeys::check).collect(),
            object_type: app.object_type.get().check(),
            object: app.object.get().check(),
            method: app.method.get().check(),
        };
        PerformanceFilter { specific: apps.into_iter().map(filter).collect(), all }
    }
}

impl AppKeys {
    fn check(&self) -> AppMatch {
        app(&self.at, &self.id, &self.name)
    }
}

impl IncludedAppKeys {
    fn check(&self) -> AppMatch {
        app(&self.at, &self.id, &self.name)
    }
}

fn app(at: &KeyPath, id: &Optional<Text>, name: &Optional<Text>) -> AppMatch {
    let (id, name) = (id.get(), name.get());
    if id.is_none() && name.is_none() {
        at.warning("has neither appId nor appName and so means every app");
    }
    AppMatch { id, name }
}

/// All but some, or only some.
fn choice(all: bool, exclude: Vec<String>, include: Vec<String>) -> Choice {
    if all { Choice::AllBut(exclude) } else { Choice::Only(include) }
}

impl ObjectTypeKeys {
    fn check(&self) -> Choice {
        choice(self.all.get(), self.exclude.get(), self.include.get())
    }
}

impl AppObjectKeys {
    fn check(&self) -> Choice {
        choice(self.all.get(), self.exclude.get(), self.include.get())
    }
}

impl MethodKeys {
    fn check(&self) -> Choice {
        choice(self.all.get(), self.exclude.get(), self.include.get())
    }
}
