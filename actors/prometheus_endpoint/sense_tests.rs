//! Every gauge of the page, from the body of a health check and from a session list.

use std::sync::Arc;

use super::*;
use crate::domain::metrics::encode;
use crate::domain::telemetry::ProxySession;

const BODY: &str = r#"{"version":"12.2015.0","started":"20260412T063015.208+0200",
    "mem":{"committed":2210.5,"allocated":3650.25,"free":41877},
    "cpu":{"total":13.5},"session":{"active":4,"total":19},
    "apps":{"active_docs":["b"],"loaded_docs":["b","SessionApp_7c2e44b1","a"],
    "in_memory_docs":["a","b"],"calls":90412,"selections":733},"users":{"active":3,"total":11},
    "cache":{"hits":5120,"lookups":8044,"added":2924,"replaced":12,"bytes_added":40155904},
    "saturated":true}"#;

/// Names and values of the page's table for this body.
const EXPECTED: [(&str, &str); 19] = [
    ("butlersos_apps_calls", "90412"),
    ("butlersos_apps_selections", "733"),
    ("butlersos_apps_activedocs_total", "1"),
    ("butlersos_apps_inmemorydocs_total", "2"),
    ("butlersos_apps_loadeddocs_total", "3"),
    ("butlersos_cache_added", "2924"),
    ("butlersos_cache_bytes_added", "40155904"),
    ("butlersos_cache_hits", "5120"),
    ("butlersos_cache_lookups", "8044"),
    ("butlersos_cache_replaced", "12"),
    ("butlersos_cache_saturated", "1"),
    ("butlersos_cpu_total", "13.5"),
    ("butlersos_mem_committed", "2317877248"),
    ("butlersos_mem_allocated", "3827564544"),
    ("butlersos_mem_free", "43911217152"),
    ("butlersos_session_active", "4"),
    ("butlersos_session_total", "19"),
    ("butlersos_users_active", "3"),
    ("butlersos_users_total", "11"),
];

fn server(name: &str, tags: &[(&str, &str)]) -> Arc<MonitoredServer> {
    Arc::new(MonitoredServer {
        name: name.into(),
        host: format!("{name}.example.com").as_str().into(),
        description: "Central node".into(),
        tags: tags.iter().map(|(tag, value)| ((*tag).into(), (*value).into())).collect(),
    })
}

fn health(server: &Arc<MonitoredServer>, body: &str) -> HealthMetrics {
    let health = EngineHealth::from_json(body.as_bytes(), None).unwrap();
    HealthMetrics { server: Arc::clone(server), health: Arc::new(health) }
}

/// The lines with numbers.
fn samples(sheet: &SenseSheet) -> Vec<String> {
    let page = encode(&sheet.families());
    page.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn every_number_of_a_health_check_is_a_gauge_with_the_labels_of_its_server() {
    let mut sheet = SenseSheet::default();
    sheet.health(&health(&server("one", &[("env", "PROD \"1\"")]), BODY));
    let base = "host=\"one.example.com\",server_name=\"one\",\
                server_description=\"Central node\",env=\"PROD \\\"1\\\"\"";
    let mut expected: Vec<String> =
        EXPECTED.iter().map(|(name, value)| format!("{name}{{{base}}} {value}")).collect();
    expected.push(format!(
        "butlersos_engine_metadata{{{base},engine_version=\"12.2015.0\",\
         engine_started=\"20260412T063015.208+0200\"}} 1"
    ));
    expected.sort();
    assert_eq!(samples(&sheet), expected);
    let page = encode(&sheet.families());
    for (name, _) in EXPECTED {
        assert!(page.contains(&format!("# TYPE {name} gauge\n")), "{name}");
    }
}

#[test]
fn a_member_that_is_missing_costs_its_sample_only() {
    let mut sheet = SenseSheet::default();
    sheet.health(&health(&server("one", &[]), r#"{"cpu":{"total":"much"},"users":{"total":2}}"#));
    let base = "host=\"one.example.com\",server_name=\"one\",server_description=\"Central node\"";
    let expected = [
        format!("butlersos_engine_metadata{{{base},engine_version=\"\",engine_started=\"\"}} 1"),
        format!("butlersos_users_total{{{base}}} 2"),
    ];
    assert_eq!(samples(&sheet), expected);
}

#[test]
fn only_the_newest_engine_and_the_last_numbers_of_a_server_are_told() {
    let mut sheet = SenseSheet::default();
    let (one, two) = (server("one", &[("a", "1")]), server("two", &[("b", "2")]));
    sheet.health(&health(&one, BODY));
    sheet.health(&health(&two, BODY));
    sheet.health(&health(&one, &BODY.replace("063015", "093015").replace("13.5", "0")));
    let samples = samples(&sheet);
    let of = |name: &str| -> Vec<&String> {
        samples.iter().filter(|line| line.starts_with(name)).collect()
    };
    let engines = of("butlersos_engine_metadata{");
    assert_eq!(engines.len(), 2, "{engines:?}");
    assert!(engines[0].contains("093015") && engines[1].contains("063015"), "{engines:?}");
    let loads = of("butlersos_cpu_total{");
    assert!(loads[0].ends_with(",a=\"1\"} 0") && loads[1].ends_with(",b=\"2\"} 13.5"), "{loads:?}");
}

#[test]
fn sessions_are_counted_for_each_virtual_proxy() {
    let session = |excluded| ProxySession {
        directory: "CORP".to_owned(),
        user_id: "anna".to_owned(),
        session_id: "s".to_owned(),
        excluded,
    };
    let answer = |proxy: &str, sessions: &[ProxySession]| ProxySessions {
        server: server("one", &[("user_session_host", "mine"), ("my-tag", "x"), ("host", "other")]),
        session_host: "proxy.example.com:4243".into(),
        virtual_proxy: proxy.into(),
        sessions: sessions.into(),
        answer: Arc::default(),
    };
    let mut sheet = SenseSheet::default();
    sheet.sessions(&answer("/", &[session(false), session(true)]));
    sheet.sessions(&answer("/hdr", &[session(false)]));
    sheet.sessions(&answer("/hdr", &[]));
    // A tag wins over a name of the server, and gives way to the labels of the sessions.
    let base = "server_name=\"one\",server_description=\"Central node\",host=\"other\"";
    let line = |proxy: &str, count: u32| {
        format!(
            "butlersos_user_session_total{{{base},user_session_virtual_proxy=\"{proxy}\",\
             user_session_host=\"proxy.example.com:4243\"}} {count}"
        )
    };
    assert_eq!(samples(&sheet), [line("/", 2), line("/hdr", 0)]);
}
