//! `newRelic` and `thirdPartyToolsCredentials`: as written, and their checks.

use serde::Deserialize;

use super::{Account, Endpoint, EngineMetrics};
use crate::domain::names::Secret;
use crate::domain::yaml::{
    Field, List, NamedValue, OneOrMany, Reader, Section, Switch, is_http_url,
};

/// `thirdPartyToolsCredentials` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CredentialsConfig {
    new_relic: OneOrMany<AccountConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AccountConfig {
    account_name: Field<String>,
    insert_api_key: Field<String>,
    account_id: Field<String>,
}

/// Name of the only account of a file of version 9.1.
const ONLY_ACCOUNT: &str = "default";

impl CredentialsConfig {
    /// Checks the section `at`; the accounts, and the name of the one that is meant where a
    /// feature names none, which is how files of version 9.1 were.
    pub fn check(&self, at: &Reader) -> (Vec<Account>, Option<&'static str>) {
        let at = at.key("newRelic");
        match &self.new_relic {
            OneOrMany::One(account) => {
                at.warning("is a map as in version 9.1; read as one account named \"default\"");
                let account = account.check(&at, Some(ONLY_ACCOUNT.to_owned()));
                (account.into_iter().collect(), Some(ONLY_ACCOUNT))
            }
            OneOrMany::Many(accounts) => {
                let mut known = Vec::<Account>::new();
                for (at, account) in at.items(accounts) {
                    let account = at.section(account);
                    let name_at = at.key("accountName");
                    let name = name_at.needed(&account.account_name, "every account has a name");
                    let Some(account) = account.check(&at, name) else { continue };
                    if known.iter().any(|other| other.name == account.name) {
                        let name = &account.name;
                        name_at.warning(format!("{name:?} is the name of another account too"));
                    }
                    known.push(account);
                }
                (known, None)
            }
        }
    }
}

impl AccountConfig {
    fn check(&self, at: &Reader, name: Option<String>) -> Option<Account> {
        let why = "every account has a key and an id";
        let key = at.key("insertApiKey").needed_secret(&self.insert_api_key, why);
        let id = at.key("accountId").needed(&self.account_id, why);
        Some(Account { name: name?, key: key?, id: id?.trim().to_owned() })
    }
}

/// `newRelic` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewRelicConfig {
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

/// `newRelic` while it is switched on.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRelicSection {
    /// `event`: where events go.
    pub event: Endpoint,
    /// `event.attribute`, the version of the program included where that is wanted.
    pub event_attributes: Vec<(String, String)>,
    /// `metric.destinationAccount`; may be empty.
    pub metric_accounts: Vec<String>,
    /// `metric.attribute`, as above.
    pub metric_attributes: Vec<(String, String)>,
    /// `metric.dynamic`.
    pub engine: EngineMetrics,
    /// `metric.dynamic.proxy.sessions`.
    pub sessions: bool,
}

impl NewRelicConfig {
    /// Checks the section `at`; `None` when it is switched off. `version` is that of the program.
    pub fn check(&self, at: &Reader, version: &str) -> Option<NewRelicSection> {
        let metric_at = at.key("metric");
        let metric = metric_at.section(&self.metric);
        if metric.enable != Field::Absent {
            metric_at.key("enable").warning("is not used any more, ignored");
        }
        if !at.key("enable").or(&self.enable, false) {
            return None;
        }
        let event_at = at.key("event");
        let event = event_at.section(&self.event);
        let dynamic_at = metric_at.key("dynamic");
        let (engine, sessions) = dynamic_at.section(&metric.dynamic).check(&dynamic_at);
        Some(NewRelicSection {
            event: endpoint(&event_at, &event.url, &event.header, EVENT_URL),
            event_attributes: attributes(&event_at.key("attribute"), &event.attribute, version),
            metric_accounts: metric_at.key("destinationAccount").texts(&metric.destination_account),
            metric_attributes: attributes(&metric_at.key("attribute"), &metric.attribute, version),
            engine,
            sessions,
        })
    }

    /// Where metrics go. Also asked for while the section is off, because metrics about
    /// ourselves go there all the same.
    pub fn metric_endpoint(&self, at: &Reader) -> Endpoint {
        let at = at.key("metric");
        // Whatever else stands there was told already.
        let Section::Keys(metric) = &self.metric else {
            return endpoint(&at, &Field::Absent, &List::default(), METRIC_URL);
        };
        endpoint(&at, &metric.url, &metric.header, METRIC_URL)
    }
}

const EVENT_URL: &str = "https://insights-collector.newrelic.com";
const METRIC_URL: &str = "https://metric-api.newrelic.com/metric/v1";

fn endpoint(
    at: &Reader,
    url: &Field<String>,
    headers: &List<Section<NamedValue>>,
    default: &str,
) -> Endpoint {
    let url_at = at.key("url");
    let url = url_at.or(url, default.to_owned());
    let url = url.trim();
    is_http_url(&url_at, url);
    let headers = NamedValue::list(&at.key("header"), headers);
    let headers = headers.into_iter().map(|(name, value)| (name, Secret::from(value.as_str())));
    Endpoint { url: url.to_owned(), headers: headers.collect() }
}

/// Attributes with fixed values, then the version of the program; the later wins.
fn attributes(
    at: &Reader,
    section: &Section<AttributeConfig>,
    version: &str,
) -> Vec<(String, String)> {
    let attribute = at.section(section);
    let mut pairs = NamedValue::list(&at.key("static"), &attribute.fixed);
    let dynamic_at = at.key("dynamic");
    let dynamic = dynamic_at.section(&attribute.dynamic);
    if is_on(&dynamic_at, "butlerSosVersion", &dynamic.butler_sos_version) {
        pairs.push(("butlerSosVersion".to_owned(), version.to_owned()));
    }
    pairs
}

impl DynamicConfig {
    /// Which metrics of an engine, and whether sessions of proxies.
    fn check(&self, at: &Reader) -> (EngineMetrics, bool) {
        let engine_at = at.key("engine");
        let engine = engine_at.section(&self.engine);
        let apps_at = at.key("apps");
        let apps = apps_at.section(&self.apps);
        let cache_at = at.key("cache");
        let proxy_at = at.key("proxy");
        // Lists of apps are too long for a metric; the keys are only read.
        for (key, switch) in [
            ("activeDocs", &apps.active_docs),
            ("loadedDocs", &apps.loaded_docs),
            ("inMemoryDocs", &apps.in_memory_docs),
        ] {
            is_on(&apps_at, key, switch);
        }
        let metrics = EngineMetrics {
            memory: is_on(&engine_at, "memory", &engine.memory),
            cpu: is_on(&engine_at, "cpu", &engine.cpu),
            calls: is_on(&engine_at, "calls", &engine.calls),
            selections: is_on(&engine_at, "selections", &engine.selections),
            sessions: is_on(&engine_at, "sessions", &engine.sessions),
            users: is_on(&engine_at, "users", &engine.users),
            saturated: is_on(&engine_at, "saturated", &engine.saturated),
            doc_count: is_on(&apps_at, "docCount", &apps.doc_count),
            cache: is_on(&cache_at, "cache", &cache_at.section(&self.cache).cache),
        };
        let sessions = is_on(&proxy_at, "sessions", &proxy_at.section(&self.proxy).sessions);
        (metrics, sessions)
    }
}

fn is_on(at: &Reader, key: &str, switch: &Section<Switch>) -> bool {
    let at = at.key(key);
    at.section(switch).is_on(&at, true)
}
