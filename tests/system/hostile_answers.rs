//! Answers that no Qlik Sense should give: each is an error or a field less, never more.

use std::time::Duration;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use serde_json::Value;
use test_support::{Influxd, Program, until_async};

use crate::common;

#[actix::test]
async fn bad_answers_cost_what_is_bad_and_nothing_else() {
    let absurd = br#"{"version":12,"started":"20261399T999999.999+9999",
        "mem":{"committed":-1e308,"allocated":1e300,"free":"much"},
        "cpu":{"total":-50},"session":null,"unknown":{"deep":[[[[[1]]]]]},
        "apps":{"active_docs":{},"loaded_docs":[1,null,"a b,c=\"d\"\\"],"calls":1e30},
        "users":{"active":-3,"total":18446744073709551615},"saturated":"yes"}"#;
    let lone_surrogate = br#"{"version":"\ud800","mem":{"free":1}}"#;
    let deep = "[".repeat(100_000);
    let answers: [(&[u8], bool); 10] = [
        (absurd, true),
        (b"{}", true),
        (lone_surrogate, false),
        (b"<html><script>alert(1)</script></html>", false),
        (b"", false),
        (br#"{"mem":{"free":1e999}}"#, false),
        (b"null", false),
        (b"[1,2]", false),
        (deep.as_bytes(), false),
        (b"{\"version\":\"\xff\xfe\"}", true),
    ];
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    let servers = answers.len() + 1;
    let site = Site::start(servers, folder.path()).unwrap();
    for (server, (body, _)) in answers.iter().enumerate() {
        site.set(Endpoint::Engine(server), Fault::Body(body.to_vec()));
        site.set(Endpoint::Proxy(server), Fault::Body(body.to_vec()));
    }
    // The healthy one answers slowly and in small pieces, which is no fault.
    site.set(Endpoint::Engine(servers - 1), Fault::Drip(100, Duration::from_millis(5)));
    let choices = Choices {
        interval_ms: common::ONCE,
        app_names: false,
        virtual_proxies: vec!["/"],
        sections: common::influx_v1(influx.port()),
    };
    let text = of_site(&site, servers, &choices);
    let app = common::start(common::settings(&text, folder.path()));

    let unusable = answers.iter().filter(|(_, usable)| !usable).count() as u64;
    // None of the bodies is a list of sessions.
    let proxies = answers.len() as u64;
    common::counted(&app, unusable + proxies).await;
    let healthy = || influx.count("SenseOps", "cache", "hits") > 0;
    until_async("the healthy server", || healthy().then_some(())).await;
    app.drain(Duration::from_secs(10)).await;
    let counts = common::counts(&app).await;
    app.end();
    assert_eq!(counts.total(), unusable + proxies, "{}", counts.details());

    let point = |measurement: &str| {
        let query = format!("SELECT * FROM \"{measurement}\" WHERE server_name = 'sense1'");
        influx.rows("SenseOps", &query).into_iter().next()
    };
    assert_eq!(point("sense_server").unwrap()["version"], "12");
    let apps = point("apps").unwrap();
    assert_eq!(apps["loaded_docs_count"], 1, "only texts are ids of apps");
    assert_eq!(apps["calls"], Value::Null, "no integer holds it");
    assert_eq!(point("cpu").unwrap()["total"], -50);
    assert_eq!(point("users").unwrap()["active"], -3);
    assert_eq!(point("session"), None);
    assert_eq!(point("saturated"), None);
    assert_eq!(point("mem"), None);
}

/// A sign-in page behind a redirect, as a virtual proxy sends it to whom it does not know.
#[actix::test]
async fn a_page_instead_of_an_answer_is_named_with_where_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let page = b"\xef\xbb\xbf<html>Sign in, timeout, certificate</html>".to_vec();
    site.set(Endpoint::Proxy(0), Fault::Body(page));
    let choices = Choices {
        interval_ms: common::ONCE,
        app_names: false,
        virtual_proxies: vec!["/"],
        sections: String::new(),
    };
    let config = folder.path().join("config.yaml");
    std::fs::write(&config, of_site(&site, 1, &choices)).unwrap();
    let config = config.display().to_string();
    let program = Program::start(common::BINARY, &["-c", &config]);
    let line = program.line_with("an HTML page came where JSON was expected");
    let port = site.address(Endpoint::Proxy(0)).unwrap().port();
    let asked = format!("Asked was https://127.0.0.1:{port}/qps/session: check that the port is");
    assert!(line.contains(&asked), "{line}");
}
