//! Rhythm and reports of the extractor. What comes over sockets is tested with the simulated
//! site, in `tests/system`.

use std::collections::HashSet;

use super::*;
use crate::domain::errors::Category;
use crate::domain::names::ServerName;
use crate::runtime::probe::probe;

#[actix::test]
async fn names_are_fetched_at_once_then_at_the_interval_until_the_end() {
    tokio::time::pause();
    let certificate = CertFiles::missing();
    let server = Some(ServerName::from("sense1"));
    let polling = AppNamesPolling {
        interval: Duration::from_secs(60),
        host: "10.0.0.1".into(),
        server: server.clone(),
    };
    let (names, received_names) = probe::<AppNames>();
    let (errors, received) = probe::<ErrorOccurred>();
    let names = Fanout::from(vec![names]);
    let clock = Clock::system();
    let extractor =
        AppNamesExtractor::new(polling, true, certificate, clock, names, errors).start();

    tokio::time::sleep(Duration::from_secs(1)).await;
    let first = received.all().remove(0);
    assert_eq!(first.origin, Origin::AppNamesExtract { server, host: "10.0.0.1".into() });
    assert_eq!(first.failure.category(), Category::CertificateError);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(received.all().len(), 3);
    assert!(received_names.all().is_empty(), "a fetch that failed changes no names");

    let until = Instant::now();
    extractor.send(Drain { until }).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(received.all().len(), 3);
}

#[test]
fn keys_are_sixteen_letters_and_digits_and_differ() {
    let keys: HashSet<String> = (0..1_000).map(|_| xrfkey()).collect();
    assert_eq!(keys.len(), 1_000);
    for key in keys {
        assert!(key.len() == 16 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
    }
}
