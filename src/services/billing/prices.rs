//! Public list prices of US East (N. Virginia), of the first tier, without what the Free Tier leaves out. Types of usage
//! are called as in Cost and Usage Reports.

/// What a unit of some usage costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// As the dimension `ServiceName` has it.
    pub service: &'static str,
    pub usage_type: &'static str,
    pub unit: &'static str,
    /// US dollars a unit.
    pub usd: f64,
}

const fn price(service: &'static str, usage_type: &'static str, unit: &'static str, usd: f64) -> Price {
    Price { service, usage_type, unit, usd }
}

pub const CLOUDWATCH: &str = "AmazonCloudWatch";
pub const EC2: &str = "AmazonEC2";
pub const S3: &str = "AmazonS3";
pub const SNS: &str = "AmazonSNS";
pub const SQS: &str = "AWSQueueService";
pub const VPC: &str = "AmazonVPC";

const PRICES: &[Price] = &[
    // <https://aws.amazon.com/cloudwatch/pricing/>
    price(CLOUDWATCH, "CW:MetricMonitorUsage", "Metric-Mo", 0.30),
    price(CLOUDWATCH, "CW:AlarmMonitorUsage", "Alarm-Mo", 0.10),
    price(CLOUDWATCH, "CW:HighResAlarmMonitorUsage", "Alarm-Mo", 0.30),
    price(CLOUDWATCH, "CW:CompositeAlarmMonitorUsage", "Alarm-Mo", 0.50),
    price(CLOUDWATCH, "CW:Requests", "Requests", 0.01 / 1e3),
    price(CLOUDWATCH, "DataProcessing-Bytes", "GB", 0.50),
    price(CLOUDWATCH, "TimedStorage-ByteHrs", "GB-Mo", 0.03),
    // <https://aws.amazon.com/s3/pricing/>
    price(S3, "Requests-Tier1", "Requests", 0.005 / 1e3),
    price(S3, "Requests-Tier2", "Requests", 0.0004 / 1e3),
    price(S3, "TimedStorage-ByteHrs", "GB-Mo", 0.023),
    price(S3, "TimedStorage-GDA-ByteHrs", "GB-Mo", 0.000_99),
    price(S3, "TimedStorage-GIR-ByteHrs", "GB-Mo", 0.004),
    price(S3, "TimedStorage-GlacierByteHrs", "GB-Mo", 0.0036),
    price(S3, "TimedStorage-INT-FA-ByteHrs", "GB-Mo", 0.023),
    price(S3, "TimedStorage-SIA-ByteHrs", "GB-Mo", 0.0125),
    price(S3, "TimedStorage-ZIA-ByteHrs", "GB-Mo", 0.01),
    // <https://aws.amazon.com/sns/pricing/>
    price(SNS, "Requests-Tier1", "Requests", 0.50 / 1e6),
    // <https://aws.amazon.com/sqs/pricing/>
    price(SQS, "Requests", "Requests", 0.40 / 1e6),
    // <https://aws.amazon.com/ec2/pricing/on-demand/>: Linux, on demand.
    price(EC2, "BoxUsage:c5.large", "Hrs", 0.085),
    price(EC2, "BoxUsage:c7g.large", "Hrs", 0.0725),
    price(EC2, "BoxUsage:m5.large", "Hrs", 0.096),
    price(EC2, "BoxUsage:m6i.large", "Hrs", 0.096),
    price(EC2, "BoxUsage:m7g.large", "Hrs", 0.0816),
    price(EC2, "BoxUsage:r5.large", "Hrs", 0.126),
    price(EC2, "BoxUsage:t2.micro", "Hrs", 0.0116),
    price(EC2, "BoxUsage:t3.large", "Hrs", 0.0832),
    price(EC2, "BoxUsage:t3.medium", "Hrs", 0.0416),
    price(EC2, "BoxUsage:t3.micro", "Hrs", 0.0104),
    price(EC2, "BoxUsage:t3.nano", "Hrs", 0.0052),
    price(EC2, "BoxUsage:t3.small", "Hrs", 0.0208),
    price(EC2, "BoxUsage:t4g.micro", "Hrs", 0.0084),
    price(EC2, "BoxUsage:t4g.small", "Hrs", 0.0168),
    // <https://aws.amazon.com/vpc/pricing/> and, of interface endpoints, <https://aws.amazon.com/privatelink/pricing/>
    price(EC2, "NatGateway-Hours", "Hrs", 0.045),
    price(VPC, "PublicIPv4:IdleAddress", "Hrs", 0.005),
    price(VPC, "PublicIPv4:InUseAddress", "Hrs", 0.005),
    price(VPC, "VpcEndpoint-Hours", "Hrs", 0.01),
];

/// What is known of a type of usage.
pub fn find(service: &str, usage_type: &str) -> Option<&'static Price> {
    PRICES.iter().find(|price| price.service == service && price.usage_type == usage_type)
}

/// Operations of CloudWatch that cost the same, each.
const CLOUDWATCH_REQUESTS: [&str; 7] = [
    "DeleteDashboards",
    "GetDashboard",
    "GetMetricStatistics",
    "ListDashboards",
    "ListMetrics",
    "PutDashboard",
    "PutMetricData",
];

/// Service and type of usage of a call, if it costs something.
pub fn of_call(service: &str, operation: &str) -> Option<(&'static str, &'static str)> {
    match service {
        "cloudwatch" => CLOUDWATCH_REQUESTS.contains(&operation).then_some((CLOUDWATCH, "CW:Requests")),
        "s3" => tier(operation).map(|tier| (S3, tier)),
        "sns" => Some((SNS, "Requests-Tier1")),
        "sqs" => Some((SQS, "Requests")),
        _ => None,
    }
}

/// "DELETE and CANCEL requests are free."
fn tier(operation: &str) -> Option<&'static str> {
    let begins_with = |verbs: &[&str]| verbs.iter().any(|verb| operation.starts_with(verb));
    match () {
        () if begins_with(&["Delete", "Abort"]) => None,
        () if begins_with(&["Put", "Copy", "Post", "List", "Create", "Upload", "Complete"]) => Some("Requests-Tier1"),
        () => Some("Requests-Tier2"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::ec2::instance_types;

    #[test]
    fn every_instance_type_has_a_price() {
        for kind in instance_types::TYPES {
            assert!(find(EC2, &format!("BoxUsage:{}", kind.name)).is_some(), "{}", kind.name);
        }
    }

    #[test]
    fn what_calls_cost() {
        let check = |service, operation, wanted: Option<&str>| {
            let found = of_call(service, operation);
            assert_eq!(found.map(|(_, usage_type)| usage_type), wanted, "{service}:{operation}");
            assert!(found.is_none_or(|(service, usage_type)| find(service, usage_type).is_some()));
        };
        check("s3", "PutObject", Some("Requests-Tier1"));
        check("s3", "ListObjectsV2", Some("Requests-Tier1"));
        check("s3", "GetObject", Some("Requests-Tier2"));
        check("s3", "HeadBucket", Some("Requests-Tier2"));
        check("s3", "DeleteObjects", None);
        check("s3", "AbortMultipartUpload", None);
        check("sqs", "ReceiveMessage", Some("Requests"));
        check("sns", "Publish", Some("Requests-Tier1"));
        check("cloudwatch", "PutMetricData", Some("CW:Requests"));
        check("cloudwatch", "DescribeAlarms", None);
        check("iam", "CreateUser", None);
    }
}
