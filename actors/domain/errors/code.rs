//! Error codes, the field `error_code`: the names that administrators search for, those of the
//! operating system, of OpenSSL's checks and of HTTP parsing as Node.js prints them.

use super::{Category, CertificateVerdict};

/// Why no usable answer came. A closed list; [`ErrorCode::Unnamed`] is an error of the operating
/// system that has no name here.
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
    BadHeader,
    BadContentLength,
    BadTransferEncoding,
    BadChunk,
    /// What is wrong with a certificate.
    Certificate(CertificateVerdict),
    ClientCertificateRequired,
    ClientCertificateRejected,
    /// The two sides found no common TLS, or one of them does not speak it.
    Protocol,
    /// The operating system gave a number that has no name here; nothing is made up for it
    /// (decision E21).
    Unnamed,
}

impl ErrorCode {
    /// What an error with this code is about; `None` where the code alone does not say, and the
    /// sentence decides.
    pub const fn category(self) -> Option<Category> {
        match self {
            Self::TimedOut | Self::ConnectionAborted => Some(Category::Timeout),
            Self::ConnectionRefused => Some(Category::ConnectionRefused),
            Self::NotFound => Some(Category::HostNotFound),
            Self::ConnectionReset => Some(Category::ConnectionReset),
            Self::Certificate(_)
            | Self::ClientCertificateRequired
            | Self::ClientCertificateRejected
            | Self::Protocol => Some(Category::CertificateError),
            Self::BrokenPipe
            | Self::TryAgain
            | Self::HostUnreachable
            | Self::NetworkUnreachable
            | Self::AddressNotAvailable
            | Self::AddressInUse
            | Self::PermissionDenied
            | Self::TooManyOpenFiles
            | Self::TooManyRedirects
            | Self::InvalidUrl
            | Self::BodyTooLarge
            | Self::HeadTooLarge
            | Self::NotHttp
            | Self::BadHeader
            | Self::BadContentLength
            | Self::BadTransferEncoding
            | Self::BadChunk
            | Self::Unnamed => None,
        }
    }

    /// The text on the wire; empty where there is no name.
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
            Self::BadHeader => "HPE_INVALID_HEADER_TOKEN",
            Self::BadContentLength => "HPE_INVALID_CONTENT_LENGTH",
            Self::BadTransferEncoding => "HPE_INVALID_TRANSFER_ENCODING",
            Self::BadChunk => "HPE_INVALID_CHUNK_SIZE",
            Self::Certificate(verdict) => verdict.as_str(),
            Self::ClientCertificateRequired => "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
            Self::ClientCertificateRejected => "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
            Self::Protocol => "EPROTO",
            Self::Unnamed => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_the_table_of_the_page_says() {
        for (code, text, category) in [
            (ErrorCode::TimedOut, "ETIMEDOUT", Some(Category::Timeout)),
            (ErrorCode::ConnectionAborted, "ECONNABORTED", Some(Category::Timeout)),
            (ErrorCode::ConnectionRefused, "ECONNREFUSED", Some(Category::ConnectionRefused)),
            (ErrorCode::NotFound, "ENOTFOUND", Some(Category::HostNotFound)),
            (ErrorCode::ConnectionReset, "ECONNRESET", Some(Category::ConnectionReset)),
            (ErrorCode::TryAgain, "EAI_AGAIN", None),
            (ErrorCode::BrokenPipe, "EPIPE", None),
        ] {
            assert_eq!((code.as_str(), code.category()), (text, category));
        }
    }
}
