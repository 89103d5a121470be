//! `[ip, user, ..., status = 4*, bytes]`: space-delimited events, field by field.

use super::Invalid;
use super::needle::Needle;
use super::reader::Reader;
use super::test::{Number, Test};

/// Characters that have a meaning in such a pattern.
const KNOWN: &str = "[]()=!<>&|\"%,._*+-";

/// What is wanted of the fields, from left to right.
#[derive(Debug, PartialEq)]
pub struct Columns {
    pub before: Vec<Column>,
    /// The columns after `...`, if it stands there.
    pub after: Option<Vec<Column>>,
    /// What no line matches without.
    required: Option<Needle>,
}

#[derive(Debug, PartialEq)]
pub struct Column {
    /// Empty if the field goes by its number.
    pub name: String,
    /// Alternatives of tests that hold together; none if any value will do.
    pub tests: Vec<Vec<Test>>,
}

impl Column {
    fn required(&self) -> Option<&str> {
        let [together] = self.tests.as_slice() else { return None };
        together.iter().filter_map(Test::required).max_by_key(|text| text.len())
    }

    fn accepts(&self, field: &str) -> bool {
        let holds = |test: &Test| test.holds(field, test.wants_number().then(|| Number::parse(field)).flatten());
        self.tests.is_empty() || self.tests.iter().any(|together| together.iter().all(holds))
    }
}

impl Columns {
    fn new(before: Vec<Column>, after: Option<Vec<Column>>) -> Columns {
        let required = before.iter().chain(after.iter().flatten()).filter_map(Column::required);
        let required = required.max_by_key(|text| text.len()).map(Needle::new);
        Columns { before, after, required }
    }

    pub fn matches(&self, message: &str) -> bool {
        if self.required.as_ref().is_some_and(|required| !required.is_in(message)) {
            return false;
        }
        let Some(fields) = self.fields(message) else { return false };
        let accepts = |(index, field): (usize, &&str)| {
            self.column(index, fields.len()).is_none_or(|column| column.accepts(field))
        };
        fields.iter().enumerate().all(accepts)
    }

    /// The fields by name, or by number where they have none.
    pub fn extract(&self, message: &str) -> Vec<(String, String)> {
        let fields = self.fields(message).unwrap_or_default();
        let name = |index| match self.column(index, fields.len()) {
            Some(column) if !column.name.is_empty() => format!("${}", column.name),
            _ => format!("${}", index + 1),
        };
        fields.iter().enumerate().map(|(index, field)| (name(index), (*field).to_owned())).collect()
    }

    /// The column that a field belongs to, out of `count` fields.
    fn column(&self, index: usize, count: usize) -> Option<&Column> {
        let after = self.after.as_deref().unwrap_or_default();
        let from_end = (index + after.len()).checked_sub(count);
        self.before.get(index).or_else(|| after.get(from_end?))
    }

    /// The message's fields; nothing if there are not enough.
    fn fields<'m>(&self, message: &'m str) -> Option<Vec<&'m str>> {
        let columns = self.before.len() + self.after.as_ref().map_or(0, Vec::len);
        let mut texts = Vec::with_capacity(columns.max(16));
        let mut last_start = 0;
        for field in (Fields { message, at: 0 }) {
            if texts.len() < columns {
                last_start = field.start;
            }
            texts.push(field.text);
        }
        if texts.len() < columns {
            return None;
        }
        if self.after.is_none() && texts.len() > columns {
            texts.truncate(columns.saturating_sub(1));
            texts.push(message.get(last_start..)?.trim_end());
        }
        Some(texts)
    }
}

struct Field<'m> {
    text: &'m str,
    /// Where it starts in the message, its quotation mark or bracket included.
    start: usize,
}

/// Fields are set apart by white space; what stands between `"` and `"` or `[` and `]` is one.
struct Fields<'m> {
    message: &'m str,
    at: usize,
}

impl<'m> Iterator for Fields<'m> {
    type Item = Field<'m>;

    fn next(&mut self) -> Option<Field<'m>> {
        let rest = self.message.get(self.at..)?;
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let start = self.message.len() - rest.len();
        let close = match rest.bytes().next()? {
            b'"' => Some('"'),
            b'[' => Some(']'),
            _ => None,
        };
        let enclosed = close.and_then(|close| rest.get(1..)?.split_once(close)).map(|(inside, _)| inside);
        let word = || rest.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or(rest);
        let text = enclosed.unwrap_or_else(word);
        self.at = start + text.len() + if enclosed.is_some() { 2 } else { 0 };
        Some(Field { text, start })
    }
}

/// Reads a pattern from its `[` to its `]`, which is the end.
pub fn parse(reader: &mut Reader) -> Result<Columns, Invalid> {
    let start = reader.at();
    if !reader.rest().trim_end().ends_with(']') {
        return Err(Invalid::unclosed('[', ']', start));
    }
    reader.eat("[");
    let columns = columns(reader)?;
    reader.skip_spaces();
    if reader.peek().is_some() { Err(reader.refuse(KNOWN)) } else { Ok(columns) }
}

fn columns(reader: &mut Reader) -> Result<Columns, Invalid> {
    let (mut before, mut after) = (Vec::new(), None);
    reader.skip_spaces();
    if reader.eat("]") {
        // `[]` is documented to give each field by its number.
        return Ok(Columns::new(before, Some(Vec::new())));
    }
    loop {
        let start = reader.at();
        reader.skip_spaces();
        if reader.eat("...") {
            if after.replace(Vec::new()).is_some() {
                return Err(Invalid::pattern(start));
            }
            reader.skip_spaces();
        } else {
            after.as_mut().unwrap_or(&mut before).push(column(reader)?);
        }
        if reader.eat("]") {
            return Ok(Columns::new(before, after));
        }
        if !reader.eat(",") {
            return Err(reader.refuse(KNOWN));
        }
    }
}

fn column(reader: &mut Reader) -> Result<Column, Invalid> {
    let name = name(reader);
    let mut tests = Vec::new();
    if !name.is_empty() && !matches!(reader.peek(), Some(',' | ']')) {
        tests.push(vec![Test::parse(reader, KNOWN)?]);
    }
    while let Some(last) = tests.last_mut() {
        if reader.eat("&&") {
            last.push(test_of(name, reader)?);
        } else if reader.eat("||") {
            tests.push(vec![test_of(name, reader)?]);
        } else {
            break;
        }
    }
    Ok(Column { name: name.to_owned(), tests })
}

/// Another test in the same column. A column's tests are all of its own field.
fn test_of(column: &str, reader: &mut Reader) -> Result<Test, Invalid> {
    reader.skip_spaces();
    let start = reader.at();
    match name(reader) {
        "" => Err(reader.refuse(KNOWN)),
        other if other != column => Err(Invalid::pattern(start)),
        _ => Test::parse(reader, KNOWN),
    }
}

fn name<'a>(reader: &mut Reader<'a>) -> &'a str {
    let name = reader.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    reader.skip_spaces();
    name
}
