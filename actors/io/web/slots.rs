//! Who is connected, and who gives way when there is no room.

use std::collections::HashMap;
use std::net::IpAddr;

use futures_util::future::AbortHandle;

/// Connections of one listener at the same time.
pub(super) const MOST: usize = 32;

/// Connections that are open, the oldest first.
#[derive(Default)]
pub(super) struct Slots {
    open: Vec<Slot>,
    last: u64,
}

struct Slot {
    id: u64,
    from: IpAddr,
    abort: AbortHandle,
}

impl Slots {
    /// Gives a new connection a place; its number. When there is none, the oldest connection of
    /// the address with the most of them is ended: who floods loses only to himself.
    pub(super) fn take(&mut self, from: IpAddr, abort: AbortHandle) -> u64 {
        let from = network(from);
        if self.open.len() >= MOST {
            let gone = self.open.remove(self.in_the_way());
            gone.abort.abort();
        }
        self.last += 1;
        self.open.push(Slot { id: self.last, from, abort });
        self.last
    }

    /// A connection has ended.
    pub(super) fn free(&mut self, id: u64) {
        self.open.retain(|slot| slot.id != id);
    }

    fn in_the_way(&self) -> usize {
        let mut counts = HashMap::<IpAddr, usize>::new();
        for slot in &self.open {
            *counts.entry(slot.from).or_default() += 1;
        }
        let most = counts.values().copied().max();
        self.open.iter().position(|slot| counts.get(&slot.from).copied() == most).unwrap_or(0)
    }
}

/// Whoever has one address of IPv6 has the whole network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => std::net::Ipv6Addr::from(u128::from(v6) >> 64 << 64).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(slots: &mut Slots, from: &str) -> (u64, AbortHandle) {
        let (abort, _) = AbortHandle::new_pair();
        (slots.take(from.parse().unwrap(), abort.clone()), abort)
    }

    #[test]
    fn the_oldest_of_whoever_has_most_gives_way() {
        let mut slots = Slots::default();
        let (_, first) = take(&mut slots, "10.0.0.1");
        let flood: Vec<_> = (1..MOST).map(|_| take(&mut slots, "10.0.0.2")).collect();
        assert!(!flood.iter().any(|(_, abort)| abort.is_aborted()), "there was room for all");
        let (_, guest) = take(&mut slots, "10.0.0.3");
        assert!(flood[0].1.is_aborted() && !flood[1].1.is_aborted());
        slots.free(flood[1].0);
        take(&mut slots, "10.0.0.2");
        assert!(!flood[2].1.is_aborted(), "there was room again");
        for _ in 0..100 {
            take(&mut slots, "10.0.0.2");
        }
        assert!(flood.iter().skip(2).all(|(_, abort)| abort.is_aborted()));
        assert!(!first.is_aborted() && !guest.is_aborted());
        assert_eq!(slots.open.len(), MOST);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        for (address, expected) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(network(address.parse().unwrap()).to_string(), expected);
        }
    }
}
