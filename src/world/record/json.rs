//! JSON text, written straight into one string: records are made on every call, so no tree comes in between.

use std::fmt::Write as _;

use crate::wire::escape::escape;

/// JSON text under construction. Commas come by themselves.
#[derive(Debug, Default)]
pub struct Json(String);

impl Json {
    /// An empty text with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Json {
        Json(String::with_capacity(capacity))
    }

    /// The finished text.
    pub fn into_text(self) -> String {
        self.0
    }

    /// Opens an object or array: `{` or `[`.
    pub fn open(&mut self, bracket: char) {
        self.separate();
        self.0.push(bracket);
    }

    /// Closes an object or array: `}` or `]`.
    pub fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    /// A member's name; its value follows.
    pub fn key(&mut self, name: &str) {
        self.string(name);
        self.0.push(':');
    }

    /// A member's name with the first letter lowered: `LogGroupName` → `logGroupName`,
    /// `AWSAccountId` → `aWSAccountId`.
    pub fn key_lowered(&mut self, name: &str) {
        self.separate();
        self.0.push('"');
        let at = self.0.len();
        escape(name, |piece| self.0.push_str(piece));
        if let Some(first) = self.0.get_mut(at..at + 1) {
            first.make_ascii_lowercase();
        }
        self.0.push_str("\":");
    }

    pub fn string(&mut self, text: &str) {
        self.separate();
        self.0.push('"');
        escape(text, |piece| self.0.push_str(piece));
        self.0.push('"');
    }

    pub fn bool(&mut self, flag: bool) {
        self.raw(if flag { "true" } else { "false" });
    }

    pub fn int(&mut self, number: i64) {
        self.separate();
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{number}");
    }

    /// A fraction keeps its point, as Java prints it: `50.0`. What JSON has no number for becomes text.
    pub fn double(&mut self, number: f64) {
        if number.is_finite() {
            self.separate();
            let _ = write!(self.0, "{number:?}");
        } else {
            self.string(&number.to_string());
        }
    }

    /// JSON text as it is.
    pub fn raw(&mut self, json: &str) {
        self.separate();
        self.0.push_str(json);
    }

    /// A member that is text.
    pub fn text_member(&mut self, name: &str, text: &str) {
        self.key(name);
        self.string(text);
    }

    /// A member that is JSON text, or `null`.
    pub fn raw_member(&mut self, name: &str, json: Option<&str>) {
        self.key(name);
        self.raw(json.unwrap_or("null"));
    }

    fn separate(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_escapes() {
        let mut json = Json::default();
        json.open('{');
        json.key_lowered("SSMConnectionChannel");
        json.string("a\"b\\c\n\u{1}é");
        json.key("n");
        json.open('[');
        json.int(-1);
        json.double(50.0);
        json.bool(true);
        json.close(']');
        json.raw_member("none", None);
        json.close('}');
        let text = json.into_text();
        assert_eq!(text, r#"{"sSMConnectionChannel":"a\"b\\c\n\u0001é","n":[-1,50.0,true],"none":null}"#);
    }
}
