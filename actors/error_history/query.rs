//! Reading the history, also while another process writes it.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Row, params_from_iter};

use crate::domain::errors::{Category, ErrorType, Module};
use crate::domain::point::Stamp;

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

    /// Calls `each` with the events that pass the filter, newest first, `limit` at most.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn for_each(
        &self,
        filter: &Filter,
        limit: Option<usize>,
        mut each: impl FnMut(HistoryRow),
    ) -> rusqlite::Result<()> {
        let (condition, mut values) = filter.condition();
        let limit = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
        values.push(Value::Integer(limit));
        let sql = format!("SELECT * FROM errors WHERE {condition} ORDER BY stamp DESC LIMIT ?");
        let mut query = self.0.prepare(&sql)?;
        let mut rows = query.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            each(read(row)?);
        }
        Ok(())
    }

    /// Counts the events that pass the filter, most frequent first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn totals(&self, filter: &Filter) -> rusqlite::Result<Vec<Total>> {
        let (condition, values) = filter.condition();
        let sql = format!(
            "SELECT error_type, error_category, COUNT(*) FROM errors WHERE {condition}
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
        self.names("SELECT DISTINCT server_name FROM errors WHERE server_name <> '' ORDER BY 1")
    }

    /// Hosts, destinations and addresses that any event names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn hosts(&self) -> rusqlite::Result<Vec<String>> {
        self.names(
            "SELECT host FROM errors WHERE host <> ''
             UNION SELECT destination_host FROM errors WHERE destination_host <> ''
             UNION SELECT remote_address FROM errors WHERE remote_address <> '' ORDER BY 1",
        )
    }

    fn names(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        self.0.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    }
}

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

fn read(row: &Row<'_>) -> rusqlite::Result<HistoryRow> {
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
