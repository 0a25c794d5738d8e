//! Bodies as they were before the server compressed them.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// What a server may send; the value of `Accept-Encoding`.
pub(super) const ACCEPTED: &str = "gzip, deflate";

/// Why a body cannot be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentError {
    /// Larger than allowed once decompressed.
    TooLarge,
    /// Not the compression that its header names.
    Damaged(&'static str),
}

/// Undoes a `Content-Encoding` (RFC 9110, section 8.4.1). One that was not asked for leaves the
/// body as it is, as the original does.
pub(super) fn decode(
    encoding: Option<&str>,
    body: Bytes,
    max: usize,
) -> Result<Bytes, ContentError> {
    let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
    match &*encoding {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(&*body), max, "gzip"),
        // Some send the bare stream where RFC 9110 wants it inside zlib's form, whose first byte
        // has 8 in its low half (RFC 1950, section 2.2).
        "deflate" if body.first().is_some_and(|first| first & 0x0f == 8) => {
            read(ZlibDecoder::new(&*body), max, "deflate")
        }
        "deflate" => read(DeflateDecoder::new(&*body), max, "deflate"),
        _ => Ok(body),
    }
}

fn read(decoder: impl Read, max: usize, name: &'static str) -> Result<Bytes, ContentError> {
    let mut plain = Vec::new();
    let limit = max as u64 + 1;
    let result: io::Result<usize> = decoder.take(limit).read_to_end(&mut plain);
    match result {
        Ok(_) if plain.len() > max => Err(ContentError::TooLarge),
        Ok(_) => Ok(plain.into()),
        Err(_) => Err(ContentError::Damaged(name)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    #[test]
    fn each_name_of_a_compression_is_understood() {
        let text = b"{\"version\":\"12.2015.0\"}";
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text).unwrap();
        let gzip = gzip.finish().unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(text).unwrap();
        let zlib = zlib.finish().unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(text).unwrap();
        let bare = bare.finish().unwrap();
        let cases: [(Option<&str>, &[u8]); 10] = [
            (None, text),
            (Some("identity"), text),
            (Some("br"), text),
            (Some("gzip"), &gzip),
            (Some("GZIP"), &gzip),
            (Some("x-gzip"), &gzip),
            (Some(" X-GZip "), &gzip),
            (Some("deflate"), &zlib),
            (Some("Deflate"), &bare),
            (Some(""), text),
        ];
        for (encoding, body) in cases {
            let decoded = decode(encoding, Bytes::copy_from_slice(body), 1_000);
            assert_eq!(decoded.as_deref(), Ok(&text[..]), "{encoding:?}");
        }
    }

    #[test]
    fn a_body_that_is_damaged_or_grows_without_end_is_refused() {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&[b' '; 100_000]).unwrap();
        let bomb = Bytes::from(bomb.finish().unwrap());
        assert_eq!(decode(Some("gzip"), bomb.clone(), 99_999), Err(ContentError::TooLarge));
        assert!(decode(Some("gzip"), bomb.clone(), 100_000).is_ok());
        let cut = bomb.slice(..bomb.len() - 12);
        assert_eq!(decode(Some("gzip"), cut, 100_000), Err(ContentError::Damaged("gzip")));
        let text = Bytes::from_static(b"hello");
        assert_eq!(decode(Some("deflate"), text, 10), Err(ContentError::Damaged("deflate")));
    }
}
