//! Calls through VPC endpoints, held against the examples of CloudTrail's user guide
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-events.html#cloudtrail-network-events>).

use super::*;

const ENDPOINT: &str = "vpce-0123456789abcdef0";

/// A way that the account of `owner` has made.
fn passage(owner: &str) -> Passage {
    Passage {
        endpoint: ENDPOINT.into(),
        vpc: "vpc-0123456789abcdef0".into(),
        owner: account(owner),
        region: Region::US_EAST_1,
        is_gateway: false,
        denial: None,
    }
}

fn through(passage: Passage, case: Case) -> Case {
    let outcome = passage.denial.clone().map_or(case.outcome, Err);
    Case { outcome, passage: Some(passage), ..case }
}

fn denied(owner: &str) -> Passage {
    Passage { denial: Some(Fault::new("AccessDeniedException", "User: …")), ..passage(owner) }
}

fn list_keys() -> Case {
    Case { caller: role_session(), ..case("kms", "ListKeys", json!({}), json!({})) }
}

/// Members of an event that is told to the owner of the endpoint, who is the caller.
const ALLOWED: [&str; 15] = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "requestID",
    "eventID",
    "eventType",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "eventCategory",
];

fn names(record: &Json) -> Vec<&str> {
    record.as_object().unwrap().keys().map(String::as_str).collect()
}

fn check(record: &Json, expected: Json) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(record.get(name), Some(value), "{name}");
    }
}

#[test]
fn allowed_calls_leave_both_events() {
    let records = records(through(passage(ACCOUNT), list_keys()));
    let [activity, call] = &records[..] else { panic!("two records: {records:?}") };
    assert_eq!(names(activity), ALLOWED);
    let common = json!({"eventSource": "kms.amazonaws.com", "eventName": "ListKeys", "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9", "eventTime": "2023-07-10T12:09:47Z", "recipientAccountId": ACCOUNT,
        "requestID": call["requestID"], "vpcEndpointId": ENDPOINT, "vpcEndpointAccountId": ACCOUNT,
        "userIdentity": call["userIdentity"]});
    check(activity, common.clone());
    check(call, common);
    check(activity, json!({"eventType": "AwsVpceEvent", "eventCategory": "NetworkActivity"}));
    check(call, json!({"eventType": "AwsApiCall", "eventCategory": "Management", "readOnly": true}));
    assert_eq!(activity["userIdentity"]["type"], "AssumedRole");
    assert_ne!(activity["eventID"], call["eventID"]);
    let end = ["recipientAccountId", "vpcEndpointId", "vpcEndpointAccountId", "eventCategory", "tlsDetails"];
    assert!(names(call).ends_with(&end), "{call}");
}

#[test]
fn denied_calls_leave_no_more_than_that() {
    let records = records(through(denied(ACCOUNT), list_keys()));
    let [activity] = &records[..] else { panic!("one record: {records:?}") };
    let mut expected = ALLOWED.to_vec();
    expected.splice(7..7, ["errorCode", "errorMessage"]);
    assert_eq!(names(activity), expected);
    let code = json!({"errorCode": "VpceAccessDenied",
        "errorMessage": "The request was denied due to a VPC endpoint policy"});
    check(activity, code);
}

#[test]
fn owners_learn_little_of_callers_from_elsewhere() {
    let owner = "193672423079";
    for (way, expected) in [(passage(owner), 3), (denied(owner), 2)] {
        let records = records(through(way, list_keys()));
        assert_eq!(records.len(), expected);
        let (theirs, own) = (&records[0], &records[1]);
        let stranger = json!({"type": "AWSAccount",
            "principalId": "AROATFQR7NSCWWVLB7BES:aws-go-sdk-1688990082523310002", "accountId": ACCOUNT});
        check(theirs, json!({"recipientAccountId": owner, "vpcEndpointAccountId": owner, "userIdentity": stranger}));
        check(own, json!({"recipientAccountId": ACCOUNT, "vpcEndpointAccountId": owner}));
        assert_eq!((&own["userIdentity"]["type"], names(own)), (&json!("AssumedRole"), names(theirs)));
        assert_eq!(own["sharedEventID"], theirs["sharedEventID"]);
        assert_ne!(own["eventID"], theirs["eventID"]);
    }
}

#[test]
fn failures_beyond_the_endpoint_are_the_services_own() {
    let failed = Case { outcome: Err(Fault::new("KMSInvalidStateException", "no")), ..list_keys() };
    let records = records(through(passage(ACCOUNT), failed));
    assert_eq!((records[0].get("errorCode"), &records[1]["errorCode"]), (None, &json!("KMSInvalidStateException")));
}

#[test]
fn callers_without_a_name_are_told_to_the_owner_alone() {
    let anonymous = Caller { principal: Principal::Anonymous, access_key: None, ..user() };
    let get = Case { caller: anonymous, ..s3("GetObject", json!({"Bucket": "b", "Key": "k"}), json!({})) };
    let records = records(through(denied("193672423079"), get));
    let [activity] = &records[..] else { panic!("one record: {records:?}") };
    let nobody = json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"});
    check(activity, json!({"recipientAccountId": "193672423079", "userIdentity": nobody, "eventName": "GetObject"}));
}

#[test]
fn some_services_have_no_such_events_and_older_records() {
    let identity = case("sts", "GetCallerIdentity", json!({}), json!({}));
    let of_sts = records(through(passage(ACCOUNT), identity));
    let [call] = &of_sts[..] else { panic!("one record: {of_sts:?}") };
    assert_eq!((&call["eventVersion"], &call["vpcEndpointId"]), (&json!("1.08"), &json!(ENDPOINT)));
    assert_eq!(call.get("vpcEndpointAccountId"), None);
    let identity = case("sts", "GetCallerIdentity", json!({}), json!({}));
    assert_eq!(records(through(denied(ACCOUNT), identity)), Vec::<Json>::new());
}
