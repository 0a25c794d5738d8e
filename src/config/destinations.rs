//! `newRelic` and `thirdPartyToolsCredentials`: checked, though nothing is sent there yet.

use actors::domain::yaml::{Field, List, NamedValue, OneOrMany, Reader, Section, Switch};
use serde::Deserialize;

use super::shared::check_url;

/// `thirdPartyToolsCredentials` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CredentialsConfig {
    new_relic: OneOrMany<AccountConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AccountConfig {
    account_name: Field<String>,
    insert_api_key: Field<String>,
    account_id: Field<String>,
}

impl CredentialsConfig {
    /// Checks the section `at`; the names of the accounts.
    pub(super) fn check(&self, at: &Reader) -> Vec<String> {
        let at = at.key("newRelic");
        match &self.new_relic {
            OneOrMany::One(account) => {
                at.warning("is a map as in version 9.1; read as one account named \"default\"");
                account.check(&at);
                vec!["default".to_owned()]
            }
            OneOrMany::Many(accounts) => {
                let mut names = Vec::new();
                for (at, account) in at.items(accounts) {
                    let account = at.section(account);
                    account.check(&at);
                    let name_at = at.key("accountName");
                    let why = "every account has a name";
                    if let Some(name) = name_at.needed(&account.account_name, why) {
                        if names.contains(&name) {
                            name_at.warning(format!("{name:?} is the name of another account too"));
                        }
                        names.push(name);
                    }
                }
                names
            }
        }
    }
}

impl AccountConfig {
    fn check(&self, at: &Reader) {
        let why = "every account has a key and an id";
        at.key("insertApiKey").needed_secret(&self.insert_api_key, why);
        at.key("accountId").needed(&self.account_id, why);
    }
}

/// `newRelic` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewRelicConfig {
    enable: Field<bool>,
    event: Section<EventConfig>,
    metric: Section<MetricConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct EventConfig {
    url: Field<String>,
    header: List<Section<NamedValue>>,
    attribute: Section<AttributeConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MetricConfig {
    enable: Field<bool>,
    destination_account: List<Field<String>>,
    url: Field<String>,
    header: List<Section<NamedValue>>,
    dynamic: Section<DynamicConfig>,
    attribute: Section<AttributeConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename = "attribute", default)]
struct AttributeConfig {
    #[serde(rename = "static")]
    fixed: List<Section<NamedValue>>,
    dynamic: Section<DynamicAttributeConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DynamicAttributeConfig {
    butler_sos_version: Section<Switch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct DynamicConfig {
    engine: Section<EngineConfig>,
    apps: Section<AppsConfig>,
    cache: Section<CacheConfig>,
    proxy: Section<ProxyConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct EngineConfig {
    memory: Section<Switch>,
    cpu: Section<Switch>,
    calls: Section<Switch>,
    selections: Section<Switch>,
    sessions: Section<Switch>,
    users: Section<Switch>,
    saturated: Section<Switch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AppsConfig {
    doc_count: Section<Switch>,
    active_docs: Section<Switch>,
    loaded_docs: Section<Switch>,
    in_memory_docs: Section<Switch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct CacheConfig {
    cache: Section<Switch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct ProxyConfig {
    sessions: Section<Switch>,
}

impl NewRelicConfig {
    /// Checks the section `at`; whether it is on.
    pub(super) fn check(&self, at: &Reader) -> bool {
        let metric_at = at.key("metric");
        let metric = metric_at.section(&self.metric);
        if metric.enable != Field::Absent {
            metric_at.key("enable").warning("is not used any more, ignored");
        }
        if !at.key("enable").or(&self.enable, false) {
            return false;
        }
        let event_at = at.key("event");
        let event = event_at.section(&self.event);
        check_url(&event_at.key("url"), &event.url);
        NamedValue::list(&event_at.key("header"), &event.header);
        check_attribute(&event_at.key("attribute"), &event.attribute);
        metric_at.key("destinationAccount").texts(&metric.destination_account);
        check_url(&metric_at.key("url"), &metric.url);
        NamedValue::list(&metric_at.key("header"), &metric.header);
        check_attribute(&metric_at.key("attribute"), &metric.attribute);
        let dynamic_at = metric_at.key("dynamic");
        dynamic_at.section(&metric.dynamic).check(&dynamic_at);
        true
    }
}

fn check_attribute(at: &Reader, section: &Section<AttributeConfig>) {
    let attribute = at.section(section);
    NamedValue::list(&at.key("static"), &attribute.fixed);
    let dynamic_at = at.key("dynamic");
    let dynamic = dynamic_at.section(&attribute.dynamic);
    switches(&dynamic_at, &[("butlerSosVersion", &dynamic.butler_sos_version)]);
}

impl DynamicConfig {
    fn check(&self, at: &Reader) {
        let engine_at = at.key("engine");
        let engine = engine_at.section(&self.engine);
        switches(
            &engine_at,
            &[
                ("memory", &engine.memory),
                ("cpu", &engine.cpu),
                ("calls", &engine.calls),
                ("selections", &engine.selections),
                ("sessions", &engine.sessions),
                ("users", &engine.users),
                ("saturated", &engine.saturated),
            ],
        );
        let apps_at = at.key("apps");
        let apps = apps_at.section(&self.apps);
        switches(
            &apps_at,
            &[
                ("docCount", &apps.doc_count),
                ("activeDocs", &apps.active_docs),
                ("loadedDocs", &apps.loaded_docs),
                ("inMemoryDocs", &apps.in_memory_docs),
            ],
        );
        let cache_at = at.key("cache");
        switches(&cache_at, &[("cache", &cache_at.section(&self.cache).cache)]);
        let proxy_at = at.key("proxy");
        switches(&proxy_at, &[("sessions", &proxy_at.section(&self.proxy).sessions)]);
    }
}

fn switches(at: &Reader, sections: &[(&str, &Section<Switch>)]) {
    for (key, section) in sections {
        let at = at.key(key);
        at.section(section).is_on(&at, true);
    }
}
