//! Pointers to events: `@ptr` of query results, which `GetLogRecord` follows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::services::logs::naming::GroupPlace;
use crate::world::scope::{AccountId, Region};

use super::id::EventId;

/// An event's place. Clients take the text as it is; AWS's is base64 too, of a form of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    pub group: GroupPlace,
    pub stream: String,
    pub id: EventId,
}

/// Stands in neither names nor numbers.
const SEPARATOR: char = ':';

impl Pointer {
    pub fn print(&self) -> String {
        let GroupPlace { account, region, name } = &self.group;
        STANDARD.encode(format!("{account}:{region}:{name}:{}:{}", self.stream, self.id))
    }

    /// `None` for what we have not printed.
    pub fn parse(text: &str) -> Option<Pointer> {
        let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
        let parts: Vec<&str> = text.split(SEPARATOR).collect();
        let [account, region, name, stream, id] = parts[..] else { return None };
        let group = GroupPlace::new(&AccountId::parse(account)?, Region::parse(region)?, name);
        Some(Pointer { group, stream: stream.to_owned(), id: EventId::parse(id)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_pointers_are_read_as_they_were() {
        let account = AccountId::parse("123456789012").unwrap();
        let pointer = Pointer {
            group: GroupPlace::new(&account, Region::US_EAST_1, "/aws/lambda/a"),
            stream: "2026/01/01/[$LATEST]é".into(),
            id: EventId::at(1_700_000_000_000),
        };
        assert_eq!(Pointer::parse(&pointer.print()), Some(pointer));
        for text in ["", "a", "YTpi", "not base64!", "OjovOjox"] {
            assert_eq!(Pointer::parse(text), None, "{text}");
        }
    }
}
