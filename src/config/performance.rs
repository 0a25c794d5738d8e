//! `logEvents.enginePerformanceMonitor`: which performance events of the engine are kept.

use actors::domain::yaml::{Field, List, NamedValue, Reader, Section, Switch};
use serde::Deserialize;

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
        id: String,
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
    pub(super) fn check(&self, at: &Reader) {
        if !at.key("enable").or(&self.enable, false) {
            return;
        }
        let lookup_at = at.key("appNameLookup");
        lookup_at.section(&self.app_name_lookup).is_on(&lookup_at, false);
        let rejected_at = at.key("trackRejectedEvents");
        let rejected = rejected_at.section(&self.track_rejected_events);
        if rejected_at.key("enable").or(&rejected.enable, false) {
            NamedValue::list(&rejected_at.key("tags"), &rejected.tags);
        }
        let filter_at = at.key("monitorFilter");
        let filter = filter_at.section(&self.monitor_filter);
        let all_at = filter_at.key("allApps");
        let all = all_at.section(&filter.all_apps);
        if all_at.key("enable").or(&all.enable, false) {
            check_apps(&all_at.key("appExclude"), &all.app_exclude);
            check_object_type(&all_at.key("objectType"), &all.object_type);
            check_method(&all_at.key("method"), &all.method);
        }
        let specific_at = filter_at.key("appSpecific");
        let specific = specific_at.section(&filter.app_specific);
        if specific_at.key("enable").or(&specific.enable, false) {
            for (at, app) in specific_at.key("app").items(&specific.app) {
                let app = at.section(app);
                check_apps(&at.key("include"), &app.include);
                check_object_type(&at.key("objectType"), &app.object_type);
                check_app_object(&at.key("appObject"), &app.app_object);
                check_method(&at.key("method"), &app.method);
            }
        }
    }
}

fn check_apps(at: &Reader, apps: &List<Section<AppConfig>>) {
    for (at, app) in at.items(apps) {
        let app = at.section(app);
        let id = at.key("appId").optional(&app.app_id);
        if id.is_none() && at.key("appName").optional(&app.app_name).is_none() {
            at.warning("has neither appId nor appName and so means every app");
        }
    }
}

fn check_object_type(at: &Reader, section: &Section<ObjectTypeConfig>) {
    let types = at.section(section);
    at.key("allObjectTypes").or(&types.all_object_types, true);
    at.key("allObjectTypesExclude").texts(&types.all_object_types_exclude);
    at.key("someObjectTypesInclude").texts(&types.some_object_types_include);
}

fn check_app_object(at: &Reader, section: &Section<AppObjectConfig>) {
    let objects = at.section(section);
    at.key("allAppObjects").or(&objects.all_app_objects, true);
    for (key, list) in [
        ("allAppObjectsExclude", &objects.all_app_objects_exclude),
        ("someAppObjectsInclude", &objects.some_app_objects_include),
    ] {
        for (at, object) in at.key(key).items(list) {
            match object {
                AppObject::Map { id } if id.is_empty() => at.warning("has an empty objectId"),
                AppObject::Map { .. } => {}
                AppObject::Id(id) => _ = at.optional(id),
            }
        }
    }
}

fn check_method(at: &Reader, section: &Section<MethodConfig>) {
    let methods = at.section(section);
    at.key("allMethods").or(&methods.all_methods, true);
    at.key("allMethodsExclude").texts(&methods.all_methods_exclude);
    at.key("someMethodsInclude").texts(&methods.some_methods_include);
}
