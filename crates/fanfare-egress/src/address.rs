//! Which addresses may be connected to.
//!
//! Everything that the registries of special addresses (RFC 6890, IANA) do not call global is refused, and so is what
//! carries such an address in it: a router on the way would take it out.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not one of the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// `0.0.0.0/8`, `::`.
    Unspecified,
    /// This machine.
    Loopback,
    /// RFC 1918, RFC 4193 and the withdrawn site-local addresses.
    Private,
    /// RFC 6598: between a provider and its customers.
    SharedByProvider,
    /// RFC 3927, RFC 4291: also where clouds tell machines their secrets.
    LinkLocal,
    /// Where a cloud tells its machines about themselves, at a public address.
    CloudMetadata,
    /// More than one machine.
    Multicast,
    /// For examples in texts.
    Documentation,
    /// Set aside: for protocols, measuring, relays, the future, or nobody yet.
    Reserved,
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressKind::Unspecified => "unspecified",
            AddressKind::Loopback => "loopback",
            AddressKind::Private => "private",
            AddressKind::SharedByProvider => "shared by a provider's customers",
            AddressKind::LinkLocal => "link-local",
            AddressKind::CloudMetadata => "cloud metadata",
            AddressKind::Multicast => "multicast",
            AddressKind::Documentation => "for documentation",
            AddressKind::Reserved => "reserved",
        })
    }
}

/// Public addresses, and ranges that are allowed beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    allowed: Vec<IpNet>,
}

impl Addresses {
    /// Public addresses and these ranges. An address that carries another one in it is allowed as itself only, but for
    /// `::ffff:a.b.c.d`, which is `a.b.c.d` to the system.
    pub fn allowing(allowed: Vec<IpNet>) -> Addresses {
        Addresses { allowed }
    }

    /// Whether it may be connected to; if not, why.
    pub fn check(&self, address: IpAddr) -> Result<(), AddressKind> {
        let address = address.to_canonical();
        if self.allowed.iter().any(|range| range.contains(&address)) {
            return Ok(());
        }
        match special(address) {
            Some(kind) => Err(kind),
            None => Ok(()),
        }
    }
}

fn special(address: IpAddr) -> Option<AddressKind> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

const V4: &[(Ipv4Net, AddressKind)] = &[
    (v4(0, 0, 0, 0, 8), AddressKind::Unspecified),
    (v4(10, 0, 0, 0, 8), AddressKind::Private),
    (v4(100, 64, 0, 0, 10), AddressKind::SharedByProvider),
    (v4(127, 0, 0, 0, 8), AddressKind::Loopback),
    (v4(168, 63, 129, 16, 32), AddressKind::CloudMetadata),
    (v4(169, 254, 0, 0, 16), AddressKind::LinkLocal),
    (v4(172, 16, 0, 0, 12), AddressKind::Private),
    (v4(192, 0, 0, 0, 24), AddressKind::Reserved),
    (v4(192, 0, 2, 0, 24), AddressKind::Documentation),
    (v4(192, 88, 99, 0, 24), AddressKind::Reserved),
    (v4(192, 168, 0, 0, 16), AddressKind::Private),
    (v4(198, 18, 0, 0, 15), AddressKind::Reserved),
    (v4(198, 51, 100, 0, 24), AddressKind::Documentation),
    (v4(203, 0, 113, 0, 24), AddressKind::Documentation),
    (v4(224, 0, 0, 0, 4), AddressKind::Multicast),
    (v4(240, 0, 0, 0, 4), AddressKind::Reserved),
];

fn special_v4(address: Ipv4Addr) -> Option<AddressKind> {
    V4.iter().find(|(range, _)| range.contains(&address)).map(|(_, kind)| *kind)
}

/// The first that holds an address says what it is.
const V6: &[(Ipv6Net, AddressKind)] = &[
    // Teredo, ORCHID, benchmarking and the rest of what is for protocols.
    (v6(0x2001, 0, 0, 23), AddressKind::Reserved),
    (v6(0x2001, 0xdb8, 0, 32), AddressKind::Documentation),
    (v6(0x3fff, 0, 0, 20), AddressKind::Documentation),
    (v6(0xfc00, 0, 0, 7), AddressKind::Private),
    (v6(0xfe80, 0, 0, 10), AddressKind::LinkLocal),
    (v6(0xfec0, 0, 0, 10), AddressKind::Private),
    (v6(0xff00, 0, 0, 8), AddressKind::Multicast),
];
/// What is given to networks so far; all else is nobody's.
const GLOBAL: Ipv6Net = v6(0x2000, 0, 0, 3);

fn special_v6(address: Ipv6Addr) -> Option<AddressKind> {
    if address.is_unspecified() {
        return Some(AddressKind::Unspecified);
    }
    if address.is_loopback() {
        return Some(AddressKind::Loopback);
    }
    if let Some(within) = within(address) {
        return special_v4(within);
    }
    if let Some((_, kind)) = V6.iter().find(|(range, _)| range.contains(&address)) {
        return Some(*kind);
    }
    (!GLOBAL.contains(&address)).then_some(AddressKind::Reserved)
}

/// The IPv4 address that something on the way would take out of it.
///
/// ```text
/// ::a.b.c.d           compatible, RFC 4291 section 2.5.5.1     0000 0000 0000 0000 0000 0000 AABB CCDD
/// ::ffff:0:a.b.c.d    translated, RFC 2765                     0000 0000 0000 0000 ffff 0000 AABB CCDD
/// 64:ff9b::a.b.c.d    NAT64, RFC 6052                          0064 ff9b 0000 0000 0000 0000 AABB CCDD
/// 2002:AABB:CCDD::    6to4, RFC 3056                           2002 AABB CCDD ....
/// ```
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let joined = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(joined(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str) -> Option<AddressKind> {
        Addresses::default().check(address.parse().unwrap()).err()
    }

    #[test]
    fn what_is_not_public_is_refused() {
        use AddressKind::*;
        for (expected, addresses) in [
            (Unspecified, "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0 ::0.0.0.2 64:ff9b::0.0.0.1"),
            (
                Loopback,
                "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::",
            ),
            (Loopback, "::ffff:0:127.0.0.1 2002:7f00:1:1:2:3:4:5"),
            (Private, "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fdff::1 fec0::1"),
            (Private, "::ffff:10.1.2.3 ::10.1.2.3 64:ff9b::192.168.0.1 2002:c0a8:1::1 2002:ac10::"),
            (SharedByProvider, "100.64.0.1 100.127.255.255 ::ffff:100.64.0.1"),
            (
                LinkLocal,
                "169.254.0.1 169.254.169.254 fe80::1 febf::1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe",
            ),
            (CloudMetadata, "168.63.129.16 ::ffff:168.63.129.16"),
            (Multicast, "224.0.0.1 239.255.255.255 ff02::1 ff0e::1 ::ffff:224.0.0.1"),
            (Documentation, "192.0.2.1 198.51.100.7 203.0.113.9 2001:db8::1 3fff:fff::1"),
            (Reserved, "240.0.0.1 255.255.255.255 192.0.0.1 192.88.99.1 198.18.0.1 198.19.255.255"),
            (
                Reserved,
                "2001::1 2001:2::1 2001:20::1 2001:1ff::1 100::1 64:ff9b:1::1 5f00::1 4000::1 e000::1",
            ),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(kind(address), Some(expected), "{address}");
            }
        }
    }

    #[test]
    fn what_is_public_is_not() {
        for address in "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 \
            172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 \
            2001:200::1 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1"
            .split_whitespace()
        {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn a_range_that_is_allowed_is_allowed_and_no_other() {
        let addresses = Addresses::allowing(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let check = |address: &str| addresses.check(address.parse().unwrap()).is_ok();
        assert!(check("10.9.8.7") && check("::ffff:10.9.8.7") && check("fd12::1") && check("1.1.1.1"));
        assert!(!check("127.0.0.1") && !check("192.168.0.1") && !check("fc00::1"));
        assert!(!check("64:ff9b::10.9.8.7") && !check("2002:a09:807::") && !check("::10.9.8.7"));
    }
}
