//! Heads as servers send them, and what the client library gets instead.

use super::*;

fn rewrite(bytes: &[u8]) -> Result<Option<Head>, HeadError> {
    super::rewrite(bytes, Pace::Every(Duration::from_secs(30)))
}

fn passed(bytes: &[u8]) -> String {
    let head = rewrite(bytes).unwrap().unwrap();
    assert_eq!(head.length, bytes.len(), "everything is head");
    let end = if head.until_close { "until the end" } else { "framed" };
    format!("{}{end}", head.text.replace("\r\n", "|"))
}

#[test]
fn one_framing_is_passed_on() {
    for (head, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 |content-length: 5||framed"),
        ("HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 ||until the end"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\n",
            "HTTP/1.0 200 |connection: close||until the end",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n",
            "HTTP/1.1 200 |transfer-encoding: chunked||framed",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 |transfer-encoding: chunked||framed",
        ),
        (
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 |connection: close|transfer-encoding: chunked||framed",
        ),
        (
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 |content-length: 0||framed",
        ),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", "HTTP/1.1 204 ||framed"),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP/1.1 304 ||framed"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 |content-length: 5||framed",
        ),
        (
            "HTTP/1.1 302 Found\r\nX-A : b\r\nLocation: /hub\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 302 |location: /hub|content-length: 0||framed",
        ),
        ("\r\nHTTP/1.1 200\r\n\r\n", "HTTP/1.0 200 ||until the end"),
    ] {
        assert_eq!(passed(head.as_bytes()), expected, "{head:?}");
    }
}

#[test]
fn a_connection_that_will_end_before_the_next_request_is_marked() {
    for (headers, ends) in [
        ("", false),
        ("Keep-Alive: timeout=31, max=100\r\n", false),
        ("Keep-Alive: max=5, Timeout=31\r\n", false),
        ("Keep-Alive: timeout=5\r\n", true),
        ("keep-alive: timeout=30\r\nConnection: Keep-Alive\r\n", true),
        ("Keep-Alive: timeout=soon\r\n", false),
        ("Connection: Close\r\n", true),
        ("Connection: Upgrade, close\r\n", true),
        ("Connection: closely\r\n", false),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\n\r\n");
        let close = if ends { "connection: close|" } else { "" };
        let expected = format!("HTTP/1.1 200 |{close}content-length: 0||framed");
        assert_eq!(passed(head.as_bytes()), expected, "{headers:?}");
    }
}

#[test]
fn interim_answers_are_no_answers() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    let all = format!("HTTP/1.1 100 Continue\r\n\r\n{early}{answer}");
    assert_eq!(passed(all.as_bytes()), "HTTP/1.1 200 |content-length: 2||framed");
    assert_eq!(rewrite(early.as_bytes()), Ok(None));
    assert_eq!(rewrite(early.repeat(50).as_bytes()), Err(HeadError::NotHttp));
    assert_eq!(passed(b"HTTP/1.1 101 Switching\r\n\r\n"), "HTTP/1.1 101 ||framed");
}

#[test]
fn any_number_of_headers_is_read_up_to_a_size() {
    let head = |lines: usize| {
        let lines: String = (0..lines).map(|i| format!("X-H{i}: 1\r\n")).collect();
        format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\n")
    };
    for lines in [0, 95, 96, 97, 120, 2_000] {
        let passed = passed(head(lines).as_bytes());
        assert_eq!(passed, "HTTP/1.1 200 |content-length: 2||framed", "{lines} headers");
    }
    let endless = head(20_000);
    assert_eq!(rewrite(&endless.as_bytes()[..MAX_HEAD]), Err(HeadError::TooLarge));
    assert_eq!(rewrite(&endless.as_bytes()[..MAX_HEAD / 2]), Ok(None));
}

#[test]
fn what_is_no_head_has_a_name() {
    for (head, error) in [
        ("ICY 200 OK\r\n\r\n", HeadError::NotHttp),
        ("http/1.1 200 OK\r\n\r\n", HeadError::NotHttp),
        ("{\"version\": 1}\r\n\r\n", HeadError::NotHttp),
        ("HTTP/1.1 200 OK\r\nX A: b\r\n\r\n", HeadError::Header),
        ("HTTP/1.1 200 OK\r\nX: a\u{1}b\r\n\r\n", HeadError::Header),
        ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", HeadError::ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1e2\r\n\r\n", HeadError::ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", HeadError::ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n", HeadError::ContentLength),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            HeadError::ContentLength,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
            HeadError::TransferEncoding,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            HeadError::TransferEncoding,
        ),
    ] {
        assert_eq!(rewrite(head.as_bytes()), Err(error), "{head:?}");
    }
}

#[test]
fn a_head_may_come_in_any_pieces() {
    let head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    for length in 0..head.len() {
        assert_eq!(rewrite(&head[..length]), Ok(None), "{length} bytes");
    }
    assert!(rewrite(head).unwrap().is_some());
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        _ = rewrite(&bytes);
        let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
        answer.extend_from_slice(&bytes);
        _ = rewrite(&answer);
    }
}
