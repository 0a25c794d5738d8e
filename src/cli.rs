//! The command line, as a plain value.

mod new_relic;

use std::path::PathBuf;

use actors::runtime::level::Level;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::new_relic::KEY_VARIABLE;

/// Monitors Qlik Sense Enterprise: polls, listens, counts every failure, and forwards to InfluxDB,
/// MQTT, New Relic and Prometheus.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "butler-sos",
    version,
    args_override_self = true,
    override_usage = "butler-sos --configfile <FILE> [OPTIONS]\n       butler-sos demo\n       butler-sos errors [OPTIONS]",
    after_help = TEACH
)]
pub struct Cli {
    /// Configuration file (YAML). The one of the Node.js Butler SOS works unchanged.
    #[arg(short = 'c', long = "configfile", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// How much is logged; replaces Butler-SOS.logLevel.
    #[arg(short, long = "loglevel", alias = "log-level", value_name = "LEVEL", value_parser = level)]
    pub loglevel: Option<Level>,

    /// Check the configuration file, tell every problem, and end.
    #[arg(long)]
    pub check_config: bool,

    /// Ask the program that runs with the configuration file whether it is well.
    #[arg(long)]
    pub health_check: bool,

    /// Start in spite of mistakes in the configuration file; they become warnings.
    #[arg(long)]
    pub skip_config_verification: bool,

    /// Names of New Relic accounts; with the next two, replaces those of the file.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub new_relic_account_name: Vec<String>,

    /// Their insert API keys, in the same order; every user of the machine can see them here.
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub new_relic_api_key: Vec<String>,

    /// File with these keys, one on each line. Without both options they are read from the variable
    /// BUTLER_SOS_NEW_RELIC_API_KEY.
    #[arg(long, value_name = "FILE", conflicts_with = "new_relic_api_key")]
    pub new_relic_api_key_file: Option<PathBuf>,

    /// Their account numbers, in the same order.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub new_relic_account_id: Vec<String>,

    /// What to do instead of monitoring.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of monitoring.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Watch a simulated Qlik Sense site fail; needs nothing else.
    Demo(DemoArgs),
    /// Show the error history, newest first.
    Errors(ErrorsArgs),
}

/// Options of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// How much is logged.
    #[arg(short, long = "loglevel", value_name = "LEVEL", value_parser = level, default_value = "info")]
    pub loglevel: Level,

    /// Stop after this many seconds instead of waiting for Ctrl-C.
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<u64>,
}

/// Options of `errors`.
#[derive(Debug, Clone, Args)]
pub struct ErrorsArgs {
    /// Read the history file that this configuration names.
    #[arg(short = 'c', long = "configfile", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Read this history file.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub file: Option<PathBuf>,

    /// Only errors of the last while: 90s, 15m, 24h, 7d, 2w, 1d12h.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub since: String,

    /// Only this error type, HEALTH_API for example.
    #[arg(long = "type", value_name = "TYPE")]
    pub error_type: Option<String>,

    /// Only this server, by its configured name; '' for errors without a server.
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,

    /// Only this category, timeout for example.
    #[arg(long, value_name = "CATEGORY")]
    pub category: Option<String>,

    /// How to print.
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub format: OutputFormat,

    /// Most events to print; 100 for a table, all for json and csv unless given.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// How `errors` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people: 80 columns, totals at the end.
    Table,
    /// One array of objects.
    Json,
    /// RFC 4180, with a header line.
    Csv,
}

/// What `--help` teaches at its end.
const TEACH: &str = "\
Start here:
  butler-sos demo                            see it work, nothing else needed
  butler-sos -c sense.yaml --check-config    look for mistakes in a file
  butler-sos -c sense.yaml                   monitor a site
  butler-sos -c sense.yaml -l debug          the same, with every step in the log
  butler-sos errors --since 24h              what failed since yesterday

Ctrl-C or a termination signal stops the program in order: what was collected is
sent first. Exit code 0 after an orderly stop, 1 after a mistake in the command
line or the configuration file, which is explained.";

fn level(text: &str) -> Result<Level, String> {
    let wanted = text.trim().to_lowercase();
    let names: Vec<&str> = Level::CHOICES.iter().map(|(name, _)| *name).collect();
    Level::CHOICES
        .iter()
        .find(|(name, _)| *name == wanted)
        .map(|(_, level)| *level)
        .ok_or_else(|| format!("allowed are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_spellings_of_the_original_work() {
        for line in [
            "butler-sos -c a.yaml",
            "butler-sos -ca.yaml",
            "butler-sos --configfile a.yaml",
            "butler-sos --configfile=a.yaml -l DEBUG",
            "butler-sos -c a.yaml --log-level debug",
        ] {
            assert_eq!(parse(line).unwrap().config, Some("a.yaml".into()), "{line}");
        }
    }

    #[test]
    fn mistakes_are_refused() {
        for line in [
            "butler-sos -l loud",
            "butler-sos -c",
            "butler-sos --unknown",
            "butler-sos word",
            "butler-sos errors --format xml",
            "butler-sos errors -c a.yaml --file b.sqlite3",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
