//! Listings in pages: `NextToken` and `Limit`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::record;
use crate::wire::Fault;

use super::faults;

/// Items on a page unless `Limit` says otherwise: the most that it may say.
const PAGE_ITEMS: usize = 100;

record! {
    /// Which page a caller wants.
    pub(super) struct PageRequest { token: Option<String> = "NextToken", limit: Option<i64> = "Limit" }

    /// Where the next page goes on, if there is one.
    pub(super) struct PageEnd { token: Option<String> = "NextToken" }
}

impl PageRequest {
    /// The wanted page of items in the order of their keys. A page goes on after the last key of the one before.
    ///
    /// # Errors
    /// `ValidationException` for a token that no page has ended with.
    pub fn cut<'k, T>(&self, items: impl IntoIterator<Item = (&'k str, T)>) -> Result<(Vec<T>, PageEnd), Fault> {
        let after = self.token.as_deref().map(read).transpose()?;
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE_ITEMS);
        let is_shown = |(key, _): &(&str, T)| after.as_deref().is_some_and(|after| *key <= after);
        let mut left = items.into_iter().skip_while(is_shown);
        let (mut page, mut last) = (Vec::new(), None);
        for (key, item) in left.by_ref().take(limit) {
            page.push(item);
            last = Some(key);
        }
        let token = last.filter(|_| left.next().is_some()).map(|key| STANDARD.encode(key));
        Ok((page, PageEnd { token }))
    }
}

fn read(token: &str) -> Result<String, Fault> {
    let bytes = STANDARD.decode(token).map_err(|_| faults::next_token())?;
    String::from_utf8(bytes).map_err(|_| faults::next_token())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other() {
        let items = ["a", "b", "c"].map(|item| (item, item));
        let mut request = PageRequest { token: None, limit: Some(2) };
        let (page, end) = request.cut(items).unwrap();
        assert_eq!((page, end.token.is_some()), (vec!["a", "b"], true));
        request.token = end.token;
        let (page, end) = request.cut(items).unwrap();
        assert_eq!((page, end.token), (vec!["c"], None));
        request.token = Some("?".to_owned());
        assert_eq!(request.cut(items).unwrap_err().code, "ValidationException");
    }
}
