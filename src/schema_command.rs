//! `butler-sos schema`: all keys of the configuration file, for editors and for people. Everything
//! is derived from the definitions of the keys.

mod json_schema;
mod tables;
mod template;

use std::io::Write;

use crate::cli::{SchemaArgs, SchemaFormat};
use crate::config;

pub use self::tables::with_tables;

/// Prints what `args` ask for to `out`.
///
/// # Errors
/// A message for standard error: an output that cannot be written.
pub fn run(args: &SchemaArgs, out: &mut impl Write) -> Result<(), String> {
    let text = text(args.format);
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| format!("error: cannot write: {error}")),
    }
}

/// All keys in one of the forms.
pub fn text(format: SchemaFormat) -> String {
    let catalog = config::catalog();
    match format {
        SchemaFormat::Json => json_schema::text(catalog),
        SchemaFormat::Yaml => template::text(catalog),
        SchemaFormat::Markdown => tables::text(catalog),
    }
}
