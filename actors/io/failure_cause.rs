//! What an error of the operating system or of the resolver means: by type first, for the texts of
//! libraries decide nothing.

use std::error::Error;
use std::io;

use crate::domain::errors::{ErrorCode, Stage};

/// What went wrong: code, stage, sentence.
pub(in crate::io) type Cause = (ErrorCode, Stage, String);

/// The resolver of the platform gives a text only; "try again" is the one case told apart
/// (decision E8).
pub(in crate::io) fn of_lookup(error: &(dyn Error + 'static)) -> Cause {
    let text = error.to_string();
    // Linux: EAI_AGAIN. Windows: WSATRY_AGAIN, 11002.
    let again = text.contains("Temporary failure")
        || error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) == Some(11002);
    if again {
        let text = "the host name could not be looked up, the name server asks to try again";
        (ErrorCode::TryAgain, Stage::Lookup, text.into())
    } else {
        (ErrorCode::NotFound, Stage::Lookup, "the host name was not found".into())
    }
}

/// By kind first: the numbers differ between Linux and Windows, the kinds do not.
pub(in crate::io) fn io_code(error: &io::Error) -> ErrorCode {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorCode::ConnectionRefused,
        io::ErrorKind::ConnectionReset => ErrorCode::ConnectionReset,
        io::ErrorKind::ConnectionAborted => ErrorCode::ConnectionAborted,
        io::ErrorKind::BrokenPipe => ErrorCode::BrokenPipe,
        io::ErrorKind::TimedOut => ErrorCode::TimedOut,
        io::ErrorKind::HostUnreachable => ErrorCode::HostUnreachable,
        io::ErrorKind::NetworkUnreachable => ErrorCode::NetworkUnreachable,
        io::ErrorKind::AddrNotAvailable => ErrorCode::AddressNotAvailable,
        io::ErrorKind::PermissionDenied => ErrorCode::PermissionDenied,
        // EMFILE and ENFILE on Unix, WSAEMFILE on Windows.
        _ if matches!(error.raw_os_error(), Some(23 | 24 | 10024)) => ErrorCode::TooManyOpenFiles,
        _ => ErrorCode::Unnamed,
    }
}
