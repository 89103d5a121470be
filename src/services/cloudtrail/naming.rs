//! Names and ARNs of trails, and finding a trail by either.

use crate::wire::Fault;
use crate::world::World;
use crate::world::scope::{AccountId, Region};

use super::{Trail, faults};

/// Where a caller stands: trails are found from an account and a Region.
#[derive(Clone, Debug)]
pub struct Viewpoint {
    pub account: AccountId,
    pub region: Region,
}

/// The ARN of a trail.
pub fn arn(account: &AccountId, home: Region, name: &str) -> String {
    format!("arn:aws:cloudtrail:{home}:{account}:trail/{name}")
}

/// Checks the rules of trail names, in the words that CloudTrail has for each.
pub fn check_name(name: &str) -> Result<(), Fault> {
    let length = name.chars().count();
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    match name {
        "" => Err(faults::blank_name()),
        _ if !name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) => Err(faults::name_characters()),
        _ if length < 3 => Err(faults::name_too_short(length)),
        _ if length > 128 => Err(faults::name_too_long(length)),
        _ if !edge(name.chars().next()) => Err(faults::name_start()),
        _ if !edge(name.chars().last()) => Err(faults::name_end()),
        _ if has_adjacent_marks(name) => Err(faults::name_adjacent()),
        _ if name.parse::<std::net::Ipv4Addr>().is_ok() => Err(faults::name_is_address()),
        _ => Ok(()),
    }
}

fn has_adjacent_marks(name: &str) -> bool {
    name.as_bytes().windows(2).any(|pair| pair.iter().all(|byte| b".-_".contains(byte)))
}

/// The ARN that a name or ARN means, seen from a Region: names belong to the Region called.
///
/// # Errors
/// `InvalidTrailNameException`, `CloudTrailARNInvalidException`.
pub fn resolve(from: &Viewpoint, name_or_arn: &str) -> Result<String, Fault> {
    if !name_or_arn.starts_with("arn:") {
        check_name(name_or_arn)?;
        return Ok(arn(&from.account, from.region, name_or_arn));
    }
    let parts: Vec<&str> = name_or_arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", "aws", "cloudtrail", region, account, resource]
            if Region::parse(region).is_some()
                && AccountId::parse(account).is_some()
                && resource.strip_prefix("trail/").is_some_and(|name| check_name(name).is_ok()) =>
        {
            Ok(name_or_arn.to_owned())
        }
        _ => Err(faults::invalid_arn(name_or_arn)),
    }
}

/// A trail that can be seen from a Region: one at home there, or, by its ARN, any other of the account that is
/// at home elsewhere.
pub fn find<'w>(world: &'w mut World, from: &Viewpoint, name_or_arn: &str) -> Result<&'w mut Trail, Fault> {
    let arn = resolve(from, name_or_arn)?;
    let trail = world.account(&from.account).trails.get_mut(&arn);
    trail.ok_or_else(|| faults::unknown_trail(&arn, &from.account))
}

/// A trail that the call may change: only from its home Region.
///
/// # Errors
/// Those of [`find`], and `InvalidHomeRegionException`.
pub fn find_at_home<'w>(world: &'w mut World, from: &Viewpoint, name_or_arn: &str) -> Result<&'w mut Trail, Fault> {
    let trail = find(world, from, name_or_arn)?;
    if trail.home == from.region { Ok(trail) } else { Err(faults::not_at_home(&trail.arn, trail.home)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |name: &str, good: bool| assert_eq!(check_name(name).is_ok(), good, "{name}");
        for good in ["abc", "my-trail", "a.b_c-d", "1st", &"x".repeat(128)] {
            check(good, true);
        }
        let bad =
            ["", "ab", &"x".repeat(129), "-abc", "abc_", "my--trail", "my-_namespace", "192.168.5.4", "a b c", "café"];
        for bad in bad {
            check(bad, false);
        }
    }

    #[test]
    fn arns() {
        let from = Viewpoint { account: AccountId::parse("123456789012").unwrap(), region: Region::US_EAST_1 };
        assert_eq!(resolve(&from, "main").unwrap(), "arn:aws:cloudtrail:us-east-1:123456789012:trail/main");
        let elsewhere = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/main";
        assert_eq!(resolve(&from, elsewhere).unwrap(), elsewhere);
        for bad in ["arn:aws:s3:::bucket", "arn:aws:cloudtrail:us-east-1:123456789012:main", "arn:aws:cloudtrail"] {
            assert_eq!(resolve(&from, bad).unwrap_err().code, "CloudTrailARNInvalidException", "{bad}");
        }
    }
}
