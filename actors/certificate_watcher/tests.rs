//! Warnings of a certificate in a file, days passing.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::*;
use crate::runtime::log_probe::{record, recorded};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn one_warning_at_each_threshold_and_one_error_at_the_end() {
    let end = at("2026-12-31T12:00:00Z");
    let mut deadline = Deadline::default();
    let mut told = Vec::new();
    // Every ten minutes from long before until long after.
    let mut now = at("2026-11-01T00:00:00Z");
    while now < at("2027-02-01T00:00:00Z") {
        if let Some(news) = deadline.news(end, now) {
            let (level, text) = news.line(&Subject::Client(PathBuf::from("c.pem")));
            let words: Vec<&str> = text.split(", at ").next().unwrap().split(' ').collect();
            told.push(format!("{now} {level} {}", words[words.len() - 2..].join(" ")));
        }
        now += chrono::Duration::minutes(10);
    }
    assert_eq!(
        told,
        [
            "2026-12-01 12:00:00 UTC WARN 30 days",
            "2026-12-17 12:00:00 UTC WARN 14 days",
            "2026-12-24 12:00:00 UTC WARN 7 days",
            "2026-12-30 12:00:00 UTC WARN 1 day",
            "2026-12-31 12:00:00 UTC ERROR has ended",
        ]
    );
}

#[test]
fn a_late_start_tells_how_much_is_left_and_a_replacement_begins_anew() {
    let (now, file) = (at("2026-12-01T00:00:00Z"), Subject::Client(PathBuf::from("c.pem")));
    let mut deadline = Deadline::default();
    let line = |news: Option<deadline::News>| news.unwrap().line(&file).1;
    let soon = line(deadline.news(at("2026-12-10T06:00:00Z"), now));
    assert!(soon.contains("c.pem ends in 10 days, at 2026-12-10T06:00:00Z."), "{soon}");
    assert_eq!(deadline.news(at("2026-12-10T06:00:00Z"), now), None);
    let replaced = line(deadline.news(at("2036-12-10T00:00:00Z"), now));
    assert!(replaced.contains("was replaced, it ends at 2036-12-10T00:00:00Z"), "{replaced}");
    assert_eq!(deadline.news(at("2036-12-10T00:00:00Z"), now), None);
    // Another one that does not last either.
    let again = line(deadline.news(at("2026-12-01T12:00:00Z"), now));
    assert!(again.contains("ends in 1 day, at"), "{again}");
}

#[actix::test]
async fn the_file_is_looked_at_again_and_again() {
    tokio::time::pause();
    record();
    let folder = tempfile::tempdir().unwrap();
    let cert = folder.path().join("client.pem");
    let files = CertFiles { cert: cert.clone(), ..CertFiles::missing() };
    let clock = Clock::manual(at("2031-03-01T00:00:00Z"));
    let watcher = CertificateWatcher::new(files, clock.clone()).start();
    tokio::time::sleep(LOOK_EVERY).await;
    assert_eq!(recorded(), Vec::<String>::new(), "no file, no word: polls tell that");
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.not_after = rcgen::date_time_ymd(2031, 3, 9);
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(&cert, params.self_signed(&key).unwrap().pem()).unwrap();
    tokio::time::sleep(LOOK_EVERY * 3).await;
    let lines = recorded();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("warn: CERTIFICATE: The client certificate "), "{lines:?}");
    assert!(lines[0].contains("ends in 8 days, at 2031-03-09T00:00:00Z"), "{lines:?}");
    let until = tokio::time::Instant::now();
    watcher.send(Drain { until }).await.unwrap();
    clock.set(at("2031-03-10T00:00:00Z"));
    tokio::time::sleep(LOOK_EVERY * 3).await;
    assert_eq!(recorded(), Vec::<String>::new());
}

#[actix::test]
async fn whoever_asks_for_a_look_gets_an_answer_at_once() {
    record();
    let folder = tempfile::tempdir().unwrap();
    let cert = folder.path().join("client.pem");
    let files = CertFiles { cert: cert.clone(), ca: cert.clone(), ..CertFiles::missing() };
    let clock = Clock::manual(at("2026-03-01T00:00:00Z"));
    let watcher = CertificateWatcher::new(files, clock).start();
    let answer = async |word: &str| {
        watcher.send(ReadAgain).await.unwrap();
        let mut lines = Vec::new();
        while lines.len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            lines.extend(recorded().into_iter().filter(|line| line.contains("Read again: ")));
        }
        assert!(lines.iter().all(|line| line.contains(word)), "{lines:?}");
    };
    answer("the file does not exist").await;
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.not_after = rcgen::date_time_ymd(2031, 3, 9);
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(&cert, params.self_signed(&key).unwrap().pem()).unwrap();
    answer("is valid until 2031-03-09T00:00:00Z").await;
}

#[test]
fn what_services_of_one_server_share_is_one_warning_and_as_many_gauges() {
    let now = at("2026-12-01T00:00:00Z");
    let mut servers = Servers::default();
    let mut saw = |server: &str, authority: &str, end: &str| {
        let server = server.into();
        servers.saw(ServerCertificate { server, authority: authority.into(), end: at(end) });
        servers.news(now).into_iter().map(|(level, text)| format!("{level} {text}")).collect()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(saw("sense1", "h1:4747", "2027-12-01T00:00:00Z"), none);
    let first: Vec<String> = saw("sense2", "h2:4747", "2026-12-10T00:00:00Z");
    assert_eq!(
        first,
        ["WARN The certificate of the server sense2 (h2:4747) ends in 9 days, at \
          2026-12-10T00:00:00Z. Renew it on that server"]
    );
    assert_eq!(saw("sense2", "h2:4243", "2026-12-10T00:00:00Z"), none, "the same one");
    let ended: Vec<String> = saw("sense1", "h1:4747", "2026-11-30T00:00:00Z");
    assert!(ended[0].starts_with("ERROR The certificate of the server sense1"), "{ended:?}");
    assert_eq!(saw("sense2", "h2:4747", "2036-12-10T00:00:00Z"), none);
    let page = crate::domain::metrics::encode(&[servers.family(now)]);
    for line in [
        "butlersos_server_certificate_expiry_days{server_name=\"sense1\",host=\"h1:4747\"} -1",
        "butlersos_server_certificate_expiry_days{server_name=\"sense2\",host=\"h2:4243\"} 9",
    ] {
        assert!(page.lines().any(|found| found == line), "{page}");
    }
}
