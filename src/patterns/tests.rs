//! The examples of the user guide, and what AWS says to patterns that are none.

use super::*;

#[track_caller]
fn check(pattern: &str, event: &str, expected: bool) {
    let rules = Rules::parse(pattern, Dialect::EventPattern).unwrap();
    let event = Tree::read(event).unwrap();
    assert_eq!(rules.hold_of(&event), expected, "{pattern} {event}");
    let mut index = Index::default();
    index.insert("rule", rules);
    assert_eq!(index.matching(&event).len(), usize::from(expected), "by index: {pattern} {event}");
}

/// `eb-event-patterns`, `eb-create-pattern`.
#[test]
fn whole_events_of_the_guide() {
    const TERMINATED: &str = r#"{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":"111122223333",
        "time":"2017-12-22T18:43:48Z","region":"us-west-1",
        "resources":["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
        "detail":{"instance-id":"i-1234567890abcdef0","state":"terminated"}}"#;
    let terminations = r#"{"source":["aws.ec2"],"detail-type":["EC2 Instance State-change Notification"],
        "detail":{"state":["terminated"]}}"#;
    check(terminations, TERMINATED, true);
    check(terminations, &TERMINATED.replace("terminated", "running"), false);
    check(r#"{"source":["aws.ec2","aws.fargate"]}"#, TERMINATED, true);
    check(r#"{"source":["aws.fargate"]}"#, TERMINATED, false);

    const LAUNCHED: &str = r#"{"version":"0","id":"3e3c153a-8339-4e30-8c35-687ebef853fe",
        "detail-type":"EC2 Instance Launch Successful","source":"aws.autoscaling","account":"123456789012",
        "time":"2015-11-11T21:31:47Z","region":"us-east-1","resources":[],
        "detail":{"eventVersion":"","responseElements":null}}"#;
    check(
        r#"{"source":["aws.autoscaling"],"detail-type":["EC2 Instance Launch Successful"],
        "detail":{"responseElements":[null]}}"#,
        LAUNCHED,
        true,
    );
    check(r#"{"detail":{"eventVersion":[""]}}"#, LAUNCHED, true);
    check(r#"{"detail":{"eventVersion":[null]}}"#, LAUNCHED, false);
    check(r#"{"detail":{"responseElements":[""]}}"#, LAUNCHED, false);

    const MACIE: &str = r#"{"detail-type":"Macie Alert","source":"aws.macie","detail":{"risk-score":80,
        "trigger":{"risk":8,"alert-type":"basic"},"tags":["Custom_Alert","Insider"]}}"#;
    let risks = r#"{"source":["aws.macie"],"detail-type":["Macie Alert"],
        "detail":{"risk-score":[80],"trigger":{"risk":[8]}}}"#;
    check(risks, MACIE, true);
    check(risks, &MACIE.replace("80", "81"), false);
    check(r#"{"detail":{"tags":["Insider","Other"]}}"#, MACIE, true);
    check(r#"{"detail":{"tags":["Other"]}}"#, MACIE, false);
    check(r#"{"detail":{"trigger":["basic"]}}"#, MACIE, false);
}

/// `eb-event-patterns-arrays`.
#[test]
fn arrays_of_the_guide() {
    let event = r#"{"resources":["arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:eb56d16b-bbf0-401d-b893-d5978ed4a025:autoScalingGroupName/ASGTerminate","arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f"]}"#;
    let pattern = r#"{"resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f",
        "arn:aws:ec2:us-east-1:111122223333:instance/i-b188560f",
        "arn:aws:ec2:us-east-1:444455556666:instance/i-b188560f"]}"#;
    check(pattern, event, true);
    check(pattern, &event.replace("i-b188560f", "i-b188560e"), false);
}

/// `eb-create-pattern`: numbers are compared as they are written.
#[test]
fn numbers_are_equal_when_written_alike() {
    for (pattern, event) in [("300", "300"), ("300.0", "300.0"), ("3.0e2", "3.0e2")] {
        check(&format!(r#"{{"a":[{pattern}]}}"#), &format!(r#"{{"a":{event}}}"#), true);
    }
    for (pattern, event) in [("300", "300.0"), ("300.0", "3.0e2"), ("3.0e2", "300"), ("300", "\"300\"")] {
        check(&format!(r#"{{"a":[{pattern}]}}"#), &format!(r#"{{"a":{event}}}"#), false);
    }
}

/// `eb-create-pattern-operators`.
#[test]
fn operators_of_the_guide() {
    let check_all = |pattern: &str, yes: &[&str], no: &[&str]| {
        yes.iter().for_each(|event| check(pattern, event, true));
        no.iter().for_each(|event| check(pattern, event, false));
    };
    check_all(
        r#"{"time":[{"prefix":"2017-10-02"}]}"#,
        &[r#"{"time":"2017-10-02T18:43:48Z"}"#],
        &[r#"{"time":"2017-10-03T18:43:48Z"}"#, r#"{"time":20171002}"#, "{}"],
    );
    check_all(
        r#"{"service":[{"prefix":{"equals-ignore-case":"EventB"}}]}"#,
        &[r#"{"service":"EventBridge"}"#, r#"{"service":"eventbridge"}"#, r#"{"service":"EVENTBRIDGE"}"#],
        &[r#"{"service":"Events"}"#],
    );
    check_all(
        r#"{"FileName":[{"suffix":".png"}]}"#,
        &[r#"{"FileName":"a.png"}"#],
        &[r#"{"FileName":"a.PNG"}"#, r#"{"FileName":"a.png.txt"}"#],
    );
    check_all(
        r#"{"FileName":[{"suffix":{"equals-ignore-case":".png"}}]}"#,
        &[r#"{"FileName":"a.PNG"}"#, r#"{"FileName":"a.png"}"#],
        &[r#"{"FileName":"a.jpg"}"#],
    );
    let state = |state: &str| format!(r#"{{"detail":{{"state":"{state}"}}}}"#);
    let limit = |limit: u32| format!(r#"{{"detail":{{"x-limit":{limit}}}}}"#);
    check_all(
        r#"{"detail":{"state":[{"anything-but":"initializing"}]}}"#,
        &[&state("running"), &state("Initializing"), r#"{"detail":{"state":5}}"#],
        &[&state("initializing"), r#"{"detail":{}}"#],
    );
    check_all(r#"{"detail":{"x-limit":[{"anything-but":123}]}}"#, &[&limit(124)], &[&limit(123)]);
    check_all(
        r#"{"detail":{"state":[{"anything-but":["stopped","overloaded"]}]}}"#,
        &[&state("running")],
        &[&state("stopped"), &state("overloaded")],
    );
    check_all(
        r#"{"detail":{"x-limit":[{"anything-but":[100,200,300]}]}}"#,
        &[&limit(101)],
        &[&limit(100), &limit(300)],
    );
    check_all(
        r#"{"detail":{"state":[{"anything-but":{"equals-ignore-case":"initializing"}}]}}"#,
        &[&state("running")],
        &[&state("initializing"), &state("INITIALIZING")],
    );
    check_all(
        r#"{"detail":{"state":[{"anything-but":{"equals-ignore-case":["initializing","stopped"]}}]}}"#,
        &[&state("running")],
        &[&state("Initializing"), &state("STOPPED")],
    );
    check_all(
        r#"{"detail":{"state":[{"anything-but":{"prefix":"init"}}]}}"#,
        &[&state("running"), r#"{"detail":{"state":1}}"#],
        &[&state("initializing")],
    );
    check_all(
        r#"{"detail":{"state":[{"anything-but":{"prefix":["init","error"]}}]}}"#,
        &[&state("running")],
        &[&state("initializing"), &state("error-1")],
    );
    check_all(
        r#"{"FileName":[{"anything-but":{"suffix":".txt"}}]}"#,
        &[r#"{"FileName":"a.rtf"}"#],
        &[r#"{"FileName":"a.txt"}"#],
    );
    check_all(
        r#"{"FileName":[{"anything-but":{"suffix":[".txt",".rtf"]}}]}"#,
        &[r#"{"FileName":"a.png"}"#],
        &[r#"{"FileName":"a.txt"}"#, r#"{"FileName":"a.rtf"}"#],
    );
    check_all(
        r#"{"FilePath":[{"anything-but":{"wildcard":"*/lib/*"}}]}"#,
        &[r#"{"FilePath":"/usr/bin/a"}"#],
        &[r#"{"FilePath":"/usr/lib/a"}"#],
    );
    check_all(
        r#"{"FilePath":[{"anything-but":{"wildcard":["*/lib/*","*/bin/*"]}}]}"#,
        &[r#"{"FilePath":"/usr/etc/a"}"#],
        &[r#"{"FilePath":"/usr/lib/a"}"#, r#"{"FilePath":"/usr/bin/a"}"#],
    );
    check_all(
        r#"{"detail":{"c-count":[{"numeric":[">",0,"<=",5]}],"d-count":[{"numeric":["<",10]}],
        "x-limit":[{"numeric":["=",3.018e2]}]}}"#,
        &[r#"{"detail":{"c-count":5,"d-count":9.9,"x-limit":301.8}}"#],
        &[
            r#"{"detail":{"c-count":0,"d-count":9,"x-limit":301.8}}"#,
            r#"{"detail":{"c-count":1,"d-count":10,"x-limit":301.8}}"#,
            r#"{"detail":{"c-count":1,"d-count":9,"x-limit":301}}"#,
            r#"{"detail":{"c-count":"1","d-count":9,"x-limit":301.8}}"#,
        ],
    );
    check_all(
        r#"{"detail":{"sourceIPAddress":[{"cidr":"10.0.0.0/24"}]}}"#,
        &[r#"{"detail":{"sourceIPAddress":"10.0.0.255"}}"#],
        &[r#"{"detail":{"sourceIPAddress":"10.0.1.0"}}"#, r#"{"detail":{"sourceIPAddress":"ec2.amazonaws.com"}}"#],
    );
    check_all(
        r#"{"detail-type":[{"equals-ignore-case":"ec2 instance state-change notification"}]}"#,
        &[r#"{"detail-type":"EC2 Instance State-change Notification"}"#],
        &[r#"{"detail-type":"EC2 Instance"}"#],
    );
    check_all(
        r#"{"EventBusArn":[{"wildcard":"arn:aws:events:us-east-1:*:event-bus/*"}]}"#,
        &[r#"{"EventBusArn":"arn:aws:events:us-east-1:123456789012:event-bus/orders"}"#],
        &[r#"{"EventBusArn":"arn:aws:events:us-east-2:123456789012:event-bus/orders"}"#],
    );
    check_all(
        r#"{"FileName":[{"wildcard":"\\*literal\\\\*"}]}"#,
        &[r#"{"FileName":"*literal\\and more"}"#],
        &[r#"{"FileName":"xliteral\\"}"#],
    );
}

#[test]
fn exists_of_the_guide() {
    let absent = r#"{"detail":{"c-count":[{"exists":false}]}}"#;
    let states = r#""state":["initializing","running"]"#;
    check(absent, &format!(r#"{{"detail":{{{states}}}}}"#), true);
    // It is no leaf.
    check(absent, &format!(r#"{{"detail":{{{states},"c-count":{{"c1":100}}}}}}"#), true);
    check(absent, &format!(r#"{{"detail":{{{states},"c-count":100}}}}"#), false);
    check(r#"{"detail":{"c-count":[{"exists":true}]}}"#, r#"{"detail":{"c-count":{"c1":100}}}"#, false);
    check(r#"{"detail":{"c-count":[{"exists":true}]}}"#, r#"{"detail":{"c-count":null}}"#, true);
    check(r#"{"resources":[{"exists":false}]}"#, r#"{"resources":[]}"#, true);
    check(r#"{"detail":{"a":{"b":[{"exists":false}]}}}"#, r#"{"detail":{}}"#, true);
}

#[test]
fn combinations_of_the_guide() {
    let complex = r#"{"time":[{"prefix":"2017-10-02"}],"detail":{"state":[{"anything-but":"initializing"}],
        "c-count":[{"numeric":[">",0,"<=",5]}],"d-count":[{"numeric":["<",10]}],
        "x-limit":[{"anything-but":[100,200,300]}]}}"#;
    let event = r#"{"time":"2017-10-02T18:43:48Z","detail":{"state":"running","c-count":3,"d-count":9,"x-limit":5}}"#;
    check(complex, event, true);
    check(complex, &event.replace("\"x-limit\":5", "\"x-limit\":200"), false);
    let either = r#"{"detail":{"$or":[{"c-count":[{"numeric":[">",0,"<=",5]}]},{"d-count":[{"numeric":["<",10]}]},
        {"x-limit":[{"numeric":["=",3.018e2]}]}]}}"#;
    check(either, r#"{"detail":{"c-count":5}}"#, true);
    check(either, r#"{"detail":{"c-count":6,"d-count":3}}"#, true);
    check(either, r#"{"detail":{"c-count":6,"d-count":30,"x-limit":301.8}}"#, true);
    check(either, r#"{"detail":{"c-count":6,"d-count":30,"x-limit":300}}"#, false);
}

#[test]
fn combinations_are_counted() {
    let check = |pattern: &str, expected| {
        let rules = Rules::parse(pattern, Dialect::EventPattern).unwrap();
        assert_eq!(rules.combinations(), expected, "{pattern}");
    };
    check(r#"{"a":[1,2,3]}"#, 1);
    check(r#"{"$or":[{"a":[1]},{"b":[1]}]}"#, 2);
    check(r#"{"$or":[{"a":[1]},{"b":[1]}],"c":{"$or":[{"a":[1]},{"b":[1]},{"d":[1]}]}}"#, 6);
    check(r#"{"$or":[{"a":[1]},{"$or":[{"b":[1]},{"c":[1]}]}]}"#, 3);
}

/// Sentences as users of AWS quote them, such as in cloud-custodian's issue 6507 and in buildkite's documentation.
#[test]
fn flaws_quote_the_pattern() {
    let check = |pattern: &str, sentence: &str, place: (u32, u32)| {
        let flaw = Rules::parse(pattern, Dialect::EventPattern).unwrap_err().quoting(pattern);
        let expected =
            format!("{sentence}\n at [Source: (String)\"{pattern}\"; line: {}, column: {}]", place.0, place.1);
        assert_eq!(flaw, expected);
    };
    check(r#"{"source": ["aws.health"], "detail": {}}"#, "Empty objects are not allowed", (1, 40));
    check(
        r#"{"source":["test.event-pattern"],"detail":{"lenderId":"LenderA"}}"#,
        "\"lenderId\" must be an object or an array",
        (1, 56),
    );
    check(
        r#"{"detail-type":["Object Created"],"source":"aws.s3"}"#,
        "\"source\" must be an object or an array",
        (1, 45),
    );
    check("{}", "Empty objects are not allowed", (1, 3));
    check("[]", "Filter is not an object", (1, 2));
    check(r#"{"a":[]}"#, "Empty arrays are not allowed", (1, 8));
    check(r#"{"a":[{"starts-with":"x"}]}"#, "Unrecognized match type starts-with", (1, 23));
    check(r#"{"a":[{"prefix":["x"]}]}"#, "prefix match pattern must be a string", (1, 18));
    check(r#"{"a":[{"suffix":["created"]}]}"#, "suffix match pattern must be a string", (1, 18));
    check(r#"{"a":[{"wildcard":1}]}"#, "wildcard match pattern must be a string", (1, 20));
    check(r#"{"a":[{"numeric":["<",5000000001]}]}"#, "Value must be between -5.0E9 and 5.0E9, inclusive", (1, 33));
    let sentence = |pattern: &str| Rules::parse(pattern, Dialect::EventPattern).unwrap_err().sentence;
    assert_eq!(sentence(r#"{"a":[{"wildcard":"a**b"}]}"#), "Consecutive wildcard characters at pos 1");
    assert_eq!(sentence(r#"{"a":[{"wildcard":"a\\b"}]}"#), "Invalid escape character at pos 1");
    assert_eq!(sentence(r#"{"a":[{"anything-but":{"numeric":1}}]}"#), "Unsupported anything-but pattern: numeric");
    assert_eq!(sentence(r#"{"a":[{"prefix":{"suffix":"a"}}]}"#), "Unsupported prefix pattern: suffix");
    // What is in an object of `$or` decides whether it is one.
    assert_eq!(sentence(r#"{"$or":[{"prefix":1},{"a":[1]}]}"#), "prefix match pattern must be a string");
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(600));
    let flaw = Rules::parse(&long, Dialect::EventPattern).unwrap_err().quoting(&long);
    assert!(flaw.contains("xxx\"[truncated 108 chars]; line: 1, column: "), "{flaw}");
}

#[test]
fn texts_that_are_no_json() {
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for text in
        ["", "{", r#"{"a"}"#, r#"{"a":}"#, r#"{"a":[1,]}"#, r#"{"a":1}}"#, "nul", "\"a", "{} {}", "\"\u{1}\"", &deep]
    {
        assert!(Tree::read(text).is_err(), "{text}");
    }
}

#[test]
fn events_may_nest_deep() {
    let text = format!("{}{{\"a\":[1]}}{}", "{\"a\":".repeat(1100), "}".repeat(1100));
    let tree = Tree::read(&text).unwrap();
    assert_eq!(tree.to_string(), text);
    assert!(!Rules::parse(r#"{"a":{"a":[1]}}"#, Dialect::EventPattern).unwrap().hold_of(&tree));
    let arrays = format!("{{\"a\":{}1{}}}", "[".repeat(1100), "]".repeat(1100));
    check(r#"{"a":[1]}"#, &arrays, true);
}
