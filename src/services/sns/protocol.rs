//! How messages reach subscribers.

use std::sync::LazyLock;

use regex::Regex;

use crate::wire::Fault;
use crate::world::scope::{AccountId, Region};

use super::faults;

/// A protocol of subscriptions that trailcam has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    Http,
    Https,
    Email,
    EmailJson,
    Sms,
    Sqs,
    Firehose,
}

impl Protocol {
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Email => "email",
            Protocol::EmailJson => "email-json",
            Protocol::Sms => "sms",
            Protocol::Sqs => "sqs",
            Protocol::Firehose => "firehose",
        }
    }

    /// Reads the protocol and the endpoint of a subscription.
    pub fn parse(name: &str, endpoint: &str, is_fifo: bool) -> Result<Protocol, Fault> {
        let protocol = match name {
            "http" => Protocol::Http,
            "https" => Protocol::Https,
            "email" => Protocol::Email,
            "email-json" => Protocol::EmailJson,
            "sms" => Protocol::Sms,
            "sqs" => Protocol::Sqs,
            "firehose" => Protocol::Firehose,
            "lambda" | "application" if is_fifo => return Err(faults::protocol_for_fifo(name)),
            "lambda" => return Err(faults::no_function(endpoint)),
            "application" => return Err(faults::no_application_endpoint(endpoint)),
            _ => return Err(faults::unknown_protocol(name)),
        };
        if is_fifo && protocol != Protocol::Sqs {
            return Err(faults::protocol_for_fifo(name));
        }
        protocol.check(endpoint, is_fifo)?;
        Ok(protocol)
    }

    fn check(self, endpoint: &str, is_fifo: bool) -> Result<(), Fault> {
        let has_scheme = |scheme: &str| endpoint.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty());
        let fits = match self {
            Protocol::Http => has_scheme("http://"),
            Protocol::Https => has_scheme("https://"),
            Protocol::Email | Protocol::EmailJson if !is_email(endpoint) => {
                return Err(faults::invalid("Email address"));
            }
            Protocol::Sms if !is_phone_number(endpoint) => return Err(faults::sms_endpoint(endpoint)),
            Protocol::Sqs => {
                let queue = Queue::parse(endpoint).ok_or_else(|| faults::invalid("SQS endpoint ARN"))?;
                if queue.is_fifo() && !is_fifo {
                    return Err(faults::fifo_queue());
                }
                true
            }
            Protocol::Firehose if !endpoint.starts_with("arn:aws:firehose:") => {
                return Err(faults::invalid("Firehose endpoint ARN"));
            }
            _ => true,
        };
        let fits = fits && (!self.is_http() || endpoint.parse::<::http::Uri>().is_ok_and(|uri| uri.host().is_some()));
        if fits { Ok(()) } else { Err(faults::invalid("Endpoint must match the specified protocol")) }
    }

    pub fn is_http(self) -> bool {
        matches!(self, Protocol::Http | Protocol::Https)
    }

    /// Whether the endpoint's owner must agree, whoever subscribes it.
    pub fn asks_for_confirmation(self) -> bool {
        matches!(self, Protocol::Http | Protocol::Https | Protocol::Email | Protocol::EmailJson)
    }

    /// Whether messages can be delivered as they are, without an envelope.
    pub fn delivers_raw(self) -> bool {
        matches!(self, Protocol::Http | Protocol::Https | Protocol::Sqs | Protocol::Firehose)
    }
}

fn is_email(text: &str) -> bool {
    let has_gap = text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.')) && !has_gap
}

/// E.164, as SNS takes it: a plus sign may be missing, and dots and hyphens between digits are fine.
pub fn is_phone_number(text: &str) -> bool {
    static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\+?[0-9](?:[-. ]?[0-9]){5,14}$").ok());
    NUMBER.as_ref().is_some_and(|number| number.is_match(text))
}

/// A queue, by its ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
}

impl Queue {
    /// Reads `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    pub fn parse(arn: &str) -> Option<Queue> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", "aws", "sqs", region, account, name] = parts[..] else { return None };
        let name = Some(name.to_owned()).filter(|name| !name.is_empty())?;
        Some(Queue { account: AccountId::parse(account)?, region: Region::parse(region)?, name })
    }

    pub fn url(&self) -> String {
        format!("https://sqs.{}.amazonaws.com/{}/{}", self.region, self.account, self.name)
    }

    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_fit_their_protocols() {
        let check = |name: &str, endpoint: &str, is_fifo: bool, refusal: Option<&str>| {
            let found = Protocol::parse(name, endpoint, is_fifo).map_err(|fault| fault.message);
            assert_eq!(found.as_ref().err().map(String::as_str), refusal, "{name} {endpoint}");
        };
        let mismatch = Some("Invalid parameter: Endpoint must match the specified protocol");
        check("http", "http://127.0.0.1:8080/a?b=c", false, None);
        check("http", "https://example.com", false, mismatch);
        check("https", "http://example.com", false, mismatch);
        check("http", "http:// no host", false, mismatch);
        check("http", "http://example.com", true, Some("Invalid parameter: Invalid protocol type: http"));
        check("email", "a@example.com", false, None);
        check("email-json", "nobody", false, Some("Invalid parameter: Email address"));
        check("sms", "+1-555-555-0100", false, None);
        check("sms", "+123123123", false, None);
        check("sms", "NAA+15551234567", false, Some("Invalid SMS endpoint: NAA+15551234567"));
        check("sqs", "arn:aws:sqs:us-east-1:111122223333:q", false, None);
        check("sqs", "arn:aws:sqs:us-east-1:111122223333:q", true, None);
        check("sqs", "https://sqs.us-east-1.amazonaws.com/1/q", false, Some("Invalid parameter: SQS endpoint ARN"));
        check(
            "sqs",
            "arn:aws:sqs:us-east-1:111122223333:q.fifo",
            false,
            Some(
                "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to \
                 standard SNS topics",
            ),
        );
        check("fax", "1", false, Some("Invalid parameter: Amazon SNS does not support this protocol string: fax"));
    }
}
