//! Redrive policies: where messages go that nobody can handle, and which queues may send theirs.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>

use serde_json::Value;

use super::Place;
use super::faults::RedriveFlaw;

/// `RedrivePolicy`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The dead-letter queue.
    pub target: Place,
    /// How often a message is received before it goes there.
    pub count_max: u32,
}

/// `RedriveAllowPolicy` of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedriveAllow {
    All,
    None,
    /// ARNs of the queues that may use it.
    Only(Vec<String>),
}

/// The sources that a policy may list.
const SOURCES_MAX: usize = 10;

impl Redrive {
    /// Reads a policy's text.
    ///
    /// # Errors
    /// The first flaw.
    pub fn parse(text: &str) -> Result<Redrive, RedriveFlaw> {
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else { return Err(RedriveFlaw::NotAMap) };
        let target = policy.get("deadLetterTargetArn").ok_or(RedriveFlaw::Missing("deadLetterTargetArn"))?;
        let count = policy.get("maxReceiveCount").ok_or(RedriveFlaw::Missing("maxReceiveCount"))?;
        let target = target.as_str().and_then(Place::parse).ok_or(RedriveFlaw::TargetArn)?;
        // Consoles and SDKs write the count as a text as well.
        let shown = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
        let count_max = shown.parse().ok().filter(|count| (1..=1000).contains(count));
        Ok(Redrive { target, count_max: count_max.ok_or(RedriveFlaw::Count(shown))? })
    }
}

impl RedriveAllow {
    /// Reads a policy's text; `None` when it is none.
    pub fn parse(text: &str) -> Option<RedriveAllow> {
        let policy: Value = serde_json::from_str(text).ok()?;
        let policy = policy.as_object()?;
        if !policy.keys().all(|member| member == "redrivePermission" || member == "sourceQueueArns") {
            return None;
        }
        let sources = policy.get("sourceQueueArns").map(|sources| {
            let sources: Option<Vec<String>> =
                sources.as_array()?.iter().map(|arn| Some(Place::parse(arn.as_str()?)?.arn())).collect();
            sources.filter(|sources| (1..=SOURCES_MAX).contains(&sources.len()))
        });
        match (policy.get("redrivePermission")?.as_str()?, sources) {
            ("allowAll", None) => Some(RedriveAllow::All),
            ("denyAll", None) => Some(RedriveAllow::None),
            ("byQueue", Some(Some(sources))) => Some(RedriveAllow::Only(sources)),
            _ => None,
        }
    }

    /// Whether a queue may send its dead letters.
    pub fn admits(&self, source: &str) -> bool {
        match self {
            RedriveAllow::All => true,
            RedriveAllow::None => false,
            RedriveAllow::Only(sources) => sources.iter().any(|arn| arn == source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sqs:us-east-1:111122223333:dead";

    #[test]
    fn redrive_policies() {
        let check = |text: &str, expected: Result<u32, RedriveFlaw>| {
            let text = text.replace("ARN", ARN);
            assert_eq!(Redrive::parse(&text).map(|redrive| redrive.count_max), expected, "{text}");
        };
        check(r#"{"deadLetterTargetArn":"ARN","maxReceiveCount":3}"#, Ok(3));
        check(r#"{"deadLetterTargetArn":"ARN","maxReceiveCount":"1000"}"#, Ok(1000));
        check(r#"{"deadLetterTargetArn":"ARN","maxReceiveCount":0}"#, Err(RedriveFlaw::Count("0".to_owned())));
        check(r#"{"deadLetterTargetArn":"ARN","maxReceiveCount":1001}"#, Err(RedriveFlaw::Count("1001".to_owned())));
        check(r#"{"deadLetterTargetArn":"ARN"}"#, Err(RedriveFlaw::Missing("maxReceiveCount")));
        check(r#"{"maxReceiveCount":3}"#, Err(RedriveFlaw::Missing("deadLetterTargetArn")));
        check(r#"{"deadLetterTargetArn":"dummy","maxReceiveCount":42}"#, Err(RedriveFlaw::TargetArn));
        check("[]", Err(RedriveFlaw::NotAMap));
        check("dead", Err(RedriveFlaw::NotAMap));
    }

    #[test]
    fn redrive_allow_policies() {
        let check = |text: &str, admits: Option<(bool, bool)>| {
            let text = text.replace("ARN", ARN);
            let policy = RedriveAllow::parse(&text);
            assert_eq!(policy.map(|policy| (policy.admits(ARN), policy.admits("other"))), admits, "{text}");
        };
        check(r#"{"redrivePermission":"allowAll"}"#, Some((true, true)));
        check(r#"{"redrivePermission":"denyAll"}"#, Some((false, false)));
        check(r#"{"redrivePermission":"byQueue","sourceQueueArns":["ARN"]}"#, Some((true, false)));
        check(r#"{"redrivePermission":"byQueue"}"#, None);
        check(r#"{"redrivePermission":"allowAll","sourceQueueArns":["ARN"]}"#, None);
        check(r#"{"redrivePermission":"perhaps"}"#, None);
        check(r#"{"redrivePermission":"byQueue","sourceQueueArns":["x"]}"#, None);
        check("x", None);
    }
}
