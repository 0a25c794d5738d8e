//! Targets, rhythm and reports of the poller. What comes over sockets is tested with the
//! simulated site, in `tests/system`.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::domain::errors::Category;
use crate::io::sense::{Sessions, Target};
use crate::runtime::probe::{Received, probe};

fn target(name: &str, virtual_proxies: &[&str]) -> Target {
    let server = MonitoredServer {
        name: name.into(),
        host: format!("engine-{name}").as_str().into(),
        description: "".into(),
        tags: Vec::new(),
    };
    let sessions = (!virtual_proxies.is_empty()).then(|| Sessions {
        authority: format!("proxy-{name}:4243").into(),
        virtual_proxies: virtual_proxies.iter().map(|prefix| VirtualProxy::from(*prefix)).collect(),
    });
    let authority = format!("engine-{name}:4747").into();
    Target { server: Arc::new(server), authority, headers: Vec::new(), sessions }
}

/// A poller whose certificate does not exist, so that every poll fails without a network.
fn start(targets: Vec<Target>) -> (actix::Addr<ProxyPoller>, Received<ErrorOccurred>) {
    let certificate = CertFiles::missing();
    let polling = SessionPolling { interval: Duration::from_secs(10), excluded: Arc::new([]) };
    let settings = SenseSettings {
        targets,
        health_interval: Duration::from_secs(30),
        reject_unauthorized: true,
        certificate: Some(certificate.clone()),
        sessions: Some(polling.clone()),
        app_names: None,
    };
    let (errors, received) = probe();
    let (sessions, _) = probe();
    let sessions = Fanout::from(vec![sessions]);
    let poller = ProxyPoller::new(
        &settings,
        polling,
        certificate,
        Clock::system(),
        sessions,
        ServerCertificates::for_watcher(None),
        errors,
    )
    .start();
    (poller, received)
}

#[actix::test]
async fn each_virtual_proxy_of_each_server_is_a_target_of_its_own() {
    tokio::time::pause();
    let targets = vec![target("a", &["/", "/hdr"]), target("b", &[]), target("c", &["/x"])];
    let (_poller, received) = start(targets);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let origin = |server: &str, virtual_proxy: &str| Origin::ProxyApi {
        server: server.into(),
        host: format!("proxy-{server}").as_str().into(),
        virtual_proxy: virtual_proxy.into(),
    };
    let expected = [origin("a", "/"), origin("a", "/hdr"), origin("c", "/x")];
    let errors = received.all();
    let origins: Vec<Origin> = errors.iter().map(|error| error.origin.clone()).collect();
    assert_eq!(origins, expected);
    assert_eq!(errors[0].failure.category(), Category::CertificateError);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(received.all().len(), 6);
}

#[actix::test]
async fn a_drained_poller_polls_no_more() {
    tokio::time::pause();
    let (poller, received) = start(vec![target("a", &["/"])]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let until = Instant::now();
    poller.send(Drain { until }).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(received.all().len(), 1);
}
