//! Every target is polled at its own rate, whatever the others do.

use std::time::{Duration, Instant};

use actors::domain::errors::ErrorType;
use actors::domain::names::ServerName;
use actors::io::error_log::{ErrorReader, Filter};
use butler_sos::config;
use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use test_support::until_async;

use crate::common;

const SERVERS: usize = 50;
const INTERVAL: Duration = Duration::from_millis(1_000);

/// How long a poll waits for its answer.
const LIMIT: Duration = Duration::from_secs(5);

#[actix::test]
async fn one_of_fifty_servers_hangs_and_the_others_are_polled_on_time() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(SERVERS, folder.path()).unwrap();
    site.set(Endpoint::Engine(7), Fault::NoAnswer);
    site.set(Endpoint::Proxy(7), Fault::SilentHandshake);
    let choices = Choices {
        interval_ms: INTERVAL.as_millis() as u64,
        app_names: false,
        virtual_proxies: vec!["/"],
        sections: String::new(),
    };
    let began = Instant::now();
    let app = common::start(common::settings(&of_site(&site, SERVERS, &choices), folder.path()));
    let healthy = || (0..SERVERS).filter(|server| *server != 7);
    let polled = || {
        healthy().all(|server| {
            site.count(Endpoint::Engine(server)) >= 6 && site.count(Endpoint::Proxy(server)) >= 6
        })
    };
    until_async("six polls of every healthy server", || polled().then_some(())).await;
    let counts = common::counted(&app, 2).await;
    app.drain(Duration::from_secs(5)).await;
    app.end();

    let requests = site.requests();
    let mut intervals = Vec::new();
    for server in healthy() {
        for endpoint in [Endpoint::Engine(server), Endpoint::Proxy(server)] {
            let times = requests.iter().filter(|r| r.endpoint == endpoint).map(|r| r.at);
            let times: Vec<_> = times.collect();
            intervals.extend(times.windows(2).map(|pair| pair[1] - pair[0]));
        }
    }
    intervals.sort();
    let (shortest, longest) = (intervals[0], intervals[intervals.len() - 1]);
    let median = intervals[intervals.len() / 2];
    println!(
        "{} intervals of {INTERVAL:?}: shortest {shortest:?}, median {median:?}, longest {longest:?}",
        intervals.len()
    );
    // Not a measurement of speed: a poller that waits for the hanging server would need its five
    // seconds for each round.
    assert!(median < LIMIT, "{median:?} {longest:?}");
    let rounds = began.elapsed().as_secs() / LIMIT.as_secs();
    let asked = site.count(Endpoint::Engine(7)) as u64;
    assert!(asked <= rounds + 1, "one request outstanding at most: {asked} in {rounds} rounds");
    let hanging = ServerName::from("sense8");
    let of_it =
        [ErrorType::HealthApi, ErrorType::ProxyApi].map(|kind| counts.of(kind, Some(&hanging)));
    assert!(of_it.iter().all(|count| *count > 0), "{}", counts.details());
    let total = of_it.iter().sum::<u64>();
    assert_eq!(counts.total(), total, "only the server that hangs fails: {}", counts.details());
}

#[actix::test]
async fn requests_are_those_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let choices = Choices { interval_ms: common::ONCE, ..Choices::default() };
    let text = format!(
        "{}        headers:\n          X-My-Header: my value\n",
        of_site(&site, 1, &choices)
    );
    let app = common::start(common::settings(&text, folder.path()));
    until_async("four requests", || (site.requests().len() >= 4).then_some(())).await;
    app.drain(Duration::from_secs(5)).await;
    app.end();
    let requests = site.requests();
    let find = |path: &str| requests.iter().find(|request| request.path.starts_with(path)).unwrap();

    let health = find("/engine/healthcheck");
    assert_eq!((health.method.as_str(), health.path.as_str()), ("GET", "/engine/healthcheck"));
    assert_eq!(health.header("cache-control"), Some("no-cache"));
    assert_eq!(health.header("x-my-header"), Some("my value"));
    for (path, virtual_proxy) in [("/qps/session?", "/"), ("/qps/hdr/session?", "/hdr")] {
        let sessions = find(path);
        let key = sessions.path.split_once("Xrfkey=").unwrap().1;
        assert_eq!(sessions.header("x-qlik-xrfkey"), Some(key));
        assert_eq!(sessions.header("xvirtualproxy"), Some(virtual_proxy));
        assert_eq!(sessions.header("x-my-header"), None);
    }
    let apps = find("/qrs/app?xrfkey=");
    let key = apps.path.split_once("xrfkey=").unwrap().1;
    assert_eq!((key.len(), apps.header("x-qlik-xrfkey")), (16, Some(key)));
    let user = "UserDirectory=Internal; UserId=sa_repository";
    assert_eq!(apps.header("x-qlik-user"), Some(user));
}

/// Some twenty pieces with a second between them: never silent for long, and not done in five
/// seconds. Nothing of it is an outage that nobody hears of.
#[actix::test]
async fn a_body_that_drips_for_longer_than_the_timeout_is_an_error_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    site.set(Endpoint::Engine(0), Fault::Drip(50, Duration::from_secs(1)));
    let choices = Choices {
        interval_ms: common::ONCE,
        virtual_proxies: vec!["/"],
        app_names: false,
        ..Choices::default()
    };
    let app = common::start(common::settings(&of_site(&site, 1, &choices), folder.path()));
    assert_eq!(common::counted(&app, 1).await.total(), 1);
    app.drain(Duration::from_secs(5)).await;
    app.end();
    let history = ErrorReader::open(&folder.path().join(common::HISTORY)).unwrap();
    let totals = history.totals(&Filter::default()).unwrap();
    assert_eq!(totals[0].error_category, "timeout");
}

#[actix::test]
async fn redirects_are_followed_five_times() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    site.set(Endpoint::Engine(0), Fault::Status(302, "Location: /engine/healthcheck\r\n"));
    let choices = Choices {
        interval_ms: common::ONCE,
        virtual_proxies: vec!["/"],
        app_names: false,
        ..Choices::default()
    };
    let app = common::start(common::settings(&of_site(&site, 1, &choices), folder.path()));
    common::counted(&app, 1).await;
    app.drain(Duration::from_secs(5)).await;
    app.end();
    assert_eq!(site.count(Endpoint::Engine(0)), 6);
    let file = folder.path().join(common::HISTORY);
    let mut codes = Vec::new();
    let history = ErrorReader::open(&file).unwrap();
    let all = Filter::default();
    history.for_each(&all, None, |row| codes.push(row.error_code)).unwrap();
    assert_eq!(codes, ["ERR_FR_TOO_MANY_REDIRECTS"]);
}

#[actix::test]
async fn an_empty_virtual_proxy_is_the_default_one() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let influx = test_support::Influxd::started();
    let choices = Choices {
        interval_ms: common::ONCE,
        virtual_proxies: vec!["''", "/hdr"],
        app_names: false,
        sections: common::influx_v1(influx.port()),
    };
    let loaded =
        config::check(&of_site(&site, 1, &choices), folder.path().join("x.yaml"), folder.path());
    let loaded = loaded.unwrap();
    assert_eq!(loaded.problems, []);
    let app = common::start(loaded.settings.unwrap());
    let stored = || influx.count("SenseOps", "user_session_summary", "session_count") >= 2;
    until_async("the sessions of both", || stored().then_some(())).await;
    assert_eq!(common::counts(&app).await.total(), 0);
    app.drain(Duration::from_secs(5)).await;
    app.end();

    let requests = site.requests();
    let asked: Vec<(&str, Option<&str>)> = requests
        .iter()
        .filter(|request| request.endpoint == Endpoint::Proxy(0))
        .map(|r| (r.path.split('?').next().unwrap_or_default(), r.header("xvirtualproxy")))
        .collect();
    let expected = [("/qps/session", Some("")), ("/qps/hdr/session", Some("/hdr"))];
    assert!(expected.iter().all(|one| asked.contains(one)), "{asked:?}");
    // The tag is the text of the file; InfluxDB has no empty tags, and reads a missing one as "".
    let query =
        "SELECT session_count FROM user_session_summary GROUP BY user_session_virtual_proxy";
    let series = influx.query("SenseOps", query);
    let tags: Vec<&serde_json::Value> =
        series.iter().map(|one| &one["tags"]["user_session_virtual_proxy"]).collect();
    assert_eq!(tags, ["", "/hdr"]);
}
