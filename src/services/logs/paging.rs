//! Listings in pages: `nextToken` and `limit`.

use crate::record;
use crate::wire::Fault;
use crate::world::pages;

pub use crate::world::pages::Order;

use super::faults;

/// Items on a page unless `limit` says otherwise; the most that most listings allow.
const PAGE_ITEMS: usize = 50;

record! {
    /// Which page a caller wants.
    pub struct PageRequest { token: Option<String> = "nextToken", limit: Option<i64> = "limit" }

    /// Where the next page goes on, if there is one.
    pub struct PageEnd { token: Option<String> = "nextToken" }
}

/// A page of a listing.
#[derive(Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub end: PageEnd,
}

impl PageRequest {
    /// Takes the wanted page from items in the order of their keys. A page goes on after the last key of the one
    /// before, so that it neither repeats nor skips items while others come and go.
    ///
    /// # Errors
    /// `InvalidParameterException` for a token that no page has ended with.
    pub fn cut<K, T>(&self, order: Order, items: impl IntoIterator<Item = (K, T)>) -> Result<Page<T>, Fault>
    where
        K: AsRef<str>,
    {
        let read = |token| pages::key(token).ok_or_else(faults::invalid_token);
        let after = self.token.as_deref().map(read).transpose()?;
        let (items, last) = pages::cut(after.as_deref(), self.limit(), order, items);
        Ok(Page { items, end: PageEnd { token: last.map(pages::token) } })
    }

    /// The same for groups by their names: the token of such a page is the name of its last group.
    ///
    /// # Errors
    /// `InvalidParameterException` for a token that is no group's name.
    pub fn cut_by_name<K, T>(&self, items: impl IntoIterator<Item = (K, T)>) -> Result<Page<T>, Fault>
    where
        K: AsRef<str>,
    {
        let after = self.token.as_deref();
        if after.is_some_and(|after| !after.chars().all(|c| c.is_ascii_alphanumeric() || ".-_/#".contains(c))) {
            return Err(faults::invalid_token());
        }
        let (items, last) = pages::cut(after, self.limit(), Order::Ascending, items);
        Ok(Page { items, end: PageEnd { token: last.map(|key| key.as_ref().to_owned()) } })
    }

    fn limit(&self) -> usize {
        self.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE_ITEMS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(items: &[&str], limit: i64, order: Order) -> Vec<String> {
        let mut request = PageRequest { token: None, limit: Some(limit) };
        let mut pages = Vec::new();
        loop {
            let page = request.cut(order, items.iter().map(|item| (*item, *item))).unwrap();
            pages.push(page.items.concat());
            request.token = page.end.token;
            if request.token.is_none() {
                return pages;
            }
        }
    }

    #[test]
    fn pages_follow_each_other() {
        let check = |items: &[&str], limit, order, wanted: &[&str]| {
            assert_eq!(pages(items, limit, order), wanted, "{items:?} by {limit}");
        };
        check(&["a", "b", "c"], 2, Order::Ascending, &["ab", "c"]);
        check(&["a", "b"], 2, Order::Ascending, &["ab"]);
        check(&["c", "b", "a"], 1, Order::Descending, &["c", "b", "a"]);
        check(&[], 1, Order::Ascending, &[""]);
    }

    #[test]
    fn a_page_goes_on_when_its_last_item_is_gone() {
        let first = PageRequest { token: None, limit: Some(2) }.cut_by_name([("a", 1), ("b", 2), ("c", 3)]).unwrap();
        assert_eq!(first.end.token.as_deref(), Some("b"));
        let second = PageRequest { token: first.end.token, limit: Some(2) }.cut_by_name([("a", 1), ("c", 3)]).unwrap();
        assert_eq!(second.items, [3]);
    }

    #[test]
    fn foreign_tokens_are_refused() {
        let request = PageRequest { token: Some("?".into()), limit: None };
        let by_name = request.cut_by_name([("a", 1)]).unwrap_err();
        for refused in [request.cut(Order::Ascending, [("a", 1)]).unwrap_err(), by_name] {
            assert_eq!(refused.code, "InvalidParameterException");
            assert_eq!(refused.message, "The specified nextToken is invalid.");
        }
    }
}
