//! A real InfluxDB 1.x (Debian package `influxdb`).

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::child::{Child, free_port};
use crate::http::encoded;
use crate::{get, until};

/// A database server that keeps its data and its port when it is stopped and started again.
pub struct Influxd {
    folder: TempDir,
    http: u16,
    /// Further lines of the section `http` of its configuration.
    settings: String,
    child: Option<Child>,
}

impl Default for Influxd {
    fn default() -> Self {
        Self::new()
    }
}

impl Influxd {
    /// A server that is not started yet; nothing listens on its port.
    ///
    /// # Panics
    /// When no folder can be made.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self { folder, http: free_port(), settings: String::new(), child: None }
    }

    /// A server that answers.
    ///
    /// # Panics
    /// When it does not.
    pub fn started() -> Self {
        for _ in 0..5 {
            let mut server = Self::new();
            if server.try_start() {
                return server;
            }
        }
        panic!("no InfluxDB could be started");
    }

    /// Sets lines of the section `http` of its configuration, for the next start.
    pub fn set_http(&mut self, lines: &str) {
        lines.clone_into(&mut self.settings);
    }

    /// Starts it, on the port that it has.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn start(&mut self) {
        assert!(self.try_start(), "InfluxDB does not start on port {}", self.http);
    }

    fn try_start(&mut self) -> bool {
        let root = self.folder.path();
        let path = |name: &str| root.join(name).display().to_string();
        let config = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:{}\"\n\
             [meta]\ndir = {:?}\n\
             [data]\ndir = {:?}\nwal-dir = {:?}\nwal-fsync-delay = \"0s\"\n\
             [http]\nenabled = true\nbind-address = \"127.0.0.1:{}\"\nlog-enabled = false\n{}\n\
             [monitor]\nstore-enabled = false\n",
            free_port(),
            path("meta"),
            path("data"),
            path("wal"),
            self.http,
            self.settings,
        );
        let file = root.join("influxdb.conf");
        fs::write(&file, config).expect("the configuration can be written");
        let mut command = Command::new("influxd");
        command.arg("-config").arg(&file);
        let mut child = Child::start(&mut command, "influxdb", &root.join("influxd.log"));
        let answers = until("InfluxDB to answer or to end", || {
            if !child.is_running() {
                return Some(false);
            }
            // 400: it wants TLS.
            matches!(get(&self.authority(), "/ping"), Ok(reply) if matches!(reply.status, 204 | 400))
                .then_some(true)
        });
        self.child = Some(child);
        answers
    }

    /// Stops it; its data stays.
    pub fn stop(&mut self) {
        self.child = None;
    }

    /// `127.0.0.1:port`.
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.http)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.http
    }

    /// The series that an InfluxQL query finds, with stamps in nanoseconds; none while there is
    /// no such database.
    ///
    /// # Panics
    /// When the server does not answer, or answers with an error.
    pub fn query(&self, database: &str, query: &str) -> Vec<Value> {
        let path = format!("/query?epoch=ns&db={}&q={}", encoded(database), encoded(query));
        let reply = get(&self.authority(), &path).expect("InfluxDB answers").json();
        let result = &reply["results"][0];
        let error = reply.get("error").or_else(|| result.get("error"));
        let text = error.and_then(Value::as_str).unwrap_or_default();
        assert!(text.is_empty() || text.starts_with("database not found"), "{query}: {text}");
        result["series"].as_array().cloned().unwrap_or_default()
    }

    /// The rows of a query that finds one series or none, each as an object.
    ///
    /// # Panics
    /// See [`Influxd::query`].
    pub fn rows(&self, database: &str, query: &str) -> Vec<Value> {
        let Some(series) = self.query(database, query).into_iter().next() else {
            return Vec::new();
        };
        let columns = series["columns"].as_array().cloned().unwrap_or_default();
        let rows = series["values"].as_array().cloned().unwrap_or_default();
        let name = |column: &Value| column.as_str().unwrap_or_default().to_owned();
        rows.iter()
            .map(|row| columns.iter().enumerate().map(|(i, c)| (name(c), row[i].clone())).collect())
            .collect()
    }

    /// How many points of a measurement have a field; 0 while there is no such database.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn count(&self, database: &str, measurement: &str, field: &str) -> u64 {
        let query = format!("SELECT COUNT(\"{field}\") AS n FROM \"{measurement}\"");
        let path = format!("/query?epoch=ns&db={}&q={}", encoded(database), encoded(&query));
        let reply = get(&self.authority(), &path).expect("InfluxDB answers").json();
        reply["results"][0]["series"][0]["values"][0][1].as_u64().unwrap_or(0)
    }
}
