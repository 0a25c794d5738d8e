//! The keys of `newRelic` and `thirdPartyToolsCredentials`, and their checks.

use super::{Account, Endpoint, EngineMetrics};
use crate::config::{
    Flag, Header, Key, KeyPath, NamedValue, OneOrMany, Optional, SecretText, Section, Sections,
    Switch, Text, Values, is_http_url,
};
use crate::keys;

keys! {
    /// `Butler-SOS.thirdPartyToolsCredentials`.
    pub struct CredentialsKeys {
        /// New Relic accounts; replaced as a whole by those of the command line
        accounts: "newRelic" OneOrMany<AccountKeys>;
    }
}

keys! {
    struct AccountKeys {
        /// Name used by every destinationAccount
        name: "accountName" Optional<Text>;
        /// Insert API key
        key: "insertApiKey" Optional<SecretText>;
        /// Number of the account
        id: "accountId" Optional<Text>, masked;
    }
}

/// Name of the only account of a file of version 9.1.
const ONLY_ACCOUNT: &str = "default";

impl CredentialsKeys {
    /// The accounts, and the name of the one that is meant where a feature names none, which is
    /// how files of version 9.1 were.
    pub fn check(&self) -> (Vec<Account>, Option<&'static str>) {
        if let Some(account) = self.accounts.one() {
            let at = &self.accounts.at;
            at.warning("is a map as in version 9.1; read as one account named \"default\"");
            let account = account.check(Some(ONLY_ACCOUNT.to_owned()));
            return (account.into_iter().collect(), Some(ONLY_ACCOUNT));
        }
        let mut known = Vec::<Account>::new();
        for account in self.accounts.many().items() {
            let name = account.name.needed("every account has a name");
            let Some(checked) = account.check(name) else { continue };
            if known.iter().any(|other| other.name == checked.name) {
                let name = &checked.name;
                account.name.at.warning(format!("{name:?} is the name of another account too"));
            }
            known.push(checked);
        }
        (known, None)
    }
}

impl AccountKeys {
    fn check(&self, name: Option<String>) -> Option<Account> {
        let why = "every account has a key and an id";
        let (key, id) = (self.key.needed(why), self.id.needed(why));
        Some(Account { name: name?, key: key?, id: id?.trim().to_owned() })
    }
}

keys! {
    /// `Butler-SOS.newRelic`.
    pub struct NewRelicKeys {
        /// Send to New Relic
        enable: "enable" Key<Flag> = false;
        event: "event" Section<EventKeys>;
        metric: "metric" Section<MetricKeys>;
    }
}

keys! {
    struct EventKeys {
        /// Where events are sent
        url: "url" Key<Text> = "https://insights-collector.newrelic.com";
        /// HTTP headers to add
        headers: "header" Sections<Header>;
        attribute: "attribute" Section<AttributeKeys>;
    }
}

keys! {
    struct MetricKeys {
        /// Names of New Relic accounts; empty: those of userEvents.sendToNewRelic
        accounts: "destinationAccount" Values<Text>;
        /// Where metrics are sent; memory and uptime also while newRelic is off
        url: "url" Key<Text> = "https://metric-api.newrelic.com/metric/v1";
        /// HTTP headers to add
        headers: "header" Sections<Header>;
        dynamic: "dynamic" Section<DynamicKeys>;
        attribute: "attribute" Section<AttributeKeys>;
        /// Not used any more
        enable: "enable" Optional<Flag>, retired;
    }
}

keys! {
    struct AttributeKeys {
        /// Attributes with fixed values
        fixed: "static" Sections<NamedValue>;
        dynamic: "dynamic" Section<DynamicAttributeKeys>;
    }
}

keys! {
    struct DynamicAttributeKeys {
        /// Send the version of this program
        version: "butlerSosVersion" Switch = true;
    }
}

keys! {
    struct DynamicKeys {
        engine: "engine" Section<EngineKeys>;
        apps: "apps" Section<AppsKeys>;
        cache: "cache" Section<CacheKeys>;
        proxy: "proxy" Section<ProxyKeys>;
    }
}

keys! {
    struct EngineKeys {
        /// Send memory of the engine
        memory: "memory" Switch = true;
        /// Send processor load of the engine
        cpu: "cpu" Switch = true;
        /// Send calls to the engine
        calls: "calls" Switch = true;
        /// Send selections
        selections: "selections" Switch = true;
        /// Send sessions of the engine
        sessions: "sessions" Switch = true;
        /// Send users of the engine
        users: "users" Switch = true;
        /// Send whether the engine is saturated
        saturated: "saturated" Switch = true;
    }
}

// Lists of apps are too long for a metric; three of the keys are only read.
keys! {
    struct AppsKeys {
        /// Send counts of apps
        doc_count: "docCount" Switch = true;
        /// Read for compatibility; active apps are not sent
        active: "activeDocs" Switch = true;
        /// Read for compatibility; loaded apps are not sent
        loaded: "loadedDocs" Switch = true;
        /// Read for compatibility; in-memory apps are not sent
        in_memory: "inMemoryDocs" Switch = true;
    }
}

keys! {
    struct CacheKeys {
        /// Send figures of the cache
        cache: "cache" Switch = true;
    }
}

keys! {
    struct ProxyKeys {
        /// Send sessions of the proxies
        sessions: "sessions" Switch = true;
    }
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

impl NewRelicKeys {
    /// What is sent; `None` when it is switched off. `version` is that of the program.
    pub fn check(&self, version: &str) -> Option<NewRelicSection> {
        let metric = self.metric.get();
        if !metric.enable.is_absent() {
            metric.enable.at.warning("is not used any more, ignored");
        }
        if !self.enable.get() {
            return None;
        }
        let event = self.event.get();
        let (engine, sessions) = metric.dynamic.get().check();
        Some(NewRelicSection {
            event: endpoint(&event.url, &event.headers),
            event_attributes: event.attribute.get().check(version),
            metric_accounts: metric.accounts.get(),
            metric_attributes: metric.attribute.get().check(version),
            engine,
            sessions,
        })
    }

    /// Where metrics go. Also asked for while the section is off, because metrics about
    /// ourselves go there all the same.
    pub fn metric_endpoint(&self) -> Endpoint {
        let metric = self.metric.get();
        endpoint(&metric.url, &metric.headers)
    }

    /// Where the accounts for metrics are.
    pub fn metric_accounts_at(&self) -> KeyPath {
        self.metric.get().accounts.at
    }
}

fn endpoint(url: &Key<Text>, headers: &Sections<Header>) -> Endpoint {
    let text = url.get();
    is_http_url(&url.at, text.trim());
    Endpoint { url: text.trim().to_owned(), headers: Header::pairs(headers) }
}

impl AttributeKeys {
    /// Attributes with fixed values, then the version of the program; the later wins.
    fn check(&self, version: &str) -> Vec<(String, String)> {
        let mut pairs = NamedValue::pairs(&self.fixed);
        if self.dynamic.get().version.is_on() {
            pairs.push(("butlerSosVersion".to_owned(), version.to_owned()));
        }
        pairs
    }
}

impl DynamicKeys {
    /// Which metrics of an engine, and whether sessions of proxies.
    fn check(&self) -> (EngineMetrics, bool) {
        let (engine, apps) = (self.engine.get(), self.apps.get());
        _ = (apps.active.is_on(), apps.loaded.is_on(), apps.in_memory.is_on());
        let metrics = EngineMetrics {
            memory: engine.memory.is_on(),
            cpu: engine.cpu.is_on(),
            calls: engine.calls.is_on(),
            selections: engine.selections.is_on(),
            sessions: engine.sessions.is_on(),
            users: engine.users.is_on(),
            saturated: engine.saturated.is_on(),
            doc_count: apps.doc_count.is_on(),
            cache: self.cache.get().cache.is_on(),
        };
        (metrics, self.proxy.get().sessions.is_on())
    }
}
