//! Comma separated values (RFC 4180).

/// One line with its line break. Text that a spreadsheet would run as a formula is marked as text.
pub(super) fn line<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let cells: Vec<String> = values.into_iter().map(|value| cell(value.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@']);
    let guard = if formula { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_stay_inside_their_cell() {
        assert_eq!(line(["a", "", "b c"]), "a,,b c\r\n");
        assert_eq!(
            line(["a,b", "say \"x\"", "two\nlines"]),
            "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n"
        );
    }

    #[test]
    fn a_formula_is_text() {
        assert_eq!(line(["=1+1", "-2", "@a,b"]), "'=1+1,'-2,\"'@a,b\"\r\n");
    }
}
