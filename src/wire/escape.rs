//! JSON's escapes of texts, for all who write JSON byte by byte.

/// Bytes looked at together: most texts have nothing to escape, and whole blocks are told at once.
const BLOCK: usize = 16;

/// A text in pieces that, one after the other, are its escaped form.
pub fn escaped(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let plain = plain_length(rest.as_bytes());
        // What is escaped is ASCII, so both ends are character boundaries.
        let piece = match plain {
            0 => escape(*rest.as_bytes().first()?),
            _ => &rest[..plain],
        };
        rest = &rest[plain.max(1)..];
        Some(piece)
    })
}

/// How many bytes stand before the first that is escaped.
fn plain_length(bytes: &[u8]) -> usize {
    let mut blocks = bytes.chunks_exact(BLOCK);
    let plain_blocks = blocks.by_ref().take_while(|block| !block.iter().fold(false, |any, byte| any | special(*byte)));
    let start = plain_blocks.count() * BLOCK;
    let end = bytes[start..].iter().position(|byte| special(*byte));
    end.map_or(bytes.len(), |at| start + at)
}

fn special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

fn escape(byte: u8) -> &'static str {
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
        escaped(text).collect()
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
