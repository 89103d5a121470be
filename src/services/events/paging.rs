//! Listings in pages: `NextToken` and `Limit`.

use crate::record;
use crate::wire::Fault;
use crate::world::pages::{self, Order};

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
        let after = self.token.as_deref().map(|token| pages::key(token).ok_or_else(faults::next_token)).transpose()?;
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE_ITEMS);
        let (page, last) = pages::cut(after.as_deref(), limit, Order::Ascending, items);
        Ok((page, PageEnd { token: last.map(pages::token) }))
    }
}
