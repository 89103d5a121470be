//! Functions of IP addresses.

use std::net::{IpAddr, Ipv4Addr};

use super::super::value::Value;
use super::{Function, function, or_absent, text};

pub const FUNCTIONS: &[Function] = &[
    function("isValidIp", 1, 1, |args| Value::Bool(address(args).is_some())),
    function("isValidIpV4", 1, 1, |args| Value::Bool(address(args).is_some_and(|address| address.is_ipv4()))),
    function("isValidIpV6", 1, 1, |args| Value::Bool(address(args).is_some_and(|address| address.is_ipv6()))),
    function("isIpInSubnet", 2, 2, |args| Value::Bool(within(args, |_| true))),
    function("isIpv4InSubnet", 2, 2, |args| Value::Bool(within(args, IpAddr::is_ipv4))),
    function("isIpv6InSubnet", 2, 2, |args| Value::Bool(within(args, IpAddr::is_ipv6))),
    function("ipv4ToNumber", 1, 1, |args| or_absent(to_number(args))),
    function("isPrivateIP", 1, 1, |args| Value::Bool(address(args).is_some_and(is_private))),
    function("isPublicIP", 1, 1, |args| {
        Value::Bool(address(args).is_some_and(|address| !is_private(address) && !is_reserved(address)))
    }),
    function("isReservedIP", 1, 1, |args| Value::Bool(address(args).is_some_and(is_reserved))),
];

fn address(args: &mut [Value]) -> Option<IpAddr> {
    text(args, 0)?.parse().ok()
}

fn within(args: &mut [Value], family: fn(&IpAddr) -> bool) -> bool {
    let subnet = text(args, 1);
    let address = address(args).filter(family);
    address.zip(subnet).is_some_and(|(address, subnet)| in_subnet(address, &subnet))
}

fn in_subnet(address: IpAddr, subnet: &str) -> bool {
    let Some((base, length)) = subnet.split_once('/') else { return false };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) if length <= 32 => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            u32::from(address) & mask == u32::from(base) & mask
        }
        (IpAddr::V6(address), IpAddr::V6(base)) if length <= 128 => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            u128::from(address) & mask == u128::from(base) & mask
        }
        _ => false,
    }
}

fn to_number<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let address: Ipv4Addr = text(args, 0)?.parse().ok()?;
    Some(Value::Number(f64::from(u32::from(address))))
}

/// RFC 1918; for IPv6, unique local addresses.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// Neither private nor to be routed: IANA's special-purpose registries.
fn is_reserved(address: IpAddr) -> bool {
    let blocks: &[&str] = match address {
        IpAddr::V4(_) => &[
            "0.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ],
        IpAddr::V6(_) => &["::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "fe80::/10", "ff00::/8"],
    };
    blocks.iter().any(|block| in_subnet(address, block))
}
