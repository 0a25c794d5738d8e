//! Sockets that a service manager handed over, as systemd does (`sd_listen_fds(3)`). They stay open
//! while the program restarts, and what arrives meanwhile waits in them.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use crate::config::Settings;

/// Names by which a `.socket` unit says what its socket is for (`FileDescriptorName=`), with the
/// section of the events.
const NAMES: [(&str, &str); 2] = [("user-events", "userEvents"), ("log-events", "logEvents")];

/// A socket that was handed over.
pub struct HandedSocket {
    name: String,
    /// Or why it is of no use.
    socket: io::Result<UdpSocket>,
}

/// The sockets that events are received from; `None` where one has to be bound.
#[derive(Default)]
pub struct EventSockets {
    /// Of user events.
    pub user: Option<UdpSocket>,
    /// Of log events.
    pub log: Option<UdpSocket>,
}

/// What was handed over to this process. Must be called before there are threads, and before a
/// file is opened: it takes `LISTEN_FDS` and `LISTEN_PID` away, so that no child believes them.
#[cfg(unix)]
pub fn of_process() -> Vec<HandedSocket> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut sockets = listenfd::ListenFd::from_env();
    let count = sockets.len();
    let take = |number| {
        let name = names.next().unwrap_or_default().to_owned();
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        let socket = sockets.take_udp_socket(number).and_then(|socket| socket.ok_or_else(gone));
        HandedSocket { name, socket }
    };
    (0..count).map(take).collect()
}

/// Nothing: there are no such service managers here.
#[cfg(not(unix))]
pub fn of_process() -> Vec<HandedSocket> {
    Vec::new()
}

/// Sections that want a socket, and their ports.
fn wanted(settings: &Settings) -> Vec<(&'static str, u16)> {
    let user = settings.user_events.as_ref().map(|on| ("userEvents", on.receiver.udp.port));
    let log = settings.log_events.as_ref().map(|on| ("logEvents", on.receiver.udp.port));
    user.into_iter().chain(log).collect()
}

/// Shares sockets out, by their names, else by their ports, and warns about those that are left.
pub fn share_out(handed: Vec<HandedSocket>, settings: &Settings) -> EventSockets {
    let (sockets, warnings) = shared(handed, &wanted(settings));
    for warning in warnings {
        log::warn!("MAIN: {warning}");
    }
    sockets
}

fn shared(handed: Vec<HandedSocket>, wanted: &[(&str, u16)]) -> (EventSockets, Vec<String>) {
    let (mut sockets, mut warnings) = (EventSockets::default(), Vec::new());
    // Those with names first: a port may be that of another socket by mistake.
    let (named, others): (Vec<_>, Vec<_>) =
        handed.into_iter().partition(|socket| section_of(&socket.name).is_some());
    for HandedSocket { name, socket } in named.into_iter().chain(others) {
        let (socket, at) = match socket.and_then(|it| Ok((it.local_addr()?, it))) {
            Ok((at, socket)) => (socket, at),
            Err(error) => {
                warnings.push(format!(
                    "The service manager handed over {name:?}, which is no socket for UDP: \
                     {error}; let its .socket unit have ListenDatagram= and nothing else"
                ));
                continue;
            }
        };
        let section = section_for(&name, at, wanted);
        let place = match section {
            Some("userEvents") => Some(&mut sockets.user),
            Some("logEvents") => Some(&mut sockets.log),
            _ => None,
        };
        match place {
            Some(place @ None) => *place = Some(socket),
            _ => warnings.push(unused(&name, at, wanted)),
        }
    }
    (sockets, warnings)
}

/// The section that a name of a socket means.
fn section_of(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, section)| *section)
}

/// The section among the `wanted`, each with its port, that a socket is for.
fn section_for<'a>(name: &str, at: SocketAddr, wanted: &[(&'a str, u16)]) -> Option<&'a str> {
    let section = section_of(name);
    let fits = |(wanted, port): &&(&str, u16)| match section {
        Some(section) => *wanted == section,
        None => *port == at.port(),
    };
    wanted.iter().find(fits).map(|(section, _)| *section)
}

/// What to say about a socket that nobody takes.
fn unused(name: &str, at: SocketAddr, wanted: &[(&str, u16)]) -> String {
    let ports: Vec<String> =
        wanted.iter().map(|(section, port)| format!("{port} for {section}")).collect();
    let ports = match ports.is_empty() {
        true => "; neither userEvents nor logEvents is switched on".to_owned(),
        false => format!(" ({})", ports.join(", ")),
    };
    let [(user, _), (log, _)] = NAMES;
    format!(
        "The service manager handed over {name:?} on {at}/udp, which nothing uses: in its .socket \
         unit set FileDescriptorName= to {user} or {log}, once each, or ListenDatagram= to a \
         configured port{ports}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(name: &str) -> (HandedSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = socket.local_addr().unwrap();
        (HandedSocket { name: name.to_owned(), socket: Ok(socket) }, at)
    }

    fn ports(sockets: &EventSockets) -> [Option<u16>; 2] {
        [&sockets.user, &sockets.log]
            .map(|socket| socket.as_ref().map(|socket| socket.local_addr().unwrap().port()))
    }

    #[test]
    fn names_count_before_ports() {
        let ((log, at_log), (user, at_user)) = (socket("log-events"), socket("user-events"));
        // Of the other port each, so that ports would be wrong.
        let wanted = [("userEvents", at_log.port()), ("logEvents", at_user.port())];
        let (sockets, warnings) = shared(vec![log, user], &wanted);
        assert_eq!(ports(&sockets), [Some(at_user.port()), Some(at_log.port())]);
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn sockets_of_one_unit_have_one_name_and_are_told_apart_by_their_ports() {
        let ((log, at_log), (user, at_user)) =
            (socket("butler-sos.socket"), socket("butler-sos.socket"));
        let wanted = [("userEvents", at_user.port()), ("logEvents", at_log.port())];
        let (sockets, warnings) = shared(vec![log, user], &wanted);
        assert_eq!(ports(&sockets), [Some(at_user.port()), Some(at_log.port())]);
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn what_fits_nothing_is_named_with_the_cure() {
        let ((first, at), (second, at_second)) = (socket("user-events"), socket("user-events"));
        let (stranger, at_stranger) = socket("x");
        let error = io::Error::other("fd 6 is not a socket");
        let file = HandedSocket { name: "file".to_owned(), socket: Err(error) };
        let wanted = [("userEvents", 0), ("logEvents", 0)];
        let (sockets, warnings) = shared(vec![file, stranger, first, second], &wanted);
        assert_eq!(ports(&sockets), [Some(at.port()), None]);
        let rest = "which nothing uses: in its .socket unit set FileDescriptorName= to user-events or \
                    log-events, once each, or ListenDatagram= to a configured port (0 for \
                    userEvents, 0 for logEvents)";
        assert_eq!(
            warnings,
            [
                format!("The service manager handed over \"user-events\" on {at_second}/udp, {rest}"),
                "The service manager handed over \"file\", which is no socket for UDP: fd 6 is not \
                 a socket; let its .socket unit have ListenDatagram= and nothing else"
                    .to_owned(),
                format!("The service manager handed over \"x\" on {at_stranger}/udp, {rest}"),
            ]
        );
    }
}
