//! Two programs with one client id at a real broker.

use std::cell::RefCell;
use std::rc::Rc;

use test_support::{Mosquitto, until_async};

use super::*;

/// A connection, and what its owner was told about it.
fn connection(port: u16, client_id: &str) -> Rc<RefCell<Vec<String>>> {
    let told = Rc::<RefCell<Vec<String>>>::default();
    let settings =
        MqttSettings { client_id: Some(client_id.to_owned()), ..MqttSettings::for_tests(port) };
    let lines = Rc::clone(&told);
    let on_event = move |event: Event| {
        lines.borrow_mut().push(match event {
            Event::Connected { .. } => "connected".to_owned(),
            Event::Lost { .. } => "lost".to_owned(),
            Event::Contested { message, .. } => message,
        });
    };
    let connection = Rc::new(Connection::new(settings, Clock::system(), on_event));
    actix::spawn(connection.run());
    told
}

#[actix::test]
async fn two_programs_with_one_client_id_are_told_of_it_once() {
    let broker = Mosquitto::started();
    let both = ["ours", "ours"].map(|id| connection(broker.port(), id));
    let other = connection(broker.port(), "theirs");
    let is_told = |line: &String| line.contains("client id \"ours\"");
    until_async("both to be told", || {
        both.iter().all(|told| told.borrow().iter().any(is_told)).then_some(())
    })
    .await;
    // One more exchange of blows, and not a word.
    let blows = || broker.log().matches("already connected").count();
    let before = blows();
    until_async("one more", || (blows() > before).then_some(())).await;
    for told in &both {
        let told = told.borrow();
        assert!(told.iter().filter(|line| is_told(line)).count() == 1, "{told:?}");
        assert!(is_told(told.last().unwrap()), "{told:?}");
        assert!(told.last().unwrap().contains("mqttConfig.clientId"), "{told:?}");
        assert_eq!(told.iter().filter(|line| *line == "lost").count(), 2, "{told:?}");
    }
    assert_eq!(*other.borrow(), ["connected"]);
}
