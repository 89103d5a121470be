//! How often and when a delivery is tried again.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::patterns::flaw_of_json;
use crate::wire::Fault;

use super::faults;

/// Seconds that all retries of an HTTP endpoint may take together.
const TOTAL_SECONDS_MAX: f64 = 3600.0;
/// Retries of an HTTP endpoint.
const RETRIES_MAX: u32 = 100;
/// What HTTP endpoints are told the body is.
const CONTENT_TYPE: &str = "text/plain; charset=UTF-8";

/// When to try again: at once, then after short delays, then after growing ones, then after long ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Retries {
    /// Seconds.
    pub min_delay_target: u32,
    /// Seconds.
    pub max_delay_target: u32,
    /// All of them.
    pub num_retries: u32,
    pub num_max_delay_retries: u32,
    pub num_no_delay_retries: u32,
    pub num_min_delay_retries: u32,
    pub backoff_function: Backoff,
}

/// How delays grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backoff {
    #[default]
    Linear,
    Arithmetic,
    Geometric,
    Exponential,
}

impl Default for Retries {
    fn default() -> Retries {
        Retries {
            min_delay_target: 20,
            max_delay_target: 20,
            num_retries: 3,
            num_max_delay_retries: 0,
            num_no_delay_retries: 0,
            num_min_delay_retries: 0,
            backoff_function: Backoff::Linear,
        }
    }
}

/// Endpoints that AWS manages: queues and streams.
pub const MANAGED: Retries = Retries {
    min_delay_target: 1,
    max_delay_target: 20,
    num_retries: 100_015,
    num_max_delay_retries: 100_000,
    num_no_delay_retries: 3,
    num_min_delay_retries: 2,
    backoff_function: Backoff::Exponential,
};

impl Retries {
    /// How long to wait after so many failures in a row; `None` when there is nothing left to try.
    pub fn delay(&self, failures: u32) -> Option<TimeDelta> {
        self.seconds(failures).map(|seconds| TimeDelta::milliseconds((seconds * 1000.0).round() as i64))
    }

    fn seconds(&self, failures: u32) -> Option<f64> {
        let (min, max) = (f64::from(self.min_delay_target), f64::from(self.max_delay_target));
        let backoff_starts = self.num_no_delay_retries + self.num_min_delay_retries;
        let backoff_ends = self.num_retries.saturating_sub(self.num_max_delay_retries);
        match failures {
            0 => Some(0.0),
            _ if failures > self.num_retries => None,
            _ if failures <= self.num_no_delay_retries => Some(0.0),
            _ if failures <= backoff_starts => Some(min),
            _ if failures > backoff_ends => Some(max),
            _ => {
                let (step, steps) = (failures - backoff_starts, backoff_ends - backoff_starts);
                Some(self.backoff_function.between(min, max, step, steps))
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.min_delay_target < 1 || self.min_delay_target > self.max_delay_target {
            return Err("minDelayTarget must be at least 1 and not more than maxDelayTarget".to_owned());
        }
        if self.max_delay_target > 3600 {
            return Err("maxDelayTarget must be less than or equal to 3600".to_owned());
        }
        let phases = [self.num_no_delay_retries, self.num_min_delay_retries, self.num_max_delay_retries];
        if self.num_retries > RETRIES_MAX {
            return Err("numRetries must be between 0 and 100".to_owned());
        }
        let phases = phases.into_iter().fold(0, u32::saturating_add);
        if phases > self.num_retries {
            return Err("numRetries must be greater than or equal to the retries of all phases".to_owned());
        }
        let total: f64 = (1..=self.num_retries).filter_map(|failures| self.seconds(failures)).sum();
        if total > TOTAL_SECONDS_MAX {
            return Err("the total policy retry time must not be greater than 3600 seconds".to_owned());
        }
        Ok(())
    }
}

impl Backoff {
    /// The delay of a step (from 1) out of some, from the shortest to the longest. AWS shows the curves in a picture
    /// without formulas.
    fn between(self, min: f64, max: f64, step: u32, steps: u32) -> f64 {
        if steps < 2 {
            return min;
        }
        let (at, last) = (f64::from(step - 1), f64::from(steps - 1));
        match self {
            Backoff::Linear => min + (max - min) * at / last,
            Backoff::Arithmetic => min + (max - min) * (at * (at + 1.0)) / (last * (last + 1.0)),
            Backoff::Geometric => min * (max / min).powf(at / last),
            Backoff::Exponential => min + (max - min) * (at.exp2() - 1.0) / (last.exp2() - 1.0),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Throttle {
    max_receives_per_second: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    header_content_type: String,
}

/// `DeliveryPolicy` of a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfTopic {
    http: Http,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Http {
    /// As it was given: what is left out stays so.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_healthy_retry_policy: Option<serde_json::Value>,
    #[serde(default)]
    disable_subscription_overrides: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_throttle_policy: Option<Throttle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_request_policy: Option<Request>,
}

/// `DeliveryPolicy` of a subscription. The sickly retry policy and guaranteed delivery are of times long past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfSubscription {
    healthy_retry_policy: Option<Retries>,
    sickly_retry_policy: Option<Retries>,
    throttle_policy: Option<Throttle>,
    request_policy: Option<Request>,
    #[serde(default)]
    guaranteed: bool,
}

/// What holds for the deliveries of a subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    pub retries: Retries,
    /// Deliveries in a second.
    pub throttle: Option<u32>,
    pub content_type: String,
}

impl OfTopic {
    /// Reads a policy; an empty text takes it away.
    pub fn parse(text: &str) -> Result<Option<OfTopic>, Fault> {
        let Some(policy): Option<OfTopic> = read(text)? else { return Ok(None) };
        let http = &policy.http;
        check(Some(policy.retries()?), http.default_throttle_policy, http.default_request_policy.as_ref())?;
        Ok(Some(policy))
    }

    fn retries(&self) -> Result<Retries, Fault> {
        match self.http.default_healthy_retry_policy.clone() {
            Some(given) => serde_json::from_value(given).map_err(faults::delivery_policy),
            None => Ok(Retries::default()),
        }
    }

    /// As `GetTopicAttributes` shows it.
    pub fn text(&self) -> String {
        // Structures of texts and numbers have no failing case.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// `EffectiveDeliveryPolicy` of a topic.
    pub fn effective(policy: Option<&OfTopic>) -> String {
        let effective = Effective::of(policy, None);
        let mut http = serde_json::Map::new();
        http.insert("defaultHealthyRetryPolicy".to_owned(), json!(effective.retries));
        let is_disabled = policy.is_some_and(|policy| policy.http.disable_subscription_overrides);
        http.insert("disableSubscriptionOverrides".to_owned(), is_disabled.into());
        if let Some(rate) = effective.throttle {
            http.insert("defaultThrottlePolicy".to_owned(), json!({"maxReceivesPerSecond": rate}));
        }
        http.insert("defaultRequestPolicy".to_owned(), json!({"headerContentType": effective.content_type}));
        json!({"http": http}).to_string()
    }
}

impl OfSubscription {
    /// Reads a policy; an empty text or object takes it away.
    pub fn parse(text: &str) -> Result<Option<OfSubscription>, Fault> {
        if text == "{}" {
            return Ok(None);
        }
        let Some(policy): Option<OfSubscription> = read(text)? else { return Ok(None) };
        if policy.sickly_retry_policy.is_some() {
            return Err(faults::not_built("sicklyRetryPolicy"));
        }
        if policy.guaranteed {
            return Err(faults::not_built("guaranteed delivery"));
        }
        check(policy.healthy_retry_policy, policy.throttle_policy, policy.request_policy.as_ref())?;
        Ok(Some(policy))
    }

    /// As `GetSubscriptionAttributes` shows it.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Effective {
    /// The subscription's own policy goes before its topic's, unless the topic says otherwise.
    pub fn of(topic: Option<&OfTopic>, subscription: Option<&OfSubscription>) -> Effective {
        let http = topic.map(|topic| &topic.http);
        let own = subscription.filter(|_| !http.is_some_and(|http| http.disable_subscription_overrides));
        let defaults = topic.and_then(|topic| topic.retries().ok()).unwrap_or_default();
        let throttle = own.and_then(|own| own.throttle_policy).or(http.and_then(|http| http.default_throttle_policy));
        let request = own.and_then(|own| own.request_policy.as_ref());
        let request = request.or(http.and_then(|http| http.default_request_policy.as_ref()));
        Effective {
            retries: own.and_then(|own| own.healthy_retry_policy).unwrap_or(defaults),
            throttle: throttle.map(|throttle| throttle.max_receives_per_second),
            content_type: request.map_or(CONTENT_TYPE, |request| &request.header_content_type).to_owned(),
        }
    }

    /// `EffectiveDeliveryPolicy` of a subscription.
    pub fn text(&self) -> String {
        let policy = OfSubscription {
            healthy_retry_policy: Some(self.retries),
            sickly_retry_policy: None,
            throttle_policy: self.throttle.map(|rate| Throttle { max_receives_per_second: rate }),
            request_policy: Some(Request { header_content_type: self.content_type.clone() }),
            guaranteed: false,
        };
        policy.text()
    }
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<Option<T>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(flaw) = flaw_of_json(text) {
        return Err(faults::failed_to_parse("DeliveryPolicy", &flaw.redacted()));
    }
    serde_json::from_str(text).map(Some).map_err(faults::delivery_policy)
}

fn check(retries: Option<Retries>, throttle: Option<Throttle>, request: Option<&Request>) -> Result<(), Fault> {
    retries.map_or(Ok(()), |retries| retries.check()).map_err(faults::delivery_policy)?;
    if throttle.is_some_and(|throttle| throttle.max_receives_per_second == 0) {
        return Err(faults::delivery_policy("maxReceivesPerSecond must be greater than or equal to 1"));
    }
    let is_type = |request: &Request| {
        let text = &request.header_content_type;
        text.contains('/') && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
    };
    match request.is_none_or(is_type) {
        true => Ok(()),
        false => Err(faults::delivery_policy("headerContentType is not a media type")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_follow_the_phases() {
        let check = |text: &str, expected: &[f64]| {
            let policy = OfSubscription::parse(text).unwrap().unwrap();
            let retries = policy.healthy_retry_policy.unwrap();
            let found: Vec<f64> = (1..).map_while(|failures| retries.seconds(failures)).collect();
            assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
            let close = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9);
            assert!(close, "{text}: {found:?}");
        };
        check(r#"{"healthyRetryPolicy":{}}"#, &[20.0, 20.0, 20.0]);
        check(r#"{"healthyRetryPolicy":{"numRetries":0}}"#, &[]);
        check(
            r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":9,"numRetries":8,"numNoDelayRetries":1,
                "numMinDelayRetries":1,"numMaxDelayRetries":1}}"#,
            &[0.0, 1.0, 1.0, 3.0, 5.0, 7.0, 9.0, 9.0],
        );
        let with = |function: &str| {
            format!(
                r#"{{"healthyRetryPolicy":{{"minDelayTarget":1,"maxDelayTarget":16,"numRetries":5,"backoffFunction":"{function}"}}}}"#
            )
        };
        check(&with("geometric"), &[1.0, 2.0, 4.0, 8.0, 16.0]);
        check(&with("exponential"), &[1.0, 2.0, 4.0, 8.0, 16.0]);
        check(&with("arithmetic"), &[1.0, 2.5, 5.5, 10.0, 16.0]);
    }

    #[test]
    fn queues_are_tried_for_23_days() {
        let total: f64 = (1..).map_while(|failures| MANAGED.seconds(failures)).sum();
        assert_eq!((1..).map_while(|failures| MANAGED.seconds(failures)).count(), 100_015);
        assert_eq!((total / 86_400.0).floor(), 23.0);
    }

    #[test]
    fn policies_that_cannot_hold_are_refused() {
        let check = |text: &str| assert!(OfSubscription::parse(text).is_err(), "{text}");
        check("{");
        check(r#"{"healthyRetryPolicy":{"minDelayTarget":0}}"#);
        check(r#"{"healthyRetryPolicy":{"minDelayTarget":30}}"#);
        check(r#"{"healthyRetryPolicy":{"maxDelayTarget":3601}}"#);
        check(r#"{"healthyRetryPolicy":{"numRetries":101}}"#);
        check(r#"{"healthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":2}}"#);
        check(r#"{"healthyRetryPolicy":{"numNoDelayRetries":4294967295,"numMinDelayRetries":4294967295}}"#);
        check(r#"{"healthyRetryPolicy":{"minDelayTarget":40,"maxDelayTarget":40,"numRetries":100}}"#);
        check(r#"{"healthyRetryPolicy":{"backoffFunction":"random"}}"#);
        check(r#"{"throttlePolicy":{"maxReceivesPerSecond":0}}"#);
        check(r#"{"requestPolicy":{"headerContentType":"text"}}"#);
        check(r#"{"retryPolicy":{}}"#);
    }

    /// The topic's own text, and what holds, of the answers of AWS that LocalStack's tests keep.
    #[test]
    fn topics_show_what_was_given_and_what_holds() {
        let given = r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":6,"numRetries":1},"disableSubscriptionOverrides":false}}"#;
        let policy = OfTopic::parse(given).unwrap().unwrap();
        assert_eq!(policy.text(), given);
        assert_eq!(
            OfTopic::effective(Some(&policy)),
            r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":6,"numRetries":1,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}"#
        );
        let own = OfSubscription::parse(r#"{"requestPolicy":{"headerContentType":"text/csv"}}"#).unwrap().unwrap();
        assert_eq!(
            own.text(),
            r#"{"healthyRetryPolicy":null,"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":{"headerContentType":"text/csv"},"guaranteed":false}"#
        );
        let effective = Effective::of(Some(&policy), Some(&own));
        assert_eq!((effective.retries.num_retries, effective.content_type.as_str()), (1, "text/csv"));
    }
}
