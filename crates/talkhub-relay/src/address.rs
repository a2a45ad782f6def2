//! Addresses: networks of trusted proxies, and whose address a request really has.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// An address or a network, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl FromStr for Network {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), str::parse).map_err(|_| ())?;
        if most < prefix {
            return Err(());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address, self.prefix)
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let (own, other, bits) = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let host_bits = bits - u32::from(self.prefix);
        own.checked_shr(host_bits).unwrap_or(0) == other.checked_shr(host_bits).unwrap_or(0)
    }
}

/// Networks with commas between; `None` if one is not a network.
pub(crate) fn networks(text: &str) -> Option<Vec<Network>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}

/// An address in its plain form: `::ffff:1.2.3.4` is 1.2.3.4.
pub(crate) fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Whether one of the networks has it.
pub(crate) fn trusted(proxies: &[Network], address: IpAddr) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

/// Who really asks: `peer`, or, if that is a trusted proxy, the last address in `X-Forwarded-For` that is none.
pub(crate) fn real<'a>(
    proxies: &[Network],
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
) -> IpAddr {
    if !trusted(proxies, peer) {
        return peer;
    }
    let mut real = peer;
    for part in forwarded.rev().flat_map(|line| line.rsplit(',')) {
        let Ok(address) = part.trim().parse::<IpAddr>() else {
            break;
        };
        real = plain(address);
        if !trusted(proxies, real) {
            break;
        }
    }
    real
}

/// What limits count by: one address, or the /64 that one household has.
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, forwarded: &[&str], want: &str) {
        let proxies = networks("10.0.0.0/8, ::1").expect("networks");
        let peer = peer.parse().expect("an address");
        assert_eq!(
            real(&proxies, peer, forwarded.iter().copied()).to_string(),
            want,
            "{peer} {forwarded:?}"
        );
    }

    #[test]
    fn only_trusted_proxies_name_the_client() {
        check("203.0.113.9", &["198.51.100.1"], "203.0.113.9");
        check("10.1.2.3", &["198.51.100.1"], "198.51.100.1");
        check("::1", &["198.51.100.1"], "198.51.100.1");
        check("10.1.2.3", &[], "10.1.2.3");
        check("10.1.2.3", &["6.6.6.6, 198.51.100.1, 10.9.9.9"], "198.51.100.1");
        check("10.1.2.3", &["6.6.6.6", "198.51.100.1"], "198.51.100.1");
        check("10.1.2.3", &["rubbish"], "10.1.2.3");
        check("10.1.2.3", &["::ffff:198.51.100.1"], "198.51.100.1");
    }

    #[test]
    fn networks_are_read() {
        for bad in ["10.0.0.0/33", "::/129", "x", "1.2.3.4/", "1.2.3"] {
            assert_eq!(networks(bad), None, "{bad}");
        }
        let all: Network = "0.0.0.0/0".parse().expect("a network");
        assert!(all.contains("203.0.113.9".parse().expect("an address")));
        assert_eq!(all.to_string(), "0.0.0.0/0");
    }

    #[test]
    fn ipv6_is_counted_by_64_bits() {
        let counted = counted("2001:db8:1:2:3:4:5:6".parse().expect("an address"));
        assert_eq!(counted.to_string(), "2001:db8:1:2::");
    }
}
