//! Listings in pages: `Marker`, `MaxItems` and `IsTruncated`.

use crate::record;
use crate::wire::Fault;
use crate::world::pages::{self, Order};

use super::faults;

/// Items on a page unless `MaxItems` says otherwise.
const PAGE_ITEMS: usize = 100;

record! {
    /// Which page a caller wants.
    pub struct PageRequest { marker: Option<String> = "Marker", max: Option<i64> = "MaxItems" }

    /// Where a page ends.
    pub struct PageEnd { truncated: bool = "IsTruncated", marker: Option<String> = "Marker" }
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
    pub fn cut<K: AsRef<str>, T>(&self, items: impl IntoIterator<Item = (K, T)>) -> Result<Page<T>, Fault> {
        let read = |marker| pages::key(marker).ok_or_else(faults::invalid_marker);
        let after = self.marker.as_deref().map(read).transpose()?;
        let max = self.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(PAGE_ITEMS);
        let (items, last) = pages::cut(after.as_deref(), max, Order::Ascending, items);
        Ok(Page { items, end: PageEnd { truncated: last.is_some(), marker: last.map(pages::token) } })
    }
}

impl<T> Page<T> {
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(view).collect(), end: self.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(items: &[&str], marker: Option<String>, max: i64) -> Page<String> {
        let request = PageRequest { marker, max: Some(max) };
        request.cut(items.iter().map(|item| (*item, item.to_string()))).unwrap()
    }

    #[test]
    fn pages_follow_each_other() {
        let first = page(&["a", "b", "c"], None, 2);
        assert_eq!(first.items, ["a", "b"]);
        assert!(first.end.truncated);
        let second = page(&["a", "b", "c"], first.end.marker, 2);
        assert_eq!(second.items, ["c"]);
        assert!(!second.end.truncated && second.end.marker.is_none());
    }

    #[test]
    fn a_page_goes_on_when_its_last_item_is_gone() {
        let first = page(&["a", "b", "c"], None, 2);
        assert_eq!(page(&["a", "c"], first.end.marker, 2).items, ["c"]);
    }

    #[test]
    fn a_full_last_page_is_the_end() {
        assert!(!page(&["a", "b"], None, 2).end.truncated);
    }

    #[test]
    fn foreign_markers_are_refused() {
        let request = PageRequest { marker: Some("?".into()), max: None };
        assert_eq!(request.cut([("a", 1)]).unwrap_err().code, "ValidationError");
    }
}
