//! Pages of listings: prefixes, delimiters, markers and limits, over anything sorted by key.

/// What a listing asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a> {
    pub prefix: &'a str,
    /// Keys that have it behind the prefix are rolled up to what stands before; empty for none.
    pub delimiter: &'a str,
    /// A rolled-up prefix that earlier pages have shown.
    pub shown: &'a str,
    pub max: usize,
}

/// A row of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row<T> {
    Item(T),
    /// What several keys have in common, up to the delimiter.
    Common(String),
}

/// A page of a listing.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<Row<T>>,
    /// There is more.
    pub truncated: bool,
}

/// Makes a page of `items`, which begin behind the last page's end. `seek` gives all items from a key on; keys below a
/// rolled-up prefix are jumped over.
pub fn page<'a, T, I>(query: Query<'_>, mut items: I, seek: impl Fn(&str) -> I) -> Page<T>
where
    I: Iterator<Item = (&'a str, T)>,
{
    let mut page = Page { rows: Vec::new(), truncated: false };
    if query.max == 0 {
        return page;
    }
    while let Some((key, item)) = items.next() {
        if key < query.prefix {
            items = seek(query.prefix);
            continue;
        }
        let Some(rest) = key.strip_prefix(query.prefix) else { break };
        let common = common(query, key, rest);
        let shown = common.is_some_and(|common| common == query.shown);
        if !shown && page.rows.len() == query.max {
            page.truncated = true;
            break;
        }
        let Some(common) = common else {
            page.rows.push(Row::Item(item));
            continue;
        };
        if !shown {
            page.rows.push(Row::Common(common.to_owned()));
        }
        let Some(next) = successor(common) else { break };
        items = seek(&next);
    }
    page
}

/// The part of a key up to the first delimiter behind the prefix.
fn common<'a>(query: Query<'_>, key: &'a str, rest: &str) -> Option<&'a str> {
    let at = rest.find(query.delimiter).filter(|_| !query.delimiter.is_empty())?;
    key.get(..query.prefix.len() + at + query.delimiter.len())
}

/// The least text that is greater than all texts that begin with `text`.
fn successor(text: &str) -> Option<String> {
    let mut text = text.to_owned();
    while let Some(last) = text.pop() {
        // Code points D800 to DFFF are no characters.
        let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(last as u32 + 1) };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::*;

    type Items<'a> = Box<dyn Iterator<Item = (&'a str, &'a str)> + 'a>;

    fn from<'a>(keys: &'a BTreeSet<String>, start: Bound<&str>) -> Items<'a> {
        Box::new(keys.range::<str, _>((start, Bound::Unbounded)).map(|key| (key.as_str(), key.as_str())))
    }

    /// Every row, page by page.
    fn all(keys: &BTreeSet<String>, prefix: &str, delimiter: &str, max: usize) -> Vec<Row<String>> {
        let mut rows: Vec<Row<String>> = Vec::new();
        loop {
            let marker = rows.last().map(|row| match row {
                Row::Item(key) | Row::Common(key) => key.clone(),
            });
            let shown = marker.as_deref().unwrap_or_default();
            let start = marker.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let query = Query { prefix, delimiter, shown, max };
            let page = page(query, from(keys, start), |key| from(keys, Bound::Included(key)));
            assert!(page.rows.len() <= max);
            assert!(!page.truncated || page.rows.len() == max);
            rows.extend(page.rows.into_iter().map(|row| match row {
                Row::Item(key) => Row::Item(key.to_owned()),
                Row::Common(common) => Row::Common(common),
            }));
            if !page.truncated {
                return rows;
            }
        }
    }

    /// The same, said simply.
    fn model(keys: &BTreeSet<String>, prefix: &str, delimiter: &str) -> Vec<Row<String>> {
        let mut rows: Vec<Row<String>> = Vec::new();
        for key in keys.iter().filter(|key| key.starts_with(prefix)) {
            let rest = &key[prefix.len()..];
            let row = match rest.split_once(delimiter).filter(|_| !delimiter.is_empty()) {
                Some((before, _)) => Row::Common(format!("{prefix}{before}{delimiter}")),
                None => Row::Item(key.clone()),
            };
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        }
        rows
    }

    #[test]
    fn the_example_of_the_user_guide() {
        let keys = ["sample.jpg", "photos/2006/January/sample.jpg", "photos/2006/February/sample2.jpg"];
        let keys = keys.into_iter().map(str::to_owned).collect();
        let common = |text: &str| Row::Common(text.to_owned());
        assert_eq!(all(&keys, "", "/", 10), [common("photos/"), Row::Item("sample.jpg".to_owned())]);
        assert_eq!(
            all(&keys, "photos/2006/", "/", 1),
            [common("photos/2006/February/"), common("photos/2006/January/")]
        );
    }

    #[test]
    fn successors() {
        assert_eq!(successor("a/"), Some("a0".to_owned()));
        assert_eq!(successor("a\u{10FFFF}"), Some("b".to_owned()));
        assert_eq!(successor("\u{D7FF}"), Some("\u{E000}".to_owned()));
        assert_eq!(successor("\u{10FFFF}"), None);
    }

    proptest! {
        #[test]
        fn pages_are_the_whole_listing(
            keys in proptest::collection::btree_set("[ab/é\u{10FFFF}]{1,5}", 0..30),
            prefix in "[ab/]{0,2}",
            delimiter in "(|/|a|b/)",
            max in 1..5usize,
        ) {
            prop_assert_eq!(all(&keys, &prefix, &delimiter, max), model(&keys, &prefix, &delimiter));
        }
    }
}
