//! Calls to a server on this machine, their lines, and what must not be in them.

use std::net::TcpListener;
use std::rc::Rc;
use std::time::Instant;

use test_support::{Answer, StandIn, until_async};

use super::*;
use crate::config::testing::{messages, section};
use crate::runtime::log_probe::{record, recorded};

fn settings(yaml: &str) -> (Option<HeartbeatSettings>, Vec<String>) {
    let (keys, problems) = section::<HeartbeatKeys>("heartbeat", yaml);
    (keys.check(), messages(&problems))
}

#[test]
fn only_a_url_can_be_called() {
    assert_eq!(settings("{}"), (None, Vec::new()));
    let (on, problems) = settings("{enable: true, remoteURL: ' https://h/secret '}");
    let on = on.unwrap();
    assert_eq!((&*on.url, problems.len()), ("https://h/secret", 0));
    assert_eq!(on.schedule, "every 1 hour".parse().unwrap());
    assert!(!format!("{on:?}").contains("secret"));
    for url in ["ftp://h/secret", "h/secret", "http:///secret"] {
        let (off, problems) = settings(&format!("{{enable: true, remoteURL: '{url}'}}"));
        assert_eq!((off, problems.len()), (None, 1), "{problems:?}");
        assert!(!problems[0].contains("secret"), "{problems:?}");
    }
    let (off, problems) = settings("{enable: true}");
    assert_eq!(off, None);
    assert!(problems[0].contains("is missing; needed because heartbeat.enable is true"));
}

fn work(url: String) -> Work {
    let settings = HeartbeatSettings { url, schedule: "every 1 second".parse().unwrap() };
    let heartbeat =
        Heartbeat::new(settings, Clock::manual("2026-05-03T16:10:09Z".parse().unwrap()));
    Rc::into_inner(heartbeat.work).unwrap()
}

#[actix::test]
async fn an_outage_is_an_error_line_for_each_call_and_one_line_at_its_end() {
    record();
    let mut answers = [500, 204, 404, 404, 200].into_iter();
    let server = StandIn::start(move |_| Answer::new(answers.next().unwrap(), ""));
    let work = work(format!("http://{}/ping/secret?key=hidden", server.address()));
    let mut outage = Outage::default();
    for _ in 0..5 {
        work.call(&mut outage).await;
    }
    let host = format!("http://{}", server.address());
    let failed = |status| {
        format!(
            "error: HEARTBEAT: Error sending heartbeat: {host}: \
             request failed with status code {status}"
        )
    };
    let sent = format!("debug: HEARTBEAT: Sent heartbeat to {host}");
    let again = |errors| {
        format!(
            "info: HEARTBEAT: {host} works again, had failed since 2026-05-03T16:10:09Z with {errors}"
        )
    };
    let expected = [
        failed(500),
        sent.clone(),
        again("1 error"),
        failed(404),
        failed(404),
        sent,
        again("2 errors"),
    ];
    assert_eq!(recorded(), expected);
    for seen in server.seen() {
        assert_eq!((&*seen.method, &*seen.target), ("GET", "/ping/secret?key=hidden"));
        assert_eq!(seen.body, b"");
    }
}

#[actix::test]
async fn redirects_are_followed() {
    let server = StandIn::start(|seen| match &*seen.target {
        "/" => Answer::Http(302, "Location: /there\r\n", String::new()),
        _ => Answer::new(200, ""),
    });
    assert_eq!(work(format!("http://{}/", server.address())).ask().await, Ok(()));
    let targets: Vec<String> = server.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/", "/there"]);
}

#[actix::test]
async fn a_server_that_is_away_is_told_without_the_path() {
    record();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    work(format!("http://{closed}/secret")).call(&mut Outage::default()).await;
    let lines = recorded();
    assert!(lines[0].contains("Connection refused"), "{lines:?}");
    assert!(!lines[0].contains("secret"), "{lines:?}");
}

#[actix::test]
async fn the_first_call_is_at_once_and_the_others_follow_the_schedule() {
    let server = StandIn::start(|_| Answer::new(200, ""));
    let url = format!("http://{}/", server.address());
    let schedule = "every 1 second".parse().unwrap();
    let begin = Instant::now();
    let heartbeat = Heartbeat::new(HeartbeatSettings { url, schedule }, Clock::system()).start();
    until_async("three calls", || (server.seen().len() >= 3).then_some(())).await;
    let until = tokio::time::Instant::now();
    heartbeat.send(Drain { until }).await.unwrap();
    let seen = server.seen();
    // On a busy machine a call can arrive late, and never before its time.
    let third = seen[2].at - begin;
    assert!(third >= Duration::from_secs(1), "{third:?}");
}
