//! The fields that are found in log events without asking (CWL_AnalyzeLogData-discoverable-fields): JSON, and with it
//! CloudTrail, WAF and resolver query logs; VPC flow logs in the default format; Route 53 public query logs; Lambda.

mod columns;
mod json;
mod lambda;

pub use json::Scalar;

use super::value::Value;

/// Fields a query reads from log events.
#[derive(Debug, Default)]
pub struct Wanted {
    fields: Vec<Want>,
}

#[derive(Debug, PartialEq)]
struct Want {
    name: String,
    /// The text of a whole map or list, which is no field by itself.
    whole: bool,
}

impl Wanted {
    /// The position of a field's value in what [`Wanted::discover`] gives.
    pub fn position(&mut self, name: &str, whole: bool) -> usize {
        let known = self.fields.iter().position(|want| want.name == name && want.whole == whole);
        known.unwrap_or_else(|| {
            self.fields.push(Want { name: name.to_owned(), whole });
            self.fields.len() - 1
        })
    }

    /// The values of the wanted fields in a message.
    pub fn discover<'m>(&self, message: &'m str) -> Vec<Value<'m>> {
        let mut values = vec![Value::Absent; self.fields.len()];
        let sound = each_field(message, &mut |name, whole, value| {
            for (want, place) in self.fields.iter().zip(&mut values) {
                if want.name == name && want.whole == whole && place.is_absent() {
                    *place = value.value();
                }
            }
        });
        if !sound {
            values.fill(Value::Absent);
        }
        values
    }
}

/// The names of a message's discovered fields, in order. System fields such as `@message` are not among them.
pub fn fields_of(message: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let sound = each_field(message, &mut |name, whole, _| {
        if !whole && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    });
    if sound { names } else { Vec::new() }
}

/// Calls for every field: its name, whether it is a whole map or list, its value.
type Visit<'v, 'm> = dyn FnMut(&str, bool, Scalar<'m>) + 'v;

/// Visits the fields of a message; no means that they are to be forgotten.
fn each_field<'m>(message: &'m str, visit: &mut Visit<'_, 'm>) -> bool {
    let text = message.trim_start();
    if text.starts_with('{') {
        return json::each_field(text, visit);
    }
    if !columns::each_field(text, visit) {
        lambda::each_field(text, visit);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, expected: &[(&str, &str)]) {
        let mut wanted = Wanted::default();
        for (name, _) in expected {
            wanted.position(name, false);
        }
        let values: Vec<_> = wanted.discover(message).iter().map(|value| value.show().unwrap_or_default()).collect();
        assert_eq!(values, expected.iter().map(|(_, value)| *value).collect::<Vec<_>>());
    }

    #[test]
    fn json_is_flattened() {
        check(
            r#" {"a":{"b":[{"c":1.50},"x"]},"t":true,"n":null,"e":"q\"\u00e9","@x":2,"empty":[]}"#,
            &[
                ("a.b.0.c", "1.50"),
                ("a.b.1", "x"),
                ("t", "1"),
                ("n", ""),
                ("e", "q\"é"),
                ("@@x", "2"),
                ("a.b", ""),
                ("empty", ""),
            ],
        );
    }

    #[test]
    fn what_is_no_json_has_no_fields() {
        for message in ["{\"a\":1", "{\"a\":1} x", "{a:1}", "{\"a\":01}", "{\"a\":\"\u{1}\"}", "[1]", "", "{", "{\"a\""]
        {
            assert_eq!(fields_of(message), Vec::<String>::new(), "{message}");
        }
    }

    #[test]
    fn json_has_at_most_200_fields() {
        let members: Vec<_> = (0..300).map(|number| format!("\"f{number}\":{number}")).collect();
        let message = format!("{{{}}}", members.join(","));
        assert_eq!(fields_of(&message).len(), 200);
        check(&message, &[("f199", "199"), ("f200", "")]);
    }

    #[test]
    fn flow_logs_in_the_default_format() {
        let line = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 \
                    1418530070 ACCEPT OK";
        check(
            line,
            &[
                ("version", "2"),
                ("accountId", "123456789010"),
                ("interfaceId", "eni-1235b8ca123456789"),
                ("srcAddr", "172.31.16.139"),
                ("dstAddr", "172.31.16.21"),
                ("srcPort", "20641"),
                ("dstPort", "22"),
                ("protocol", "6"),
                ("packets", "20"),
                ("bytes", "4249"),
                ("startTime", "1418530010"),
                ("endTime", "1418530070"),
                ("action", "ACCEPT"),
                ("logStatus", "OK"),
            ],
        );
        check(
            "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
            &[("logStatus", "NODATA")],
        );
    }

    #[test]
    fn route_53_query_logs() {
        check(
            "1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.168.1.1 192.168.222.0/24",
            &[
                ("version", "1.0"),
                ("queryTimestamp", "2017-12-13T08:16:02.130Z"),
                ("hostZoneId", "Z123412341234"),
                ("queryName", "example.com"),
                ("queryType", "A"),
                ("responseCode", "NOERROR"),
                ("protocol", "UDP"),
                ("edgeLocation", "FRA6"),
                ("resolverIp", "192.168.1.1"),
                ("ednsClientSubnet", "192.168.222.0/24"),
            ],
        );
    }

    #[test]
    fn lambda_reports() {
        check(
            "REPORT RequestId: 8f507cfc-0000-4697-b07a-ac58fc914c95\tDuration: 39.41 ms\tBilled Duration: 40 ms\t\
             Memory Size: 512 MB\tMax Memory Used: 58 MB\tInit Duration: 245.11 ms\t\n\
             XRAY TraceId: 1-5e34a614-10bd000000000000f07bc535\tSegmentId: 07f50000002d1f6f\tSampled: true",
            &[
                ("@type", "REPORT"),
                ("@requestId", "8f507cfc-0000-4697-b07a-ac58fc914c95"),
                ("@duration", "39.41"),
                ("@billedDuration", "40.0"),
                ("@memorySize", "5.12E8"),
                ("@maxMemoryUsed", "5.8E7"),
                ("@initDuration", "245.11"),
                ("@xrayTraceId", "1-5e34a614-10bd000000000000f07bc535"),
                ("@xraySegmentId", "07f50000002d1f6f"),
            ],
        );
        check("START RequestId: 8f507cfc-0000-4697-b07a-ac58fc914c95 Version: $LATEST", &[("@type", "START")]);
    }

    #[test]
    fn the_first_json_in_a_lambda_line() {
        check(
            "2026-01-15T10:00:00.000Z\t8f507cfc-0000-4697-b07a-ac58fc914c95\tINFO\tgot {\"a\":{\"b\":1}} then {\"c\":2}",
            &[("@requestId", "8f507cfc-0000-4697-b07a-ac58fc914c95"), ("a.b", "1"), ("c", "")],
        );
    }
}
