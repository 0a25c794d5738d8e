//! Performance events of the engine: their numbers, and the two layouts in which they come
//! (section 1.9 of the page on events).

use super::flaw::Flaw;
use super::log::{Fields, MOST_FIELDS};
use super::text;

/// The numbers of a performance event. Times in milliseconds, memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields of the same names")]
pub struct Performance {
    /// -99 when there is none.
    pub request_id: i64,
    pub process_time: Option<f64>,
    pub work_time: Option<f64>,
    pub lock_time: Option<f64>,
    pub validate_time: Option<f64>,
    pub traverse_time: Option<f64>,
    /// -99 when there is none.
    pub handle: i64,
    /// -1 when there is none.
    pub net_ram: i64,
    /// -1 when there is none.
    pub peak_ram: i64,
    /// Whether a user caused it, and not the system itself.
    pub by_user: bool,
}

impl Performance {
    /// Reads the numbers of a performance event. A time or an amount of memory that was written
    /// and is no number shows that the fields are not where they belong.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Flaw> {
        let measure = |at: usize, field| text::measure(fields[at], field);
        let memory = |at: usize, field| {
            measure(at, field)?;
            Ok(natural(fields[at]).unwrap_or(-1))
        };
        Ok(Self {
            request_id: natural(fields[14]).unwrap_or(-99),
            process_time: measure(16, "process_time")?,
            work_time: measure(17, "work_time")?,
            lock_time: measure(18, "lock_time")?,
            validate_time: measure(19, "validate_time")?,
            traverse_time: measure(20, "traverse_time")?,
            handle: text::integer(fields[21]).unwrap_or(-99),
            net_ram: memory(23, "net_ram")?,
            peak_ram: memory(24, "peak_ram")?,
            by_user: fields[8] != "0",
        })
    }

    /// The text of the tag `event_activity_source`.
    pub fn activity_source(&self) -> &'static str {
        if self.by_user { "user" } else { "non-user" }
    }
}

fn natural(value: &str) -> Option<i64> {
    text::integer(value).filter(|number| *number >= 0)
}

/// Cuts a performance event into its fields, in the order of today's layout, and reads its numbers.
/// Surplus separators are ignored (rule LR4).
pub(super) fn read<'a>(text: &'a str, fields: &mut Fields<'a>) -> Result<Performance, Flaw> {
    let (mut found, mut begin) = (0, 0);
    let ends = memchr::memchr_iter(b';', text.as_bytes()).chain([text.len()]);
    for (field, end) in fields.iter_mut().zip(ends) {
        *field = &text[begin..end];
        begin = end + 1;
        found += 1;
    }
    let earlier = is_session(fields[EARLIER_SESSION]);
    if earlier && found >= EARLIER_FIELDS {
        *fields = rearranged(fields, text);
    } else if found < MOST_FIELDS {
        return Err(Flaw::too_few_fields(MOST_FIELDS, text).of_earlier_appender(earlier));
    }
    Performance::read(fields).map_err(|flaw| flaw.of_earlier_appender(earlier))
}

/// How many fields the log appender of versions 7.1 to 9.1 sends.
const EARLIER_FIELDS: usize = 25;

/// Where it has the id of the proxy session. Today's has the account of the service there, which
/// is neither a GUID nor `0`.
const EARLIER_SESSION: usize = 7;

fn is_session(field: &str) -> bool {
    field == "0" || text::is_uuid(field)
}

/// The fields of the earlier layout at their places in today's. It knows no account, no time of
/// the engine and no handle. Between the request and its times it has the texts of two exceptions,
/// which have no place today, and may have separators in them: what is behind is counted from the
/// end.
fn rearranged<'a>(earlier: &Fields<'a>, text: &'a str) -> Fields<'a> {
    let mut fields = [""; MOST_FIELDS];
    fields[..EARLIER_SESSION].copy_from_slice(&earlier[..EARLIER_SESSION]);
    for (today, before) in [(8, EARLIER_SESSION), (9, 8), (10, 9), (12, 10), (15, 11), (14, 12)] {
        fields[today] = earlier[before];
    }
    // Object type, memory, object, app, times.
    for (today, part) in [25, 24, 23, 22, 13, 20, 19, 18, 17, 16].into_iter().zip(text.rsplit(';'))
    {
        fields[today] = part;
    }
    fields
}
