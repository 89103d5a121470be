//! Patterns that AWS refuses: the message, and the place.

use super::Pattern;

#[track_caller]
fn check(text: &str, message: &str, position: usize) {
    match Pattern::parse(text) {
        Ok(pattern) => panic!("{text} is read as {pattern}"),
        Err(error) => assert_eq!((error.message.as_str(), error.position), (message, position), "{text}"),
    }
}

/// Messages seen of AWS.
#[test]
fn characters_that_want_quotes() {
    for (text, characters, position) in [
        ("PlayerSpawnedInWorld (reason: JoinMultiplayer", "(", 21),
        ("?Status: timeout", ":", 7),
        (r#"level\":\"error"#, r"\", 5),
        ("`pattern", "`", 0),
        ("\"\"", "\"\"", 0),
        ("{ $.\"sc-status\" = 5* }", "$.\"", 2),
        ("{ $.message = \"error-response\", $.path = \"/authenticate\" }", ",", 30),
        ("email@someemail.com", "@", 5),
        ("?", "", 1),
        ("user-name", "-", 4),
        ("\"open", "\"open", 0),
        ("%open", "%", 0),
        ("%something!%", "!", 10),
        ("%f(x)%", "(", 2),
        (r"%f\(x%", r"\(", 2),
        (r"%\b%", r"\b", 1),
        ("%é%", "é", 1),
        ("%%", "%%", 0),
        ("{ $.a = foo:bar }", ":", 11),
        ("{ $.a = é }", "é", 8),
        ("[a = x:y]", ":", 6),
    ] {
        let message = match characters {
            "" => "Invalid filter pattern".to_owned(),
            _ => format!("Invalid character(s) in term '{characters}'"),
        };
        check(text, &message, position);
    }
}

#[test]
fn patterns_without_their_end() {
    let json = "If a filter pattern starts with '{' it must end with '}'";
    check("{$.kubernetes.namespace_name=\"abc\"", json, 0);
    check("{ $.a = 1 } x", json, 0);
    let columns = "If a filter pattern starts with '[' it must end with ']'";
    check("[time, level=ERROR, msg", columns, 0);
}

#[test]
fn patterns_that_make_no_sense() {
    for (text, position) in [
        ("{}", 1),
        ("{ $.a }", 6),
        ("{ status = \"401\" }", 2),
        ("{ $.a == 1 }", 7),
        ("{ $.a = }", 8),
        ("{ $.a = 1 && }", 13),
        ("{ $.a = 1 & $.b = 2 }", 10),
        ("{ $.a = 1 $.b = 2 }", 10),
        ("{ ($.a = 1 }", 11),
        ("{ $.a = 1) }", 9),
        ("{ $.a = 1 }}", 11),
        ("{ $.a IS NOT NULL }", 6),
        ("{ $.a IS 1 }", 6),
        ("{ $.a EXISTS }", 6),
        ("{ $.a > \"5\" }", 6),
        ("{ $.a < abc }", 6),
        ("{ $.a >= %5% }", 6),
        ("{ $.a[x] = 1 }", 6),
        ("{ $.a[1 = 1 }", 7),
        ("{ $.a[*][*] = 1 }", 2),
        ("{ $.a[*] = 1 && $.b[*] = 1 && $.c[*] = 1 && $.d[*] = 1 }", 0),
        ("[a b]", 3),
        ("[a = ]", 5),
        ("[..., a, ...]", 8),
        ("[a = 1 || b = 2]", 10),
        ("[ip, user, username, timestamp, request, status_code = 4* && bytes > 1000]", 61),
        ("[a = 1 && ]", 10),
        ("[= 1]", 1),
        ("[a > x]", 3),
        ("[a] b]", 4),
        ("%[z-a]%", 1),
        ("%a{x}%", 2),
        ("%a{,}%", 2),
        ("%a{2%", 2),
        ("%[a%", 1),
        (r"%\x8%", 1),
        (r"%\xFF%", 1),
        ("%a{1000}{1000}{1000}%", 1),
        ("%a% %b% %c%", 8),
        ("{ $.a = %a% && $.b = %b% && $.c = %c% }", 34),
    ] {
        check(text, "Invalid filter pattern", position);
    }
    check(&"a".repeat(1025), "Invalid filter pattern", 1024);
    check(&format!("{{ {}$.a = 1{} }}", "(".repeat(400), ")".repeat(400)), "Invalid filter pattern", 66);
    assert!(Pattern::parse(&"é".repeat(1024)).is_err_and(|error| error.position == 0));
    assert!(Pattern::parse(&"a".repeat(1024)).is_ok());
}
