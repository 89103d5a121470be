//! The examples of the page, and what is refused.

use super::*;

fn query(text: &str) -> Query {
    parse(text).unwrap_or_else(|flaw| panic!("{text}: {flaw:?}"))
}

fn metric(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> MetricId {
    MetricId::new(namespace, name, dimensions.iter().copied())
}

#[test]
fn which_metrics() {
    let check = |text: &str, dimensions: &[(&str, &str)], wanted| {
        assert_eq!(
            query(text).wants(&metric("AWS/EC2", "CPUUtilization", dimensions)),
            wanted,
            "{text} {dimensions:?}"
        );
    };
    let (id, kind) = (("InstanceId", "i-1"), ("InstanceType", "c3.4xlarge"));
    check(r#"SELECT AVG(CPUUtilization) FROM "AWS/EC2""#, &[id], true);
    check(r#"SELECT AVG(CPUUtilization) FROM "AWS/EC2""#, &[], true);
    check(r#"select avg(CPUUtilization) from "AWS/EC2""#, &[], true);
    check(r#"SELECT AVG(cpuUtilization) FROM "AWS/EC2""#, &[], false);
    check(r#"SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2")"#, &[id], false);
    check(r#"SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2")"#, &[], true);
    check(r#"SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId)"#, &[id], true);
    check(r#"SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId)"#, &[id, kind], false);
    check(r#"SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceType, InstanceId)"#, &[id, kind], true);
    check(r#"SELECT AVG(CPUUtilization) FROM "AWS/EC2" WHERE InstanceType = 'c3.4xlarge'"#, &[kind], true);
    check(r#"SELECT AVG(CPUUtilization) FROM "AWS/EC2" WHERE InstanceType != 'c3.4xlarge'"#, &[kind], false);
    check(
        r#"SELECT AVG(CPUUtilization) FROM "AWS/EC2" WHERE InstanceType != 'x' AND InstanceId='i-1'"#,
        &[id, kind],
        true,
    );
}

#[test]
fn all_clauses() {
    let text = "SELECT SUM(RequestCount) \n FROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer, AvailabilityZone)\n\
        WHERE LoadBalancer = 'app/load-balancer-1'\nGROUP BY AvailabilityZone\nORDER BY MAX() DESC\nLIMIT 5";
    let wanted = Query {
        function: Function::Sum,
        metric: "RequestCount".into(),
        namespace: "AWS/ApplicationELB".into(),
        schema: Some(vec!["LoadBalancer".into(), "AvailabilityZone".into()]),
        filters: vec![Filter { label: "LoadBalancer".into(), equal: true, value: "app/load-balancer-1".into() }],
        group_by: vec!["AvailabilityZone".into()],
        order_by: Some((Function::Maximum, Order::Descending)),
        limit: Some(5),
    };
    assert_eq!(query(text), wanted);
    assert_eq!(query(r#"SELECT AVG("Bytes\"Input\"") FROM a"#).metric, r#"Bytes"Input""#);
    assert_eq!(query(r#"SELECT MAX("My.Metric") FROM a"#).metric, "My.Metric");
    assert_eq!(
        query(r#"SELECT AVG("LIMIT") FROM a ORDER BY AVG()"#).order_by,
        Some((Function::Average, Order::Ascending))
    );
}

#[test]
fn groups_and_order() {
    let by_both = query("SELECT SUM(m) FROM n GROUP BY ServiceName, Operation");
    assert_eq!(by_both.group(&metric("n", "m", &[("Operation", "Get")])), ["Other", "Get"]);
    let values = |series: &(&str, f64)| vec![series.1];
    let arranged = |text: &str| {
        let series = vec![("a", 2.0), ("b", f64::NAN), ("c", 3.0), ("d", 1.0)];
        query(text).arranged(series, values).iter().map(|(name, _)| *name).collect::<String>()
    };
    assert_eq!(arranged("SELECT SUM(m) FROM n GROUP BY x"), "abcd");
    assert_eq!(arranged("SELECT SUM(m) FROM n GROUP BY x ORDER BY MAX() DESC"), "cadb");
    assert_eq!(arranged("SELECT SUM(m) FROM n GROUP BY x ORDER BY MIN() ASC LIMIT 2"), "da");
}

#[test]
fn what_cannot_be_read() {
    let check = |text: &str, at, problem| assert_eq!(parse(text), Err(Flaw { at, problem }), "{text}");
    let expected = |text: &str, at, what| check(text, at, Problem::Expected(what));
    expected("SELECT", 7, "AVG, COUNT, MAX, MIN or SUM");
    expected("SELECT STDDEV(m) FROM n", 8, "AVG, COUNT, MAX, MIN or SUM");
    expected("SELECT SUM(m, k) FROM n", 13, ")");
    expected("SELECT SUM(*) FROM n", 12, "a metric's name");
    expected("SELECT SUM(m)", 14, "FROM");
    expected("SELECT SUM(m) FROM AWS/EC2", 23, "quotes around what is no letter, digit or underscore");
    expected("SELECT SUM(m) FROM SCHEMA()", 27, "a namespace");
    expected("SELECT SUM(m) FROM n WHERE a > 'b'", 30, "= or !=");
    expected("SELECT SUM(m) FROM n WHERE a = b", 32, "a value between single quotes");
    expected("SELECT SUM(m) FROM n WHERE a = 'b' OR c = 'd'", 36, "AND");
    expected("SELECT SUM(m) FROM n GROUP a", 28, "BY");
    expected("SELECT SUM(m) FROM n ORDER BY SUM", 34, "(");
    expected("SELECT SUM(m) FROM n LIMIT 501", 28, "a number from 1 to 500");
    expected(
        "SELECT SUM(m) FROM n LIMIT 1 GROUP BY a",
        30,
        "WHERE, GROUP BY, ORDER BY, LIMIT or the end, in this order",
    );
    expected("SELECT SUM(m) FROM n WHERE a = 'b", 34, "the end of what is between quotes");
    check("SELECT SUM(limit) FROM n", 12, Problem::Reserved("limit".into()));
    check("SELECT SUM(m) FROM n WHERE tag.env = 'prod'", 28, Problem::NotBuilt("tags of resources in queries"));
    check("SELECT SUM(m) FROM n GROUP BY AWS.AccountId", 31, Problem::NotBuilt("AWS.AccountId in queries"));
    check("SELECT SUM(m) FROM n HAVING a", 22, Problem::NotBuilt("HAVING"));
}
