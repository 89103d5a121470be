//! Of which services CloudTrail has network activity events.

/// Event sources that selectors of network activity events may name
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-network-events-with-cloudtrail.html>).
/// CloudWatch Logs and STS are not among them.
const SOURCES: [&str; 76] = [
    "aco-automation",
    "appconfig",
    "application-signals",
    "appmesh",
    "athena",
    "b2bi",
    "backup-gateway",
    "bcm-data-exports",
    "bcm-pricing-calculator",
    "bedrock",
    "bedrock-agentcore",
    "billing",
    "cassandra",
    "ce",
    "cloudcontrolapi",
    "cloudformation",
    "cloudhsm",
    "cloudoptimization",
    "cloudtrail",
    "codedeploy",
    "comprehend",
    "comprehendmedical",
    "config",
    "ds",
    "dynamodb",
    "ec2",
    "ecs",
    "elasticfilesystem",
    "elasticloadbalancing",
    "events",
    "firehose",
    "frauddetector",
    "freetier",
    "fsx",
    "glue",
    "healthlake",
    "invoicing",
    "iot",
    "iotfleetwise",
    "iotsecuredtunneling",
    "kms",
    "lakeformation",
    "lambda",
    "license-manager",
    "lookoutequipment",
    "lookoutvision",
    "monitoring",
    "nova-act",
    "personalize",
    "qbusiness",
    "rds",
    "rekognition",
    "rolesanywhere",
    "s3",
    "sagemaker",
    "scheduler",
    "secretsmanager",
    "servicediscovery",
    "sns",
    "sqs",
    "ssm",
    "ssm-contacts",
    "storagegateway",
    "swf",
    "textract",
    "transcribe",
    "transcribestreaming",
    "transform",
    "transform-agents",
    "transform-custom",
    "translate",
    "user-subscriptions",
    "verifiedpermissions",
    "voiceid",
    "workmail",
    "workmailmessageflow",
];

/// Whether there are such events of a service (`kms.amazonaws.com`).
pub fn covers(event_source: &str) -> bool {
    event_source.strip_suffix(".amazonaws.com").is_some_and(|name| SOURCES.binary_search(&name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_in_order() {
        assert!(SOURCES.is_sorted());
    }

    #[test]
    fn some_services_have_events() {
        let check = |source: &str, expected: bool| assert_eq!(covers(source), expected, "{source}");
        for source in ["cloudtrail", "ec2", "kms", "monitoring", "s3", "secretsmanager", "sns", "sqs", "workmail"] {
            check(&format!("{source}.amazonaws.com"), true);
        }
        check("logs.amazonaws.com", false);
        check("sts.amazonaws.com", false);
        check("kms", false);
        check("", false);
    }
}
