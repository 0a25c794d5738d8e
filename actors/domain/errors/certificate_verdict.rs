//! What a check of a certificate can find, with the names that Node.js gives to the numbers of
//! OpenSSL, for they are what administrators have in their dashboards and search for.

/// Why a certificate is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the code of the same name in `as_str`")]
pub enum CertificateVerdict {
    UnableToGetIssuer,
    UnableToDecryptSignature,
    UnableToDecodeIssuerKey,
    SignatureFailure,
    NotYetValid,
    HasExpired,
    ErrorInNotBefore,
    ErrorInNotAfter,
    DepthZeroSelfSigned,
    SelfSignedInChain,
    UnableToGetIssuerLocally,
    UnableToVerifyLeafSignature,
    ChainTooLong,
    Revoked,
    InvalidCa,
    PathLengthExceeded,
    InvalidPurpose,
    Untrusted,
    Rejected,
    /// The name is not the one that was asked for.
    NameMismatch,
    /// Anything that Node.js has no name for either: a weak key, a weak signature.
    Unspecified,
}

impl CertificateVerdict {
    /// The verdict behind a number of OpenSSL's `X509_V_ERR` list (`openssl/x509_vfy.h`).
    pub const fn from_number(number: i32) -> Self {
        match number {
            2 => Self::UnableToGetIssuer,
            4 => Self::UnableToDecryptSignature,
            6 => Self::UnableToDecodeIssuerKey,
            7 => Self::SignatureFailure,
            9 => Self::NotYetValid,
            10 => Self::HasExpired,
            13 => Self::ErrorInNotBefore,
            14 => Self::ErrorInNotAfter,
            18 => Self::DepthZeroSelfSigned,
            19 => Self::SelfSignedInChain,
            20 => Self::UnableToGetIssuerLocally,
            21 => Self::UnableToVerifyLeafSignature,
            22 => Self::ChainTooLong,
            23 => Self::Revoked,
            24 => Self::InvalidCa,
            25 => Self::PathLengthExceeded,
            26 => Self::InvalidPurpose,
            27 => Self::Untrusted,
            28 => Self::Rejected,
            62 | 64 => Self::NameMismatch,
            _ => Self::Unspecified,
        }
    }

    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnableToGetIssuer => "UNABLE_TO_GET_ISSUER_CERT",
            Self::UnableToDecryptSignature => "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
            Self::UnableToDecodeIssuerKey => "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
            Self::SignatureFailure => "CERT_SIGNATURE_FAILURE",
            Self::NotYetValid => "CERT_NOT_YET_VALID",
            Self::HasExpired => "CERT_HAS_EXPIRED",
            Self::ErrorInNotBefore => "ERROR_IN_CERT_NOT_BEFORE_FIELD",
            Self::ErrorInNotAfter => "ERROR_IN_CERT_NOT_AFTER_FIELD",
            Self::DepthZeroSelfSigned => "DEPTH_ZERO_SELF_SIGNED_CERT",
            Self::SelfSignedInChain => "SELF_SIGNED_CERT_IN_CHAIN",
            Self::UnableToGetIssuerLocally => "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            Self::UnableToVerifyLeafSignature => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            Self::ChainTooLong => "CERT_CHAIN_TOO_LONG",
            Self::Revoked => "CERT_REVOKED",
            Self::InvalidCa => "INVALID_CA",
            Self::PathLengthExceeded => "PATH_LENGTH_EXCEEDED",
            Self::InvalidPurpose => "INVALID_PURPOSE",
            Self::Untrusted => "CERT_UNTRUSTED",
            Self::Rejected => "CERT_REJECTED",
            Self::NameMismatch => "ERR_TLS_CERT_ALTNAME_INVALID",
            Self::Unspecified => "UNSPECIFIED",
        }
    }
}
