//! The answers over real sockets, and the end.

use std::time::Duration;

use test_support::{Reply, get};

use super::*;
use crate::runtime::supervise::{Place, Policy, Supervisor};

/// Asks from another thread: the actor answers on this one.
async fn ask(address: SocketAddr, path: &'static str) -> io::Result<Reply> {
    tokio::task::spawn_blocking(move || get(&address.to_string(), path)).await.unwrap()
}

#[actix::test]
async fn a_serving_program_is_healthy_until_it_stops() {
    let sockets = HealthSockets::bind(0).unwrap();
    let addresses = sockets.addresses();
    let supervisor = Supervisor::new(Policy::default(), |_| {});
    let endpoint =
        supervisor.start("HealthEndpoint", &Place::Here, 10, move || HealthEndpoint::new(sockets));
    for address in &addresses {
        let reply = ask(*address, "/health").await.unwrap();
        let expected = r#"{"statusCode":200,"status":"ok"}"#;
        assert_eq!((reply.status, reply.body.as_str()), (200, expected), "{address}");
        assert_eq!(ask(*address, "/other").await.unwrap().status, 404);
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(1);
    endpoint.send(Drain { until }).await.unwrap();
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = HealthSockets::bind(port).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}
