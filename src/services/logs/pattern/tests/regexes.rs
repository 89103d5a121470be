//! "Supported regular expressions (regex) syntax".

use super::check;

#[test]
fn expressions_of_the_user_guide() {
    for (pattern, matched, unmatched) in [
        ("%AUTHORIZED%", &["[ERROR 401] UNAUTHORIZED REQUEST", "[SUCCESS 200] AUTHORIZED REQUEST"][..], &["OK"][..]),
        (r"%\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}%", &["from 10.0.0.1"], &["10,0,0,1"]),
        ("%[Ee]rror|[Ff]ail%", &["Error", "error", "Fail", "fails"], &["ERROR"]),
        ("%^[hc]at%", &["hat", "cat"], &["bat", "a hat"]),
        ("%[hc]at$%", &["hat", "the cat"], &["bat", "hats"]),
        ("%colou?r%", &["color", "colour"], &["colouur"]),
        ("%[abc]%", &["a", "b", "c"], &["d"]),
        ("%[a-z]%", &["a", "q", "z"], &["A", "1"]),
        ("%[abcx-z]%", &["a", "b", "c", "x", "y", "z"], &["d", "w", "-"]),
        ("%^a{3,5}$%", &["aaa", "aaaa", "aaaaa"], &["aa", "aaaaaa"]),
        ("%^a{3, 5}$%", &["aaa"], &["aa"]),
        ("%^a{3,}$%", &["aaa", "aaaaaa"], &["aa"]),
        ("%^a{,3}$%", &["", "aaa"], &["aaaa"]),
        ("%gra|ey%", &["gray", "grey"], &["gry"]),
        (
            "%^starting|^initializing|^shutting down%",
            &["starting ...", "initializing ...", "shutting down"],
            &["skipping initializing ..."],
        ),
        ("%abcc|ab[^c]$%", &["abcc ...", "aba"], &["aac ..."]),
        (r"%\[.\]%", &["[a]", "[b]", "[7]", "[@]", "[]]", "[ ]"], &["[]", "a"]),
        (r"%10\.10\.0\.1%", &["10.10.0.1"], &["10010,051"]),
        ("%10.10.0.1%", &["10010,051"], &["10100"]),
        ("%ab*c%", &["ac", "abc", "abbbc"], &["adc"]),
        ("%ab[0-9]*%", &["ab", "ab0", "ab129"], &["a129"]),
        ("%ab+c%", &["abc", "abbc", "abbbc"], &["ac"]),
        ("%.at%", &["hat", "cat", "bat", "4at", "#at", " at"], &["at"]),
        (r"%\d%", &["1"], &["a", "\u{664}"]),
        (r"%^\D$%", &["a"], &["1"]),
        (r"%\s%", &["\t", " ", "\n"], &["a", "\u{a0}"]),
        (r"%^\S$%", &["a"], &[" "]),
        (r"%\w%", &["a", "Z", "_", "0"], &["-", "é"]),
        (r"%^\W$%", &["-"], &["a", "_"]),
        (r"%\x3A%", &["a:b"], &["ab"]),
        (r"%\x28%", &["f(x)"], &["fx"]),
    ] {
        let messages: Vec<_> = matched.iter().chain(unmatched).copied().collect();
        let expected: Vec<_> = (0..matched.len()).collect();
        check(pattern, &messages, &expected);
    }
}

/// Nothing of the engine's own syntax has a meaning.
#[test]
fn other_characters_are_plain() {
    check("%^[+--]$%", &["+", ",", "-", "."], &[0, 1, 2]);
    check("%^[a-]$%", &["a", "-", "b"], &[0, 1]);
    check("%^[a[b]$%", &["a", "b", "["], &[0, 1, 2]);
    check("%^[]a]$%", &["]", "a", "b"], &[0, 1]);
    check(r"%^[\d_-]$%", &["5", "_", "-", "a"], &[0, 1, 2]);
    check("%^[^^]$%", &["^", "a"], &[1]);
    check("%a#b@c/d;e,f=g:h_i j-k%", &["a#b@c/d;e,f=g:h_i j-k"], &[0]);
    check(r"%\^\$\?\{\}\|\*\+\.%", &["^$?{}|*+."], &[0]);
    check("%.%", &["é"], &[0]);
    check("%a% %b%", &["ab", "a"], &[0]);
    check("%[0-9]% word", &["1 word", "word"], &[0]);
}
