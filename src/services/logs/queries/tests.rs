//! Queries through the operations, in a world whose background work is done when a test says so.

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use crate::services::logs::tests::{call, story, world};
use crate::world::World;

/// 2026-01-01T00:00:00Z, when the world begins.
const NOW: i64 = 1_767_225_600;

/// A group a week old, with a stream and events, some seconds before now.
fn group(world: &mut World, name: &str, events: &[(i64, &str)]) {
    let now = world.now;
    world.now -= TimeDelta::days(7);
    call(world, "CreateLogGroup", json!({"logGroupName": name})).unwrap();
    world.now = now;
    call(world, "CreateLogStream", json!({"logGroupName": name, "logStreamName": "s"})).unwrap();
    put(world, name, events);
}

fn put(world: &mut World, name: &str, events: &[(i64, &str)]) {
    let now = world.now.timestamp();
    let events = events.iter().map(|(age, message)| json!({"timestamp": (now - age) * 1000, "message": message}));
    let input = json!({"logGroupName": name, "logStreamName": "s", "logEvents": events.collect::<Vec<Json>>()});
    if !input["logEvents"].as_array().unwrap().is_empty() {
        call(world, "PutLogEvents", input).unwrap();
    }
}

/// The input of a query over the last hour.
fn query(group: &str, text: &str) -> Json {
    json!({"logGroupName": group, "startTime": NOW - 3600, "endTime": NOW, "queryString": text})
}

fn with(mut input: Json, member: &str, value: Json) -> Json {
    input[member] = value;
    input
}

fn start(world: &mut World, input: Json) -> String {
    call(world, "StartQuery", input).unwrap()["queryId"].as_str().unwrap().to_owned()
}

fn results(world: &mut World, id: &str) -> Json {
    call(world, "GetQueryResults", json!({"queryId": id})).unwrap()
}

/// The rows of a query, without pointers.
fn rows(world: &mut World, input: Json) -> Vec<Vec<(String, String)>> {
    let id = start(world, input);
    world.clock_stands_still = true;
    let answer = results(world, &id);
    assert_eq!(answer["status"], "Complete");
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let fields = |row: &Json| {
        let fields = row.as_array().unwrap().iter().map(|field| (text(&field["field"]), text(&field["value"])));
        fields.filter(|(name, _)| name != "@ptr").collect()
    };
    answer["results"].as_array().unwrap().iter().map(fields).collect()
}

fn messages(world: &mut World, input: Json) -> Vec<String> {
    rows(world, input).into_iter().map(|row| row.into_iter().next().unwrap().1).collect()
}

fn run_background(world: &mut World) {
    std::mem::take(&mut world.background).into_iter().for_each(|work| work());
}

#[test]
fn a_query_runs_beside_everything_else() {
    let mut world = world();
    group(&mut world, "g", &[(3, "a"), (2, "bc")]);
    let id = start(&mut world, query("g", "fields @message"));
    // What comes later is not seen.
    put(&mut world, "g", &[(1, "d")]);
    let waiting = results(&mut world, &id);
    assert_eq!((&waiting["status"], &waiting["results"]), (&json!("Scheduled"), &json!([])));
    run_background(&mut world);
    let answer = results(&mut world, &id);
    assert_eq!(answer["status"], "Complete");
    assert_eq!(answer["queryLanguage"], "CWLI");
    let shown = answer["results"].as_array().unwrap();
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0][0], json!({"field": "@message", "value": "bc"}));
    assert_eq!(shown[0][1]["field"], "@ptr");
    let statistics = json!({
        "recordsMatched": 2.0, "recordsScanned": 2.0, "estimatedRecordsSkipped": 0.0, "bytesScanned": 3.0,
        "estimatedBytesSkipped": 0.0, "logGroupsScanned": 1.0, "resultCount": 2.0,
    });
    assert_eq!(answer["statistics"], statistics);
    let record = call(&mut world, "GetLogRecord", json!({"logRecordPointer": shown[0][1]["value"]})).unwrap();
    assert_eq!(record["logRecord"]["@message"], "bc");
}

#[test]
fn while_the_clock_stands_still_a_query_has_ended_when_it_is_looked_at() {
    let mut world = world();
    world.clock_stands_still = true;
    group(&mut world, "g", &[(3, "a")]);
    let id = start(&mut world, query("g", "fields @message"));
    assert_eq!(results(&mut world, &id)["status"], "Complete");
    let stopped = call(&mut world, "StopQuery", json!({"queryId": id})).unwrap_err();
    assert_eq!(stopped.0, "InvalidParameterException");
    let other = start(&mut world, query("g", "fields @message"));
    assert_eq!(call(&mut world, "StopQuery", json!({"queryId": other})).unwrap_err().0, "InvalidParameterException");
    let listed = call(&mut world, "DescribeQueries", json!({})).unwrap();
    assert_eq!(listed["queries"][0]["status"], "Complete");
    assert_eq!(listed["queries"][0]["queryDuration"], 0);
}

#[test]
fn a_query_can_be_stopped_while_it_runs() {
    let mut world = world();
    group(&mut world, "g", &[(3, "a")]);
    let id = start(&mut world, query("g", "fields @message"));
    assert_eq!(call(&mut world, "StopQuery", json!({"queryId": id})).unwrap(), json!({"success": true}));
    run_background(&mut world);
    let answer = results(&mut world, &id);
    assert_eq!((&answer["status"], &answer["results"]), (&json!("Cancelled"), &json!([])));
    let again = call(&mut world, "StopQuery", json!({"queryId": id})).unwrap_err();
    assert_eq!(again, ("InvalidParameterException".into(), "The specified query is not running.".into()));
    assert_eq!(call(&mut world, "StopQuery", json!({"queryId": "x"})).unwrap_err().0, "ResourceNotFoundException");
}

#[test]
fn queries_time_out_and_are_forgotten() {
    let mut world = world();
    group(&mut world, "g", &[]);
    let slow = start(&mut world, query("g", "fields @message"));
    world.now += TimeDelta::minutes(59);
    assert_eq!(results(&mut world, &slow)["status"], "Scheduled");
    world.now += TimeDelta::minutes(1);
    assert_eq!(results(&mut world, &slow)["status"], "Timeout");
    world.now += TimeDelta::days(7) - TimeDelta::minutes(61);
    assert_eq!(results(&mut world, &slow)["status"], "Timeout");
    world.now += TimeDelta::minutes(1);
    let gone = call(&mut world, "GetQueryResults", json!({"queryId": slow})).unwrap_err();
    assert_eq!(gone.0, "ResourceNotFoundException");
    assert_eq!(call(&mut world, "DescribeQueries", json!({})).unwrap(), json!({"queries": []}));
}

#[test]
fn a_hundred_queries_run_at_once() {
    let mut world = world();
    group(&mut world, "g", &[]);
    for _ in 0..100 {
        start(&mut world, query("g", "fields @message"));
    }
    let refused = call(&mut world, "StartQuery", query("g", "fields @message")).unwrap_err();
    let words = "Account maximum query concurrency limit of [100] reached.";
    assert_eq!(refused, ("LimitExceededException".into(), words.into()));
    run_background(&mut world);
    start(&mut world, query("g", "fields @message"));
}

#[test]
fn no_more_than_a_thousand_queries_are_kept() {
    let mut world = world();
    world.clock_stands_still = true;
    group(&mut world, "g", &[]);
    let ids: Vec<String> = (0..1001)
        .map(|_| {
            let id = start(&mut world, query("g", "fields @message"));
            run_background(&mut world);
            id
        })
        .collect();
    assert_eq!(
        call(&mut world, "GetQueryResults", json!({"queryId": ids[0]})).unwrap_err().0,
        "ResourceNotFoundException"
    );
    assert_eq!(results(&mut world, &ids[1])["status"], "Complete");
}

#[test]
fn what_is_refused() {
    let mut world = world();
    call(&mut world, "CreateLogGroup", json!({"logGroupName": "g"})).unwrap();
    call(&mut world, "CreateLogGroup", json!({"logGroupName": "ia", "logGroupClass": "INFREQUENT_ACCESS"})).unwrap();
    call(&mut world, "CreateLogGroup", json!({"logGroupName": "d", "logGroupClass": "DELIVERY"})).unwrap();
    let good = query("g", "fields @message");
    let without = |input: &Json| {
        let mut input = input.clone();
        input.as_object_mut().unwrap().remove("logGroupName");
        input
    };
    let source = |text: &str| without(&query("g", &format!("SOURCE logGroups({text}) | fields @message")));
    let groups: Vec<String> = (0..51).map(|number| format!("g{number}")).collect();
    let nowhere = "ResourceNotFoundException: Log group 'x' does not exist for account ID '111122223333'";
    let foreign = "arn:aws:logs:us-east-1:444455556666:log-group:g";
    let early = "MalformedQueryException: Query's end date and time is either before the log groups creation time or \
                 exceeds the log groups log retention settings ([0,15])";
    let cases = [
        (good.clone(), ""),
        (with(good.clone(), "queryLanguage", json!("CWLI")), ""),
        (
            with(good.clone(), "queryLanguage", json!("SQL")),
            "NotImplemented: Trailcam does not implement queryLanguage SQL",
        ),
        (
            with(good.clone(), "queryLanguage", json!("PPL")),
            "NotImplemented: Trailcam does not implement queryLanguage PPL",
        ),
        (query("g", "fields @message | count("), "MalformedQueryException: unexpected symbol found count"),
        (query("g", ""), "MalformedQueryException"),
        (query("x", "fields @message"), nowhere),
        (
            with(without(&good), "logGroupIdentifiers", json!([foreign])),
            "ResourceNotFoundException: Log group 'g' does not exist for account ID '444455556666'",
        ),
        (with(without(&good), "logGroupIdentifiers", json!(["arn:x"])), "InvalidParameterException"),
        (with(good.clone(), "logGroupNames", json!(["g"])), "InvalidParameterException: Exactly one of"),
        (with(source("namePrefix: ['g']"), "logGroupName", json!("g")), "InvalidParameterException: Exactly one of"),
        (without(&good), "InvalidParameterException: Specify log groups"),
        (
            with(without(&good), "logGroupNames", json!(groups)),
            "InvalidParameterException: 1 validation error detected",
        ),
        (with(good.clone(), "limit", json!(0)), "InvalidParameterException: 1 validation error detected"),
        (with(good.clone(), "limit", json!(100_001)), "InvalidParameterException: 1 validation error detected"),
        (with(good.clone(), "endTime", json!(NOW - 3601)), "InvalidParameterException: endTime"),
        (with(good.clone(), "endTime", json!(NOW - 1)), early),
        (query("d", "fields @message"), "InvalidOperationException"),
        (query("ia", "fields @message"), ""),
        (
            query("ia", "pattern @message"),
            "InvalidOperationException: The log group ia is of log-group-class INFREQUENT_ACCESS. The command pattern is not",
        ),
        (source("accountIdentifiers: ['444455556666']"), "InvalidParameterException"),
        (source("class: ['DELIVERY']"), "InvalidParameterException"),
        (source("class: ['x']"), "InvalidParameterException"),
        (without(&query("g", "SOURCE 'x' | fields @message")), nowhere),
        (query("g", "filter a in (SOURCE 'x' | fields a)"), nowhere),
        (query("g", "join left=a right=b where a.x=b.x (SOURCE 'x')"), nowhere),
        (query("g", "filter a in (SOURCE 'd' | fields a)"), "InvalidOperationException"),
        (query("g", "filter @pattern in (SOURCE 'ia' | pattern @message)"), "InvalidOperationException"),
        (query("ia", "filter a in (SOURCE 'ia' | fields a)"), ""),
    ];
    let cases: Vec<_> = cases.into_iter().map(|(input, wanted)| ("StartQuery", input, wanted)).collect();
    story(&mut world, &cases);
}

#[test]
fn groups_are_named_or_selected() {
    let mut world = world();
    for name in ["app/a", "app/b", "db"] {
        group(&mut world, name, &[(1, name)]);
    }
    call(&mut world, "CreateLogGroup", json!({"logGroupName": "app/ia", "logGroupClass": "INFREQUENT_ACCESS"}))
        .unwrap();
    call(&mut world, "CreateLogStream", json!({"logGroupName": "app/ia", "logStreamName": "s"})).unwrap();
    put(&mut world, "app/ia", &[(0, "app/ia")]);
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:db";
    let check = |world: &mut World, member: &str, value: Json, text: &str, wanted: &[&str]| {
        let mut input = query("", text);
        input.as_object_mut().unwrap().remove("logGroupName");
        input[member] = value;
        assert_eq!(messages(world, input), wanted, "{text}");
    };
    let sorted = "fields @message | sort @message";
    check(&mut world, "logGroupName", json!("db"), sorted, &["db"]);
    check(&mut world, "logGroupNames", json!(["app/a", "db", "db"]), sorted, &["app/a", "db"]);
    check(&mut world, "logGroupIdentifiers", json!(["app/b", arn]), sorted, &["app/b", "db"]);
    let source = |world: &mut World, selection: &str, wanted: &[&str]| {
        check(world, "limit", json!(10), &format!("SOURCE logGroups({selection}) | {sorted}"), wanted);
    };
    source(&mut world, "", &["app/a", "app/b", "db"]);
    source(&mut world, "namePrefix: ['app/']", &["app/a", "app/b"]);
    source(&mut world, "namePrefix: ['app/a', 'd'], accountIdentifiers: ['111122223333']", &["app/a", "db"]);
    source(&mut world, "class: ['INFREQUENT_ACCESS']", &["app/ia"]);
    source(&mut world, "namePrefix: ['nothing']", &[]);
    let from = |world: &mut World, text: &str, wanted: &[&str]| {
        check(world, "limit", json!(10), &format!("SOURCE {text} | {sorted}"), wanted);
    };
    from(&mut world, "'db'", &["db"]);
    for (name, tags) in [
        ("app/a", json!({"team": "team1", "service": "payments"})),
        ("app/b", json!({"team": "team2", "service": "payment-web", "environment": "production"})),
        ("db", json!({"team": "team3", "service": "storage", "environment": "test"})),
    ] {
        call(&mut world, "TagLogGroup", json!({"logGroupName": name, "tags": tags})).unwrap();
    }
    let tagged = |world: &mut World, filters: &str, wanted: &[&str]| {
        from(world, &format!("logGroupTags([{filters}])"), wanted);
    };
    tagged(&mut world, r#"{"key":"team", "values":["team1", "team2"]}"#, &["app/a", "app/b"]);
    tagged(&mut world, r#"{"key":"service", "values":["payment*"]}"#, &["app/a", "app/b"]);
    tagged(&mut world, r#"{"key":"service", "values":["*ment*w*b"]}"#, &["app/b"]);
    tagged(&mut world, r#"{"key":"environment", "values":["!production"]}"#, &["db"]);
    tagged(&mut world, r#"{"key":"environment"}, {"key":"team", "values":["!team3"]}"#, &["app/b"]);
    tagged(&mut world, r#"{"key":"service", "values":["pay"]}"#, &[]);
    from(&mut world, r#"logGroups(namePrefix: ['app']) logGroupTags([{"key":"team"}])"#, &["app/a", "app/b"]);
    let id = start(
        &mut world,
        json!({"logGroupNames": ["db", "app/a"], "startTime": 0, "endTime": NOW, "queryString": sorted}),
    );
    let groups = call(&mut world, "ListLogGroupsForQuery", json!({"queryId": id})).unwrap();
    assert_eq!(groups, json!({"logGroupIdentifiers": ["app/a", "db"]}));
}

/// A subquery and the right side of a join read groups of their own, whatever the request's limit.
#[test]
fn queries_read_other_groups() {
    let mut world = world();
    group(&mut world, "api", &[(30, r#"{"id":"a"}"#), (20, r#"{"id":"b"}"#), (10, r#"{"id":"c"}"#)]);
    group(&mut world, "auth", &[(90, r#"{"id":"c","user":"eve"}"#), (25, r#"{"id":"b","user":"bob"}"#)]);
    let among = query("api", "filter id in (SOURCE 'auth' | fields id) | stats count(*) as n");
    let all = rows(&mut world, with(among.clone(), "limit", json!(1)));
    assert_eq!(all, [[("n".to_owned(), "2".to_owned())]]);
    let among = with(among, "startTime", json!(NOW - 60));
    let id = start(&mut world, among);
    let answer = results(&mut world, &id);
    assert_eq!(answer["results"][0][0]["value"], "1");
    let statistics = &answer["statistics"];
    assert_eq!((&statistics["recordsMatched"], &statistics["recordsScanned"]), (&json!(1.0), &json!(4.0)));
    let groups = call(&mut world, "ListLogGroupsForQuery", json!({"queryId": id})).unwrap();
    assert_eq!(groups, json!({"logGroupIdentifiers": ["api", "auth"]}));
    let join = "join left=l right=r where l.id = r.id (SOURCE 'auth') | fields r.user | sort r.user";
    assert_eq!(messages(&mut world, query("api", join)), ["bob", "eve"]);
}

/// Each group is read by itself, and what was found is merged.
#[test]
fn it_does_not_matter_how_events_are_spread() {
    let mut world = world();
    let messages: Vec<String> =
        (0..300).map(|n| json!({"n": n, "x": n as f64 / 7.0, "k": n % 7}).to_string()).collect();
    let aged = |n: usize| (3000 - 10 * n as i64, messages[n].as_str());
    group(&mut world, "all", &(0..300).map(aged).collect::<Vec<_>>());
    for part in 0..5 {
        let events: Vec<_> = (0..300).filter(|n| n * n % 5 == part).map(aged).collect();
        group(&mut world, &format!("part/{part}"), &events);
    }
    for text in [
        "fields n | sort @timestamp desc | limit 20",
        "fields n | sort k, n desc | limit 50",
        "filter k > 2 | stats count(*), sum(x), avg(x), stddev(x), pct(x, 90), min(n), max(n) by k | sort k",
        "stats count(*) as c by bin(5m) | stats max(c), min(c)",
        "stats earliest(n), latest(n), count_distinct(k)",
        "fields k, n | sort n | dedup k",
    ] {
        let whole = rows(&mut world, query("all", text));
        let mut spread = query("", &format!("SOURCE logGroups(namePrefix: ['part/']) | {text}"));
        spread.as_object_mut().unwrap().remove("logGroupName");
        assert!(!whole.is_empty(), "{text}");
        assert_eq!(rows(&mut world, spread), whole, "{text}");
    }
}

#[test]
fn both_ends_of_the_time_are_included() {
    let mut world = world();
    group(&mut world, "g", &[(61, "before"), (60, "first"), (30, "middle"), (10, "last"), (9, "after")]);
    world.now += TimeDelta::seconds(1);
    let times = |start: i64, end: i64| json!({"logGroupName": "g", "startTime": start, "endTime": end, "queryString": "fields @message"});
    assert_eq!(messages(&mut world, times(NOW - 60, NOW)), ["after", "last", "middle", "first"]);
    assert_eq!(messages(&mut world, times((NOW - 10) * 1000, NOW * 1000)), ["after", "last"]);
    put(&mut world, "g", &[(1, "now"), (0, "later")]);
    assert_eq!(messages(&mut world, times(NOW - 9, NOW)), ["now", "after"]);
}

#[test]
fn events_older_than_their_group_are_out_of_reach() {
    let mut world = world();
    // Whoever writes at whole seconds writes at the one in which the group was made.
    world.now += TimeDelta::milliseconds(700);
    call(&mut world, "CreateLogGroup", json!({"logGroupName": "g"})).unwrap();
    call(&mut world, "CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"})).unwrap();
    put(&mut world, "g", &[(1, "before"), (0, "at once"), (-1, "after")]);
    let all = with(query("g", "fields @message"), "endTime", json!(NOW + 60));
    assert_eq!(messages(&mut world, all), ["after", "at once"]);
}

#[test]
fn indexed_groups_are_read_alone() {
    let mut world = world();
    group(&mut world, "g", &[(1, r#"{"traceId":"a","other":"a"}"#)]);
    assert_eq!(messages(&mut world, query("g", "fields other | filterIndex traceId = 'a'")), ["a"]);
    assert_eq!(messages(&mut world, query("g", "fields other | filterIndex other = 'a'")), Vec::<String>::new());
}

#[test]
fn results_come_in_pages() {
    let mut world = world();
    let events: Vec<(i64, String)> = (0..25).rev().map(|age| (age, format!("{age:02}"))).collect();
    let events: Vec<(i64, &str)> = events.iter().map(|(age, message)| (*age, message.as_str())).collect();
    group(&mut world, "g", &events);
    let id = start(&mut world, query("g", "fields @message"));
    let other = start(&mut world, query("g", "fields @message"));
    run_background(&mut world);
    let (mut seen, mut token) = (Vec::new(), Json::Null);
    loop {
        let mut input = json!({"queryId": id, "maxItems": 10});
        if !token.is_null() {
            input["nextToken"] = token;
        }
        let page = call(&mut world, "GetQueryResults", input).unwrap();
        let rows = page["results"].as_array().unwrap();
        seen.push(rows.len());
        assert_eq!(page["statistics"]["resultCount"], 25.0);
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
        let foreign = json!({"queryId": other, "nextToken": token});
        assert_eq!(call(&mut world, "GetQueryResults", foreign).unwrap_err().0, "InvalidParameterException");
    }
    assert_eq!(seen, [10, 10, 5]);
    let first = call(&mut world, "GetQueryResults", json!({"queryId": id, "maxItems": 10})).unwrap();
    world.now += TimeDelta::minutes(61);
    let late = json!({"queryId": id, "nextToken": first["nextToken"]});
    assert_eq!(call(&mut world, "GetQueryResults", late).unwrap_err().0, "InvalidParameterException");
}

#[test]
fn queries_are_listed() {
    let mut world = world();
    group(&mut world, "a", &[(1, "xyz")]);
    group(&mut world, "b", &[]);
    let first = start(&mut world, query("a", "fields @message"));
    let mut both = query("a", "stats count(*)");
    both.as_object_mut().unwrap().remove("logGroupName");
    let second = start(&mut world, with(both, "logGroupNames", json!(["a", "b"])));
    run_background(&mut world);
    let third = start(&mut world, query("b", "fields @timestamp"));
    let mut check = |input: Json, wanted: &[&String]| {
        let answer = call(&mut world, "DescribeQueries", input.clone()).unwrap();
        let ids: Vec<&str> =
            answer["queries"].as_array().unwrap().iter().map(|query| query["queryId"].as_str().unwrap()).collect();
        assert_eq!(ids, wanted, "{input}");
        answer
    };
    check(json!({}), &[&third, &second, &first]);
    check(json!({"logGroupName": "a"}), &[&second, &first]);
    check(json!({"status": "Complete"}), &[&second, &first]);
    check(json!({"status": "Scheduled"}), &[&third]);
    check(json!({"queryLanguage": "SQL"}), &[]);
    let page = check(json!({"maxResults": 2}), &[&third, &second]);
    check(json!({"maxResults": 2, "nextToken": page["nextToken"]}), &[&first]);
    let answer = check(json!({"maxResults": 1, "status": "Complete", "nextToken": page["nextToken"]}), &[&first]);
    let shown = json!({
        "queryLanguage": "CWLI", "queryId": first, "queryString": "fields @message", "status": "Complete",
        "createTime": NOW * 1000, "logGroupName": "a", "bytesScanned": 3.0,
        "userIdentity": "arn:aws:iam::111122223333:root",
    });
    assert_eq!(answer, json!({"queries": [shown]}));
    story(
        &mut world,
        &[
            ("DescribeQueries", json!({"logGroupName": "x"}), "ResourceNotFoundException"),
            ("DescribeQueries", json!({"nextToken": "?"}), "InvalidParameterException"),
        ],
    );
}

#[test]
fn fields_of_a_group() {
    let mut world = world();
    group(
        &mut world,
        "g",
        &[(1000, r#"{"old":1}"#), (30, r#"{"level":"info"}"#), (20, "plain"), (10, r#"{"level":"info","n":1}"#)],
    );
    let mut check = |input: Json, wanted: &[(&str, i64)]| {
        let answer = call(&mut world, "GetLogGroupFields", input).unwrap();
        let fields = answer["logGroupFields"].as_array().unwrap();
        let found: Vec<_> =
            fields.iter().map(|field| (field["name"].as_str().unwrap(), field["percent"].as_i64().unwrap())).collect();
        assert_eq!(found, wanted);
    };
    let every = [("@ingestionTime", 100), ("@log", 100), ("@logStream", 100), ("@message", 100), ("@timestamp", 100)];
    check(json!({"logGroupName": "g"}), &[&every[..], &[("level", 66), ("n", 33)]].concat());
    let old = [&every[..], &[("old", 100)]].concat();
    check(json!({"logGroupIdentifier": "g", "time": NOW - 1000}), &old);
    check(json!({"logGroupName": "g", "time": NOW - 3600}), &[]);
    let none = json!({"logGroupName": "x"});
    assert_eq!(call(&mut world, "GetLogGroupFields", none).unwrap_err().0, "ResourceNotFoundException");
}

#[test]
fn what_retention_has_ended_is_not_found() {
    let mut world = world();
    group(&mut world, "g", &[(3 * 86_400, "old")]);
    put(&mut world, "g", &[(60, "new")]);
    let all = json!({"logGroupName": "g", "startTime": 0, "endTime": NOW, "queryString": "fields @message"});
    assert_eq!(messages(&mut world, all.clone()), ["new", "old"]);
    call(&mut world, "PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 1})).unwrap();
    assert_eq!(messages(&mut world, all), ["new"]);
}
