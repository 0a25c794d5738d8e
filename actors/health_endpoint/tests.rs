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
    let endpoint = supervisor.start("HealthEndpoint", &Place::Here, 10, move || {
        HealthEndpoint::new(sockets, Vec::new())
    });
    for address in &addresses {
        let reply = ask(*address, "/health").await.unwrap();
        let expected = r#"{"statusCode":200,"status":"ok"}"#;
        assert_eq!((reply.status, reply.body.as_str()), (200, expected), "{address}");
        assert_eq!(ask(*address, "/other").await.unwrap().status, 404);
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(1);
    endpoint.send(Drain { until }).await.unwrap();
}

/// An actor that is as ready as it is told.
struct Part(Readiness);

impl Actor for Part {
    type Context = Context<Self>;
}

impl Handler<AskReadiness> for Part {
    type Result = actix::MessageResult<AskReadiness>;

    fn handle(&mut self, _: AskReadiness, _: &mut Self::Context) -> Self::Result {
        actix::MessageResult(self.0.clone())
    }
}

#[actix::test]
async fn readiness_says_what_stands_in_the_way() {
    let part = |of, obstacle: Option<&str>| {
        Part(Readiness { of, obstacle: obstacle.map(str::to_owned) }).start().recipient()
    };
    let sockets = HealthSockets::bind(0).unwrap();
    let well = sockets.addresses()[0];
    let _well = HealthEndpoint::new(sockets, vec![part("influxdb", None)]).start();
    let reply = ask(well, "/health/ready").await.unwrap();
    let expected = r#"{"statusCode":200,"ready":true,"parts":{"influxdb":"ok"}}"#;
    assert_eq!((reply.status, reply.body.as_str()), (200, expected));

    let sockets = HealthSockets::bind(0).unwrap();
    let ill = sockets.addresses()[0];
    let parts = vec![part("influxdb", None), part("certificate", Some("there is none"))];
    let _ill = HealthEndpoint::new(sockets, parts).start();
    let reply = ask(ill, "/health/ready").await.unwrap();
    let parts = r#"{"influxdb":"ok","certificate":"there is none"}"#;
    let expected = format!(r#"{{"statusCode":503,"ready":false,"parts":{parts}}}"#);
    assert_eq!((reply.status, reply.body), (503, expected));
    assert_eq!(ask(ill, "/health").await.unwrap().status, 200, "it serves all the same");
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = HealthSockets::bind(port).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}
