//! The Flux and SQL queries of the dashboards of errors, against the names of what the program
//! writes.

use crate::dashboard_queries::columns;
use crate::dashboards::{ERRORS, dashboard, panels, query, targets, variable};

/// A query without the texts in single quotes, which are values, and those texts.
fn without_values(query: &str) -> (String, Vec<&str>) {
    let parts: Vec<&str> = query.split('\'').collect();
    assert!(parts.len() % 2 == 1, "a quote is open: {query}");
    let code = parts.iter().step_by(2).copied().collect::<Vec<_>>().join("''");
    (code, parts.into_iter().skip(1).step_by(2).collect())
}

/// Every bracket is closed by its like.
fn check_brackets(query: &str) {
    let mut open = Vec::new();
    for c in query.chars() {
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => assert_eq!(open.pop(), Some(c), "{query}"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{query}");
}

/// The names in a piece of code: letters, digits and underscores, not beginning with a digit.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

#[test]
fn every_sql_query_names_columns_that_the_program_writes() {
    const FUNCTIONS: [&str; 4] = ["now", "date_trunc", "last_value", "interval"];
    let (tags, fields) = columns();
    let dashboard = dashboard(ERRORS[2]);
    for target in panels(&dashboard).into_iter().flat_map(targets) {
        let query = query(target);
        let (code, values) = without_values(query);
        check_brackets(&code);
        let known = ["day", "1 day", "15 minutes", "(none)"];
        assert!(values.iter().all(|value| known.contains(value)), "{query}");
        let code = code
            .replace("\"${measurement:raw}\"", "")
            .replace("${type:sqlstring}", "")
            .replace("$__timeFilter", "")
            .replace("$__dateBin", "");
        assert!(code.starts_with("SELECT ") && code.contains(" FROM  WHERE "), "{query}");
        let mut named = 0;
        for word in words(&code).filter(|word| word.contains(char::is_lowercase)) {
            let is_column = tags.contains(word) || fields.contains(word) || word == "time";
            named += usize::from(is_column);
            assert!(is_column || FUNCTIONS.contains(&word) || word == "errors", "{word}: {query}");
        }
        assert!(named > 1, "{query}");
        let format = if code.contains("\"time\", ") && !code.contains("MAX(time)") {
            "time_series"
        } else {
            "table"
        };
        assert_eq!(target["format"], format, "{query}");
    }
}

#[test]
fn every_flux_query_names_columns_that_the_program_writes() {
    let (tags, fields) = columns();
    let dashboard = dashboard(ERRORS[1]);
    let servers = variable(&dashboard, "server")["query"].as_str().unwrap();
    let queries = panels(&dashboard).into_iter().flat_map(targets).map(query).chain([servers]);
    for query in queries {
        check_brackets(&query.replace("${", "{").replace("/^", "").replace("$/", ""));
        let quoted: Vec<&str> = query.split('"').skip(1).step_by(2).collect();
        for text in &quoted {
            let known = ["date", "influxdata/influxdb/schema", "${measurement:raw}", "", "(none)"];
            let own = ["_time", "_value", "_field", "_start"].contains(text);
            let is_column = tags.contains(text) || fields.contains(text);
            assert!(is_column || own || known.contains(text), "{text:?}: {query}");
        }
        assert!(quoted.contains(&"${measurement:raw}"), "{query}");
        assert!(query.contains("bucket: v.defaultBucket"), "{query}");
        // Before its fields become columns a point has its tags only.
        let (before, after) = query.split_once("|> pivot(").unwrap_or((query, ""));
        for (code, is_after) in [(before, false), (after, true)] {
            for part in code.split("r.").skip(1) {
                let name = words(part).next().unwrap();
                let own = ["_measurement", "_field"].contains(&name);
                let is_column = tags.contains(name) || (is_after && fields.contains(name));
                assert!(own || is_column, "r.{name}: {query}");
            }
            for part in code.split("_field == \"").skip(1) {
                let name = part.split('"').next().unwrap();
                assert!(fields.contains(name), "{name} is no field: {query}");
            }
        }
    }
}
