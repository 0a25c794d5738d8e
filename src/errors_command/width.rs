//! How wide the output may be.

/// Columns where there is no terminal.
const WITHOUT_TERMINAL: usize = 100;

/// Narrower than this nothing can be told.
const NARROWEST: usize = 40;

/// Columns of standard output: what the variable `COLUMNS` says, else the terminal.
pub(crate) fn of_stdout() -> usize {
    let terminal = terminal_size::terminal_size_of(std::io::stdout());
    let terminal = terminal.map(|(terminal_size::Width(columns), _)| columns.into());
    choose(std::env::var("COLUMNS").ok().as_deref(), terminal)
}

fn choose(variable: Option<&str>, terminal: Option<usize>) -> usize {
    let wanted = variable.and_then(|text| text.trim().parse().ok()).filter(|columns| *columns > 0);
    wanted.or(terminal).unwrap_or(WITHOUT_TERMINAL).max(NARROWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_comes_before_the_terminal() {
        assert_eq!(choose(Some("120"), Some(80)), 120);
        assert_eq!(choose(Some(""), Some(80)), 80);
        assert_eq!(choose(Some("0"), None), 100);
        assert_eq!(choose(None, None), 100);
        assert_eq!(choose(None, Some(3)), 40);
    }
}
