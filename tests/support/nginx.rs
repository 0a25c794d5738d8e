//! A real web server with TLS (Debian package `nginx-light`).

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::child::{Child, free_port};
use crate::until;

/// A running nginx; ends with this value.
pub struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    /// Starts it in `folder` with `server.pem`, `server_key.pem` and `root.pem`: clients must show
    /// a certificate that `root.pem` has signed. `directives` belong into its `server` block.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(folder: &Path, directives: &str) -> Self {
        for _ in 0..5 {
            if let Some(server) = Self::try_start(folder, directives) {
                return server;
            }
        }
        panic!("nginx does not start: {}", log(folder));
    }

    fn try_start(folder: &Path, directives: &str) -> Option<Self> {
        let port = free_port();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("  {kind}_temp_path {}/{kind};\n", folder.display()))
            .concat();
        let text = format!(
            "daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\n\
             events {{ worker_connections 512; }}\n\
             http {{\n{temporary}  access_log off;\n  server {{\n\
             listen 127.0.0.1:{port} ssl;\n\
             ssl_certificate {folder}/server.pem;\n\
             ssl_certificate_key {folder}/server_key.pem;\n\
             ssl_client_certificate {folder}/root.pem;\n\
             ssl_verify_client on;\n{directives}\n}}\n}}\n",
            folder = folder.display(),
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, text).expect("a file can be written");
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-e").arg(folder.join("nginx.log")).arg("-c").arg(&file);
        let mut child = Child::start(&mut command, "nginx-light", &folder.join("nginx.out"));
        let answers = until("nginx to listen or to end", || {
            if !child.is_running() {
                return Some(false);
            }
            std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(|_| true)
        });
        answers.then_some(Self { child, port })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Replaces the processes that serve, as after a change of its configuration: connections that
    /// rest are closed, requests under way are answered.
    ///
    /// # Panics
    /// When there is no shell.
    pub fn reload(&self) {
        let command = format!("kill -HUP {}", self.child.id());
        let status = Command::new("sh").args(["-c", &command]).status().expect("sh runs");
        assert!(status.success(), "nginx is gone");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked first: killed, it would leave the processes that serve.
        _ = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        until("nginx to end", || (!self.child.is_running()).then_some(()));
    }
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("nginx.log")).unwrap_or_default()
}
