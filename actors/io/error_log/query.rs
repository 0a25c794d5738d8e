//! Reading the history, also while another process writes it.

use std::borrow::Cow;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Row, params_from_iter};

use super::schema::COLUMNS;
use crate::domain::errors::{Category, ErrorRecord, ErrorType, Module};
use crate::domain::point::{FieldValue, Stamp};

/// Which events are wanted. Several values of one kind are alternatives, none at all means: any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before this.
    pub since: Option<Stamp>,
    /// Before this.
    pub until: Option<Stamp>,
    /// Of these types.
    pub error_types: Vec<ErrorType>,
    /// About these servers; the empty text means: about none.
    pub servers: Vec<String>,
    /// With these names or addresses as host, as destination with or without scheme and port, or as
    /// the address that was connected to; in capitals or not.
    pub hosts: Vec<String>,
    /// Of these modules.
    pub modules: Vec<Module>,
    /// Of these categories.
    pub categories: Vec<Category>,
}

/// One event of the history, with the names of the page's tags and fields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the page's tables of tags and fields document each")]
pub struct HistoryRow {
    pub stamp: Stamp,
    pub error_type: String,
    pub server_name: String,
    pub host: Option<String>,
    pub virtual_proxy: Option<String>,
    pub destination_host: Option<String>,
    pub module: Option<String>,
    pub error_category: String,
    pub error_code: String,
    pub http_status: Option<u16>,
    pub request_url: Option<String>,
    pub request_timeout_ms: Option<u64>,
    pub remote_address: Option<String>,
    pub remote_port: Option<u16>,
    pub syscall: Option<String>,
    pub message: String,
}

impl ErrorRecord for HistoryRow {
    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn for_each_tag(&self, mut tag: impl FnMut(&'static str, &str)) {
        let tags = [
            ("destination_host", self.destination_host.as_deref()),
            ("error_type", Some(self.error_type.as_str())),
            ("host", self.host.as_deref()),
            ("module", self.module.as_deref()),
            ("server_name", Some(self.server_name.as_str())),
            ("virtual_proxy", self.virtual_proxy.as_deref()),
        ];
        for (name, value) in tags {
            if let Some(value) = value {
                tag(name, value);
            }
        }
    }

    fn for_each_field(&self, mut field: impl FnMut(&'static str, FieldValue<'_>)) {
        let text = |value| FieldValue::Text(Cow::Borrowed(value));
        field("error_count", FieldValue::Integer(1));
        field("error_category", text(self.error_category.as_str()));
        field("error_code", text(self.error_code.as_str()));
        if let Some(status) = self.http_status {
            field("http_status", FieldValue::Integer(status.into()));
        }
        if let Some(url) = &self.request_url {
            field("request_url", text(url));
        }
        if let Some(ms) = self.request_timeout_ms {
            field("request_timeout_ms", FieldValue::Integer(i64::try_from(ms).unwrap_or(i64::MAX)));
        }
        if let Some(address) = &self.remote_address {
            field("remote_address", text(address));
        }
        if let Some(port) = self.remote_port {
            field("remote_port", FieldValue::Integer(port.into()));
        }
        if let Some(syscall) = &self.syscall {
            field("syscall", text(syscall));
        }
    }
}

/// How many events there are of one type and category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// `error_type`.
    pub error_type: String,
    /// `error_category`.
    pub error_category: String,
    /// How many.
    pub count: u64,
}

/// A history file, open for reading only.
pub struct ErrorReader(Connection);

impl ErrorReader {
    /// Opens an existing file.
    ///
    /// # Errors
    /// When it does not exist or is no history file.
    pub fn open(file: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        Ok(Self(connection))
    }

    /// Calls `each` with the events that pass the filter, newest first, `limit` at most; how many
    /// could not be read and were left out. Nothing of the file is held while `each` works, however
    /// slow that is: else the log of changes of whoever writes it would grow for as long.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn for_each(
        &self,
        filter: &Filter,
        limit: Option<usize>,
        mut each: impl FnMut(HistoryRow),
    ) -> rusqlite::Result<usize> {
        let mut left = limit.unwrap_or(usize::MAX);
        let mut unreadable = 0;
        let mut before = None;
        loop {
            let page = self.page(filter, before.take(), left.min(PAGE))?;
            let is_last = page.rows.len() + page.unreadable < left.min(PAGE);
            left -= page.rows.len();
            unreadable += page.unreadable;
            page.rows.into_iter().for_each(&mut each);
            if is_last || left == 0 {
                return Ok(unreadable);
            }
            before = page.last;
        }
    }

    /// The newest events before a place.
    fn page(
        &self,
        filter: &Filter,
        before: Option<(Value, i64)>,
        most: usize,
    ) -> rusqlite::Result<Page> {
        let (mut condition, mut values) = filter.condition();
        if let Some((stamp, id)) = before {
            condition.push_str(" AND (stamp, rowid) < (?, ?)");
            values.extend([stamp, Value::Integer(id)]);
        }
        values.push(Value::Integer(i64::try_from(most).unwrap_or(i64::MAX)));
        let sql = format!(
            "SELECT rowid AS id, {COLUMNS} FROM errors WHERE {condition}
             ORDER BY stamp DESC, rowid DESC LIMIT ?"
        );
        let mut query = self.0.prepare_cached(&sql)?;
        let mut rows = query.query(params_from_iter(values))?;
        let mut page = Page::default();
        while let Some(row) = rows.next()? {
            match read(row) {
                Ok(event) => page.rows.push(event),
                Err(_) => page.unreadable += 1,
            }
            page.last = Some((row.get("stamp")?, row.get("id")?));
        }
        Ok(page)
    }

    /// Counts the events that pass the filter, most frequent first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn totals(&self, filter: &Filter) -> rusqlite::Result<Vec<Total>> {
        let (condition, values) = filter.condition();
        let sql = format!(
            "SELECT error_type, error_category, COUNT(*) FROM errors
             WHERE {condition} AND typeof(error_type) = 'text' AND typeof(error_category) = 'text'
             GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
        );
        let mut query = self.0.prepare(&sql)?;
        let totals = query.query_map(params_from_iter(values), |row| {
            Ok(Total { error_type: row.get(0)?, error_category: row.get(1)?, count: row.get(2)? })
        })?;
        totals.collect()
    }

    /// Names of servers that any event is about.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn servers(&self) -> rusqlite::Result<Vec<String>> {
        self.names(
            "SELECT DISTINCT server_name FROM errors WHERE server_name <> ''
             AND typeof(server_name) = 'text' ORDER BY 1",
        )
    }

    /// Hosts, destinations and addresses that any event names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn hosts(&self) -> rusqlite::Result<Vec<String>> {
        self.names(
            "SELECT CAST(host AS TEXT) FROM errors WHERE host <> ''
             UNION SELECT CAST(destination_host AS TEXT) FROM errors WHERE destination_host <> ''
             UNION SELECT CAST(remote_address AS TEXT) FROM errors WHERE remote_address <> ''
             ORDER BY 1",
        )
    }

    fn names(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        self.0.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    }
}

/// Some events.
#[derive(Default)]
struct Page {
    rows: Vec<HistoryRow>,
    /// Of types that no event has.
    unreadable: usize,
    /// Where the next page begins.
    last: Option<(Value, i64)>,
}

/// Events that are read at once.
const PAGE: usize = 1_000;

impl Filter {
    /// The condition with a question mark for each value.
    fn condition(&self) -> (String, Vec<Value>) {
        let mut parts = vec!["1".to_owned()];
        let mut values = Vec::new();
        for (part, stamp) in [("stamp >= ?", self.since), ("stamp < ?", self.until)] {
            if let Some(stamp) = stamp {
                parts.push(part.to_owned());
                values.push(Value::Integer(stamp.0));
            }
        }
        let mut any_of = |column: &str, wanted: Vec<&str>| {
            if !wanted.is_empty() {
                parts.push(format!("{column} IN ({})", vec!["?"; wanted.len()].join(",")));
                values.extend(wanted.into_iter().map(|text| Value::Text(text.to_owned())));
            }
        };
        any_of("error_type", self.error_types.iter().map(|kind| kind.as_str()).collect());
        any_of("server_name", self.servers.iter().map(String::as_str).collect());
        any_of("module", self.modules.iter().map(|module| module.as_str()).collect());
        any_of(
            "error_category",
            self.categories.iter().map(|category| category.as_str()).collect(),
        );
        if !self.hosts.is_empty() {
            parts.push(format!("({})", vec![HOST; self.hosts.len()].join(" OR ")));
            for host in &self.hosts {
                let like = host.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
                let alike = [format!("%://{like}"), format!("%://{like}:%")];
                let same = std::iter::repeat_n(host.clone(), 3);
                values.extend(same.chain(alike).map(Value::Text));
            }
        }
        (parts.join(" AND "), values)
    }
}

/// A host in one of the columns that can have it.
const HOST: &str = "host = ? COLLATE NOCASE OR remote_address = ? COLLATE NOCASE
    OR destination_host = ? COLLATE NOCASE OR destination_host LIKE ? ESCAPE '\\'
    OR destination_host LIKE ? ESCAPE '\\'";

/// An event out of a row with its columns.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<HistoryRow> {
    Ok(HistoryRow {
        stamp: Stamp(row.get("stamp")?),
        error_type: row.get("error_type")?,
        server_name: row.get("server_name")?,
        host: row.get("host")?,
        virtual_proxy: row.get("virtual_proxy")?,
        destination_host: row.get("destination_host")?,
        module: row.get("module")?,
        error_category: row.get("error_category")?,
        error_code: row.get("error_code")?,
        http_status: row.get("http_status")?,
        request_url: row.get("request_url")?,
        request_timeout_ms: row.get("request_timeout_ms")?,
        remote_address: row.get("remote_address")?,
        remote_port: row.get("remote_port")?,
        syscall: row.get("syscall")?,
        message: row.get("message")?,
    })
}
