//! Parts of events, and templates that are filled in with them.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use std::collections::BTreeMap;

use crate::patterns::{Tree, flaw_of_json, json_text};
use crate::world::time::{Time, iso_seconds};

/// A path into an event: `$.detail.items[0].name`, `$.resources[*]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
    /// `*`: all members or items.
    All,
}

impl Path {
    /// Reads a path.
    pub fn parse(text: &str) -> Option<Path> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = step(rest)?;
            steps.push(step);
            rest = after;
        }
        Some(Path(steps))
    }

    /// What is there in an event, as JSON; a list of all that is there if the path has a `*`.
    pub fn find(&self, event: &Tree) -> Option<String> {
        let mut found = vec![event];
        for step in &self.0 {
            found = found.into_iter().flat_map(|tree| step.from(tree)).collect();
        }
        match (self.0.contains(&Step::All), found.as_slice()) {
            (_, []) => None,
            (true, all) => Some(Tree::Array(all.iter().map(|tree| (*tree).clone()).collect()).to_string()),
            (false, [first, ..]) => Some(first.to_string()),
        }
    }
}

/// The step that a text begins with, and what follows.
fn step(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        let step = match inside {
            "*" => Step::All,
            _ => match inside.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')) {
                Some(name) => Step::Member(name.to_owned()),
                None => Step::Item(inside.parse().ok()?),
            },
        };
        return Some((step, after));
    }
    let rest = text.strip_prefix('.')?;
    let length = rest.find(['.', '[']).unwrap_or(rest.len());
    let (name, after) = rest.split_at_checked(length)?;
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '/' | '$' | '@' | ':' | ' ');
    match name {
        "" => None,
        "*" => Some((Step::All, after)),
        _ => name.chars().all(is_name).then(|| (Step::Member(name.to_owned()), after)),
    }
}

impl Step {
    fn from<'e, 't>(&self, tree: &'e Tree<'t>) -> Vec<&'e Tree<'t>> {
        match (self, tree) {
            (Step::Member(name), _) => tree.get(name).into_iter().collect(),
            (Step::Item(place), Tree::Array(items)) => items.get(*place).into_iter().collect(),
            (Step::All, Tree::Array(items)) => items.iter().collect(),
            (Step::All, Tree::Object(members)) => members.iter().map(|(_, value)| value).collect(),
            _ => Vec::new(),
        }
    }
}

/// What reserved variables stand for, besides the event.
pub struct Reserved<'a> {
    pub rule_arn: &'a str,
    pub rule_name: &'a str,
    pub ingestion_time: Time,
}

/// A text with `<variables>`: JSON, or strings in quotes.
#[derive(Clone, Debug)]
pub struct Template {
    paths: BTreeMap<String, Path>,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable {
        name: String,
        /// Inside a string.
        is_quoted: bool,
    },
}

impl Template {
    /// Reads a template and the paths of its variables.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(paths: &BTreeMap<String, String>, text: &str) -> Result<Template, String> {
        let path = |(name, path): (&String, &String)| match Path::parse(path) {
            Some(path) => Ok((name.clone(), path)),
            None => Err(format!("{path} is no path")),
        };
        let paths = paths.iter().map(path).collect::<Result<_, String>>()?;
        let template = Template { paths, pieces: pieces(text) };
        // Whatever the variables stand for, what is around them must be JSON.
        let filled = template.filled(|_| None);
        match flaw_of_json(&filled) {
            Some(flaw) => Err(flaw.place_in(&filled)),
            None => Ok(template),
        }
    }

    /// The template filled in, without spaces; `None` if the event made something of it that is no JSON. Variables that
    /// the event has nothing for are empty.
    pub fn render(&self, event: &Tree, reserved: &Reserved) -> Option<String> {
        let filled = self.filled(|name| match name {
            "aws.events.rule-arn" => Some(json_text(reserved.rule_arn)),
            "aws.events.rule-name" => Some(json_text(reserved.rule_name)),
            "aws.events.event.ingestion-time" => Some(json_text(&iso_seconds(reserved.ingestion_time))),
            "aws.events.event" => Some(without_detail(event).to_string()),
            "aws.events.event.json" => Some(event.to_string()),
            _ => self.paths.get(name)?.find(event),
        });
        let texts: Vec<String> = Tree::read_all(&filled).ok()?.iter().map(Tree::to_string).collect();
        Some(texts.join("\n"))
    }

    /// The template with the values of its variables, which are given as JSON. Inside strings, texts stand as they are,
    /// without being escaped, and all else without its quotes.
    fn filled(&self, value: impl Fn(&str) -> Option<String>) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Variable { name, is_quoted } => {
                    let value = value(name).unwrap_or_else(|| json_text(""));
                    match (is_quoted, serde_json::from_str::<String>(&value)) {
                        (false, _) => out.push_str(&value),
                        (true, Ok(text)) => out.push_str(&text),
                        (true, Err(_)) => out.extend(value.chars().filter(|letter| *letter != '"')),
                    }
                }
            }
        }
        out
    }
}

fn without_detail<'t>(event: &Tree<'t>) -> Tree<'t> {
    match event {
        Tree::Object(members) => Tree::Object(members.iter().filter(|(name, _)| name != "detail").cloned().collect()),
        other => other.clone(),
    }
}

/// Takes a template apart.
fn pieces(text: &str) -> Vec<Piece> {
    let (mut pieces, mut plain) = (Vec::new(), String::new());
    let (mut is_quoted, mut is_escaped) = (false, false);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some((name, after)) = variable(rest) {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Variable { name: name.to_owned(), is_quoted });
            rest = after;
            continue;
        }
        is_quoted ^= letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        plain.push(letter);
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    pieces.push(Piece::Text(plain));
    pieces
}

/// `<name>` at the beginning of a text.
fn variable(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('<')?.split_once('>')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (!name.is_empty() && name.bytes().all(is_name)).then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The event of the guide.
    const EVENT: &str = r#"{"version":"0","id":"7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":"123456789012",
        "time":"2015-11-11T21:29:54Z","region":"us-east-1",
        "resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
        "detail":{"instance-id":"i-0123456789","state":"RUNNING","cpu":[{"id":1.0},{"id":2e0}],"said":"a \"b\""}}"#;

    fn reserved() -> Reserved<'static> {
        Reserved {
            rule_arn: "arn:aws:events:us-east-2:123456789012:rule/example",
            rule_name: "example",
            ingestion_time: "2015-11-11T21:29:55Z".parse().unwrap(),
        }
    }

    #[test]
    fn paths() {
        let event = Tree::read(EVENT).unwrap();
        let check = |path: &str, wanted: Option<&str>| {
            assert_eq!(Path::parse(path).unwrap().find(&event).as_deref(), wanted, "{path}");
        };
        check("$.detail.state", Some("\"RUNNING\""));
        check("$.detail-type", Some("\"EC2 Instance State-change Notification\""));
        check("$.resources[0]", Some("\"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111\""));
        check("$.resources", Some("[\"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111\"]"));
        check("$.resources[1]", None);
        check("$.detail.nothing", None);
        check("$.detail.state.nothing", None);
        check("$.detail.cpu[*].id", Some("[1.0,2e0]"));
        check("$.detail.cpu[1]", Some("{\"id\":2e0}"));
        check("$['detail']['state']", Some("\"RUNNING\""));
        check("$.detail.cpu.*", Some("[{\"id\":1.0},{\"id\":2e0}]"));
        for bad in ["", "detail", "$detail", "$.", "$..a", "$.a[", "$.a[b]", "$.a[-1]", "$.a(b)"] {
            assert_eq!(Path::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn templates_of_the_guide() {
        let event = Tree::read(EVENT).unwrap();
        let paths = [
            ("timestamp", "$.time"),
            ("instance", "$.detail.instance-id"),
            ("state", "$.detail.state"),
            ("said", "$.detail.said"),
            ("cpu", "$.detail.cpu"),
            ("nothing", "$.detail.nothing"),
        ];
        let paths = paths.map(|(name, path)| (name.to_owned(), path.to_owned())).into();
        let check = |template: &str, wanted: Option<&str>| {
            let filled = Template::parse(&paths, template).unwrap().render(&event, &reserved());
            assert_eq!(filled.as_deref(), wanted, "{template}");
        };
        check(r#""instance <instance> is in <state>""#, Some(r#""instance i-0123456789 is in RUNNING""#));
        check(r#""instance \"<instance>\" is in <state>""#, Some(r#""instance \"i-0123456789\" is in RUNNING""#));
        check(
            "{\n  \"instance\" : <instance>,\n  \"state\": <state>\n}",
            Some(r#"{"instance":"i-0123456789","state":"RUNNING"}"#),
        );
        check(
            "{\n \"instance\" : <instance>,\n \"state\": \"<state>\",\n \
             \"instanceStatus\": \"instance \\\"<instance>\\\" is in <state>\"\n}",
            Some(
                r#"{"instance":"i-0123456789","state":"RUNNING","instanceStatus":"instance \"i-0123456789\" is in RUNNING"}"#,
            ),
        );
        check(
            r#"{ "instance" : <instance>, "state": [ 9, <state>, true ], "Transformed" : "Yes" }"#,
            Some(r#"{"instance":"i-0123456789","state":[9,"RUNNING",true],"Transformed":"Yes"}"#),
        );
        check(
            r#"{"ruleArn" : <aws.events.rule-arn>, "ruleName" : <aws.events.rule-name>}"#,
            Some(r#"{"ruleArn":"arn:aws:events:us-east-2:123456789012:rule/example","ruleName":"example"}"#),
        );
        check(r#""<aws.events.rule-name> triggered""#, Some(r#""example triggered""#));
        check("<aws.events.event.ingestion-time>", Some(r#""2015-11-11T21:29:55Z""#));
        check("<aws.events.event.json>", Some(&event.to_string()));
        check(
            "{\"original\": <aws.events.event>}",
            Some(
                "{\"original\":{\"version\":\"0\",\"id\":\"7bf73129-1428-4cd3-a780-95db273d1602\",\
                 \"detail-type\":\"EC2 Instance State-change Notification\",\"source\":\"aws.ec2\",\
                 \"account\":\"123456789012\",\"time\":\"2015-11-11T21:29:54Z\",\"region\":\"us-east-1\",\
                 \"resources\":[\"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111\"]}}",
            ),
        );
        // Lines of a text, each in its quotes.
        check("\"<instance>\"\n\"is <state>\"", Some("\"i-0123456789\"\n\"is RUNNING\""));
        check(r#"{"a":<nothing>,"b":"x<nothing>y","c":<unknown>}"#, Some(r#"{"a":"","b":"xy","c":""}"#));
        check(r#""cpus: <cpu>""#, Some(r#""cpus: [{id:1.0},{id:2e0}]""#));
        check(r#"{"said":<said>}"#, Some(r#"{"said":"a \"b\""}"#));
        // What is put into a string is not escaped.
        check(r#"{"said":"<said>"}"#, None);
        check(r#""1 < 2 and 3 > 2 <not a name>""#, Some(r#""1 < 2 and 3 > 2 <not a name>""#));
    }

    #[test]
    fn templates_that_are_no_json() {
        let check = |template: &str| {
            let flaw = Template::parse(&BTreeMap::new(), template).unwrap_err();
            assert!(flaw.starts_with("[Source: (String)\""), "{template}: {flaw}");
        };
        check("instance <instance> is in <state>");
        check("{\"a\": <b>");
        check("{\"a\" <b>}");
        let paths = BTreeMap::from([("a".to_owned(), "detail".to_owned())]);
        assert!(Template::parse(&paths, "<a>").is_err());
    }
}
