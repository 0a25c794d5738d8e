//! Who may send (section 2.2 of the page on events, decision O9), and who was told about.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::time::Instant;

/// Who may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Senders {
    /// Everybody.
    All,
    /// These; nobody while it is empty.
    Only(HashSet<Ipv4Addr>),
}

impl Senders {
    pub(super) fn allows(&self, sender: IpAddr) -> bool {
        match (self, sender) {
            (Self::All, _) => true,
            (Self::Only(allowed), IpAddr::V4(sender)) => allowed.contains(&sender),
            (Self::Only(_), IpAddr::V6(_)) => false,
        }
    }
}

/// All addresses of the listed hosts, and the hosts that have none.
pub(super) async fn resolve(hosts: &[String]) -> (HashSet<Ipv4Addr>, Vec<String>) {
    let mut addresses = HashSet::new();
    let mut failed = Vec::new();
    for host in hosts {
        if let Ok(address) = host.trim().parse() {
            addresses.insert(address);
            continue;
        }
        let found = tokio::net::lookup_host((host.trim(), 0)).await;
        let before = addresses.len();
        addresses.extend(found.into_iter().flatten().filter_map(|address| match address.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        }));
        if addresses.len() == before {
            failed.push(host.clone());
        }
    }
    (addresses, failed)
}

/// Those of `hosts`, values of `allowedSources`, that are no IPv4 address and have none: what they
/// send is refused.
pub async fn unresolved(hosts: &[String]) -> Vec<String> {
    resolve(hosts).await.1
}

/// Lets one line a minute pass for each sender. Bounded: addresses can be forged.
#[derive(Default)]
pub(super) struct Throttle(HashMap<IpAddr, Instant>);

const PAUSE: Duration = Duration::from_secs(60);
const MOST_SENDERS: usize = 1_000;

impl Throttle {
    /// Whether a line about this sender is due.
    pub(super) fn due(&mut self, sender: IpAddr, now: Instant) -> bool {
        if let Some(told) = self.0.get(&sender)
            && now - *told < PAUSE
        {
            return false;
        }
        if self.0.len() >= MOST_SENDERS {
            self.0.retain(|_, told| now - *told < PAUSE);
        }
        let room = self.0.len() < MOST_SENDERS;
        if room {
            self.0.insert(sender, now);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_allowed_by_an_empty_list() {
        let sender = IpAddr::from([10, 0, 0, 1]);
        assert!(Senders::All.allows(sender));
        assert!(!Senders::Only(HashSet::new()).allows(sender));
        assert!(Senders::Only(HashSet::from([Ipv4Addr::new(10, 0, 0, 1)])).allows(sender));
    }

    #[actix::test]
    async fn names_are_resolved_and_failures_named() {
        let hosts = ["127.0.0.9", "localhost", "no-such-host.invalid"].map(str::to_owned);
        let (addresses, failed) = resolve(&hosts).await;
        assert!(addresses.contains(&Ipv4Addr::new(127, 0, 0, 9)));
        assert!(addresses.contains(&Ipv4Addr::LOCALHOST));
        assert_eq!(failed, ["no-such-host.invalid"]);
    }

    #[test]
    fn one_line_a_minute_for_each_of_a_thousand_senders() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        let sender = |n: u32| IpAddr::from(n.to_be_bytes());
        assert!(throttle.due(sender(1), now));
        assert!(!throttle.due(sender(1), now + Duration::from_secs(59)));
        assert!(throttle.due(sender(1), now + Duration::from_secs(60)));
        let passed = (2..5_000).filter(|n| throttle.due(sender(*n), now)).count();
        assert_eq!(passed, MOST_SENDERS - 1);
        assert!(throttle.due(sender(9_999), now + Duration::from_secs(200)));
    }
}
