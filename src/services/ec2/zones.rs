//! Availability Zones.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Field;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};

use super::default_vpc::derive;
use super::faults;
use super::filters::{Filters, Paths};

/// The operations on zones.
pub const OPS: &[Op] = &[op!(Read "DescribeAvailabilityZones" describe)];

const PATHS: Paths = &[
    ("group-long-name", "GroupLongName"),
    ("group-name", "GroupName"),
    ("message", "Messages.Message"),
    ("opt-in-status", "OptInStatus"),
    ("parent-zone-id", ""),
    ("parent-zone-name", ""),
    ("region-name", "RegionName"),
    ("state", "State"),
    ("zone-id", "ZoneId"),
    ("zone-name", "ZoneName"),
    ("zone-type", "ZoneType"),
];

/// A Region's prefix of zone ids, the zones that accounts have, and the letters they know them by
/// (<https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html>).
const ZONES: [(&str, &str, &[u8], &str); 17] = [
    ("ap-northeast-1", "apne1", &[1, 2, 4], "acd"),
    ("ap-northeast-2", "apne2", &[1, 2, 3, 4], "abcd"),
    ("ap-northeast-3", "apne3", &[1, 2, 3], "abc"),
    ("ap-south-1", "aps1", &[1, 2, 3], "abc"),
    ("ap-southeast-1", "apse1", &[1, 2, 3], "abc"),
    ("ap-southeast-2", "apse2", &[1, 2, 3], "abc"),
    ("ca-central-1", "cac1", &[1, 2, 4], "abd"),
    ("eu-central-1", "euc1", &[1, 2, 3], "abc"),
    ("eu-north-1", "eun1", &[1, 2, 3], "abc"),
    ("eu-west-1", "euw1", &[1, 2, 3], "abc"),
    ("eu-west-2", "euw2", &[1, 2, 3], "abc"),
    ("eu-west-3", "euw3", &[1, 2, 3], "abc"),
    ("sa-east-1", "sae1", &[1, 2, 3], "abc"),
    ("us-east-1", "use1", &[1, 2, 3, 4, 5, 6], "abcdef"),
    ("us-east-2", "use2", &[1, 2, 3], "abc"),
    ("us-west-1", "usw1", &[1, 3], "ac"),
    ("us-west-2", "usw2", &[1, 2, 3, 4], "abcd"),
];

/// A zone as an account sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// `us-east-1a`.
    pub name: String,
    /// `use1-az4`: the same place in every account.
    pub id: String,
}

record! {
    struct DescribeZones { names: Vec<String> = "ZoneNames", ids: Vec<String> = "ZoneIds" }
    struct Zones { zones: Vec<ZoneView> = "AvailabilityZones" }
    struct ZoneView {
        opt_in: String = "OptInStatus",
        messages: Vec<String> = "Messages",
        region: String = "RegionName",
        name: String = "ZoneName",
        id: String = "ZoneId",
        group: String = "GroupName",
        border_group: String = "NetworkBorderGroup",
        kind: String = "ZoneType",
        state: String = "State",
    }
}

fn describe(cx: &mut Cx, (input, filters): (DescribeZones, Filters)) -> Result<Zones, Fault> {
    let region = cx.region;
    let mut zones = zones(cx.world.ids.seed(), &cx.account, region);
    if let Some(unknown) = input.names.iter().find(|name| !zones.iter().any(|zone| zone.name == **name)) {
        return Err(faults::invalid_zone(unknown));
    }
    if let Some(unknown) = input.ids.iter().find(|id| !zones.iter().any(|zone| zone.id == **id)) {
        return Err(faults::invalid_zone_id(unknown));
    }
    filters.check(PATHS)?;
    zones.retain(|zone| {
        (input.names.is_empty() || input.names.contains(&zone.name))
            && (input.ids.is_empty() || input.ids.contains(&zone.id))
    });
    let mut zones: Vec<_> = zones.into_iter().map(|zone| view(zone, region)).collect();
    zones.retain(|zone| filters.pass(&zone.clone().write(), None, PATHS));
    Ok(Zones { zones })
}

fn view(zone: Zone, region: Region) -> ZoneView {
    ZoneView {
        opt_in: "opt-in-not-required".to_owned(),
        messages: Vec::new(),
        region: region.to_string(),
        name: zone.name,
        id: zone.id,
        group: group(region),
        border_group: region.to_string(),
        kind: "availability-zone".to_owned(),
        state: "available".to_owned(),
    }
}

fn group(region: Region) -> String {
    format!("{region}-zg-1")
}

/// The zones of a Region, by name. Which zone has which letter differs between accounts, as on AWS.
pub fn zones(seed: u64, account: &AccountId, region: Region) -> Vec<Zone> {
    let found = ZONES.iter().find(|(name, ..)| *name == region.as_str());
    let Some((_, prefix, numbers, letters)) = found else {
        return Vec::new();
    };
    let shift = derive(seed, account, region, "zones")[0] as usize;
    let zone = |(at, letter): (usize, char)| Zone {
        name: format!("{region}{letter}"),
        id: format!("{prefix}-az{}", numbers[(at + shift) % numbers.len()]),
    };
    letters.chars().enumerate().map(zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_has_its_zones() {
        let account = AccountId::parse("123456789012").unwrap();
        for region in Region::DEFAULT {
            let zones = zones(1, &account, region);
            let mut ids: Vec<_> = zones.iter().map(|zone| &zone.id).collect();
            ids.sort();
            ids.dedup();
            assert!(ids.len() >= 2 && ids.len() == zones.len(), "{region}");
        }
        assert_eq!(zones(1, &account, Region::US_EAST_1).len(), 6);
    }
}
