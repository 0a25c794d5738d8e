//! Text that nobody means well with: through the socket, the decoder and the encoder into a real
//! InfluxDB, and back unchanged.

use std::cell::Cell;
use std::sync::Arc;

use actors::domain::errors::InfluxVersion;
use actors::domain::events::{Key, LogDatagram, LogEvent, Pairs, Received, text_of};
use actors::domain::point::Stamp;
use actors::influx_writer::{LogEventLines, Schema};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use test_support::{Influxd, post, until_async};

use crate::common::{counted, influx_v1, settings, start};
use crate::events::{SECTIONS, Sender};

/// What separates, quotes, escapes or ends something somewhere.
const PIECES: [&[u8]; 28] = [
    b",",
    b"=",
    b" ",
    b"\"",
    b"'",
    b"\\",
    b"\\\\",
    b"\n",
    b"\r",
    b"\t",
    b"\0",
    b"\x7f",
    b"\x1b[31m",
    b"#",
    b"/*",
    b"${x}",
    b"{\"a\":1}",
    b"i",
    b"1e5",
    b"true",
    b"a",
    b"<b>",
    "é".as_bytes(),
    "😀".as_bytes(),
    "\u{2028}".as_bytes(),
    b"\xed\xa0\x80",
    b"\xff",
    b"\xc3",
];

/// Always the same sequence of numbers below `below`.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn text(&mut self, pieces: usize) -> Vec<u8> {
        (0..self.next(pieces + 1)).flat_map(|_| PIECES[self.next(PIECES.len())].to_vec()).collect()
    }
}

/// A proxy event whose row is its number and whose texts are hostile.
fn datagram(row: usize, numbers: &mut Numbers) -> Vec<u8> {
    let mut fields: Vec<Vec<u8>> =
        vec![b"/qseow-proxy/".to_vec(), row.to_string().into_bytes(), vec![], vec![]];
    for at in 4..16 {
        fields.push(numbers.text(if at == 8 { 40 } else { 8 }));
    }
    fields.join(&b';')
}

#[actix::test]
async fn hostile_texts_are_stored_as_they_were_decoded() {
    let influx = Influxd::started();
    let folder = tempfile::tempdir().unwrap();
    let text = format!("Butler-SOS:\n  fileLogging: false\n{SECTIONS}{}", influx_v1(influx.port()));
    let app = start(settings(&text, folder.path()));
    let sender = Sender::to(&app).await;
    let mut numbers = Numbers(7);
    let mut sent: Vec<Vec<u8>> = (0..400).map(|row| datagram(row, &mut numbers)).collect();
    let head = format!("/qseow-proxy/;{};t;t;WARN;h;s;w;", sent.len()).into_bytes();
    let tail = b";e;d;u;c;r;o;x";
    let filling = vec![b'"'; 65_507 - head.len() - tail.len()];
    sent.push([&head[..], &filling, tail].concat());
    // In parts that any receive buffer holds.
    let mut stored = 0;
    for part in sent.chunks(100) {
        part.iter().for_each(|datagram| sender.log_bytes(datagram));
        stored += part.len() as u64;
        until_async("these events to be stored", || {
            (influx.count("SenseOps", "log_event", "raw_event") == stored).then_some(())
        })
        .await;
    }
    let rows = influx.rows("SenseOps", "SELECT * FROM log_event");
    assert_eq!(rows.len(), sent.len());
    for row in rows {
        let number: usize = row["log_row"].as_str().unwrap().parse().unwrap();
        let text = text_of(&sent[number]);
        let source = LogDatagram::source_of(&text).unwrap();
        let category: Pairs = Arc::new([("qs_log_category".into(), "unknown".into())]);
        let event = LogDatagram::read(source, &text).unwrap().event("", Some(category));
        compare(&row, &event);
    }
    assert_eq!(counted(&app, 0).await.total(), 0, "nothing was refused");
}

/// A row of the database has what was decoded.
fn compare(row: &Value, event: &LogEvent) {
    let found = |name: &str| row[name].as_str().unwrap_or_default();
    for key in [Key::Message, Key::ExceptionMessage, Key::Command, Key::Origin, Key::Context] {
        assert_eq!(found(key.as_str()), event.text(key), "{row}");
    }
    for key in [Key::Host, Key::Level, Key::Subsystem, Key::UserDirectory, Key::UserFull] {
        // A tag cannot end in a backslash on the wire.
        let wanted = event.text(key).trim_end_matches('\\');
        assert_eq!(found(key.as_str()), wanted, "{row}");
    }
    assert_eq!(found("raw_event"), event.to_json());
    let raw: Value = serde_json::from_str(found("raw_event")).unwrap();
    assert_eq!(raw["message"], event.text(Key::Message));
    assert!(!found("message").contains(|c: char| c.is_ascii_control()));
}

/// The same as a property of any texts: what fails is made smaller until it says why.
#[test]
fn any_text_is_read_back_from_a_real_database() {
    let influx = Influxd::started();
    let ask = |path: &str, body: &[u8]| post(&influx.authority(), path, body).unwrap();
    assert_eq!(ask("/query?q=CREATE%20DATABASE%20SenseOps", b"").status, 200);
    let piece = prop_oneof![
        select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        any::<char>().prop_map(|c| c.to_string().into_bytes()),
    ];
    let field = vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let rows = Cell::new(0);
    let no_tags: Pairs = Arc::new([]);
    let lines = LogEventLines::new(&no_tags, InfluxVersion::V1, Schema::Original);
    let result = TestRunner::new_with_rng(config, rng).run(&vec(field, 12), |fields| {
        // Each attempt has a row of its own, also while a failure is made smaller.
        let row = rows.get() + 1;
        rows.set(row);
        let head = format!("/qseow-proxy/;{row};;;").into_bytes();
        let datagram = [head, fields.join(&b';')].concat();
        let text = text_of(&datagram);
        let source = LogDatagram::source_of(&text).unwrap();
        let event = LogDatagram::read(source, &text).unwrap().event("", None);
        let received =
            Received { stamp: Stamp(1_777_824_609_420_000_000 + row), server: None, event };
        let mut line = Vec::new();
        lines.write(&received, &mut line);
        let reply = ask("/write?db=SenseOps", &line);
        prop_assert_eq!(reply.status, 204, "{}", reply.body);
        let query = format!("SELECT * FROM log_event WHERE log_row = '{row}'");
        let rows = influx.rows("SenseOps", &query);
        prop_assert_eq!(rows.len(), 1, "{}", String::from_utf8_lossy(&line));
        compare(&rows[0], &received.event);
        Ok(())
    });
    result.unwrap();
}
