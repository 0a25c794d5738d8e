//! Engine health, as `/engine/healthcheck` reports it and as we send it on.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::body;
use crate::domain::names::MonitoredServer;

/// One answer of the health check API.
#[derive(Debug, Clone, PartialEq, actix::Message)]
#[rtype(result = "()")]
pub struct HealthMetrics {
    /// The server asked.
    pub server: Arc<MonitoredServer>,
    /// What it answered.
    pub health: Arc<EngineHealth>,
}

/// The answer, every member optional: one that is missing or of the wrong kind costs that member
/// and no other.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each member is the JSON member of the same path")]
pub struct EngineHealth {
    pub version: Option<String>,
    pub started: Option<String>,
    pub mem_committed: Option<f64>,
    pub mem_allocated: Option<f64>,
    pub mem_free: Option<f64>,
    pub cpu_total: Option<f64>,
    pub session_active: Option<f64>,
    pub session_total: Option<f64>,
    pub apps: AppDocs,
    pub users_active: Option<f64>,
    pub users_total: Option<f64>,
    pub cache_hits: Option<f64>,
    pub cache_lookups: Option<f64>,
    pub cache_added: Option<f64>,
    pub cache_replaced: Option<f64>,
    pub cache_bytes_added: Option<f64>,
    pub saturated: Option<bool>,
}

/// The member `apps`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AppDocs {
    /// `active_docs`.
    pub active: Option<DocList>,
    /// `loaded_docs`.
    pub loaded: Option<DocList>,
    /// `in_memory_docs`.
    pub in_memory: Option<DocList>,
    /// `calls`.
    pub calls: Option<f64>,
    /// `selections`.
    pub selections: Option<f64>,
}

/// One list of apps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocList {
    /// All ids in the order of the answer, session apps included.
    pub ids: Vec<String>,
    /// `None` when app names are not extracted.
    pub names: Option<DocNames>,
}

/// What the apps of one list are called, sorted by UTF-16 code units as the original does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocNames {
    /// Names of the apps that are no session apps, the id where no name is known.
    pub apps: Vec<String>,
    /// Ids of the session apps, which have no names.
    pub session_apps: Vec<String>,
}

/// Names of all apps by id, replaced as a whole after each complete fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq, actix::Message)]
#[rtype(result = "()")]
pub struct AppNames(Arc<HashMap<String, String>>);

impl AppNames {
    /// The name of an app; ids are compared exactly.
    pub fn name(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    /// How many apps are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no app is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads `/qrs/app`: an array of objects with `id` and `name`. Objects without both are
    /// passed over; of two with one id the first counts.
    ///
    /// # Errors
    /// When the body is not a JSON array.
    pub fn from_json(body: &[u8]) -> Result<Self, &'static str> {
        /// Only the two members that are kept, so that a large list needs little memory.
        #[derive(serde::Deserialize)]
        struct App {
            #[serde(default)]
            id: Value,
            #[serde(default)]
            name: Value,
        }
        let apps: Vec<App> = body::read(body).map_err(|error| {
            if error.is_data() {
                "the answer is JSON, but not an array of apps"
            } else {
                "the answer is not valid JSON"
            }
        })?;
        let mut names = HashMap::with_capacity(apps.len());
        for app in apps {
            if let (Value::String(id), Value::String(name)) = (app.id, app.name) {
                names.entry(id).or_insert(name);
            }
        }
        Ok(Self(Arc::new(names)))
    }
}

impl EngineHealth {
    /// Reads a health check answer and looks the apps' names up, if there are `names`.
    ///
    /// # Errors
    /// When the body is not a JSON object. Unknown members are ignored; see the type for missing
    /// ones.
    pub fn from_json(body: &[u8], names: Option<&AppNames>) -> Result<Self, &'static str> {
        let body: Value = body::read(body).map_err(|_| "the answer is not valid JSON")?;
        if !body.is_object() {
            return Err("the answer is JSON, but not an object");
        }
        let text = |name: &str| body.get(name).and_then(body::text);
        let number = |part: &str, name: &str| body::number(body.get(part)?.get(name)?);
        let docs = |name: &str| Some(DocList::new(body.get("apps")?.get(name)?.as_array()?, names));
        Ok(Self {
            version: text("version"),
            started: text("started"),
            mem_committed: number("mem", "committed"),
            mem_allocated: number("mem", "allocated"),
            mem_free: number("mem", "free"),
            cpu_total: number("cpu", "total"),
            session_active: number("session", "active"),
            session_total: number("session", "total"),
            apps: AppDocs {
                active: docs("active_docs"),
                loaded: docs("loaded_docs"),
                in_memory: docs("in_memory_docs"),
                calls: number("apps", "calls"),
                selections: number("apps", "selections"),
            },
            users_active: number("users", "active"),
            users_total: number("users", "total"),
            cache_hits: number("cache", "hits"),
            cache_lookups: number("cache", "lookups"),
            cache_added: number("cache", "added"),
            cache_replaced: number("cache", "replaced"),
            cache_bytes_added: number("cache", "bytes_added"),
            saturated: body.get("saturated").and_then(body::truth),
        })
    }

    /// Paths of the members that are missing or of the wrong kind, for the debug log.
    pub fn missing(&self) -> Vec<&'static str> {
        [
            ("version", self.version.is_none()),
            ("started", self.started.is_none()),
            ("mem.committed", self.mem_committed.is_none()),
            ("mem.allocated", self.mem_allocated.is_none()),
            ("mem.free", self.mem_free.is_none()),
            ("cpu.total", self.cpu_total.is_none()),
            ("session.active", self.session_active.is_none()),
            ("session.total", self.session_total.is_none()),
            ("apps.active_docs", self.apps.active.is_none()),
            ("apps.loaded_docs", self.apps.loaded.is_none()),
            ("apps.in_memory_docs", self.apps.in_memory.is_none()),
            ("apps.calls", self.apps.calls.is_none()),
            ("apps.selections", self.apps.selections.is_none()),
            ("users.active", self.users_active.is_none()),
            ("users.total", self.users_total.is_none()),
            ("cache.hits", self.cache_hits.is_none()),
            ("cache.lookups", self.cache_lookups.is_none()),
            ("cache.added", self.cache_added.is_none()),
            ("cache.replaced", self.cache_replaced.is_none()),
            ("cache.bytes_added", self.cache_bytes_added.is_none()),
            ("saturated", self.saturated.is_none()),
        ]
        .into_iter()
        .filter_map(|(path, missing)| missing.then_some(path))
        .collect()
    }
}

impl DocList {
    fn new(ids: &[Value], names: Option<&AppNames>) -> Self {
        let ids: Vec<String> = ids.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let names = names.map(|names| DocNames::new(&ids, names));
        Self { ids, names }
    }
}

impl DocNames {
    fn new(ids: &[String], names: &AppNames) -> Self {
        let (mut session_apps, mut apps): (Vec<String>, Vec<String>) =
            ids.iter().cloned().partition(|id| id.starts_with("SessionApp"));
        for id in &mut apps {
            if let Some(name) = names.name(id) {
                name.clone_into(id);
            }
        }
        for list in [&mut apps, &mut session_apps] {
            list.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
        }
        Self { apps, session_apps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"version":"12.2015.0","started":"20260412T063015.208+0200",
        "mem":{"committed":2210.48828125,"allocated":3650.10546875,"free":41877.703125},
        "cpu":{"total":13.5},"session":{"active":4,"total":19},
        "apps":{"active_docs":["id-b"],"loaded_docs":["id-b","SessionApp_7c2e44b1","id-a"],
        "in_memory_docs":[],"calls":90412,"selections":733},"users":{"active":3,"total":11},
        "cache":{"hits":5120,"lookups":8044,"added":2924,"replaced":12,"bytes_added":40155904},
        "saturated":false,"extra":{"new":[1]}}"#;

    #[test]
    fn a_whole_answer_is_read() {
        let names = AppNames::from_json(br#"[{"id":"id-a","name":"Zebra"}]"#).unwrap();
        let health = EngineHealth::from_json(BODY.as_bytes(), Some(&names)).unwrap();
        assert_eq!(health.missing(), Vec::<&str>::new());
        assert_eq!(health.mem_free, Some(41877.703125));
        let loaded = health.apps.loaded.unwrap();
        assert_eq!(loaded.ids, ["id-b", "SessionApp_7c2e44b1", "id-a"]);
        let names = loaded.names.unwrap();
        assert_eq!(names.apps, ["Zebra", "id-b"]);
        assert_eq!(names.session_apps, ["SessionApp_7c2e44b1"]);
    }

    #[test]
    fn a_missing_or_absurd_member_costs_only_itself() {
        let body = r#"{"version":7,"mem":{"committed":"much","free":-1e300},"cpu":null,
            "apps":{"active_docs":"none","calls":1},"cache":[],"saturated":"no"}"#;
        let health = EngineHealth::from_json(body.as_bytes(), None).unwrap();
        assert_eq!((health.mem_free, health.apps.calls), (Some(-1e300), Some(1.0)));
        assert_eq!(health.version.as_deref(), Some("7"), "a number is a text here");
        assert_eq!(health.missing().len(), 18);
    }

    #[test]
    fn what_was_written_as_text_is_read_by_what_it_says() {
        let body = b"\xef\xbb\xbf{\"version\":\"14\xff\",\"cpu\":{\"total\":\"13.5\"},\
            \"mem\":{\"free\":-0.0},\"saturated\":\"true\"}";
        let health = EngineHealth::from_json(body, None).unwrap();
        assert_eq!(health.version.as_deref(), Some("14\u{fffd}"));
        assert_eq!((health.cpu_total, health.saturated), (Some(13.5), Some(true)));
        assert_eq!(health.mem_free.map(f64::is_sign_negative), Some(false));
    }

    #[test]
    fn names_sort_by_utf16_code_units() {
        let ids = serde_json::json!(["\u{ff5e}", "\u{1f600}", "a"]);
        let list = DocList::new(ids.as_array().unwrap(), Some(&AppNames::default()));
        assert_eq!(list.names.unwrap().apps, ["a", "\u{1f600}", "\u{ff5e}"]);
    }

    #[test]
    fn the_first_of_two_apps_with_one_id_counts() {
        let names = AppNames::from_json(
            br#"[{"id":"1","name":"first","stream":null},{"id":"1","name":"second"},{"id":2}]"#,
        );
        assert_eq!(names.unwrap().name("1"), Some("first"));
        assert!(AppNames::from_json(b"<html>").is_err());
        assert!(AppNames::from_json(b"{}").is_err());
    }
}
