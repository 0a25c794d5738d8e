//! Accounts of New Relic from the command line. Every user of a machine can see what is on a
//! command line, so keys may also come from a file or the environment.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use actors::domain::names::Secret;
use actors::new_relic_poster::Account;

use super::Cli;

/// Insert API keys, separated by blanks or commas, in the order of the names.
pub const KEY_VARIABLE: &str = "BUTLER_SOS_NEW_RELIC_API_KEY";

/// A thousand keys fit in.
const LONGEST_FILE: u64 = 64 << 10;

impl Cli {
    /// The New Relic accounts that the lists describe together; `variable` reads the environment.
    ///
    /// # Errors
    /// The message for standard error: the lists differ in length, or the file with the keys cannot
    /// be read.
    pub fn new_relic_accounts(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<Account>, String> {
        let (names, ids) = (&self.new_relic_account_name, &self.new_relic_account_id);
        let keys = match &self.new_relic_api_key_file {
            Some(file) => of_file(file)?,
            None if !self.new_relic_api_key.is_empty() || names.is_empty() => {
                self.new_relic_api_key.clone()
            }
            None => variable(KEY_VARIABLE).map(|keys| of_list(&keys)).unwrap_or_default(),
        };
        if names.len() != keys.len() || names.len() != ids.len() {
            return Err("Incorrect command line parameters: Number of New Relic account \
                        names/IDs/API keys must match."
                .to_owned());
        }
        let all = names.iter().zip(&keys).zip(ids);
        Ok(all
            .map(|((name, key), id)| Account {
                name: name.clone(),
                key: Secret::from(key.as_str()),
                id: id.clone(),
            })
            .collect())
    }
}

fn of_list(keys: &str) -> Vec<String> {
    let keys = keys.split(|char: char| char.is_whitespace() || char == ',');
    keys.filter(|key| !key.is_empty()).map(str::to_owned).collect()
}

/// One key on each line.
fn of_file(file: &Path) -> Result<Vec<String>, String> {
    let mut text = String::new();
    let read = File::open(file)
        .and_then(|opened| opened.take(LONGEST_FILE + 1).read_to_string(&mut text))
        .and_then(|read| match read as u64 > LONGEST_FILE {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(()),
        });
    read.map_err(|error| {
        format!("error: --new-relic-api-key-file: {} cannot be read: {error}", file.display())
    })?;
    Ok(of_list(text.trim_start_matches('\u{feff}')))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    const ACCOUNTS: &str = "--new-relic-account-name a b --new-relic-account-id 1 2";

    fn keys(line: &str, variable: Option<&str>) -> Result<Vec<String>, String> {
        let cli = Cli::try_parse_from(format!("butler-sos {line}").split_whitespace())
            .map_err(|error| error.to_string())?;
        let accounts = cli.new_relic_accounts(|name| {
            assert_eq!(name, KEY_VARIABLE);
            variable.map(str::to_owned)
        })?;
        Ok(accounts.iter().map(|account| account.key.reveal().to_owned()).collect())
    }

    #[test]
    fn keys_come_from_the_options_a_file_or_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        std::fs::write(&file, "\u{feff}of-file-1\r\n\r\n  of-file-2\n").unwrap();
        let of_file = format!("{ACCOUNTS} --new-relic-api-key-file {}", file.display());
        let options = format!("{ACCOUNTS} --new-relic-api-key x y");
        let environment = Some("e, f");
        for (line, variable, expected) in [
            (&*options, environment, ["x", "y"]),
            (&*of_file, environment, ["of-file-1", "of-file-2"]),
            (ACCOUNTS, environment, ["e", "f"]),
            (ACCOUNTS, Some(" e\nf "), ["e", "f"]),
        ] {
            assert_eq!(keys(line, variable).unwrap(), expected, "{line}");
        }
        assert_eq!(keys("", environment).unwrap(), [""; 0], "the file has its own accounts");
        for (line, variable, part) in [
            (ACCOUNTS, Some("one-secret"), "must match"),
            (ACCOUNTS, None, "Number of New Relic account names/IDs/API keys must match"),
            ("--new-relic-api-key-file /no/such", None, "/no/such cannot be read"),
            ("--new-relic-api-key x --new-relic-api-key-file /no/such", None, "cannot be used"),
        ] {
            let error = keys(line, variable).unwrap_err();
            assert!(error.contains(part) && !error.contains("one-secret"), "{line}: {error}");
        }
    }
}
