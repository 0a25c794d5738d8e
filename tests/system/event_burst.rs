//! A burst that nobody can write at once: every datagram is stored, or dropped and counted.

use std::collections::HashMap;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use test_support::{Answer, Program, StandIn, until};

use crate::common::{BINARY, influx_v1};
use crate::events::{SECTIONS, sample};

const BURST: u64 = 100_000;

/// What the stand-in was given.
#[derive(Default)]
struct Stored {
    events: u64,
    /// Sums of the fields of the queue.
    queue: HashMap<String, u64>,
    /// Readings that do not add up.
    wrong: Vec<String>,
}

impl Stored {
    fn line(&mut self, line: &str) {
        if line.starts_with("log_event,") {
            self.events += 1;
        }
        if !line.starts_with("log_events_queue,") {
            return;
        }
        let fields = line.split(' ').nth(1).unwrap_or_default().split(',');
        let fields: HashMap<&str, u64> = fields
            .filter_map(|field| field.split_once('='))
            .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
            .collect();
        let of = |name: &str| fields.get(name).copied().unwrap_or(0);
        let reasons = ["rate_limit", "queue_full", "size"];
        let dropped: u64 =
            reasons.map(|reason| of(&format!("messages_dropped_{reason}"))).iter().sum();
        if of("messages_received") != of("messages_queued") + of("messages_dropped_total")
            || of("messages_dropped_total") != dropped
        {
            self.wrong.push(line.to_owned());
        }
        for (name, value) in fields {
            *self.queue.entry(name.to_owned()).or_default() += value;
        }
    }

    fn sum(&self, name: &str) -> u64 {
        self.queue.get(name).copied().unwrap_or(0)
    }
}

/// Points that the writer dropped because too many waited, from the log.
fn dropped_by_writer(lines: &[String]) -> u64 {
    let mark = "INFLUXDB: ";
    let count = |line: &String| -> Option<u64> {
        let rest = line.split_once(mark)?.1;
        rest.split_once(" points dropped")?.0.parse().ok()
    };
    lines.iter().filter_map(count).sum()
}

#[test]
fn a_burst_is_stored_or_counted() {
    let stored = Arc::<Mutex<Stored>>::default();
    let for_server = Arc::clone(&stored);
    let server = StandIn::start(move |seen| {
        if !seen.target.starts_with("/write") {
            let there = r#"{"results":[{"series":[{"values":[["SenseOps"]]}]}]}"#;
            return Answer::new(200, there);
        }
        // As slow as the database of the story.
        std::thread::sleep(Duration::from_secs(2));
        let mut stored = for_server.lock().unwrap();
        seen.text().lines().for_each(|line| stored.line(line));
        Answer::new(204, "")
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let influx = influx_v1(server.address().port())
        .replace("    version: 1\n", "    version: 1\n    maxBatchSize: 10000\n");
    // Counts and the other queue would only add points.
    let sections = SECTIONS.split("  logEvents:\n").nth(1).unwrap();
    let text = format!("Butler-SOS:\n  fileLogging: false\n  logEvents:\n{sections}{influx}");
    fs::write(&file, text).unwrap();
    let mut program = Program::start(BINARY, &["-c", &file.display().to_string()]);
    let line = program.line_with("LOG EVENT: Listening on ");
    let rest = line.split_once("Listening on ").unwrap().1;
    let address: SocketAddr = rest.split("/udp").next().unwrap().parse().unwrap();

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let event = sample("E1");
    for _ in 0..BURST {
        socket.send_to(event.as_bytes(), address).unwrap();
    }
    let accounted = |stored: &Stored| {
        stored.events
            + stored.sum("messages_dropped_kernel")
            + stored.sum("messages_dropped_total")
            + dropped_by_writer(&program.lines())
    };
    until("every datagram to be accounted for", || {
        (accounted(&stored.lock().unwrap()) >= BURST).then_some(())
    });
    let stored = stored.lock().unwrap();
    assert_eq!(stored.wrong, Vec::<String>::new());
    println!(
        "{} stored, {} dropped by the system, {} by the queue, {} by the writer",
        stored.events,
        stored.sum("messages_dropped_kernel"),
        stored.sum("messages_dropped_total"),
        dropped_by_writer(&program.lines())
    );
    // Among what the writer drops can be readings of the queue.
    if dropped_by_writer(&program.lines()) == 0 {
        assert_eq!(accounted(&stored), BURST);
    }
    drop(stored);
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}
