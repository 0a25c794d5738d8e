//! The metrics of Qlik Sense (section 6 of the page on events): the last answers as gauges. Pure.

use std::collections::BTreeMap;

use crate::domain::metrics::{Family, Labels, Sample};
use crate::domain::names::{Host, MonitoredServer, ServerName, VirtualProxy};
use crate::domain::telemetry::{DocList, EngineHealth, HealthMetrics, ProxySessions};

/// Labels beside those of the server. A server tag of such a name gives way to them.
pub(super) const OWN_LABELS: [&str; 4] =
    [ENGINE_VERSION, ENGINE_STARTED, SESSION_PROXY, SESSION_HOST];

const ENGINE_VERSION: &str = "engine_version";
const ENGINE_STARTED: &str = "engine_started";
const SESSION_PROXY: &str = "user_session_virtual_proxy";
const SESSION_HOST: &str = "user_session_host";

/// Two servers can have one name, but not one host as well.
type Server = (ServerName, Host);

/// The numbers of the last answer of each server and of each virtual proxy: as many as are
/// configured. The answers themselves, which can be large, are not kept.
#[derive(Default)]
pub(super) struct SenseSheet {
    engines: BTreeMap<Server, Engine>,
    sessions: BTreeMap<(Server, VirtualProxy), Sample>,
}

struct Engine {
    /// Labels of every gauge.
    base: Labels,
    /// Labels of the one about the engine itself.
    metadata: Labels,
    /// In the order of [`GAUGES`]; `None` where the answer did not have it.
    values: [Option<f64>; GAUGES.len()],
}

impl SenseSheet {
    pub(super) fn health(&mut self, metrics: &HealthMetrics) {
        let HealthMetrics { server, health } = metrics;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let base = base(server);
        let metadata = base
            .clone()
            .with(ENGINE_VERSION, text(&health.version))
            .with(ENGINE_STARTED, text(&health.started));
        let values = GAUGES.map(|(_, _, of)| of(health));
        self.engines.insert(key(server), Engine { base, metadata, values });
    }

    pub(super) fn sessions(&mut self, answer: &ProxySessions) {
        let labels = base(&answer.server)
            .with(SESSION_PROXY, answer.virtual_proxy.as_str())
            .with(SESSION_HOST, answer.session_host.clone());
        #[expect(clippy::cast_precision_loss, reason = "far fewer sessions than 2^53")]
        let sample = Sample { labels, value: answer.sessions.len() as f64 };
        self.sessions.insert((key(&answer.server), answer.virtual_proxy.clone()), sample);
    }

    /// All gauges. What an answer did not have has no sample.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut families: Vec<Family> =
            GAUGES.iter().map(|(name, help, _)| Family::gauge(name, help)).collect();
        let mut metadata = Family::gauge(
            "butlersos_engine_metadata",
            "Version and start of the engine; always 1.",
        );
        for engine in self.engines.values() {
            for (family, value) in families.iter_mut().zip(engine.values) {
                let labels = || engine.base.clone();
                family.samples.extend(value.map(|value| Sample { labels: labels(), value }));
            }
            metadata = metadata.count(engine.metadata.clone(), 1);
        }
        let mut sessions =
            Family::gauge("butlersos_user_session_total", "Sessions of a virtual proxy.");
        sessions.samples.extend(self.sessions.values().cloned());
        families.extend([metadata, sessions]);
        families
    }
}

fn key(server: &MonitoredServer) -> Server {
    (server.name.clone(), server.host.clone())
}

/// The labels of a server; a tag wins over a name of ours, as it does in InfluxDB.
fn base(server: &MonitoredServer) -> Labels {
    let labels = Labels::of(&[
        ("host", server.host.as_str()),
        ("server_name", server.name.as_str()),
        ("server_description", &server.description),
    ]);
    server.tags.iter().fold(labels, |labels, (tag, value)| labels.with(tag, value.clone()))
}

type Read = fn(&EngineHealth) -> Option<f64>;

/// Name, help and source of each gauge about an engine.
const GAUGES: [(&str, &str, Read); 19] = [
    ("butlersos_apps_calls", "Calls to the engine since it started.", |h| h.apps.calls),
    ("butlersos_apps_selections", "Selections since the engine started.", |h| h.apps.selections),
    ("butlersos_apps_activedocs_total", "Apps that are in use.", |h| docs(&h.apps.active)),
    ("butlersos_apps_inmemorydocs_total", "Apps in memory.", |h| docs(&h.apps.in_memory)),
    ("butlersos_apps_loadeddocs_total", "Apps that are loaded.", |h| docs(&h.apps.loaded)),
    ("butlersos_cache_added", "Results added to the cache.", |h| h.cache_added),
    ("butlersos_cache_bytes_added", "Bytes added to the cache.", |h| h.cache_bytes_added),
    ("butlersos_cache_hits", "Lookups that found something in the cache.", |h| h.cache_hits),
    ("butlersos_cache_lookups", "Lookups in the cache.", |h| h.cache_lookups),
    ("butlersos_cache_replaced", "Results in the cache that were replaced.", |h| h.cache_replaced),
    ("butlersos_cache_saturated", "1 when the engine is saturated, else 0.", |h| {
        h.saturated.map(|saturated| f64::from(u8::from(saturated)))
    }),
    ("butlersos_cpu_total", "Processor load of the engine in percent.", |h| h.cpu_total),
    ("butlersos_mem_committed", "Memory committed by the engine in bytes.", |h| {
        h.mem_committed.map(bytes)
    }),
    ("butlersos_mem_allocated", "Memory allocated by the engine in bytes.", |h| {
        h.mem_allocated.map(bytes)
    }),
    ("butlersos_mem_free", "Free memory of the server in bytes.", |h| h.mem_free.map(bytes)),
    ("butlersos_session_active", "Active sessions of the engine.", |h| h.session_active),
    ("butlersos_session_total", "Sessions of the engine.", |h| h.session_total),
    ("butlersos_users_active", "Users with an active session.", |h| h.users_active),
    ("butlersos_users_total", "Users with a session.", |h| h.users_total),
];

#[expect(clippy::cast_precision_loss, reason = "far fewer apps than 2^53")]
fn docs(list: &Option<DocList>) -> Option<f64> {
    list.as_ref().map(|list| list.ids.len() as f64)
}

/// Qlik Sense tells memory in MB of 1,048,576 bytes.
fn bytes(megabytes: f64) -> f64 {
    megabytes * 1_048_576.0
}

#[cfg(test)]
#[path = "sense_tests.rs"]
mod tests;
