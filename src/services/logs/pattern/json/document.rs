//! Reads a JSON event once, without a tree, and shows the values that selectors point to.
//!
//! The whole text is checked: what is not JSON matches no pattern, not even `NOT EXISTS`.

use std::borrow::Cow;

use super::{Selector, Step};

/// Objects and arrays in each other. Deeper events are not taken for JSON.
const DEPTH_MAX: usize = 128;

/// A value in an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value<'m> {
    pub kind: Kind,
    /// As it stands in the event; a string without its quotation marks.
    raw: &'m str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    True,
    False,
    Number,
    Text,
    /// A string with a backslash in it.
    EscapedText,
    /// An object or an array.
    Container,
}

impl<'m> Value<'m> {
    /// The text of a string, the digits of a number. Nothing else is compared.
    pub fn text(&self) -> Option<Cow<'m, str>> {
        match self.kind {
            Kind::Number | Kind::Text => Some(Cow::Borrowed(self.raw)),
            Kind::EscapedText => Some(Cow::Owned(unescaped(self.raw))),
            Kind::Null | Kind::True | Kind::False | Kind::Container => None,
        }
    }
}

/// Selectors as a tree of their steps, so that an event is compared with all at once.
#[derive(Debug, Default)]
pub struct Paths {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    next: Vec<(Step, usize)>,
    /// The number of the selector that ends here.
    selector: Option<usize>,
}

impl Paths {
    /// Selectors are numbered as given; equal ones must be given once.
    pub fn new<'s>(selectors: impl IntoIterator<Item = &'s Selector>) -> Paths {
        let mut paths = Paths { nodes: vec![Node::default()] };
        for (number, selector) in selectors.into_iter().enumerate() {
            let end = selector.steps.iter().fold(0, |node, step| paths.step(node, step));
            if let Some(end) = paths.nodes.get_mut(end) {
                end.selector = Some(number);
            }
        }
        paths
    }

    fn step(&mut self, node: usize, step: &Step) -> usize {
        let known = self.next(node).iter().find(|(known, _)| known == step).map(|(_, next)| *next);
        known.unwrap_or_else(|| {
            let new = self.nodes.len();
            self.nodes.push(Node::default());
            if let Some(node) = self.nodes.get_mut(node) {
                node.next.push((step.clone(), new));
            }
            new
        })
    }

    fn next(&self, node: usize) -> &[(Step, usize)] {
        self.nodes.get(node).map_or(&[], |node| &node.next)
    }

    /// Shows each value that a selector points to, with the selector's number. False if the text is not one JSON
    /// object.
    pub fn visit<'m>(&self, message: &'m str, show: impl FnMut(usize, Value<'m>)) -> bool {
        let mut walk = Walk { message, at: 0, paths: self, here: vec![0], show };
        walk.skip_spaces();
        walk.peek() == Some(b'{') && walk.value(0, 0).is_some() && {
            walk.skip_spaces();
            walk.peek().is_none()
        }
    }

    /// The first string, number or flag that the selectors point to.
    pub fn first(&self, message: &str) -> Option<String> {
        let mut found = None;
        let whole = self.visit(message, |_, value| {
            let flag = matches!(value.kind, Kind::True | Kind::False).then_some(Cow::Borrowed(value.raw));
            found = found.take().or_else(|| value.text().or(flag));
        });
        found.filter(|_| whole).map(Cow::into_owned)
    }
}

struct Walk<'m, 'p, S> {
    message: &'m str,
    at: usize,
    paths: &'p Paths,
    /// The nodes of the paths that lead to the value being read, after those that lead to the values around it.
    here: Vec<usize>,
    show: S,
}

impl<'m, S: FnMut(usize, Value<'m>)> Walk<'m, '_, S> {
    /// Reads a value that `here[from..]` lead to.
    fn value(&mut self, from: usize, depth: usize) -> Option<()> {
        let start = self.at;
        let kind = match self.peek()? {
            b'"' => {
                let (raw, kind) = self.string()?;
                self.show(from, Value { kind, raw });
                return Some(());
            }
            b'{' if depth < DEPTH_MAX => self.object(from, depth)?,
            b'[' if depth < DEPTH_MAX => self.array(from, depth)?,
            b'n' => self.word("null", Kind::Null)?,
            b't' => self.word("true", Kind::True)?,
            b'f' => self.word("false", Kind::False)?,
            _ => self.number()?,
        };
        let raw = self.message.get(start..self.at)?;
        self.show(from, Value { kind, raw });
        Some(())
    }

    fn show(&mut self, from: usize, value: Value<'m>) {
        for node in self.here.get(from..).unwrap_or_default() {
            if let Some(selector) = self.paths.nodes.get(*node).and_then(|node| node.selector) {
                (self.show)(selector, value);
            }
        }
    }

    fn object(&mut self, from: usize, depth: usize) -> Option<Kind> {
        self.at += 1;
        self.skip_spaces();
        if self.eat(b'}') {
            return Some(Kind::Container);
        }
        loop {
            self.skip_spaces();
            if self.peek()? != b'"' {
                return None;
            }
            let (raw, kind) = self.string()?;
            self.skip_spaces();
            if !self.eat(b':') {
                return None;
            }
            self.skip_spaces();
            self.field(from, depth, raw, kind)?;
            self.skip_spaces();
            match self.take()? {
                b',' => {}
                b'}' => return Some(Kind::Container),
                _ => return None,
            }
        }
    }

    fn field(&mut self, from: usize, depth: usize, raw: &str, kind: Kind) -> Option<()> {
        let name = if kind == Kind::EscapedText { Cow::Owned(unescaped(raw)) } else { Cow::Borrowed(raw) };
        self.inside(from, depth, |step| match step {
            Step::Field(wanted) => *wanted == name,
            Step::AnyField => true,
            Step::Item(_) | Step::AnyItem => false,
        })
    }

    fn array(&mut self, from: usize, depth: usize) -> Option<Kind> {
        self.at += 1;
        self.skip_spaces();
        if self.eat(b']') {
            return Some(Kind::Container);
        }
        for index in 0.. {
            self.skip_spaces();
            self.inside(from, depth, |step| match step {
                Step::Item(wanted) => *wanted == index,
                Step::AnyItem => true,
                Step::Field(_) | Step::AnyField => false,
            })?;
            self.skip_spaces();
            match self.take()? {
                b',' => {}
                b']' => return Some(Kind::Container),
                _ => return None,
            }
        }
        None
    }

    /// Reads the value that the steps which fit lead to.
    fn inside(&mut self, from: usize, depth: usize, fits: impl Fn(&Step) -> bool) -> Option<()> {
        let until = self.here.len();
        for index in from..until {
            let node = *self.here.get(index)?;
            for (step, next) in self.paths.next(node) {
                if fits(step) {
                    self.here.push(*next);
                }
            }
        }
        let read = self.value(until, depth + 1);
        self.here.truncate(until);
        read
    }

    /// A string's text as it is written, and whether it has escapes.
    fn string(&mut self) -> Option<(&'m str, Kind)> {
        self.at += 1;
        let start = self.at;
        let mut kind = Kind::Text;
        loop {
            self.at += plain(self.message.as_bytes().get(self.at..)?);
            match self.take()? {
                b'"' => return Some((self.message.get(start..self.at - 1)?, kind)),
                b'\\' => {
                    kind = Kind::EscapedText;
                    self.escape()?;
                }
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.take()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.message.as_bytes().get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<Kind> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(Kind::Number)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &str, kind: Kind) -> Option<Kind> {
        let here = self.message.as_bytes().get(self.at..)?.starts_with(word.as_bytes());
        self.at += word.len();
        here.then_some(kind)
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.message.as_bytes().get(self.at).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }
}

/// How many bytes there are before a quotation mark, a backslash or a control character. Eight at a time: most of an
/// event is strings.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut at = 0;
    while let Some(eight) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
        let word = u64::from_ne_bytes(eight);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        if controls | zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\'))) != 0 {
            break;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|b| matches!(b, b'"' | b'\\' | ..0x20)).unwrap_or(rest.len())
}

/// A string's text without escapes, of which each has been checked. Half a surrogate pair becomes `U+FFFD`.
fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        rest = unescape_one(after, &mut text);
    }
    text.push_str(rest);
    text
}

/// Adds the character that is escaped at the start of `rest`, and returns what comes after it.
fn unescape_one<'a>(rest: &'a str, text: &mut String) -> &'a str {
    let mut characters = rest.chars();
    match characters.next() {
        Some('u') => return unescape_unicode(characters.as_str(), text),
        Some('b') => text.push('\u{8}'),
        Some('f') => text.push('\u{c}'),
        Some('n') => text.push('\n'),
        Some('r') => text.push('\r'),
        Some('t') => text.push('\t'),
        other => text.extend(other),
    }
    characters.as_str()
}

fn unescape_unicode<'a>(rest: &'a str, text: &mut String) -> &'a str {
    let unit = |rest: &str| u16::from_str_radix(rest.get(..4)?, 16).ok();
    let after = rest.get(4..).unwrap_or_default();
    let Some(first) = unit(rest) else { return after };
    let second = after.strip_prefix("\\u").and_then(unit);
    let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    match (char::from_u32(first.into()), pair) {
        (Some(c), _) => text.push(c),
        (None, Some(c)) => {
            text.push(c);
            return after.get(6..).unwrap_or_default();
        }
        (None, None) => text.push(char::REPLACEMENT_CHARACTER),
    }
    after
}
