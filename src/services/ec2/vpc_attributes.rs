//! What can be switched on a VPC after it was made.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::{faults, kinds, store, vpcs};

/// The operations on attributes of VPCs.
pub const OPS: &[Op] = &[op!(Write "ModifyVpcAttribute" modify), op!(Read "DescribeVpcAttribute" describe)];

record! {
    /// A truth value as EC2 has it: `<enableDnsSupport><value>true</value></enableDnsSupport>`.
    pub struct Switch { value: bool = "Value" }

    struct Modify {
        vpc: String = "VpcId",
        dns_hostnames: Option<Switch> = "EnableDnsHostnames",
        dns_support: Option<Switch> = "EnableDnsSupport",
        usage_metrics: Option<Switch> = "EnableNetworkAddressUsageMetrics",
    }
    struct Describe { vpc: String = "VpcId", attribute: String = "Attribute" }
    struct Attribute {
        dns_hostnames: Option<Switch> = "EnableDnsHostnames",
        dns_support: Option<Switch> = "EnableDnsSupport",
        usage_metrics: Option<Switch> = "EnableNetworkAddressUsageMetrics",
        vpc: String = "VpcId",
    }
}

fn modify(cx: &mut Cx, input: Modify) -> Result<(), Fault> {
    let vpc = store(cx).vpcs.get_mut(&input.vpc).ok_or_else(|| kinds::VPC.missing(&input.vpc))?;
    match [&input.dns_hostnames, &input.dns_support, &input.usage_metrics].into_iter().flatten().count() {
        0 => return Err(faults::no_attribute()),
        1 => {}
        _ => return Err(faults::several_attributes()),
    }
    set(&mut vpc.dns_hostnames, input.dns_hostnames);
    set(&mut vpc.dns_support, input.dns_support);
    set(&mut vpc.usage_metrics, input.usage_metrics);
    Ok(())
}

/// Takes over a switch that was sent.
pub fn set(attribute: &mut bool, switch: Option<Switch>) {
    if let Some(Switch { value }) = switch {
        *attribute = value;
    }
}

fn describe(cx: &mut Cx, input: Describe) -> Result<Attribute, Fault> {
    let vpc = vpcs::find(store(cx), &input.vpc)?;
    let mut attribute = Attribute { vpc: input.vpc, ..Attribute::default() };
    match input.attribute.as_str() {
        "enableDnsHostnames" => attribute.dns_hostnames = Some(Switch { value: vpc.dns_hostnames }),
        "enableDnsSupport" => attribute.dns_support = Some(Switch { value: vpc.dns_support }),
        _ => attribute.usage_metrics = Some(Switch { value: vpc.usage_metrics }),
    }
    super::dry_run(cx)?;
    Ok(attribute)
}
