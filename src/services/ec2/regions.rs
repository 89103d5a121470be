//! Regions.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Field;
use crate::world::op::Op;
use crate::world::scope::Region;

use super::faults;
use super::filters::{Filters, Paths};

/// The operations on Regions.
pub const OPS: &[Op] = &[op!(Read "DescribeRegions" describe)];

const PATHS: Paths = &[("endpoint", "Endpoint"), ("opt-in-status", "OptInStatus"), ("region-name", "RegionName")];

record! {
    struct DescribeRegions { all: bool = "AllRegions", names: Vec<String> = "RegionNames" }
    struct Regions { regions: Vec<RegionView> = "Regions" }
    struct RegionView { opt_in: String = "OptInStatus", name: String = "RegionName", endpoint: String = "Endpoint" }
}

/// Regions that one must opt in to are shown when they are asked for, by name or by `AllRegions`.
fn describe(_: &mut Cx, (input, filters): (DescribeRegions, Filters)) -> Result<Regions, Fault> {
    let enabled = Region::DEFAULT.iter().map(|region| view(*region, "opt-in-not-required"));
    let others = Region::OPT_IN.iter().map(|region| view(*region, "not-opted-in"));
    let mut regions: Vec<RegionView> = enabled.collect();
    if input.all || !input.names.is_empty() {
        regions.extend(others);
    }
    if let Some(unknown) = input.names.iter().find(|name| !regions.iter().any(|region| region.name == **name)) {
        return Err(faults::invalid_region(unknown));
    }
    filters.check(PATHS)?;
    regions.retain(|region| {
        let named = input.names.is_empty() || input.names.contains(&region.name);
        named && filters.pass(&region.clone().write(), None, PATHS)
    });
    regions.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Regions { regions })
}

fn view(region: Region, opt_in: &str) -> RegionView {
    RegionView { opt_in: opt_in.to_owned(), name: region.to_string(), endpoint: format!("ec2.{region}.amazonaws.com") }
}
