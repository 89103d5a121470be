//! Statements of a resource's policy that have a label: the short way to let other accounts in, `AddPermission`.

use serde_json::{Map, Value, json};

use super::scope::AccountId;

/// A policy as its document stands, to be changed statement by statement.
#[derive(Clone, Debug, Default)]
pub struct Labelled {
    document: Map<String, Value>,
    statements: Vec<Value>,
}

impl Labelled {
    /// Reads a policy that was accepted before; an empty text has no statements.
    pub fn parse(text: &str) -> Labelled {
        let mut document: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let statements = match document.remove("Statement") {
            Some(Value::Array(statements)) => statements,
            Some(single) => vec![single],
            None => Vec::new(),
        };
        Labelled { document, statements }
    }

    /// Whether there are no statements.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    pub fn has(&self, label: &str) -> bool {
        self.statements.iter().any(|statement| statement["Sid"] == label)
    }

    /// Lets accounts do something (`SQS:SendMessage`) with a resource.
    pub fn add(&mut self, label: &str, accounts: &[AccountId], actions: Vec<String>, resource: &str) {
        self.put(json!({
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": one_or_all(accounts.iter().map(AccountId::root_arn).collect())},
            "Action": one_or_all(actions),
            "Resource": resource,
        }));
    }

    /// Adds a statement with its `Sid`, or replaces that of the same.
    pub fn put(&mut self, statement: Value) {
        self.statements.retain(|other| other["Sid"] != statement["Sid"]);
        self.statements.push(statement);
    }

    pub fn remove(&mut self, label: &str) {
        self.statements.retain(|statement| statement["Sid"] != label);
    }

    /// The policy as text; `id` is its name where it has none.
    pub fn text(mut self, id: &str) -> String {
        if self.document.is_empty() {
            self.document.insert("Version".into(), "2008-10-17".into());
            self.document.insert("Id".into(), id.into());
        }
        self.document.insert("Statement".into(), self.statements.into());
        Value::Object(self.document).to_string()
    }
}

/// AWS writes a list of one without the list.
fn one_or_all(mut texts: Vec<String>) -> Value {
    if texts.len() == 1 { texts.remove(0).into() } else { texts.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_come_and_go() {
        let account = |id| AccountId::parse(id).unwrap();
        let mut policy = Labelled::parse("");
        policy.add("a", &[account("111122223333")], vec!["SQS:SendMessage".into()], "arn:q");
        policy.add("b", &[account("111122223333"), account("444455556666")], vec!["SQS:*".into()], "arn:q");
        assert!(policy.has("a") && policy.has("b") && !policy.has("c"));
        let text = policy.text("id");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["Id"], "id");
        assert_eq!(read["Statement"][0]["Principal"]["AWS"], "arn:aws:iam::111122223333:root");
        assert_eq!(read["Statement"][1]["Principal"]["AWS"].as_array().map(Vec::len), Some(2));
        let mut policy = Labelled::parse(&text);
        policy.remove("a");
        policy.remove("b");
        assert!(policy.is_empty());
        // One statement may stand without a list.
        assert!(Labelled::parse(r#"{"Id":"x","Statement":{"Sid":"c"}}"#).has("c"));
    }
}
