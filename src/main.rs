//! `butler-sos`: the command line is read here, and the exit code is decided here.

use std::alloc::System;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use butler_sos::cli::{Cli, Command};
use butler_sos::failed::Failed;
use butler_sos::paths::Bases;
use butler_sos::{
    check_config, config, demo, errors_command, health_check, monitor, outbox_command,
    schema_command,
};
use cap::Cap;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

/// Counts what is in use, so that UptimeMonitor can tell.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

fn main() -> ExitCode {
    actors::runtime::panics::install_hook();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // The number alone, as the original prints it: scripts read it.
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            _ = writeln!(std::io::stdout(), "{}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let mistake = error.use_stderr();
            // Nobody to tell that nobody can be told.
            _ = error.print();
            return ExitCode::from(u8::from(mistake));
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed { code, message }) => {
            if !message.is_empty() {
                _ = writeln!(std::io::stderr(), "{}", message.trim_end());
            }
            ExitCode::from(code)
        }
    }
}

/// Does what the command line asks for.
fn run(cli: Cli) -> Result<(), Failed> {
    let variable = |name: &str| std::env::var(name).ok();
    let accounts = cli.new_relic_accounts(variable)?;
    match cli.command {
        Some(Command::Demo(args)) => Ok(demo::run(&args, read_heap)?),
        Some(Command::Errors(args)) => {
            let data_dir = args.data_dir.as_ref().or(cli.data_dir.as_ref());
            let bases = Bases::of_process(data_dir.map(PathBuf::as_path), variable);
            Ok(errors_command::run(&args, &bases, &mut std::io::stdout().lock())?)
        }
        Some(Command::Outbox(args)) => {
            let data_dir = args.data_dir.as_ref().or(cli.data_dir.as_ref());
            let bases = Bases::of_process(data_dir.map(PathBuf::as_path), variable);
            Ok(outbox_command::run(&args, &bases, &mut std::io::stdout().lock())?)
        }
        Some(Command::Schema(args)) => {
            Ok(schema_command::run(&args, &mut std::io::stdout().lock())?)
        }
        None => {
            let file = config::find(cli.config.as_deref(), variable).ok_or_else(|| {
                let help = Cli::command().render_help();
                // The sentence comes last, where it is seen.
                format!(
                    "{help}\nerror: no configuration file given. Name one with -c FILE, or see it \
                     work without any: butler-sos demo"
                )
            })?;
            let bases = Bases::of_process(cli.data_dir.as_deref(), variable);
            if cli.health_check {
                return health_check::run(&file, bases, &mut std::io::stdout().lock());
            }
            let level = cli.loglevel;
            let tolerant = cli.skip_config_verification;
            if cli.check_config {
                let (strict, format) = (cli.strict, cli.format);
                let request = check_config::Request {
                    file,
                    bases,
                    tolerant,
                    accounts,
                    level,
                    strict,
                    format,
                };
                return check_config::run(&request, &mut std::io::stdout().lock());
            }
            let request =
                monitor::Request { accounts, bases, file, level, skip_verification: tolerant };
            Ok(monitor::run(&request, read_heap)?)
        }
    }
}

/// Bytes in use and their high-water mark.
fn read_heap() -> (u64, u64) {
    (HEAP.allocated() as u64, HEAP.max_allocated() as u64)
}
