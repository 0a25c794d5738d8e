//! A row is complete once, and an answer ends it.

use actors::config::{Problems, SectionKeys as _, compose};

use super::*;

#[test]
fn a_row_is_complete_once_and_an_answer_ends_it() {
    let mut rows = Rows::new(3);
    let server = ServerName::from("sense1");
    let mut add = |category| rows.add(&server, category);
    let timeouts = [(); 4].map(|()| add(Category::Timeout));
    assert_eq!(timeouts, [false, false, true, false]);
    assert!(!add(Category::ConnectionRefused));
    assert_eq!([(); 3].map(|()| add(Category::Timeout)), [false, false, true]);
}

#[test]
fn it_is_off_unless_it_is_switched_on() {
    let check = |yaml: &str| {
        let at = Problems::default().at("errorTracking.timeoutAlarm");
        AlarmKeys::take(at, &compose(yaml).unwrap()).check()
    };
    assert_eq!(check("{}"), None);
    assert_eq!(check("{enable: true}"), Some(AlarmSettings { after: 3 }));
    assert_eq!(check("{enable: true, after: 5}"), Some(AlarmSettings { after: 5 }));
}
