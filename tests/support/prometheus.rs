//! A real Prometheus (Debian package `prometheus`, which brings `promtool` as well).

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::child::{Child, free_port};
use crate::http::encoded;
use crate::{get, until};

const PACKAGE: &str = "prometheus";

/// A running server that scrapes every second.
pub struct Prometheus {
    port: u16,
    _child: Child,
    _folder: TempDir,
}

impl Prometheus {
    /// A server that is ready and scrapes `/metrics` at these `host:port`.
    ///
    /// # Panics
    /// When it does not start.
    pub fn scraping(targets: &[&str]) -> Self {
        let jobs: Vec<(&str, &str)> = targets.iter().map(|target| (*target, *target)).collect();
        Self::start(&jobs)
    }

    /// The same for one target, by a job of this name.
    ///
    /// # Panics
    /// When it does not start.
    pub fn scraping_as(job: &str, target: &str) -> Self {
        Self::start(&[(job, target)])
    }

    fn start(jobs: &[(&str, &str)]) -> Self {
        for _ in 0..5 {
            if let Some(server) = Self::try_start(jobs) {
                return server;
            }
        }
        panic!("no prometheus could be started");
    }

    fn try_start(jobs: &[(&str, &str)]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut config =
            "global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n".to_owned();
        for (job, target) in jobs {
            // Writing to a text cannot fail.
            _ = writeln!(
                config,
                "  - job_name: {job:?}\n    static_configs: [{{ targets: [{target:?}] }}]"
            );
        }
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("its configuration can be written");
        let port = free_port();
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let mut child = Child::start(&mut command, PACKAGE, &folder.path().join("log"));
        let authority = format!("127.0.0.1:{port}");
        let answers = until("prometheus to answer or to end", || {
            if !child.is_running() {
                return Some(false);
            }
            matches!(get(&authority, "/-/ready"), Ok(reply) if reply.status == 200).then_some(true)
        });
        answers.then_some(Self { port, _child: child, _folder: folder })
    }

    /// `data` of an answer of its API, `query?query=up` for example.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn api(&self, question: &str) -> Value {
        let reply = get(&format!("127.0.0.1:{}", self.port), &format!("/api/v1/{question}"));
        let answer = reply.expect("prometheus answers").json();
        assert_eq!(answer["status"], "success", "{answer}");
        answer["data"].clone()
    }

    /// The series that a PromQL expression has now, each with `metric` and `value`; a scalar is
    /// none.
    ///
    /// # Panics
    /// When it does not answer, or the expression is none.
    pub fn query(&self, expression: &str) -> Vec<Value> {
        let data = self.api(&format!("query?query={}", encoded(expression)));
        assert_eq!(data["resultType"], "vector", "{expression}");
        data["result"].as_array().cloned().unwrap_or_default()
    }
}

/// What `promtool check metrics` remarks about a page, line by line.
///
/// # Panics
/// When it does not run, or cannot read the page.
pub fn promtool_remarks(page: &str) -> Vec<String> {
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("promtool does not run: {error}; on Debian: apt-get install {PACKAGE}")
        });
    let mut input = child.stdin.take().expect("its input is piped");
    input.write_all(page.as_bytes()).expect("promtool reads");
    drop(input);
    let output = child.wait_with_output().expect("promtool ends");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let remarks: Vec<String> = text.lines().map(str::to_owned).collect();
    // 3 is its code for remarks about a page that it could read.
    let expected = if remarks.is_empty() { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(expected), "{text}\n{page}");
    remarks
}
