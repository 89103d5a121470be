//! The examples of the pages on search expressions.

use super::*;

fn metric(text: &str) -> MetricId {
    // namespace|name|dimension=value|…
    let mut parts = text.split('|');
    let (namespace, name) = (parts.next().unwrap(), parts.next().unwrap());
    MetricId::new(namespace, name, parts.map(|part| part.split_once('=').unwrap()))
}

fn check(search: &str, id: &str, found: bool) {
    let parsed = parse(search).unwrap_or_else(|flaw| panic!("{search}: {flaw:?}"));
    assert_eq!(parsed.finds(&metric(id)), found, "{search} among {id}");
}

#[test]
fn schemas() {
    let cpu = "AWS/EC2|CPUUtilization|InstanceId=i-1";
    check(r#"{AWS/EC2,InstanceId} MetricName="CPUUtilization""#, cpu, true);
    check(r#"{AWS/EC2, InstanceId} MetricName="CPUUtilization""#, cpu, true);
    check(r#"{AWS/EC2,InstanceType} MetricName="CPUUtilization""#, cpu, false);
    check(r#"{AWS/EC2} MetricName="CPUUtilization""#, cpu, false);
    check(r#"{AWS/EC2} MetricName="CPUUtilization""#, "AWS/EC2|CPUUtilization", true);
    check("{AWS/EC2,InstanceId}", cpu, true);
    check("{AWS/EC2,InstanceId}", "AWS/EC2|CPUUtilization|InstanceId=i-1|Zone=a", false);
    check(
        r#"{"My Namespace", "Dimension@Name"}, "Custom:Name[Special_Characters""#,
        "My Namespace|Custom:Name[Special_Characters|Dimension@Name=x",
        true,
    );
    check(
        r#"{"Custom-Namespace", "Dimension Name With Spaces"}, ErrorCount"#,
        "Custom-Namespace|ErrorCount|Dimension Name With Spaces=x",
        true,
    );
}

#[test]
fn partial_matches() {
    for (term, found) in [
        ("count", true),
        ("Count", true),
        ("COUNT", true),
        ("couNT", false),
        ("CustomCount", true),
        ("Count1", true),
        ("customcount", false),
        ("count1", false),
        ("customcount1", true),
        ("1", true),
        ("custom", true),
        ("cust", false),
    ] {
        check(term, "App|CustomCount1", found);
    }
    for term in ["network/errors", "network+errors", "network-errors", "Network_Errors"] {
        check(term, "App|Network-Errors-2", true);
        check(term, "App|NetworkErrors2", true);
    }
    check("sdb", "App|SDBFailure", true);
    check("failure", "App|SDBFailure", true);
    check("Errors", "App|ConnectionErrors", true);
    check("InstanceType=micro", "AWS/EC2|CPU|InstanceType=t2.micro", true);
    check("InstanceType=micro", "AWS/EC2|CPU|InstanceId=micro", false);
}

#[test]
fn words() {
    let check = |text: &str, words: &[&str]| {
        let wanted = Words::of(text);
        for word in words {
            assert!(Words::of(word).are_in(&wanted), "{word} in {text}");
        }
    };
    check("CustomCount1", &["customcount1", "custom", "count", "1"]);
    check("SDBFailure", &["sdbfailure", "sdb", "failure"]);
    check("Project2-trial333", &["project", "2", "trial", "333"]);
}

#[test]
fn exact_matches() {
    check(r#"{MyNamespace}, "CustomCount1""#, "MyNamespace|CustomCount1", true);
    check(r#"{MyNamespace}, "customcount1""#, "MyNamespace|CustomCount1", false);
    check(r#"{MyNamespace}, "Custom""#, "MyNamespace|CustomCount1", false);
    check(r#""Network-Errors-2""#, "App|Network-Errors-2", true);
    check(r#""Network_Errors_2""#, "App|Network-Errors-2", false);
    check(r#""Europe\\France Traffic\(Network\)""#, r"App|Europe\France Traffic(Network)", true);
    check(r#""Errors""#, "App|ConnectionErrors", false);
    check(r#" "AWS/EC2" MetricName="CPUUtilization" "#, "AWS/EC2|CPUUtilization", true);
    check(r#" InstanceType="t2.micro" Namespace="AWS/EC2" "#, "AWS/EC2|CPU|InstanceType=t2.micro", true);
}

#[test]
fn operators() {
    let lambda =
        r#"{AWS/Lambda,FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND (ProjectA OR ProjectB))"#;
    check(lambda, "AWS/Lambda|Errors|FunctionName=other", true);
    check(lambda, "AWS/Lambda|Invocations|FunctionName=other", false);
    check(lambda, "AWS/Lambda|Invocations|FunctionName=ProjectA-f", true);
    for search in ["(EC2 OR EBS) AND MetricName=ReadOps", "(EC2 OR EBS) MetricName=ReadOps"] {
        check(search, "AWS/EC2|DiskReadOps", true);
        check(search, "AWS/EBS|VolumeReadOps", true);
        check(search, "AWS/RDS|ReadOps", false);
    }
    check("{AWS/EC2,InstanceId} network AND packets", "AWS/EC2|NetworkPacketsIn|InstanceId=i", true);
    check("{AWS/EC2,InstanceId} network packets", "AWS/EC2|NetworkIn|InstanceId=i", false);
    let not = r#" {AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT i-1234567890123456 "#;
    check(not, "AWS/EC2|CPUUtilization|InstanceId=i-1234567890123456", false);
    check(not, "AWS/EC2|CPUUtilization|InstanceId=i-2", true);
    check("NOT Namespace=AWS ", "AWS/EC2|CPU", false);
    check("NOT Namespace=AWS ", "App|CPU", true);
    check(r#"MetricName="CPU" NOT "ProjectA" NOT "ProjectB""#, "App|CPU|Name=ProjectB", false);
    check(
        r#"{AWS/NetworkELB, LoadBalancer} "ConsumedLCUs" OR flow"#,
        "AWS/NetworkELB|NewFlowCount|LoadBalancer=a",
        true,
    );
    // In lower case these are words like others.
    check("read and write", "App|ReadAndWrite", true);
}

#[test]
fn what_cannot_be_read() {
    let check = |search: &str, at, expected| assert_eq!(parse(search), Err(Flaw { at, expected }), "{search}");
    check("", 0, "a metric schema or a search term");
    check("  ", 2, "a metric schema or a search term");
    check("{", 1, "a namespace or a dimension's name");
    check("{A,}", 3, "a namespace or a dimension's name");
    check("{A \"B\"}", 3, "}");
    check("(a", 2, ")");
    check("a )", 2, "a search term");
    check("\"a", 2, "\"");
    check("a=", 2, "a search term");
    check("a OR ", 5, "a search term");
    check(":aws.AccountId = 1", 0, "no account: this one monitors no others");
    assert_eq!(parse(&"(".repeat(900)).unwrap_err().expected, "less nesting");
    assert_eq!(parse(&"a".repeat(1025)).unwrap_err().expected, "a shorter search");
}
