//! `butler-sos --health-check`: asks a running program whether it serves, as a container platform
//! does.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use actors::io::http::{HttpClient, Limits, Request};

use crate::config;
use crate::failed::Failed;
use crate::paths::Bases;

/// Asks the program that runs with this configuration file, and prints the answer to `out`.
///
/// # Errors
/// 1 with a message for standard error: the file is wrong, or the program does not say that it is
/// well within two seconds. 2 when the file switches these answers off, so that nobody can know.
pub fn run(file: &Path, bases: Bases, out: &mut impl Write) -> Result<(), Failed> {
    let loaded = config::load(file, bases).map_err(|e| format!("error: {e}"))?;
    let settings = loaded.tolerant().settings.and_then(|settings| settings.health_check);
    let Some(settings) = settings else {
        // Nobody to tell that nobody can be told.
        _ = writeln!(
            out,
            "disabled: Butler-SOS.dockerHealthCheck.enable is false in {}, so nobody answers; set \
             it to true, or do not ask",
            file.display()
        );
        return Err(Failed::silently(2));
    };
    let limits = Limits { timeout: Duration::from_secs(2), max_body: 64 << 10, redirects: 0 };
    let url = format!("http://127.0.0.1:{}/health", settings.port);
    let answer = actix::System::new()
        .block_on(async { HttpClient::plain(limits).send(Request::get(url.as_str())).await });
    match answer {
        Ok(answer) if answer.status == 200 => {
            _ = writeln!(out, "healthy");
            Ok(())
        }
        Ok(answer) => {
            Err(format!("error: unhealthy: {url} answers with status {}", answer.status).into())
        }
        Err(failure) => Err(format!("error: unhealthy: {url}: {}", failure.message()).into()),
    }
}
