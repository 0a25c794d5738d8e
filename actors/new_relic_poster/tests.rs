//! What leaves for which account, and what is told when it does not arrive.

use actix::Addr;
use test_support::{Answer, StandIn, until_async};
use tokio::time::Instant;

use super::body_tests::{
    HEALTH, MEMORY, all_metrics, e2, health, metric_posts, pairs, sessions, u1,
};
use super::*;
use crate::domain::errors::{DestinationHost, ErrorCode, Origin};
use crate::domain::events::Source;
use crate::domain::telemetry::UnderWay;
use crate::runtime::log_probe::{record, recorded};
use crate::runtime::probe::{Received, probe};

fn account(name: &str, id: &str) -> Account {
    Account {
        name: name.to_owned(),
        key: format!("key of {name}").as_str().into(),
        id: id.to_owned(),
    }
}

/// Everything that there is, for the accounts `to`.
pub(super) fn settings(base: &str, to: &[&str]) -> NewRelicSettings {
    let accounts: Vec<String> = to.iter().map(ToString::to_string).collect();
    let header = |name: &str, value: &str| (name.to_owned(), value.into());
    NewRelicSettings {
        accounts: vec![account("first", "1"), account("second", "2"), account("first", "3")],
        metric: Endpoint {
            url: format!("{base}/metric/v1?p=secret"),
            headers: vec![
                header("X-Mine", "yes"),
                header("Content-Type", "application/mine"),
                header("Api-Key", "not this one"),
            ],
        },
        metrics: Some(metric_posts(to)),
        uptime: Some(UptimePosts {
            accounts: accounts.clone(),
            memory: true,
            uptime: true,
            attributes: pairs(&[]),
            interval: Duration::from_secs(900),
        }),
        events: Some(EventPosts {
            to: Endpoint { url: format!("{base}/"), headers: Vec::new() },
            attributes: pairs(&[]),
            user: Some(UserEventPosts {
                accounts: accounts.clone(),
                scramble: true,
                tags: pairs(&[]),
            }),
            log: Some(LogEventPosts {
                accounts,
                sources: vec![(Source::Engine, LogLevels { error: true, warn: false })],
                tags: pairs(&[]),
            }),
        }),
        // Longer than any test: the machine may be slow.
        timeouts: Timeouts { long: LONG, short: LONG, pause: Duration::from_millis(1) },
    }
}

pub(super) fn base(server: &StandIn) -> String {
    format!("http://{}", server.address())
}

pub(super) fn start(settings: NewRelicSettings) -> (Addr<NewRelicPoster>, Received<ErrorOccurred>) {
    let clock = Clock::manual("2026-05-03T16:10:09Z".parse().unwrap());
    let (errors, received) = probe();
    (NewRelicPoster::new(settings, clock, errors).start(), received)
}

pub(super) fn user_events(count: usize) -> EventBatch<UserEvent> {
    UnderWay::default().batch(vec![u1(); count])
}

pub(super) async fn drain(poster: &Addr<NewRelicPoster>, within: Duration) {
    poster.send(Drain { until: Instant::now() + within }).await.unwrap();
}

/// Limit of what is to end well: ten thousand events take a busy machine more than half a minute.
pub(super) const LONG: Duration = Duration::from_secs(300);

#[actix::test]
async fn each_kind_has_its_url_its_headers_and_its_key() {
    let server = StandIn::start(|_| Answer::new(202, r#"{"requestId":"1"}"#));
    let (poster, errors) = start(settings(&base(&server), &["first", "second"]));
    poster.do_send(health(HEALTH));
    poster.do_send(sessions());
    poster.do_send(MEMORY);
    poster.do_send(user_events(1));
    poster.do_send(UnderWay::default().batch(vec![e2()]));
    drain(&poster, LONG).await;
    let mut found: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| {
            let header = |name| seen.header(name).unwrap_or("none");
            assert_eq!((seen.method.as_str(), header("Content-Encoding")), ("POST", "gzip"));
            let (kind, mine, key) = (header("Content-Type"), header("X-Mine"), header("Api-Key"));
            let body = seen.text();
            let named =
                ["qs_cpuTotal", "qs_proxySessions", "HeapUsed", "qs_userEvent", "qs_logEvent"];
            let named = named.iter().find(|name| body.contains(**name)).unwrap();
            format!("{} {kind} {mine} {key} {named}", seen.target)
        })
        .collect();
    found.sort();
    let mut expected = Vec::new();
    for (name, id) in [("first", 1), ("second", 2)] {
        for named in ["qs_cpuTotal", "qs_proxySessions", "HeapUsed"] {
            expected
                .push(format!("/metric/v1?p=secret application/mine yes key of {name} {named}"));
        }
        for named in ["qs_userEvent", "qs_logEvent"] {
            let url = format!("/v1/accounts/{id}/events");
            expected.push(format!("{url} application/json none key of {name} {named}"));
        }
    }
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(errors.all(), []);
}

#[actix::test]
async fn only_200_and_202_are_success() {
    let server = StandIn::start(|_| Answer::new(200, ""));
    let (poster, errors) = start(settings(&base(&server), &["first"]));
    // Only a server that is silent is to exceed its limit, however busy the machine is.
    let short = Duration::from_millis(300);
    let mut hasty = settings(&base(&server), &["second"]);
    hasty.timeouts.long = short;
    let (hasty, late) = start(hasty);
    let status = |status| Answer::new(status, r#"{"error":"timeout mqtt cert"}"#);
    let redirect = Answer::Http(301, "Location: /elsewhere\r\n", String::new());
    let mut wanted = 0;
    for (answer, code, category, http_status) in [
        (status(201), None, "unknown", Some(201)),
        (Answer::Http(204, "", String::new()), None, "unknown", Some(204)),
        (redirect, None, "unknown", Some(301)),
        (status(400), None, "http_4xx", Some(400)),
        (status(401), None, "auth_error", Some(401)),
        (status(403), None, "auth_error", Some(403)),
        (status(404), None, "not_found", Some(404)),
        (status(429), None, "rate_limited", Some(429)),
        (status(500), None, "http_5xx", Some(500)),
        (status(503), None, "http_5xx", Some(503)),
        (Answer::Silence, Some("ECONNABORTED"), "timeout", None),
        (Answer::HangUp, Some("ECONNRESET"), "connection_reset", None),
    ] {
        let is_silent = matches!(answer, Answer::Silence);
        server.respond(move |_| answer.clone());
        let (error, limit) = if is_silent {
            hasty.do_send(health(HEALTH));
            (late.at_least(1).await.pop().unwrap(), short)
        } else {
            wanted += 1;
            poster.do_send(health(HEALTH));
            (errors.at_least(wanted).await.pop().unwrap(), LONG)
        };
        let failure = &error.failure;
        let found =
            (failure.code().map(ErrorCode::as_str), failure.category().as_str(), failure.status());
        assert_eq!(found, (code, category, http_status));
        let request = failure.request().unwrap();
        assert_eq!(request.url.as_str(), format!("{}/metric/v1", base(&server)));
        assert_eq!(request.timeout, Some(limit));
        let to = DestinationHost::of_url(&base(&server));
        let module = NewRelicModule::HealthMetrics;
        assert_eq!(error.origin, Origin::NewRelicPost { module, server: None, to });
    }
    for status in [200, 202] {
        server.respond(move |_| Answer::new(status, "{}"));
        poster.do_send(health(HEALTH));
        let before = server.seen().len();
        until_async("this request", || (server.seen().len() > before).then_some(())).await;
    }
    drain(&poster, LONG).await;
    assert_eq!(errors.all().len(), wanted, "one for each");
    let all = server.seen();
    assert!(all.iter().all(|seen| seen.target == "/metric/v1?p=secret"), "{all:?}");
    let of = |key| all.iter().filter(|seen| seen.header("Api-Key") == Some(key)).count();
    assert_eq!(of("key of first"), wanted + 2, "nothing is asked twice");
    // A busy machine may have come to its limit before it asked.
    assert!(of("key of second") <= 1, "nothing is asked twice");
}

#[actix::test]
async fn an_account_that_fails_or_does_not_exist_harms_no_other() {
    let server = StandIn::start(|seen| match seen.header("Api-Key") {
        Some("key of first") => Answer::Silence,
        _ => Answer::new(202, "{}"),
    });
    let mut settings = settings(&base(&server), &["first", "cert", "second"]);
    settings.timeouts.long = LONG;
    let (poster, errors) = start(settings);
    for _ in 0..2 {
        poster.do_send(user_events(2));
        poster.do_send(health(HEALTH));
    }
    let served = || {
        let all = server.seen();
        all.iter().filter(|seen| seen.header("Api-Key") == Some("key of second")).count()
    };
    // What waits may leave together.
    until_async("the second account", || (served() >= 2).then_some(())).await;
    let errors = errors.at_least(4).await;
    assert_eq!(errors.len(), 4, "one for each attempt");
    for error in errors {
        assert_eq!(error.failure.category().as_str(), "new_relic_error");
        assert_eq!(error.failure.code(), None);
    }
}

#[actix::test]
async fn an_account_that_works_again_is_told_once() {
    record();
    let server = StandIn::start(|_| Answer::new(503, ""));
    let (poster, errors) = start(settings(&base(&server), &["first"]));
    for wanted in 1..=2 {
        poster.do_send(MEMORY);
        errors.at_least(wanted).await;
    }
    server.respond(|_| Answer::new(202, "{}"));
    poster.do_send(MEMORY);
    until_async("the third", || (server.seen().len() == 3).then_some(())).await;
    poster.do_send(MEMORY);
    drain(&poster, LONG).await;
    let lines = recorded();
    let about: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split_once("uptime: "))
        .map(|(begin, end)| {
            assert!(begin.ends_with("NEW RELIC: account \"first\", "), "{begin}");
            end
        })
        .collect();
    assert_eq!(
        about,
        [
            "not posted: request failed with status code 503",
            "not posted: request failed with status code 503",
            "posted 1",
            "works again, had failed since 2026-05-03T16:10:09Z with 2 errors",
            "posted 1",
        ]
    );
    let loud = |line: &&String| !line.starts_with("debug: ") && !line.starts_with("verbose: ");
    assert_eq!(lines.iter().filter(loud).count(), 2, "the first failure and the end: {lines:?}");
    assert!(!lines.iter().any(|line| line.contains("key of") || line.contains("secret")));
}

#[actix::test]
async fn another_cause_during_an_outage_is_another_line() {
    record();
    let server = StandIn::start(|_| Answer::new(503, ""));
    let (poster, errors) = start(settings(&base(&server), &["first"]));
    for (wanted, status) in [(1, 503), (2, 503), (3, 401), (4, 401), (5, 503)] {
        server.respond(move |_| Answer::new(status, ""));
        poster.do_send(MEMORY);
        errors.at_least(wanted).await;
    }
    let loud: Vec<String> = recorded()
        .into_iter()
        .filter_map(|line| Some(line.split_once("warn: ")?.1.rsplit(' ').next()?.to_owned()))
        .collect();
    assert_eq!(loud, ["503", "401", "503"]);
}

#[actix::test]
async fn what_the_end_leaves_is_counted() {
    let server = StandIn::start(|_| Answer::Silence);
    let (poster, errors) = start(settings(&base(&server), &["first"]));
    poster.do_send(MEMORY);
    until_async("the first", || (!server.seen().is_empty()).then_some(())).await;
    poster.do_send(user_events(3));
    drain(&poster, Duration::ZERO).await;
    let lost = poster.send(AskLost).await.unwrap();
    assert_eq!(lost.to_string(), "4 messages for New Relic");
    assert_eq!(errors.at_least(2).await.len(), 2, "one for each request");
}

#[test]
fn all_metrics_are_on_by_default() {
    let (keys, problems) =
        crate::config::testing::section::<NewRelicKeys>("newRelic", "enable: true");
    let section = keys.check("1.2.3").unwrap();
    assert_eq!((section.engine, section.sessions), (all_metrics(), true));
    let version = [("butlerSosVersion".to_owned(), "1.2.3".to_owned())];
    assert_eq!(
        (&section.event_attributes[..], &section.metric_attributes[..]),
        (&version[..], &version[..])
    );
    assert_eq!(section.event.url, "https://insights-collector.newrelic.com");
    let metric = keys.metric_endpoint();
    assert_eq!(metric.url, "https://metric-api.newrelic.com/metric/v1");
    assert_eq!(problems.take(), []);
}
