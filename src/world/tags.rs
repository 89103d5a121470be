//! Tags of resources: what services have in common that take them as lists and keep them as maps.

use std::collections::BTreeMap;

/// Values by keys.
pub type Tags = BTreeMap<String, String>;

/// Why tags are not taken. Each service has its own words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The key stands there twice.
    Duplicate(String),
    /// There are, or would be, more than a resource may have.
    TooMany,
}

/// Tags as a map, if they may be given together.
pub fn checked(tags: impl IntoIterator<Item = (String, String)>, most: usize) -> Result<Tags, Flaw> {
    let mut map = Tags::new();
    for (key, value) in tags {
        if map.contains_key(&key) {
            return Err(Flaw::Duplicate(key));
        }
        map.insert(key, value);
    }
    if map.len() > most { Err(Flaw::TooMany) } else { Ok(map) }
}

/// Adds tags to those that a resource has; keys that it has get new values. Nothing is added if they become too many.
pub fn add(tags: &mut Tags, added: Tags, most: usize) -> Result<(), Flaw> {
    let new = added.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + new > most {
        return Err(Flaw::TooMany);
    }
    tags.extend(added);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(keys: &str) -> impl Iterator<Item = (String, String)> {
        keys.chars().map(|key| (key.to_string(), "v".to_owned()))
    }

    #[test]
    fn what_is_given_together() {
        let check = |keys, wanted: Result<usize, Flaw>| {
            assert_eq!(checked(pairs(keys), 3).map(|tags| tags.len()), wanted, "{keys}");
        };
        check("", Ok(0));
        check("abc", Ok(3));
        check("abcd", Err(Flaw::TooMany));
        check("aba", Err(Flaw::Duplicate("a".to_owned())));
    }

    #[test]
    fn what_is_added() {
        let check = |had, added, wanted: Result<(), Flaw>, has: usize| {
            let mut tags: Tags = pairs(had).collect();
            assert_eq!(add(&mut tags, pairs(added).collect(), 3), wanted, "{had} and {added}");
            assert_eq!(tags.len(), has, "{had} and {added}");
        };
        check("ab", "bc", Ok(()), 3);
        check("abc", "abc", Ok(()), 3);
        check("ab", "cd", Err(Flaw::TooMany), 2);
    }
}
