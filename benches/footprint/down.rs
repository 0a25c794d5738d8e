//! All destinations down at full load: what is counted, how often somebody tries to connect, and
//! what that costs in memory. InfluxDB, the broker and New Relic are listeners that close every
//! connection at once and count it.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::events::SECTIONS;
use butler_sos::demo::site::Site;
use test_support::{Program, get};

use crate::events::send;
use crate::proc::{memory, processor_time};
use crate::{BINARY, say};

/// Servers, each asked every second for its health and its sessions.
const SERVERS: usize = 50;

/// Events in a second.
const EVENTS: u64 = 20_000;

/// A listener that closes what it accepts.
struct Closed {
    address: SocketAddr,
    connections: Arc<AtomicU64>,
}

impl Closed {
    fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let connections = Arc::<AtomicU64>::default();
        let count = Arc::clone(&connections);
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::Relaxed);
                drop(stream);
            }
        });
        Ok(Self { address, connections })
    }
}

/// Runs for `time` and prints what was seen.
pub(crate) fn measure(time: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let site = Site::start(SERVERS, folder.path())?;
    let [influx, broker, relic] = [Closed::start()?, Closed::start()?, Closed::start()?];
    let file = folder.path().join("config.yaml");
    let sections = sections(&influx, &broker, &relic);
    let choices =
        Choices { interval_ms: 1_000, app_names: false, virtual_proxies: vec!["/"], sections };
    fs::write(&file, of_site(&site, SERVERS, &choices))?;
    let mut program = Program::start(BINARY, &["-c", &file.display().to_string()]);
    let at = |before: &str, behind: &str| -> String {
        let line = program.line_with(before);
        let rest = line.split_once(behind).map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default().to_owned()
    };
    let user: SocketAddr = at("USER EVENT: Listening on ", "Listening on ").parse()?;
    let log: SocketAddr = at("LOG EVENT: Listening on ", "Listening on ").parse()?;
    let page = at("PROMETHEUS: Metrics of this program at http://", "http://");
    let resident = || memory(program.id()).ok().map(|(now, _)| format!("{now:.0}"));
    let (sent, curve) = send(EVENTS, time, user, log, resident)?;
    let metrics = get(&page, "/metrics")?.body;
    say(&format!(
        "all destinations down for {} s, {SERVERS} servers each second, {sent} events sent",
        time.as_secs()
    ));
    let sum = |name: &str| -> BTreeMap<String, f64> {
        let lines = metrics.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
        lines.filter_map(|(labels, n)| Some((labels.to_owned(), n.parse().ok()?))).collect()
    };
    let total = |name: &str| sum(name).values().sum::<f64>();
    let polls = total("butlersos_polls_total{") - total("butlersos_poll_failures_total{");
    say(&format!("  polls with an answer: {polls}"));
    for name in [
        "butlersos_errors_total{",
        "butlersos_errors_by_module_total{",
        "butlersos_destination_writes_total{",
        "butlersos_destination_points_dropped_total{",
        "butlersos_messages_lost_total{",
        "butlersos_outbox_bytes{",
    ] {
        for (labels, number) in sum(name).iter().filter(|(_, number)| **number > 0.0) {
            say(&format!("  {name}{labels} {number}"));
        }
    }
    for (what, closed) in [("InfluxDB", &influx), ("broker", &broker), ("New Relic", &relic)] {
        say(&format!("  connections to {what}: {}", closed.connections.load(Ordering::Relaxed)));
    }
    let every = (curve.len() / 10).max(1);
    let curve: Vec<&str> = curve.iter().step_by(every).map(String::as_str).collect();
    say(&format!("  MiB in ten steps: {}", curve.join(" ")));
    let used = processor_time(program.id())?.as_secs_f64() / time.as_secs_f64();
    say(&format!("  share of a core: {:.0} %", used * 100.0));
    program.terminate();
    _ = program.wait();
    Ok(())
}

fn sections(influx: &Closed, broker: &Closed, relic: &Closed) -> String {
    let events = SECTIONS
        .replace("    source:\n", "    sendToInfluxdb:\n      enable: true\n    source:\n")
        .replace(
            "  logEvents:\n",
            "    sendToMQTT:\n      enable: true\n    sendToNewRelic:\n      enable: true\n      \
             destinationAccount: [one]\n  logEvents:\n    sendToMQTT:\n      enable: true\n    \
             sendToNewRelic:\n      enable: true\n      destinationAccount: [one]\n",
        );
    let (influx, broker, relic) = (influx.address.port(), broker.address.port(), relic.address);
    format!(
        "{events}  thirdPartyToolsCredentials:
    newRelic:
      - accountName: one
        insertApiKey: a-key-of-nobody
        accountId: 1
  newRelic:
    enable: true
    event:
      url: http://{relic}
    metric:
      url: http://{relic}/metric/v1
      destinationAccount: [one]
  mqttConfig:
    enable: true
    brokerHost: 127.0.0.1
    brokerPort: {broker}
  prometheus:
    enable: true
    host: 127.0.0.1
    port: 0
    nodeMetricsHost: 127.0.0.1
    nodeMetricsPort: 0
  influxdbConfig:
    enable: true
    host: 127.0.0.1
    port: {influx}
    version: 1
    v1Config:
      dbName: SenseOps
"
    )
}
