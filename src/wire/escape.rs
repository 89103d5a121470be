//! JSON's escapes of texts, for all who write JSON byte by byte.

/// Hands out a text in pieces that, one after the other, are its escaped form.
pub fn escape(text: &str, mut emit: impl FnMut(&str)) {
    let mut plain_from = 0;
    let mut found = |at: usize| {
        // What is escaped is ASCII, so both ends are character boundaries.
        if let (Some(plain), Some(byte)) = (text.get(plain_from..at), text.as_bytes().get(at)) {
            emit(plain);
            emit(escape_of(*byte));
        }
        plain_from = at + 1;
    };
    let mut words = text.as_bytes().chunks_exact(WORD);
    for (number, word) in words.by_ref().enumerate() {
        let mut marks = specials(word.try_into().map_or(0, u64::from_le_bytes));
        while marks != 0 {
            found(number * WORD + marks.trailing_zeros() as usize / 8);
            marks &= marks - 1;
        }
    }
    let rest = words.remainder();
    let rest_from = text.len() - rest.len();
    for (at, _) in rest.iter().enumerate().filter(|(_, byte)| **byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        found(rest_from + at);
    }
    emit(&text[plain_from..]);
}

/// Bytes looked at together: records are full of quotes, and finding them byte by byte takes most of the time.
const WORD: usize = 8;

/// The highest bit of each byte of a word that is escaped: below a space, a quote or a backslash.
fn specials(word: u64) -> u64 {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; WORD])
    }
    // Seven bits plus a constant never carry into the next byte, so each byte is judged on its own.
    let low = word & each(0x7f);
    let is = |byte: u8| !(((low ^ each(byte)) + each(0x7f)) | word);
    let below_space = !((low + each(0x60)) | word);
    (below_space | is(b'"') | is(b'\\')) & each(0x80)
}

fn escape_of(byte: u8) -> &'static str {
    const CONTROLS: [&str; 0x20] = [
        "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007", "\\u0008", "\\t",
        "\\n", "\\u000b", "\\u000c", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013",
        "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d",
        "\\u001e", "\\u001f",
    ];
    match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        control => CONTROLS.get(usize::from(control)).copied().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(text: &str) -> String {
        let mut out = String::new();
        escape(text, |piece| out.push_str(piece));
        out
    }

    #[test]
    fn escapes() {
        assert_eq!(json(""), "");
        assert_eq!(json("a\"b\\c\n\u{1}é"), r#"a\"b\\c\n\u0001é"#);
        assert_eq!(json("\u{0}\u{1f}\u{7f}"), "\\u0000\\u001f\u{7f}");
        assert_eq!(json("0123456789abcdef\"0123456789abcde\t"), r#"0123456789abcdef\"0123456789abcde\t"#);
    }

    proptest! {
        #[test]
        fn parsers_read_the_text_back(text in "(?s)[\\x00-\\x7fé€]{0,80}") {
            let quoted = format!("\"{}\"", json(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&quoted).ok(), Some(text));
        }
    }
}
