//! A clock that was wrong for a moment: what comes when it is right again has the right time.

use actors::runtime::clock::Clock;
use butler_sos::app::{App, Surroundings};
use butler_sos::sockets::Sockets;
use chrono::{DateTime, Duration, Utc};
use test_support::{Answer, StandIn, until_async};

use crate::common::{influx_v1, settings};
use crate::events::{SECTIONS, Sender, sample};

/// Seconds since 1970 of each user event that was written, oldest first.
fn times(server: &StandIn) -> Vec<i64> {
    let writes = server.seen().into_iter().filter(|seen| seen.target.contains("/write?"));
    let text: String = writes.map(|seen| seen.text()).collect();
    let events = text.lines().filter(|line| line.starts_with("user_events,"));
    let stamps = events.map(|line| line.rsplit_once(' ').unwrap().1.parse::<i64>().unwrap());
    stamps.map(|nanos| nanos / 1_000_000_000).collect()
}

#[actix::test]
async fn points_have_the_right_time_as_soon_as_the_clock_has() {
    let server = StandIn::start(|_| Answer::new(204, ""));
    let folder = tempfile::tempdir().unwrap();
    let influx = influx_v1(server.address().port());
    let text = format!("Butler-SOS:\n  fileLogging: false\n{SECTIONS}{influx}");
    let begin: DateTime<Utc> = "2026-05-03T16:10:09Z".parse().unwrap();
    let clock = Clock::manual(begin);
    let surroundings = Surroundings {
        clock: clock.clone(),
        read_heap: || (1 << 20, 2 << 20),
        sockets: Sockets::default(),
    };
    let app = App::start(settings(&text, folder.path()), surroundings);
    let sender = Sender::to(&app).await;
    let mut expected = Vec::new();
    // Right, 26 hours ahead, right again.
    for seconds in [0, 26 * 3_600, 5, 6] {
        clock.set(begin + Duration::seconds(seconds));
        sender.user(&sample("U1"));
        expected.push(begin.timestamp() + seconds);
        let stored = || (times(&server).len() == expected.len()).then_some(());
        until_async("the event to be written", stored).await;
    }
    assert_eq!(times(&server), expected);
    app.drain(std::time::Duration::from_secs(5)).await;
    app.end();
}
