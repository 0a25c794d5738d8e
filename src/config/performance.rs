//! `logEvents.enginePerformanceMonitor`: which performance events of the engine are kept.

use actors::domain::events::{AppFilter, AppMatch, Choice, PerformanceFilter};
use actors::domain::yaml::{Field, List, NamedValue, Reader, Section, Switch};
use actors::udp_receiver::PerformanceSettings;
use serde::Deserialize;

use super::shared::pairs;

/// `logEvents.enginePerformanceMonitor` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PerformanceConfig {
    enable: Field<bool>,
    app_name_lookup: Section<Switch>,
    track_rejected_events: Section<RejectedConfig>,
    monitor_filter: Section<FilterConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct RejectedConfig {
    enable: Field<bool>,
    tags: List<Section<NamedValue>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FilterConfig {
    all_apps: Section<AllAppsConfig>,
    app_specific: Section<AppSpecificConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AllAppsConfig {
    enable: Field<bool>,
    app_exclude: List<Section<AppConfig>>,
    object_type: Section<ObjectTypeConfig>,
    method: Section<MethodConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct AppSpecificConfig {
    enable: Field<bool>,
    app: List<Section<AppFilterConfig>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AppFilterConfig {
    include: List<Section<AppConfig>>,
    object_type: Section<ObjectTypeConfig>,
    app_object: Section<AppObjectConfig>,
    method: Section<MethodConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AppConfig {
    app_id: Field<String>,
    app_name: Field<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectTypeConfig {
    all_object_types: Field<bool>,
    all_object_types_exclude: List<Field<String>>,
    some_object_types_include: List<Field<String>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AppObjectConfig {
    all_app_objects: Field<bool>,
    all_app_objects_exclude: List<AppObject>,
    some_app_objects_include: List<AppObject>,
}

/// An id, or a map with `objectId`, as the original's comments show it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum AppObject {
    Map {
        #[serde(rename = "objectId")]
        id: Field<String>,
    },
    Id(Field<String>),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MethodConfig {
    all_methods: Field<bool>,
    all_methods_exclude: List<Field<String>>,
    some_methods_include: List<Field<String>>,
}

impl PerformanceConfig {
    /// Checks the section `at`; `None` when it is switched off. `counted` says whether rejected
    /// events are counted at all.
    pub(super) fn check(&self, at: &Reader, counted: bool) -> Option<PerformanceSettings> {
        if !at.key("enable").or(&self.enable, false) {
            return None;
        }
        let lookup_at = at.key("appNameLookup");
        let look_up_names = lookup_at.section(&self.app_name_lookup).is_on(&lookup_at, false);
        let rejected_at = at.key("trackRejectedEvents");
        let rejected = rejected_at.section(&self.track_rejected_events);
        let track = rejected_at.key("enable").or(&rejected.enable, false);
        let tags = if track {
            NamedValue::list(&rejected_at.key("tags"), &rejected.tags)
        } else {
            Vec::new()
        };
        let filter_at = at.key("monitorFilter");
        Some(PerformanceSettings {
            look_up_names,
            filter: filter_at.section(&self.monitor_filter).check(&filter_at),
            count_rejected: track && counted,
            rejected_tags: pairs(tags),
        })
    }
}

impl FilterConfig {
    fn check(&self, at: &Reader) -> PerformanceFilter {
        let all_at = at.key("allApps");
        let all = all_at.section(&self.all_apps);
        let all = all_at.key("enable").or(&all.enable, false).then(|| AppFilter {
            apps: apps(&all_at.key("appExclude"), &all.app_exclude),
            object_type: object_type(&all_at.key("objectType"), &all.object_type),
            object: Choice::AllBut(Vec::new()),
            method: method(&all_at.key("method"), &all.method),
        });
        let specific_at = at.key("appSpecific");
        let specific = specific_at.section(&self.app_specific);
        let mut filters = Vec::new();
        if specific_at.key("enable").or(&specific.enable, false) {
            for (at, app) in specific_at.key("app").items(&specific.app) {
                let app = at.section(app);
                filters.push(AppFilter {
                    apps: apps(&at.key("include"), &app.include),
                    object_type: object_type(&at.key("objectType"), &app.object_type),
                    object: app_object(&at.key("appObject"), &app.app_object),
                    method: method(&at.key("method"), &app.method),
                });
            }
        }
        PerformanceFilter { specific: filters, all }
    }
}

fn apps(at: &Reader, apps: &List<Section<AppConfig>>) -> Vec<AppMatch> {
    at.items(apps)
        .into_iter()
        .map(|(at, app)| {
            let app = at.section(app);
            let id = at.key("appId").optional(&app.app_id);
            let name = at.key("appName").optional(&app.app_name);
            if id.is_none() && name.is_none() {
                at.warning("has neither appId nor appName and so means every app");
            }
            AppMatch { id, name }
        })
        .collect()
}

/// All but some, or only some.
fn choice(all: bool, exclude: Vec<String>, include: Vec<String>) -> Choice {
    if all { Choice::AllBut(exclude) } else { Choice::Only(include) }
}

fn object_type(at: &Reader, section: &Section<ObjectTypeConfig>) -> Choice {
    let types = at.section(section);
    choice(
        at.key("allObjectTypes").or(&types.all_object_types, true),
        at.key("allObjectTypesExclude").texts(&types.all_object_types_exclude),
        at.key("someObjectTypesInclude").texts(&types.some_object_types_include),
    )
}

fn app_object(at: &Reader, section: &Section<AppObjectConfig>) -> Choice {
    let objects = at.section(section);
    let ids = |key, list| {
        let items = at.key(key).items(list);
        let ids = items.into_iter().filter_map(|(at, object)| match object {
            AppObject::Map { id } => {
                let id = at.key("objectId").or(id, String::new());
                if id.is_empty() {
                    at.warning("has an empty objectId");
                }
                Some(id).filter(|id| !id.is_empty())
            }
            AppObject::Id(id) => at.optional(id),
        });
        ids.collect::<Vec<String>>()
    };
    choice(
        at.key("allAppObjects").or(&objects.all_app_objects, true),
        ids("allAppObjectsExclude", &objects.all_app_objects_exclude),
        ids("someAppObjectsInclude", &objects.some_app_objects_include),
    )
}

fn method(at: &Reader, section: &Section<MethodConfig>) -> Choice {
    let methods = at.section(section);
    choice(
        at.key("allMethods").or(&methods.all_methods, true),
        at.key("allMethodsExclude").texts(&methods.all_methods_exclude),
        at.key("someMethodsInclude").texts(&methods.some_methods_include),
    )
}
