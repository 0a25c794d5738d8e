//! Error codes, the field `error_code`: the names that administrators search for, those of the
//! operating system and of the TLS checks as Node.js prints them.

/// Why no usable answer came. A closed list; [`ErrorCode::Other`] is an operating system error
/// that has no name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the code of the same name in `as_str`")]
pub enum ErrorCode {
    ConnectionRefused,
    TimedOut,
    ConnectionAborted,
    ConnectionReset,
    BrokenPipe,
    NotFound,
    TryAgain,
    HostUnreachable,
    NetworkUnreachable,
    AddressNotAvailable,
    AddressInUse,
    PermissionDenied,
    TooManyOpenFiles,
    TooManyRedirects,
    InvalidUrl,
    BodyTooLarge,
    HeadTooLarge,
    NotHttp,
    CertificateExpired,
    CertificateNotYetValid,
    CertificateRevoked,
    CertificateNameMismatch,
    SelfSignedCertificate,
    SelfSignedCertificateInChain,
    UnknownIssuer,
    BadCertificate,
    ClientCertificateRequired,
    ClientCertificateRejected,
    TlsVersion,
    TlsHandshake,
    NotTls,
    Other,
}

impl ErrorCode {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionRefused => "ECONNREFUSED",
            Self::TimedOut => "ETIMEDOUT",
            Self::ConnectionAborted => "ECONNABORTED",
            Self::ConnectionReset => "ECONNRESET",
            Self::BrokenPipe => "EPIPE",
            Self::NotFound => "ENOTFOUND",
            Self::TryAgain => "EAI_AGAIN",
            Self::HostUnreachable => "EHOSTUNREACH",
            Self::NetworkUnreachable => "ENETUNREACH",
            Self::AddressNotAvailable => "EADDRNOTAVAIL",
            Self::AddressInUse => "EADDRINUSE",
            Self::PermissionDenied => "EACCES",
            Self::TooManyOpenFiles => "EMFILE",
            Self::TooManyRedirects => "ERR_FR_TOO_MANY_REDIRECTS",
            Self::InvalidUrl => "ERR_INVALID_URL",
            Self::BodyTooLarge => "ERR_FR_MAX_CONTENT_LENGTH_EXCEEDED",
            Self::HeadTooLarge => "HPE_HEADER_OVERFLOW",
            Self::NotHttp => "HPE_INVALID_CONSTANT",
            Self::CertificateExpired => "CERT_HAS_EXPIRED",
            Self::CertificateNotYetValid => "CERT_NOT_YET_VALID",
            Self::CertificateRevoked => "CERT_REVOKED",
            Self::CertificateNameMismatch => "ERR_TLS_CERT_ALTNAME_INVALID",
            Self::SelfSignedCertificate => "DEPTH_ZERO_SELF_SIGNED_CERT",
            Self::SelfSignedCertificateInChain => "SELF_SIGNED_CERT_IN_CHAIN",
            Self::UnknownIssuer => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            Self::BadCertificate => "CERT_REJECTED",
            Self::ClientCertificateRequired => "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
            Self::ClientCertificateRejected => "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
            Self::TlsVersion => "ERR_SSL_UNSUPPORTED_PROTOCOL",
            Self::TlsHandshake => "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
            Self::NotTls => "ERR_SSL_WRONG_VERSION_NUMBER",
            Self::Other => "EIO",
        }
    }
}
