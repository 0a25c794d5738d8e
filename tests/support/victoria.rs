//! A real second implementation of the write API of InfluxDB 2 (Debian package
//! `victoria-metrics`).

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::child::{Child, free_port};
use crate::{get, until};

/// A running server.
pub struct Victoria {
    port: u16,
    _child: Child,
    _folder: TempDir,
}

impl Victoria {
    /// A server that answers.
    ///
    /// # Panics
    /// When it does not.
    pub fn started() -> Self {
        for _ in 0..5 {
            if let Some(server) = Self::try_start() {
                return server;
            }
        }
        panic!("no victoria-metrics could be started");
    }

    fn try_start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let port = free_port();
        let mut command = Command::new("victoria-metrics");
        command
            .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
            .arg(format!("-storageDataPath={}", folder.path().join("data").display()))
            .arg("-retentionPeriod=100y")
            .arg("-memory.allowedBytes=64MiB");
        let log = folder.path().join("log");
        let mut child = Child::start(&mut command, "victoria-metrics", &log);
        let authority = format!("127.0.0.1:{port}");
        let answers = until("victoria-metrics to answer or to end", || {
            if !child.is_running() {
                return Some(false);
            }
            matches!(get(&authority, "/health"), Ok(reply) if reply.status == 200).then_some(true)
        });
        answers.then_some(Self { port, _child: child, _folder: folder })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Every series whose name is `name`, with its labels, values and stamps in milliseconds.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn series(&self, name: &str) -> Vec<Value> {
        let authority = format!("127.0.0.1:{}", self.port);
        // What was just written is found only after it was flushed.
        _ = get(&authority, "/internal/force_flush");
        let path = format!("/api/v1/export?match[]={name}");
        let reply = get(&authority, &path).expect("victoria-metrics answers");
        reply.body.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}
