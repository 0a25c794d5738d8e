//! Both pages over real sockets: what they say from the start, who is asked, and the end.

use std::net::{Ipv4Addr, SocketAddr};

use actix::Addr;
use test_support::{Reply, get, until_async};

use super::*;
use crate::domain::errors::{
    Category, ErrorOccurred, ErrorType, Failure, Module, Origin, UdpModule,
};
use crate::domain::metrics::Labels;
use crate::domain::point::Stamp;
use crate::runtime::log_probe;
use crate::runtime::supervise::{Place, Policy};

/// Asks from another thread: the actors answer on this one.
async fn ask(address: SocketAddr, path: &'static str) -> std::io::Result<Reply> {
    tokio::task::spawn_blocking(move || get(&address.to_string(), path)).await.unwrap()
}

/// An endpoint on ports that the system chose, and the address of its page about the program.
fn start(sense_port: u16) -> (Addr<PrometheusEndpoint>, SocketAddr) {
    let supervisor = Supervisor::new(Policy::default(), |_| {});
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    let observed = ScrapeSources {
        servers: vec!["sense1".into(), "sense2".into()],
        certificate: Some(CertFiles::missing()),
        supervisor: supervisor.clone(),
        clock: Clock::system(),
    };
    let listens = PrometheusSettings {
        sense: ListenAddress { host: "127.0.0.1".to_owned(), port: sense_port },
        own: ListenAddress { host: "127.0.0.1".to_owned(), port: 0 },
        host_names: Vec::new(),
    };
    let endpoint = supervisor.start("PrometheusEndpoint", &Place::Here, 100, move || {
        PrometheusEndpoint::new(listens, socket, observed)
    });
    (endpoint, address)
}

/// The address of the page about Qlik Sense, once it is logged.
async fn sense_address() -> SocketAddr {
    let line = until_async("the page about Qlik Sense", || {
        let lines = log_probe::recorded();
        lines.into_iter().find(|line| line.contains("Metrics of Qlik Sense at http://"))
    })
    .await;
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
    address.unwrap().parse().unwrap()
}

/// An actor that tells one number, or panics.
struct Part(Option<u64>);

impl Actor for Part {
    type Context = Context<Self>;
}

impl Handler<AskMetrics> for Part {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, ctx: &mut Self::Context) -> Self::Result {
        match self.0 {
            Some(number) => MessageResult(vec![
                Family::counter("butlersos_test_total", "A test.").count(Labels::default(), number),
            ]),
            None => {
                actix::ActorContext::terminate(ctx);
                MessageResult(Vec::new())
            }
        }
    }
}

#[actix::test]
async fn everything_that_can_fail_is_counted_from_the_start() {
    let (endpoint, address) = start(0);
    endpoint.send(Watch(Vec::new())).await.unwrap();
    let page = ask(address, "/metrics").await.unwrap().body;
    let expected =
        ErrorType::ALL.map(|kind| format!("butlersos_errors_total{{error_type=\"{kind}\"}} 0"));
    let servers = ["", "sense1", "sense2"]
        .map(|name| format!("butlersos_errors_by_server_total{{server_name=\"{name}\"}} 0"));
    let categories = Category::ALL.map(|category| {
        format!("butlersos_errors_by_category_total{{error_category=\"{}\"}} 0", category.as_str())
    });
    let modules = Module::ALL.map(|module| {
        format!("butlersos_errors_by_module_total{{module=\"{}\"}} 0", module.as_str())
    });
    let restarts = ["butlersos_actor_restarts_total{actor=\"PrometheusEndpoint\"} 0".to_owned()];
    for line in expected.iter().chain(&servers).chain(&categories).chain(&modules).chain(&restarts)
    {
        assert!(page.lines().any(|found| found == line), "{line} in {page}");
    }
    let of = |name: &str| page.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(of("butlersos_errors_by_module_total{"), 19, "no two modules have one name");
    assert!(!page.contains("certificate_expiry_days"), "it cannot be read");
}

#[actix::test]
async fn an_error_is_counted_by_type_server_category_and_module() {
    let (endpoint, address) = start(0);
    endpoint.send(Watch(Vec::new())).await.unwrap();
    let failure = Failure::local(Category::CertificateError, "no certificate");
    let health = |server: &str| Origin::HealthApi { server: server.into(), host: "h".into() };
    let udp = Origin::UdpEvent { module: UdpModule::UserEvents, server: None, host: None };
    for origin in [health("sense2"), health("sense2"), health("from elsewhere"), udp] {
        let error = ErrorOccurred { origin, failure: failure.clone() };
        endpoint.send(ErrorPoint::new(Stamp(1), error)).await.unwrap();
    }
    let page = ask(address, "/metrics").await.unwrap().body;
    for line in [
        "butlersos_errors_total{error_type=\"HEALTH_API\"} 3",
        "butlersos_errors_total{error_type=\"UDP_USER_EVENT\"} 1",
        "butlersos_errors_by_server_total{server_name=\"sense2\"} 2",
        "butlersos_errors_by_server_total{server_name=\"\"} 1",
        "butlersos_errors_by_category_total{error_category=\"certificate_error\"} 4",
        "butlersos_errors_by_module_total{module=\"UDP_USER_EVENTS\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in {page}");
    }
    assert!(!page.contains("elsewhere"), "a name that is not configured is no series");
}

#[actix::test]
async fn an_actor_that_does_not_answer_costs_its_own_numbers_only() {
    let (endpoint, address) = start(0);
    let part = |number| Part(number).start().recipient();
    endpoint.send(Watch(vec![part(Some(7)), part(None)])).await.unwrap();
    for silent in [0, 1] {
        // The page is made at most once a second.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::time::resume();
        let page = ask(address, "/metrics").await.unwrap();
        assert_eq!(page.status, 200);
        assert!(page.body.contains("\nbutlersos_test_total 7\n"), "{}", page.body);
        let line = format!("\nbutlersos_scrape_actors_silent {silent}\n");
        assert!(page.body.contains(&line), "{}", page.body);
    }
}

#[actix::test]
async fn both_pages_are_served_and_nothing_else_is() {
    log_probe::record();
    let (endpoint, own) = start(0);
    endpoint.send(Watch(Vec::new())).await.unwrap();
    let sense = sense_address().await;
    for address in [own, sense] {
        let mut request = std::net::TcpStream::connect(address).unwrap();
        let answer = tokio::task::spawn_blocking(move || {
            use std::io::{Read, Write};
            write!(request, "HEAD /metrics HTTP/1.0\r\n\r\n").unwrap();
            let mut answer = String::new();
            request.read_to_string(&mut answer).unwrap();
            answer
        });
        let answer = answer.await.unwrap();
        let kind = "content-type: text/plain; version=0.0.4; charset=utf-8\r\n";
        assert!(answer.contains(" 200 OK\r\n") && answer.contains(kind), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "no body: {answer}");
        assert_eq!(ask(address, "/metrics").await.unwrap().status, 200);
        assert_eq!(ask(address, "/other").await.unwrap().status, 404);
    }
}

/// Breaks the endpoint.
#[derive(Message)]
#[rtype(result = "()")]
struct Break;

impl Handler<Break> for PrometheusEndpoint {
    type Result = ();

    fn handle(&mut self, _: Break, _: &mut Self::Context) {
        panic!("broken by a test");
    }
}

#[actix::test]
async fn after_a_restart_both_pages_go_on_with_their_numbers() {
    log_probe::record();
    let (endpoint, own) = start(0);
    endpoint.send(Watch(Vec::new())).await.unwrap();
    let sense = sense_address().await;
    let failure = Failure::local(Category::Unknown, "a test");
    let origin = Origin::HealthApi { server: "sense1".into(), host: "h".into() };
    endpoint.send(ErrorPoint::new(Stamp(1), ErrorOccurred { origin, failure })).await.unwrap();
    endpoint.do_send(Break);
    assert_eq!(sense_address().await, sense, "it listens on the same socket again");
    assert_eq!(ask(sense, "/metrics").await.unwrap().status, 200);
    let page = ask(own, "/metrics").await.unwrap().body;
    for line in [
        "butlersos_errors_total{error_type=\"HEALTH_API\"} 1",
        "butlersos_actor_restarts_total{actor=\"PrometheusEndpoint\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in {page}");
    }
}

#[actix::test]
async fn a_port_that_is_taken_is_tried_again_while_the_rest_works() {
    log_probe::record();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let (endpoint, own) = start(port);
    endpoint.send(Watch(Vec::new())).await.unwrap();
    let told = until_async("the error", || {
        log_probe::recorded().into_iter().find(|line| line.starts_with("error"))
    })
    .await;
    let expected = format!(
        "error: PROMETHEUS: Butler-SOS.prometheus.port: cannot listen on 127.0.0.1:{port}: "
    );
    assert!(told.starts_with(&expected) && told.ends_with("; tried again in 10 s"), "{told}");
    assert_eq!(ask(own, "/metrics").await.unwrap().status, 200);
    drop(taken);
    tokio::time::pause();
    tokio::time::advance(BIND_PAUSE).await;
    tokio::time::resume();
    let sense = sense_address().await;
    assert_eq!((sense.port(), ask(sense, "/metrics").await.unwrap().status), (port, 200));
}
