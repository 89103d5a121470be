//! JSON, flattened: `a.b.0.c`. The text is read once and checked on the way; values borrow from it.

use std::borrow::Cow;

use super::super::value::Value;
use super::Visit;

/// As many fields as AWS extracts from one log event.
const FIELDS_MAX: usize = 200;
/// Deeper documents are no JSON to us.
const DEPTH_MAX: usize = 100;

/// A value in a document.
#[derive(Clone, Debug)]
pub enum Scalar<'m> {
    /// Text without escapes, a number's spelling, or the text of a map or list.
    Text(&'m str),
    /// The inside of a string with escapes, between its quotes.
    Escaped(&'m str),
    Owned(String),
    Bool(bool),
}

impl<'m> Scalar<'m> {
    pub fn value(&self) -> Value<'m> {
        match self {
            Scalar::Text(text) => Value::text(text),
            Scalar::Escaped(inner) => Value::Text(unescape(inner)),
            Scalar::Owned(text) => Value::owned(text.clone()),
            Scalar::Bool(value) => Value::Bool(*value),
        }
    }
}

/// Visits the fields of a text that is a JSON object from beginning to end. If it turns out not to be one, the answer is
/// no, and what was visited is to be forgotten.
pub fn each_field<'m>(text: &'m str, visit: &mut Visit<'_, 'm>) -> bool {
    let mut reader = Reader { text, at: 0, path: String::new(), fields: 0, visit: Some(visit) };
    reader.value(0).is_some() && text[reader.at..].trim().is_empty()
}

/// Visits the fields of the first JSON object inside a text.
pub fn each_embedded_field<'m>(text: &'m str, visit: &mut Visit<'_, 'm>) {
    /// Braces that begin no object are common; a line of nothing else must not take long.
    const ATTEMPTS_MAX: usize = 16;
    let starts = text.match_indices('{').map(|(start, _)| &text[start..]).take(ATTEMPTS_MAX);
    for start in starts {
        if let Some(end) = valid(start) {
            each_field(&start[..end], visit);
            return;
        }
    }
}

/// The end of the JSON value that a text begins with.
fn valid(text: &str) -> Option<usize> {
    let mut reader = Reader { text, at: 0, path: String::new(), fields: 0, visit: None };
    reader.value(0)?;
    Some(reader.at)
}

struct Reader<'r, 'v, 'm> {
    text: &'m str,
    at: usize,
    /// The name of the value that is read.
    path: String,
    fields: usize,
    /// Nobody is told while the text is only checked.
    visit: Option<&'r mut Visit<'v, 'm>>,
}

impl<'m> Reader<'_, '_, 'm> {
    fn value(&mut self, depth: usize) -> Option<()> {
        self.space();
        let start = self.at;
        match self.peek()? {
            b'{' => {
                self.members(depth)?;
                self.whole(start);
            }
            b'[' => {
                self.elements(depth)?;
                self.whole(start);
            }
            b'"' => {
                let (inner, escaped) = self.string()?;
                self.field(if escaped { Scalar::Escaped(inner) } else { Scalar::Text(inner) });
            }
            b't' => {
                self.word("true")?;
                self.field(Scalar::Bool(true));
            }
            b'f' => {
                self.word("false")?;
                self.field(Scalar::Bool(false));
            }
            b'n' => self.word("null")?,
            _ => {
                let number = self.number()?;
                self.field(Scalar::Text(number));
            }
        }
        Some(())
    }

    fn members(&mut self, depth: usize) -> Option<()> {
        self.open(depth)?;
        if self.take(b'}') {
            return Some(());
        }
        loop {
            self.space();
            let (key, escaped) = self.string()?;
            self.space();
            self.byte(b':')?;
            let length = self.path.len();
            self.enter(if escaped { unescape(key) } else { Cow::Borrowed(key) }.as_ref());
            self.value(depth + 1)?;
            self.path.truncate(length);
            if self.more(b'}')? {
                continue;
            }
            return Some(());
        }
    }

    fn elements(&mut self, depth: usize) -> Option<()> {
        self.open(depth)?;
        if self.take(b']') {
            return Some(());
        }
        for index in 0.. {
            let length = self.path.len();
            if self.visit.is_some() {
                self.enter(&index.to_string());
            }
            self.value(depth + 1)?;
            self.path.truncate(length);
            if !self.more(b']')? {
                break;
            }
        }
        Some(())
    }

    fn open(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        self.space();
        (depth < DEPTH_MAX).then_some(())
    }

    /// A comma, or the closing bracket.
    fn more(&mut self, close: u8) -> Option<bool> {
        self.space();
        if self.take(b',') {
            return Some(true);
        }
        self.byte(close)?;
        Some(false)
    }

    /// Names that begin with `@` get another one, so that they are not taken for AWS's own.
    fn enter(&mut self, key: &str) {
        if self.visit.is_none() {
            return;
        }
        match self.path.is_empty() {
            true if key.starts_with('@') => self.path.push('@'),
            true => {}
            false => self.path.push('.'),
        }
        self.path.push_str(key);
    }

    fn field(&mut self, value: Scalar<'m>) {
        if let Some(visit) = &mut self.visit
            && self.fields < FIELDS_MAX
            && !self.path.is_empty()
        {
            self.fields += 1;
            visit(&self.path, false, value);
        }
    }

    fn whole(&mut self, start: usize) {
        let text = self.text;
        if let Some(visit) = &mut self.visit
            && !self.path.is_empty()
        {
            visit(&self.path, true, Scalar::Text(&text[start..self.at]));
        }
    }

    /// What is between the quotes, and whether there are escapes in it.
    fn string(&mut self) -> Option<(&'m str, bool)> {
        self.byte(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\') || *byte < b' ')?;
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some((&self.text[start..self.at - 1], escaped));
                }
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let length = match bytes.get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' => {
                let digits = bytes.get(self.at + 2..self.at + 6)?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(6)?
            }
            _ => return None,
        };
        self.at += length;
        Some(())
    }

    fn number(&mut self) -> Option<&'m str> {
        let start = self.at;
        self.take(b'-');
        let leading_zero = self.peek()? == b'0';
        let digits = self.digits()?;
        if leading_zero && digits > 1 {
            return None;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Some(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Option<usize> {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(count)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn space(&mut self) {
        let bytes = &self.text.as_bytes()[self.at..];
        self.at += bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }
}

fn unescape(inner: &str) -> Cow<'_, str> {
    let quoted = format!("\"{inner}\"");
    match serde_json::from_str::<String>(&quoted) {
        Ok(text) => Cow::Owned(text),
        // Half of a surrogate pair has no character; the text stays as it is written.
        Err(_) => Cow::Borrowed(inner),
    }
}
