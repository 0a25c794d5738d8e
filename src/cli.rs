//! The command line, as a plain value.

mod new_relic;

use std::path::PathBuf;

use actors::io::outbox::Stream;
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

    /// Check the configuration file as a start would, tell every problem, and end.
    #[arg(long)]
    pub check_config: bool,

    /// With --check-config: end with 3 when there are warnings and no errors.
    #[arg(long, requires = "check_config")]
    pub strict: bool,

    /// With --check-config: how to print.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text, requires = "check_config")]
    pub format: ReportFormat,

    /// Ask the program that runs with the configuration file whether it is well.
    #[arg(long)]
    pub health_check: bool,

    /// Folder for what the program keeps; else $STATE_DIRECTORY, else the folder of the
    /// configuration file. Each configuration file has a folder of its own in there.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

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

/// How `--check-config` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people: file and line, what is wrong, the line itself; the verdict last.
    Text,
    /// One object.
    Json,
}

/// What to do instead of monitoring.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Watch a simulated Qlik Sense site fail; needs nothing else.
    Demo(DemoArgs),
    /// Show the error history, newest first.
    Errors(Box<ErrorsArgs>),
    /// Show what waits for InfluxDB on disk.
    Outbox(OutboxArgs),
    /// Print all keys of the configuration file, for editors and for people.
    Schema(SchemaArgs),
}

/// Options of `schema`.
#[derive(Debug, Clone, Args)]
#[command(after_help = TEACH_SCHEMA)]
pub struct SchemaArgs {
    /// How to print.
    #[arg(long, value_enum, default_value_t = SchemaFormat::Json)]
    pub format: SchemaFormat,
}

/// How `schema` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// JSON Schema, draft 7.
    Json,
    /// A file with every key, its default and a comment: the template.
    Yaml,
    /// Tables of Markdown.
    Markdown,
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
#[command(after_help = TEACH_ERRORS)]
pub struct ErrorsArgs {
    /// Read the history of the program that runs with this configuration.
    #[arg(short = 'c', long = "configfile", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The same folder that the program was given, if it was given one.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Read this history file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "data_dir"])]
    pub file: Option<PathBuf>,

    /// Not before: so long ago (90s, 15m, 24h, 7d, 1d12h), a day, or a time in UTC; 24h unless given,
    /// which counts from --until.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,

    /// Before: as --since; a day is meant to its end.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,

    /// Only this error type, HEALTH_API for example; may be repeated, like all that follow.
    #[arg(long = "type", value_name = "TYPE")]
    pub error_type: Vec<String>,

    /// Only this server, by its configured name; '' for errors without a server.
    #[arg(long, value_name = "NAME")]
    pub server: Vec<String>,

    /// Only this host: name or address of a server, broker or destination.
    #[arg(long, value_name = "HOST")]
    pub host: Vec<String>,

    /// Only this module, HEALTH_METRICS for example.
    #[arg(long, value_name = "MODULE")]
    pub module: Vec<String>,

    /// Only this category, timeout for example.
    #[arg(long, value_name = "CATEGORY")]
    pub category: Vec<String>,

    /// How to print.
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub format: OutputFormat,

    /// Most events to print; 100 for a table, all for json and csv unless given.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// Options of `outbox`.
#[derive(Debug, Clone, Args)]
#[command(after_help = TEACH_OUTBOX)]
pub struct OutboxArgs {
    /// The outbox of the program that runs with this configuration.
    #[arg(short = 'c', long = "configfile", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The same folder that the program was given, if it was given one.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Print the points that wait as line protocol.
    #[arg(long, conflicts_with_all = ["refused", "drop"])]
    pub export: bool,

    /// Show what InfluxDB has refused for good, the latest first.
    #[arg(long, conflicts_with = "drop")]
    pub refused: bool,

    /// Drop what waits in this stream; asks first. The program must not run.
    #[arg(long, value_name = "STREAM", value_parser = stream)]
    pub drop: Option<Stream>,

    /// Drop without asking.
    #[arg(long, requires = "drop")]
    pub yes: bool,

    /// How to print.
    #[arg(long, value_enum, default_value_t = OutboxFormat::Table)]
    pub format: OutboxFormat,
}

/// How `outbox` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutboxFormat {
    /// For people.
    Table,
    /// One object, or one array of refused points.
    Json,
}

/// How `errors` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people: as wide as the terminal, totals at the end.
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
  butler-sos errors --since 24h -c sense.yaml
                                             what failed since yesterday
  butler-sos outbox -c sense.yaml            what waits for InfluxDB

Ctrl-C or a termination signal stops the program in order: what was collected is
sent first. Exit code 0 after an orderly stop, 1 after a mistake in the command
line or the configuration file, which is explained; 2 when --health-check asks
and the file switches the answer off, 3 when --check-config --strict only warns.";

/// What `errors --help` teaches at its end.
const TEACH_SCHEMA: &str = "\
For example:
  butler-sos schema > butler-sos.schema.json       for editors: completion and checks
  butler-sos schema --format yaml > sense.yaml     a file to begin with
  butler-sos schema --format markdown              to read

An editor that speaks the language server of YAML takes the schema from the first
line of a file: # yaml-language-server: $schema=butler-sos.schema.json";

const TEACH_ERRORS: &str = "\
For example:
  butler-sos errors -c sense.yaml                            the last 24 hours
  butler-sos errors -c sense.yaml --server sense1 --since 7d
  butler-sos errors --since 2026-11-24 --until 2026-11-24    one day, in UTC
  butler-sos errors --type HEALTH_API --type PROXY_API --category timeout
  butler-sos errors --since 30d --format csv > errors.csv    for a spreadsheet

A table is as wide as the terminal or as COLUMNS says, 100 columns where there is
no terminal. It shows virtual proxy, module, destination, host and address where
they tell events apart; json and csv have everything. Exit code 0 when the events
were printed, also when there are none; 1 when they could not be.";

/// What `outbox --help` teaches at its end.
const TEACH_OUTBOX: &str = "\
For example:
  butler-sos outbox -c sense.yaml                       how much waits, since when, how long it lasts
  butler-sos outbox -c sense.yaml --export > points.lp  what waits, for another database
  butler-sos outbox -c sense.yaml --refused             what InfluxDB will never take, and why
  butler-sos outbox -c sense.yaml --drop measurements

Errors are no stream while the error history is on: they wait there, and butler-sos errors shows them.
Looking is possible while the program runs. Exit code 0 when it was printed, also when nothing waits;
1 when it could not be.";

fn stream(text: &str) -> Result<Stream, String> {
    let names = Stream::ALL.map(Stream::as_str);
    Stream::ALL
        .into_iter()
        .find(|stream| stream.as_str() == text)
        .ok_or_else(|| format!("allowed are {}", names.join(", ")))
}

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
