//! Listings in pages. A page goes on after the last key of the one before, so that listings neither repeat nor skip items
//! while others come and go.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Which way keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// The items after a key, `limit` at the most, and the key of the last of them if more follow. Items come in the order of
/// their keys.
pub fn cut<K, T>(
    after: Option<&str>,
    limit: usize,
    order: Order,
    items: impl IntoIterator<Item = (K, T)>,
) -> (Vec<T>, Option<K>)
where
    K: AsRef<str>,
{
    let shown = |key: &K| {
        after.is_some_and(|after| match order {
            Order::Ascending => key.as_ref() <= after,
            Order::Descending => key.as_ref() >= after,
        })
    };
    let mut left = items.into_iter().skip_while(|(key, _)| shown(key));
    let (mut page, mut last) = (Vec::new(), None);
    for (key, item) in left.by_ref().take(limit) {
        page.push(item);
        last = Some(key);
    }
    (page, last.filter(|_| left.next().is_some()))
}

/// A key as clients see it: opaque.
pub fn token(key: impl AsRef<str>) -> String {
    STANDARD.encode(key.as_ref())
}

/// The key in a token; `None` for a text that no page has ended with.
pub fn key(token: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(token).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other() {
        let check = |items: &[&str], limit, order, wanted: &[&str]| {
            let (mut pages, mut after) = (Vec::new(), None::<String>);
            loop {
                let (page, last) = cut(after.as_deref(), limit, order, items.iter().map(|item| (*item, *item)));
                pages.push(page.concat());
                match last {
                    Some(last) => after = key(&token(last)),
                    None => break,
                }
            }
            assert_eq!(pages, wanted, "{items:?} by {limit}");
        };
        check(&["a", "b", "c"], 2, Order::Ascending, &["ab", "c"]);
        check(&["a", "b"], 2, Order::Ascending, &["ab"]);
        check(&["c", "b", "a"], 1, Order::Descending, &["c", "b", "a"]);
        check(&[], 1, Order::Ascending, &[""]);
    }
}
