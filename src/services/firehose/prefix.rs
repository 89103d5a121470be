//! `Prefix` and `ErrorOutputPrefix`: how object names start
//! (<https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>).

use chrono::DateTime;
use chrono_tz::Tz;

use crate::world::ids::Ids;

use super::dates::Pattern;

/// The longest evaluated prefix, in characters.
const LENGTH_MAX: usize = 512;

/// The prefix of streams that have none, and the end of prefixes without a date.
const BY_HOUR: &str = "yyyy/MM/dd/HH/";

/// A prefix made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Timestamp(Pattern),
    Random,
    ErrorType,
}

/// What is wrong with prefixes. `ErrorOutputPrefix` is meant where the text says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// `!{` that does not start an expression.
    NoExpression,
    /// An expression of no namespace, or no value of it.
    Unknown(String),
    /// Keys of dynamic partitioning, which the stream has not.
    PartitionKey(String),
    /// A pattern for dates that cannot be read.
    Pattern(String),
    /// `Prefix` has expressions and there is no `ErrorOutputPrefix`.
    ErrorPrefixMissing,
    /// `ErrorOutputPrefix` has expressions, and none for the type of the error.
    ErrorTypeMissing,
    /// `Prefix` with the type of the error.
    ErrorTypeInPrefix,
    TooLong(usize),
}

/// Checks a stream's two prefixes, as evaluated at some time.
pub fn check(prefix: &str, error_prefix: &str, at: &DateTime<Tz>) -> Result<(), Violation> {
    let (prefix, error) = (Prefix::parse(prefix)?, Prefix::parse(error_prefix)?);
    if prefix.0.contains(&Part::ErrorType) {
        return Err(Violation::ErrorTypeInPrefix);
    }
    if prefix.has_expressions() && error_prefix.is_empty() {
        return Err(Violation::ErrorPrefixMissing);
    }
    if error.has_expressions() && !error.0.contains(&Part::ErrorType) {
        return Err(Violation::ErrorTypeMissing);
    }
    // Random parts all have the same length; which they are does not matter here.
    let mut ids = Ids::new(0);
    let too_long = [prefix, error].iter().any(|prefix| prefix.evaluate(at, &mut ids).chars().count() > LENGTH_MAX);
    if too_long { Err(Violation::TooLong(LENGTH_MAX)) } else { Ok(()) }
}

impl Prefix {
    pub fn parse(text: &str) -> Result<Prefix, Violation> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("!{") {
            let (expression, after) = after.split_once('}').ok_or(Violation::NoExpression)?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(part(expression)?);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Prefix(parts))
    }

    fn has_expressions(&self) -> bool {
        self.0.iter().any(|part| !matches!(part, Part::Text(_)))
    }

    /// The start of an object's name. Without an expression for the time, the hour is appended.
    pub fn evaluate(&self, at: &DateTime<Tz>, ids: &mut Ids) -> String {
        let mut text: String = self.0.iter().map(|part| part.evaluate(at, ids)).collect();
        let is_dated = self.0.iter().any(|part| matches!(part, Part::Timestamp(_)));
        if !is_dated && let Some(by_hour) = Pattern::parse(BY_HOUR) {
            text.push_str(&by_hour.format(at));
        }
        text
    }
}

fn part(expression: &str) -> Result<Part, Violation> {
    match expression.split_once(':') {
        Some(("timestamp", pattern)) => {
            Pattern::parse(pattern).map(Part::Timestamp).ok_or_else(|| Violation::Pattern(pattern.to_owned()))
        }
        Some(("firehose", "random-string")) => Ok(Part::Random),
        Some(("firehose", "error-output-type")) => Ok(Part::ErrorType),
        Some(("partitionKeyFromQuery" | "partitionKeyFromLambda", _)) => {
            Err(Violation::PartitionKey(expression.to_owned()))
        }
        Some(_) => Err(Violation::Unknown(expression.to_owned())),
        None => Err(Violation::NoExpression),
    }
}

impl Part {
    fn evaluate(&self, at: &DateTime<Tz>, ids: &mut Ids) -> String {
        match self {
            Part::Text(text) => text.clone(),
            Part::Timestamp(pattern) => pattern.format(at),
            Part::Random => ids.uuid().to_string()[..11].to_owned(),
            // Records fail only where they are processed.
            Part::ErrorType => "processing-failed".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    fn time() -> DateTime<Tz> {
        "2018-08-27T10:30:00Z".parse::<DateTime<Utc>>().unwrap().with_timezone(&Tz::UTC)
    }

    /// The evaluated prefix, with `?` for each random character.
    fn evaluated(text: &str) -> String {
        let prefix = Prefix::parse(text).unwrap();
        let first = prefix.evaluate(&time(), &mut Ids::new(1));
        let second = prefix.evaluate(&time(), &mut Ids::new(2));
        assert_eq!(first.len(), second.len());
        first.chars().zip(second.chars()).map(|(a, b)| if a == b { a } else { '?' }).collect()
    }

    #[test]
    fn prefixes_as_the_documentation_evaluates_them() {
        let cases = [
            ("", "2018/08/27/10/"),
            ("myFirehosePrefix/", "myFirehosePrefix/2018/08/27/10/"),
            ("myFirehosePrefix", "myFirehosePrefix2018/08/27/10/"),
            ("!{timestamp:yyyy/MM/dd}", "2018/08/27"),
            (
                "myPrefix/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/",
                "myPrefix/year=2018/month=08/day=27/hour=10/",
            ),
            (
                "myErrorPrefix/!{timestamp:'year='yyyy'/month='MM'/day='dd'/hour='HH}/!{firehose:error-output-type}",
                "myErrorPrefix/year=2018/month=08/day=27/hour=10/processing-failed",
            ),
        ];
        for (prefix, expected) in cases {
            assert_eq!(evaluated(prefix), expected, "{prefix}");
        }
    }

    #[test]
    fn random_strings_have_eleven_characters_each_its_own() {
        let prefix = Prefix::parse("!{firehose:random-string}/!{firehose:random-string}/!{timestamp:yyyy}/").unwrap();
        let text = prefix.evaluate(&time(), &mut Ids::new(1));
        let parts: Vec<_> = text.split('/').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [11, 11, 4, 0]);
        assert_ne!(parts[0], parts[1]);
        // Without a date, one is appended.
        assert!(evaluated("rand=!{firehose:random-string}/").ends_with("/2018/08/27/10/"));
    }

    #[test]
    fn rules() {
        let check = |prefix: &str, error: &str, expected: Result<(), Violation>| {
            assert_eq!(check(prefix, error, &time()), expected, "{prefix} {error}");
        };
        check("plain/", "", Ok(()));
        check("plain/", "failed/", Ok(()));
        check("", "failed/!{firehose:error-output-type}/", Ok(()));
        check("!{timestamp:yyyy}/", "failed/", Ok(()));
        check("!{timestamp:yyyy}/", "", Err(Violation::ErrorPrefixMissing));
        check("!{firehose:random-string}/", "", Err(Violation::ErrorPrefixMissing));
        check("a/", "failed/!{timestamp:yyyy}/", Err(Violation::ErrorTypeMissing));
        check("!{firehose:error-output-type}/", "failed/", Err(Violation::ErrorTypeInPrefix));
        check("a!{b", "failed/", Err(Violation::NoExpression));
        check("a!{b}", "failed/", Err(Violation::NoExpression));
        check("!{time:yyyy}", "failed/", Err(Violation::Unknown("time:yyyy".into())));
        check("!{firehose:name}", "failed/", Err(Violation::Unknown("firehose:name".into())));
        check("!{timestamp:GGG}", "failed/", Err(Violation::Pattern("GGG".into())));
        let key = "partitionKeyFromQuery:customer";
        check(&format!("!{{{key}}}/"), "failed/", Err(Violation::PartitionKey(key.into())));
        check(&"x".repeat(499), "", Err(Violation::TooLong(512)));
        check(&"x".repeat(498), "", Ok(()));
    }
}
