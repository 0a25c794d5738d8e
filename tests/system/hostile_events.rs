//! Text that nobody means well with: through the socket, the decoder and the encoder into a real
//! InfluxDB, and back unchanged.

use actors::domain::events::{Key, LogDatagram, text_of};
use serde_json::Value;
use test_support::{Influxd, until_async};

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
        let event = LogDatagram::read(source, &text).unwrap().event("", None);
        let found = |name: &str| row[name].as_str().unwrap_or_default();
        for (key, name) in [
            (Key::Message, "message"),
            (Key::ExceptionMessage, "exception_message"),
            (Key::Command, "command"),
            (Key::Origin, "origin"),
            (Key::Context, "context"),
        ] {
            assert_eq!(found(name), event.text(key), "{name} of {number}");
        }
        for key in [Key::Host, Key::Level, Key::Subsystem, Key::UserDirectory, Key::UserFull] {
            // A tag cannot end in a backslash on the wire.
            let wanted = event.text(key).trim_end_matches('\\');
            assert_eq!(found(key.as_str()), wanted, "{} of {number}", key.as_str());
        }
        let raw: Value = serde_json::from_str(found("raw_event")).unwrap();
        assert_eq!(raw["message"], event.text(Key::Message));
        assert!(!found("message").contains(|c: char| c.is_ascii_control()));
    }
    assert_eq!(counted(&app, 0).await.total(), 0, "nothing was refused");
}
