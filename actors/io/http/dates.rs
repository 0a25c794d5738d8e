//! Dates of certificates.

use chrono::{DateTime, TimeDelta, Utc};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::x509::X509Ref;

/// Until when a certificate is valid; `None` where its date cannot be read.
pub(super) fn end_of(certificate: &X509Ref) -> Option<DateTime<Utc>> {
    read(certificate.not_after())
}

/// From when a certificate is valid; `None` where its date cannot be read.
pub(super) fn begin_of(certificate: &X509Ref) -> Option<DateTime<Utc>> {
    read(certificate.not_before())
}

/// OpenSSL tells how far two dates are apart.
fn read(date: &Asn1TimeRef) -> Option<DateTime<Utc>> {
    let apart = Asn1Time::from_unix(0).ok()?.diff(date).ok()?;
    let since = TimeDelta::days(apart.days.into()) + TimeDelta::seconds(apart.secs.into());
    DateTime::UNIX_EPOCH.checked_add_signed(since)
}
