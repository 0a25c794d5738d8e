//! What Prometheus is told, from the whole program over real sockets, read by a real Prometheus.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use test_support::{
    Answer, Influxd, Program, Prometheus, StandIn, get, promtool_remarks, run_to_end, until,
};

use crate::common::{BINARY, influx_v1};
use crate::events::SECTIONS;

const PROMETHEUS: &str = "  prometheus:
    enable: true
    host: 127.0.0.1
    port: 0
    nodeMetricsHost: 127.0.0.1
    nodeMetricsPort: 0
";

const HEALTH: &str = r#"{"version":"12.2290.0","started":"20260412T063015.208+0200",
    "mem":{"committed":2210.5,"allocated":3650.25,"free":41877},"cpu":{"total":13.5},
    "session":{"active":4,"total":19},"apps":{"active_docs":["b"],"loaded_docs":["a","b","c"],
    "in_memory_docs":["a","b"],"calls":90412,"selections":733},"users":{"active":3,"total":11},
    "cache":{"hits":5120,"lookups":8044,"added":2924,"replaced":12,"bytes_added":40155904},
    "saturated":true}"#;

/// The page's table for this answer.
pub(crate) const GAUGES: [(&str, &str); 19] = [
    ("butlersos_apps_activedocs_total", "1"),
    ("butlersos_apps_calls", "90412"),
    ("butlersos_apps_inmemorydocs_total", "2"),
    ("butlersos_apps_loadeddocs_total", "3"),
    ("butlersos_apps_selections", "733"),
    ("butlersos_cache_added", "2924"),
    ("butlersos_cache_bytes_added", "40155904"),
    ("butlersos_cache_hits", "5120"),
    ("butlersos_cache_lookups", "8044"),
    ("butlersos_cache_replaced", "12"),
    ("butlersos_cache_saturated", "1"),
    ("butlersos_cpu_total", "13.5"),
    ("butlersos_mem_allocated", "3827564544"),
    ("butlersos_mem_committed", "2317877248"),
    ("butlersos_mem_free", "43911217152"),
    ("butlersos_session_active", "4"),
    ("butlersos_session_total", "19"),
    ("butlersos_users_active", "3"),
    ("butlersos_users_total", "11"),
];

/// What the program tells of itself right after its start, where there is no Qlik Sense.
pub(crate) const FROM_THE_START: &str = include_str!("../data/prometheus/from_the_start.txt");

/// A running program and where it is scraped, `host:port`.
pub(crate) struct Scraped {
    program: Program,
    sense: String,
    own: String,
}

impl Scraped {
    pub(crate) fn start(text: &str, folder: &Path) -> Self {
        let file = folder.join("config.yaml");
        std::fs::write(&file, text).unwrap();
        let program = Program::start(BINARY, &["-c", &file.display().to_string()]);
        let at = |what: &str| {
            let line = program.line_with(&format!("PROMETHEUS: Metrics of {what} at http://"));
            line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned()
        };
        let (sense, own) = (at("Qlik Sense"), at("this program"));
        Self { program, sense, own }
    }

    pub(crate) fn own_address(&self) -> &str {
        &self.own
    }

    fn sense(&self) -> String {
        page(&self.sense)
    }

    pub(crate) fn own(&self) -> String {
        page(&self.own)
    }

    pub(crate) fn end(mut self) {
        self.program.terminate();
        assert_eq!(self.program.wait(), Some(0));
    }
}

fn page(authority: &str) -> String {
    let reply = get(authority, "/metrics").unwrap();
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

/// Series and values.
pub(crate) fn series(page: &str) -> BTreeMap<&str, &str> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).collect()
}

/// A page without the numbers of the process, which are on both.
fn without_process(page: &str) -> String {
    let process = |line: &str| line.trim_start_matches("# HELP ").starts_with("process_");
    let lines = page.lines().map(|line| line.replacen("# TYPE ", "# HELP ", 1));
    let kept = page.lines().zip(lines).filter(|(_, named)| !process(named));
    kept.map(|(line, _)| format!("{line}\n")).collect()
}

/// What both pages tell of the process.
const PROCESS: [&str; 8] = [
    "process_cpu_seconds_total",
    "process_cpu_system_seconds_total",
    "process_cpu_user_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
];

fn number(page: &str, series_name: &str) -> f64 {
    let found = series(page).get(series_name).map(|value| value.parse().unwrap());
    found.unwrap_or_else(|| panic!("{series_name} in {page}"))
}

/// Two servers, the second of which is down, with tags.
pub(crate) fn site(folder: &Path) -> (Site, String) {
    let site = Site::start(2, folder).unwrap();
    site.set(Endpoint::Engine(0), Fault::Body(HEALTH.into()));
    site.set(Endpoint::Proxy(0), Fault::Body(br#"[{"UserId":"ada"},{"UserId":"bob"}]"#.to_vec()));
    site.set(Endpoint::Engine(1), Fault::Refused);
    site.set(Endpoint::Proxy(1), Fault::Refused);
    let mut choices = Choices { interval_ms: 500, ..Choices::default() };
    choices.virtual_proxies = vec!["/hdr"];
    choices.sections = PROMETHEUS.to_owned();
    let tags = "serverDescription: simulated
        serverTags:
          qs_env: \"PROD \\\"1\\\"\"
          not-a-label: x\n";
    let text = of_site(&site, 2, &choices).replace("serverDescription: simulated\n", tags);
    (site, text)
}

#[test]
fn both_pages_tell_everything_and_promtool_can_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    let (site, text) = site(folder.path());
    let scraped = Scraped::start(&(text + &influx_v1(influx.port())), folder.path());
    scraped.program.line_with("\"not-a-label\" is left out of what Prometheus gets");
    let polled =
        "butlersos_polls_total{poller=\"proxy\",server_name=\"sense2\",virtual_proxy=\"/hdr\"}";
    until("every target to be polled and stored", || {
        let own = scraped.own();
        let stored = number(&own, "butlersos_destination_points_total{destination=\"influxdb\"}");
        let listed = own.contains("butlersos_app_names_apps ");
        (number(&own, polled) >= 2.0 && stored > 0.0 && listed).then_some(())
    });

    let base = "host=\"127.0.0.1\",server_name=\"sense1\",server_description=\"simulated\",\
                qs_env=\"PROD \\\"1\\\"\"";
    let proxy = site.address(Endpoint::Proxy(0)).unwrap();
    let mut expected: BTreeMap<String, &str> =
        GAUGES.iter().map(|(name, value)| (format!("{name}{{{base}}}"), *value)).collect();
    let engine = "engine_version=\"12.2290.0\",engine_started=\"20260412T063015.208+0200\"";
    expected.insert(format!("butlersos_engine_metadata{{{base},{engine}}}"), "1");
    let session = format!("user_session_virtual_proxy=\"/hdr\",user_session_host=\"{proxy}\"");
    expected.insert(format!("butlersos_user_session_total{{{base},{session}}}"), "2");
    let whole = scraped.sense();
    let sense = without_process(&whole);
    let found: BTreeMap<String, &str> =
        series(&sense).into_iter().map(|(series, value)| (series.to_owned(), value)).collect();
    assert_eq!(found, expected);
    let kinds: Vec<&str> = sense.lines().filter(|line| line.starts_with("# TYPE")).collect();
    assert_eq!(kinds.len(), 21);
    assert!(kinds.iter().all(|kind| kind.ends_with(" gauge")), "{kinds:?}");

    let own = scraped.own();
    // Decision E13: the repository is a server by its host, and hosts are given out in turn.
    let host = |endpoint| site.address(endpoint).unwrap().ip();
    let repository =
        if host(Endpoint::Repository) == host(Endpoint::Engine(0)) { "sense1" } else { "" };
    let app_names =
        format!("butlersos_poll_up{{poller=\"app_names\",server_name=\"{repository}\"}}");
    for (series, value) in [
        ("butlersos_poll_up{poller=\"health\",server_name=\"sense1\"}", 1.0),
        ("butlersos_poll_up{poller=\"health\",server_name=\"sense2\"}", 0.0),
        ("butlersos_poll_up{poller=\"proxy\",server_name=\"sense1\",virtual_proxy=\"/hdr\"}", 1.0),
        ("butlersos_poll_up{poller=\"proxy\",server_name=\"sense2\",virtual_proxy=\"/hdr\"}", 0.0),
        (app_names.as_str(), 1.0),
        ("butlersos_app_names_apps", 4.0),
        ("butlersos_errors_by_server_total{server_name=\"sense1\"}", 0.0),
        ("butlersos_destination_up{destination=\"influxdb_errors\"}", 1.0),
        ("butlersos_scrape_actors_silent", 0.0),
    ] {
        assert_eq!(number(&own, series), value, "{series}");
    }
    for series in [
        "butlersos_app_names_age_seconds",
        "butlersos_client_certificate_expiry_days",
        "butlersos_poll_duration_seconds{poller=\"health\",server_name=\"sense1\"}",
        "butlersos_poll_failures_total{poller=\"health\",server_name=\"sense2\"}",
        "butlersos_errors_total{error_type=\"HEALTH_API\"}",
        "butlersos_errors_total{error_type=\"PROXY_API\"}",
        "butlersos_errors_by_server_total{server_name=\"sense2\"}",
        "butlersos_errors_by_category_total{error_category=\"connection_refused\"}",
    ] {
        assert!(number(&own, series) > 0.0, "{series}");
    }
    for page in [&whole, &own] {
        for series in PROCESS {
            // Of processor time a short life may have used nothing that can be told yet.
            assert!(number(page, series) > 0.0 || series.contains("_cpu_"), "{series}");
        }
    }
    check_remarks(&whole, &own);

    site.set(Endpoint::Engine(0), Fault::Refused);
    let up = "butlersos_poll_up{poller=\"health\",server_name=\"sense1\"}";
    until("the server to be down", || (number(&scraped.own(), up) == 0.0).then_some(()));
    assert_eq!(without_process(&scraped.sense()), sense, "gauges keep their last value");
    scraped.end();
}

/// Names that dashboards rely on, and the unit that people think of for certificates.
fn check_remarks(sense: &str, own: &str) {
    let of_gauge = " non-counter metrics should not have \"_total\" suffix";
    let totals = ["apps_activedocs", "apps_inmemorydocs", "apps_loadeddocs", "cpu", "session"];
    let totals = totals.iter().chain(&["user_session", "users"]);
    let mut expected: Vec<String> =
        totals.map(|name| format!("butlersos_{name}_total{of_gauge}")).collect();
    expected.sort();
    let mut remarks = promtool_remarks(sense);
    remarks.sort();
    assert_eq!(remarks, expected);
    let days = |name| {
        format!(
            "butlersos_{name}_certificate_expiry_days use base unit \"seconds\" instead of \"days\""
        )
    };
    let mut remarks = promtool_remarks(own);
    remarks.sort();
    assert_eq!(remarks, ["client", "root", "server"].map(days));
}

#[test]
fn every_series_of_the_program_is_there_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let influx = StandIn::start(|_| Answer::new(204, ""));
    // Nobody listens there any more.
    let broker = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = format!(
        "Butler-SOS:
  fileLogging: false
  uptimeMonitor: {{ enable: false }}
  errorTracking: {{ history: {{ enable: false }}, mqtt: {{ enable: true, topic: errors }} }}
  mqttConfig: {{ enable: true, brokerHost: 127.0.0.1, brokerPort: {broker} }}
  thirdPartyToolsCredentials:
    newRelic: [{{ accountName: a, insertApiKey: k, accountId: 1 }}]
  newRelic: {{ enable: true, metric: {{ destinationAccount: [a] }} }}
  userEvents:
    enable: true
    udpServerConfig: {{ serverHost: 127.0.0.1, portUserActivityEvents: 0 }}
  logEvents:
    udpServerConfig: {{ serverHost: 127.0.0.1, portLogEvents: 0 }}
    source: {{ engine: {{ enable: true }} }}
{PROMETHEUS}{}",
        influx_v1(influx.address().port())
    );
    let scraped = Scraped::start(&text, folder.path());
    let own = scraped.own();
    let found: BTreeMap<&str, &str> =
        series(&own).into_iter().filter(|(name, _)| !name.starts_with("process_")).collect();
    assert_eq!(found, series(FROM_THE_START));
    assert_eq!(promtool_remarks(&own), Vec::<String>::new());
    let sense = scraped.sense();
    assert_eq!(series(&sense).into_keys().collect::<Vec<_>>(), PROCESS, "nothing was polled");

    // The port of the process metrics is a reason not to start, as it was.
    let port = scraped.own.rsplit(':').next().unwrap();
    let taken = text.replace("nodeMetricsPort: 0", &format!("nodeMetricsPort: {port}"));
    let file = folder.path().join("taken.yaml");
    std::fs::write(&file, taken).unwrap();
    let (code, out, _) = run_to_end(BINARY, &["-c", &file.display().to_string()], folder.path());
    assert_eq!(code, Some(1));
    let told =
        format!("Butler-SOS.prometheus.nodeMetricsPort: cannot listen on 127.0.0.1:{port}: ");
    assert!(out.contains(&told), "{out}");
    scraped.end();
}

#[test]
fn a_real_prometheus_scrapes_both_pages() {
    let folder = tempfile::tempdir().unwrap();
    let (_site, text) = site(folder.path());
    let scraped = Scraped::start(&text, folder.path());
    let prometheus = Prometheus::scraping(&[&scraped.sense, &scraped.own]);
    until("both targets to be scraped", || {
        let targets = prometheus.api("targets?state=active");
        let targets = targets["activeTargets"].as_array().unwrap();
        assert!(targets.iter().all(|target| target["lastError"] == ""), "{targets:?}");
        (targets.iter().filter(|target| target["health"] == "up").count() == 2).then_some(())
    });
    let value = |name: &str| {
        until(name, || {
            let found = prometheus.api(&format!("query?query={name}"));
            let found = found["result"].as_array().unwrap();
            found.first().map(|first| (first["metric"].clone(), first["value"][1].clone()))
        })
    };
    let (labels, cpu) = value("butlersos_cpu_total");
    assert_eq!(cpu, "13.5");
    for (name, label) in [
        ("host", "127.0.0.1"),
        ("server_name", "sense1"),
        ("server_description", "simulated"),
        ("qs_env", "PROD \"1\""),
        ("instance", &scraped.sense),
    ] {
        assert_eq!(labels[name], label, "{name}");
    }
    until("the process on both pages", || {
        let found = prometheus.api("query?query=process_resident_memory_bytes");
        let found = found["result"].as_array().unwrap();
        let at = |address: &str| found.iter().any(|it| it["metric"]["instance"] == address);
        (at(&scraped.sense) && at(&scraped.own)).then_some(())
    });
    scraped.end();
}

#[test]
fn series_stay_the_same_whatever_comes_by_udp() {
    const SENT: u64 = 100_000;
    const STEP: u64 = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let influx = StandIn::start(|_| Answer::new(204, ""));
    let sections = format!("{PROMETHEUS}{SECTIONS}{}", influx_v1(influx.address().port()));
    let text = format!("Butler-SOS:\n  fileLogging: false\n{sections}");
    let scraped = Scraped::start(&text, folder.path());
    let address = |kind: &str| -> SocketAddr {
        let line = scraped.program.line_with(&format!("{kind}: Listening on "));
        let rest = line.split_once("Listening on ").unwrap().1;
        rest.split("/udp").next().unwrap().parse().unwrap()
    };
    let (user, log) = (address("USER EVENT"), address("LOG EVENT"));
    let names =
        |page: &str| -> Vec<String> { series(page).into_keys().map(str::to_owned).collect() };
    let before = (names(&scraped.sense()), names(&scraped.own()));

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let accounted = || {
        let own = scraped.own();
        let of = |name: &str| {
            ["user_events", "log_events"].map(|queue| {
                let reason = if name.contains("dropped") { ",reason=\"kernel\"" } else { "" };
                number(&own, &format!("{name}{{queue=\"{queue}\"{reason}}}"))
            })
        };
        let all = [
            of("butlersos_udp_datagrams_received_total"),
            of("butlersos_udp_datagrams_dropped_total"),
        ];
        all.concat().iter().sum::<f64>() as u64
    };
    for sent in 0..SENT {
        let datagram = if sent.is_multiple_of(2) {
            format!(
                "/qseow-proxy-session/;host{sent};Start session;DIR{sent};user{sent};Origin{sent};/hub/;Hello"
            )
        } else {
            format!(
                "/qseow-engine/;1;20260314T091502.118+0100;2026-03-14 09:15:02,118;ERROR;host{sent};\
                 System.Part{sent};DIR{sent}\\user{sent};Failed;;DIR{sent};user{sent};;;14.0;;;;"
            )
        };
        let to = if sent.is_multiple_of(2) { user } else { log };
        socket.send_to(datagram.as_bytes(), to).unwrap();
        if (sent + 1).is_multiple_of(STEP) {
            until("the datagrams to be received", || (accounted() > sent).then_some(()));
        }
    }
    assert_eq!(accounted(), SENT);
    let own = scraped.own();
    let accepted = ["user_events", "log_events"].map(|queue| {
        number(&own, &format!("butlersos_udp_datagrams_processed_total{{queue=\"{queue}\"}}"))
    });
    println!("{accepted:?} of {SENT} datagrams were handled as events");
    assert!(accepted.iter().all(|count| *count > 1_000.0), "{own}");
    let after = (names(&scraped.sense()), names(&own));
    assert_eq!(after, before);
    scraped.end();
}
