//! What must hold of every pattern.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::Pattern;
use super::pattern;

/// Any text as the content of quotation marks.
fn quoted() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 _.*+%\\\\\"é-]{1,8}".prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

fn regex() -> impl Strategy<Value = String> {
    select(vec!["%a%", r"%^\d{1,3}\.x$%", "%[a-f0-9-]+|z?%", "%[^b]*%", r"%\x28.\[%"]).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = String> {
    "[+-]?[0-9]{1,4}(\\.[0-9]{1,2})?(e[+-]?[0-9])?"
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_]{1,6}"
}

fn test() -> impl Strategy<Value = String> {
    let text = prop_oneof![quoted(), regex(), number(), "[*]?[a-zA-Z0-9_.-]{1,6}[*]?", Just("\"\"".to_owned())];
    let equality = (select(vec!["=", "!=", " = "]), text);
    let order = (select(vec!["<", "<=", ">", " >= "]), number());
    prop_oneof![
        equality.prop_map(|(operator, value)| format!("{operator}{value}")),
        order.prop_map(|(operator, value)| format!("{operator}{value}")),
    ]
}

fn terms() -> impl Strategy<Value = String> {
    let term = (select(vec!["", "-", "?", "- "]), prop_oneof![word(), quoted(), regex()]);
    vec(term.prop_map(|(sign, what)| format!("{sign}{what}")), 0..6).prop_map(|terms| terms.join(" "))
}

fn selector() -> impl Strategy<Value = String> {
    let field = prop_oneof!["[.][a-zA-Z0-9_-]{1,4}", "[.]\\['[a-c. é\"]{0,4}'\\]"];
    let step = prop_oneof![field.clone(), "\\[[0-9]{1,3}\\]"];
    (field, vec(step, 0..3), select(vec!["", "[*]", ".*"]))
        .prop_map(|(first, steps, wildcard)| format!("${first}{}{wildcard}", steps.concat()))
}

fn json() -> impl Strategy<Value = String> {
    let check =
        prop_oneof![test(), select(vec![" IS NULL", " IS TRUE", " IS FALSE", " NOT EXISTS"]).prop_map(str::to_owned)];
    let condition = (selector(), check).prop_map(|(selector, check)| format!("{selector}{check}"));
    let expression = condition.prop_recursive(4, 12, 3, |inner| {
        (vec(inner, 1..4), select(vec![" && ", "||"]))
            .prop_map(|(parts, operator)| format!("({})", parts.join(operator)))
    });
    expression.prop_map(|expression| format!("{{ {expression} }}"))
}

fn columns() -> impl Strategy<Value = String> {
    let column = (word(), vec((select(vec!["&&", " || "]), test()), 0..3)).prop_map(|(name, tests)| {
        let tests: String = tests
            .iter()
            .enumerate()
            .map(
                |(at, (operator, test))| {
                    if at == 0 { format!("{name}{test}") } else { format!("{operator}{name}{test}") }
                },
            )
            .collect();
        if tests.is_empty() { name } else { tests }
    });
    let column = prop_oneof![4 => column, 1 => Just(String::new())];
    (vec(column.clone(), 0..4), proptest::option::of(vec(column, 0..3))).prop_map(|(mut columns, after)| {
        columns.extend(after.into_iter().flat_map(|after| std::iter::once("...".to_owned()).chain(after)));
        format!("[{}]", columns.join(", "))
    })
}

fn message() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("\"a\":".to_owned()),
        Just("\\".to_owned()),
        Just("\\u00".to_owned()),
        "[a-z0-9 \",:.é-]{0,6}",
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A JSON object as serde_json writes it.
fn object() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,12}".prop_map(Into::into),
        "[\\x00-\\x7f]{0,20}".prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Into::into),
            vec(("[a-c\\\\\"]{0,2}", inner), 0..4)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    });
    vec(("[a-c\\\\\"]{0,2}", value), 0..4)
        .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect()).to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_pattern_parses_to_itself(text in prop_oneof![terms(), json(), columns()]) {
        // Too many expressions or wildcards are refused, of course.
        if let Ok(pattern) = Pattern::parse(&text) {
            let printed = pattern.to_string();
            prop_assert!(printed.len() <= text.len(), "{} grew to {}", text, printed);
            prop_assert_eq!(Pattern::parse(&printed), Ok(pattern), "{}", printed);
        } else {
            prop_assert!(text.matches('%').count() > 4 || text.matches('*').count() > 3, "{}", text);
        }
    }

    #[test]
    fn no_text_makes_a_pattern_panic(
        text in prop_oneof!["[{\\[]?[a$.'\"%=!<>&|()\\[\\]{}*?\\\\,0 é-]{0,24}[}\\]]?", "\\PC{0,40}"],
        message in message(),
    ) {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(pattern.extract(&message).is_some(), pattern.matches(&message));
            prop_assert_eq!(Pattern::parse(&pattern.to_string()), Ok(pattern.clone()));
        }
    }

    #[test]
    fn no_message_makes_a_pattern_panic(text in prop_oneof![terms(), json(), columns()], message in message()) {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(pattern.extract(&message).is_some(), pattern.matches(&message));
            pattern.value(&message, "$.a");
            pattern.value(&message, "$1");
        }
    }

    #[test]
    fn values_are_those_of_another_reader(document in object()) {
        let tree: serde_json::Value = serde_json::from_str(&document).unwrap();
        let expected = match tree.get("a").and_then(|a| a.get("b")) {
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => Some(value.to_string()),
            _ => None,
        };
        prop_assert_eq!(pattern("{ $.a = 1 }").value(&document, "$.a.b"), expected);
        prop_assert_eq!(pattern("{ $.a NOT EXISTS }").matches(&document), tree.get("a").is_none());
    }

    /// What another reader refuses is refused, and the other way round.
    #[test]
    fn json_is_what_another_reader_takes(mut document in object(), cut in any::<prop::sample::Index>(), put in "[{}\\[\\]\",:0e.\\\\n-]") {
        let at = cut.index(document.len());
        if document.is_char_boundary(at) {
            document.insert_str(at, &put);
        }
        let taken = serde_json::from_str::<serde::de::IgnoredAny>(&document).is_ok();
        prop_assert_eq!(pattern("{ $.absent NOT EXISTS }").matches(&document), taken, "{}", document);
    }
}
