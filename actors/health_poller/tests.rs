//! Rhythm, reports and stop of the poller. What comes over sockets is tested with the simulated
//! site, in `tests/system`.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::domain::errors::Category;
use crate::domain::names::MonitoredServer;
use crate::io::sense::Target;
use crate::runtime::probe::{Received, probe};
use crate::runtime::supervise::{Place, Policy, Supervisor};

fn target(name: &str, authority: &str) -> Target {
    let server = MonitoredServer {
        name: name.into(),
        host: crate::domain::names::Host::of_authority(authority),
        description: "".into(),
        tags: Vec::new(),
    };
    Target {
        server: Arc::new(server),
        authority: authority.into(),
        headers: Vec::new(),
        sessions: None,
    }
}

/// A poller whose certificate does not exist, so that every poll fails without a network.
fn start(targets: Vec<Target>) -> (actix::Addr<HealthPoller>, Received<ErrorOccurred>) {
    let certificate = CertFiles::missing();
    let settings = Arc::new(SenseSettings {
        targets,
        health_interval: Duration::from_secs(30),
        reject_unauthorized: true,
        certificate: Some(certificate.clone()),
        sessions: None,
        app_names: None,
    });
    let (errors, received) = probe();
    let (metrics, _) = probe();
    let clock = Clock::system();
    let supervisor = Supervisor::new(Policy::default(), |_| {});
    let poller = supervisor.start("HealthPoller", &Place::Here, 10, move || {
        HealthPoller::new(
            settings,
            certificate,
            clock,
            Fanout::from(vec![metrics]),
            ServerCertificates::for_watcher(None),
            errors,
        )
    });
    (poller, received)
}

#[actix::test]
async fn every_server_is_polled_at_once_and_then_at_its_interval() {
    tokio::time::pause();
    let (_poller, received) = start(vec![target("a", "a:4747"), target("b", "b:4747")]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let servers = |errors: Vec<ErrorOccurred>| -> Vec<String> {
        errors.iter().map(|error| error.origin.server().unwrap().to_string()).collect()
    };
    assert_eq!(servers(received.all()), ["a", "b"]);
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(servers(received.all()), ["a", "b", "a", "b", "a", "b", "a", "b"]);
}

#[actix::test]
async fn an_unreadable_certificate_is_an_error_of_every_poll() {
    let (_poller, received) = start(vec![target("a", "sense1:4747")]);
    let error = received.at_least(1).await.remove(0);
    let origin = Origin::HealthApi { server: "a".into(), host: "sense1".into() };
    assert_eq!(error.origin, origin, "the host is told without its port");
    assert_eq!(error.failure.category(), Category::CertificateError);
    let message = error.failure.message().into_owned();
    assert!(message.contains("/no/such/folder/client.pem"), "{message}");
    assert!(message.contains("clientCert"), "{message}");
}

#[actix::test]
async fn a_drained_poller_polls_no_more() {
    tokio::time::pause();
    let (poller, received) = start(vec![target("a", "a:4747")]);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(received.all().len(), 2);
    let until = Instant::now();
    poller.send(Drain { until }).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(received.all().len(), 2);
}
