//! What can go wrong at an endpoint.

use std::time::Duration;

/// How an endpoint behaves from now on. Connections that wait for a request are closed; a request
/// that is being answered keeps the behaviour that it began with.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// None: it answers as Qlik Sense does.
    None,
    /// Nothing listens on the port.
    Refused,
    /// The connection is accepted, TLS is never answered.
    SilentHandshake,
    /// The request is read and never answered.
    NoAnswer,
    /// The connection is reset at its first byte.
    Reset,
    /// The connection is closed as soon as it is made.
    Closed,
    /// Text comes back where TLS is expected.
    NotTls,
    /// Another status, with further header lines.
    Status(u16, &'static str),
    /// Status 200 with this body.
    Body(Vec<u8>),
    /// Status 200 with the usual body, of which this many bytes are sent before the end.
    Cut(usize),
    /// Status 200 with the usual body, of which this many bytes are sent before silence.
    Stalled(usize),
    /// The usual answer in pieces of this many bytes, with a pause after each.
    Drip(usize, Duration),
    /// The usual answer, late.
    Slow(Duration),
    /// The server shows a certificate that should not be trusted.
    Certificate(BadCertificate),
    /// The server does not trust the client's certificate.
    ClientRefused,
}

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadCertificate {
    /// Signed by an authority that nobody knows.
    UnknownAuthority,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// For another host.
    WrongName,
    /// Signed by itself.
    SelfSigned,
}

impl BadCertificate {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::UnknownAuthority,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::SelfSigned,
    ];
}
