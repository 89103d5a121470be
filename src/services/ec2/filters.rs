//! What the Describe calls have in common: ids, filters, pages, and dry runs.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Bound;

use crate::contract::{Contract, ShapeId};
use crate::record;
use crate::wire::{Fault, Value};
use crate::world::fields::Field;
use crate::world::pages::{self, Order};

use super::faults;
use super::kinds::Kind;
use super::tags::{Tagged, Tags};

record! {
    /// `Filters`: an item passes when each filter has a value that fits.
    pub struct Filters { filters: Vec<Filter> = "Filters", dry_run: bool = "DryRun" }
    pub struct Filter { name: String = "Name", values: Vec<String> = "Values" }

    /// Which page a caller wants.
    pub struct PageRequest { max: Option<i64> = "MaxResults", token: Option<String> = "NextToken" }
    /// Where the next page starts.
    pub struct PageEnd { token: Option<String> = "NextToken" }
}

/// Filters on tags, which all resources have.
const TAG_FILTERS: [&str; 3] = ["tag-key", "tag-value", "tag"];

/// The filters of an operation, and where in what it shows the values stand: `("vpc-id", "VpcId")`. What nothing of
/// ours has is known and stands nowhere: `("outpost-arn", "")`.
pub type Paths = &'static [(&'static str, &'static str)];

/// How resources of a kind are listed.
#[derive(Clone, Copy, Debug)]
pub struct Listing {
    pub kind: &'static Kind,
    pub paths: Paths,
}

/// What a caller wants of a listing.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// All, when there are none.
    pub ids: &'a [String],
    pub filters: &'a Filters,
    pub page: &'a PageRequest,
}

impl Listing {
    /// The wanted page of what is there, as it is shown.
    ///
    /// # Errors
    /// Ids of nothing, unknown filters, foreign tokens, dry runs.
    pub fn list<T, V: Field>(
        &self,
        tagged: &Tagged,
        items: &BTreeMap<String, T>,
        wanted: Wanted,
        view: impl Fn(&T) -> V,
    ) -> Result<(Vec<Shown<V>>, PageEnd), Fault> {
        self.list_quickly(tagged, items, wanted, |_, _| None, view)
    }

    /// As [`Listing::list`], for kinds of which there are thousands: `quick` tells of some filters whether an item
    /// passes, so that what does not need not be made to be shown.
    pub fn list_quickly<T, V: Field>(
        &self,
        tagged: &Tagged,
        items: &BTreeMap<String, T>,
        wanted: Wanted,
        quick: impl Fn(&T, &Filter) -> Option<bool>,
        view: impl Fn(&T) -> V,
    ) -> Result<(Vec<Shown<V>>, PageEnd), Fault> {
        let Wanted { ids, filters, page } = wanted;
        if let Some(missing) = ids.iter().find(|id| !items.contains_key(*id)) {
            return Err(self.kind.missing(missing));
        }
        filters.check(self.paths)?;
        let after = page.after()?;
        let passes = |(id, item): (&String, &T)| {
            let tags = tagged.of(id);
            let may_pass = |filter: &Filter| filter.pass_tags(tags).or_else(|| quick(item, filter)).unwrap_or(true);
            if !filters.filters.iter().all(may_pass) {
                return None;
            }
            let shown = view(item).write();
            filters.pass_others(&shown, self.paths).then(|| (id.clone(), Shown::new(shown)))
        };
        let start = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        if ids.is_empty() {
            return Ok(page.take(items.range::<String, _>((start, Bound::Unbounded)).filter_map(passes)));
        }
        let mut ids: Vec<&String> = ids.iter().filter(|id| after.as_ref().is_none_or(|after| *id > after)).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(page.take(ids.into_iter().filter_map(|id| items.get_key_value(id)).filter_map(passes)))
    }
}

impl Filters {
    /// Refuses filters that the operation does not know, and then dry runs.
    pub fn check(&self, paths: Paths) -> Result<(), Fault> {
        let known = |name: &str| paths.iter().any(|(known, _)| *known == name);
        for Filter { name, .. } in &self.filters {
            if !known(name) && !name.starts_with("tag:") && !TAG_FILTERS.contains(&name.as_str()) {
                return Err(faults::invalid_filter(name));
            }
        }
        if self.dry_run { Err(faults::dry_run()) } else { Ok(()) }
    }

    /// Whether an item with these tags passes all filters.
    pub fn pass(&self, shown: &Value, tags: Option<&Tags>, paths: Paths) -> bool {
        self.filters.iter().all(|filter| filter.pass_tags(tags).unwrap_or(true)) && self.pass_others(shown, paths)
    }

    /// Whether an item passes all filters that are not on tags: what is shown of it has the values.
    fn pass_others(&self, shown: &Value, paths: Paths) -> bool {
        let others = self.filters.iter().filter(|filter| !filter.is_on_tags());
        { others }.all(|filter| {
            path(paths, &filter.name).is_some_and(|path| any_leaf(shown, path, &|value| filter.fits(value)))
        })
    }
}

impl Filter {
    /// Whether one of the values fits.
    pub fn fits(&self, value: &str) -> bool {
        self.values.iter().any(|pattern| like(pattern, value))
    }

    fn is_on_tags(&self) -> bool {
        self.name.starts_with("tag:") || TAG_FILTERS.contains(&self.name.as_str())
    }

    /// Whether an item with these tags passes; `None` for filters on something else.
    fn pass_tags(&self, tags: Option<&Tags>) -> Option<bool> {
        let tags = || tags.into_iter().flatten();
        match self.name.as_str() {
            "tag-key" => Some(tags().any(|(key, _)| self.fits(key))),
            "tag-value" => Some(tags().any(|(_, value)| self.fits(value))),
            "tag" => Some(false),
            name => {
                let key = name.strip_prefix("tag:")?;
                Some(tags().any(|(own, value)| own == key && self.fits(value)))
            }
        }
    }
}

fn path(paths: Paths, name: &str) -> Option<&'static str> {
    paths.iter().find(|(known, _)| *known == name).map(|(_, path)| *path).filter(|path| !path.is_empty())
}

/// Whether a value at the end of the path fits; lists on the way are looked through.
fn any_leaf(value: &Value, path: &str, fits: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::List(items) => items.iter().any(|item| any_leaf(item, path, fits)),
        Value::Map(map) => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            map.get(name).is_some_and(|member| any_leaf(member, rest, fits))
        }
        Value::Str(text) => fits(text),
        Value::Bool(flag) => fits(if *flag { "true" } else { "false" }),
        Value::Int(number) => fits(&number.to_string()),
        Value::Time(time) => fits(&time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
        Value::Null | Value::Double(_) | Value::Blob(_) => false,
    }
}

impl PageRequest {
    /// The key that the page before ended with.
    pub fn after(&self) -> Result<Option<String>, Fault> {
        let read = |token| pages::key(token).ok_or_else(faults::invalid_next_token);
        self.token.as_deref().map(read).transpose()
    }

    /// Takes a page from the front of items that come in the order of their keys.
    pub fn take<T>(&self, items: impl IntoIterator<Item = (String, T)>) -> (Vec<T>, PageEnd) {
        let max = self.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
        let (page, last) = pages::cut(None, max, Order::Ascending, items);
        (page, PageEnd { token: last.map(pages::token) })
    }
}

/// A view that is written already, because filters had to look at it.
#[derive(Clone, Debug)]
pub struct Shown<V>(Value, PhantomData<V>);

impl<V> Shown<V> {
    pub fn new(value: Value) -> Shown<V> {
        Shown(value, PhantomData)
    }

    /// A text of what is shown.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member).and_then(Value::as_str)
    }
}

impl<V: Field> Field for Shown<V> {
    fn read(value: Option<&Value>) -> Shown<V> {
        Shown::new(Value::read(value))
    }

    fn write(self) -> Value {
        self.0
    }

    fn misfits(contract: &Contract, shape: Option<ShapeId>, path: &str, out: &mut Vec<String>) {
        V::misfits(contract, shape, path, out);
    }
}

/// Matches `*` (any text) and `?` (any character); a backslash takes the character after it as it is.
fn like(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?', '\\']) {
        return pattern == text;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // `fits[j]`: the pattern so far fits the first `j` characters of the text.
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    let mut letters = pattern.iter();
    while let Some(letter) = letters.next() {
        let literal = if *letter == '\\' { letters.next().unwrap_or(letter) } else { letter };
        if std::ptr::eq(literal, letter) && *letter == '*' {
            (1..fits.len()).for_each(|j| fits[j] |= fits[j - 1]);
        } else {
            let any = std::ptr::eq(literal, letter) && *letter == '?';
            (1..fits.len()).rev().for_each(|j| fits[j] = fits[j - 1] && (any || text[j - 1] == *literal));
            fits[0] = false;
        }
    }
    fits[text.len()]
}

#[cfg(test)]
mod tests {
    use super::super::kinds;
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("available", "available", true),
            ("av*", "available", true),
            ("*able", "available", true),
            ("a?ailable", "available", true),
            ("a", "ab", false),
            ("*", "", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("us-*-1", "us-east-1", true),
            ("us-*-1", "us-east-2", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
    }

    record! {
        struct View { id: String = "VpcId", blocks: Vec<Block> = "Blocks", default: bool = "IsDefault" }
        struct Block { cidr: String = "Cidr" }
    }

    const LISTING: Listing = Listing {
        kind: &kinds::VPC,
        paths: &[("vpc-id", "VpcId"), ("block", "Blocks.Cidr"), ("is-default", "IsDefault"), ("none", "")],
    };

    fn items() -> BTreeMap<String, View> {
        let view = |id: &str, cidr: &str| View {
            id: id.to_owned(),
            blocks: vec![Block { cidr: cidr.to_owned() }],
            default: cidr == "b",
        };
        [("vpc-1", "a"), ("vpc-2", "b"), ("vpc-3", "b")].map(|(id, cidr)| (id.to_owned(), view(id, cidr))).into()
    }

    fn list(ids: &[&str], filters: &[(&str, &str)], max: Option<i64>, token: Option<String>) -> (Vec<String>, PageEnd) {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        let filter = |(name, value): &(&str, &str)| Filter { name: (*name).into(), values: vec![(*value).into()] };
        let filters = Filters { filters: filters.iter().map(filter).collect(), dry_run: false };
        let page = PageRequest { max, token };
        let wanted = Wanted { ids: &ids, filters: &filters, page: &page };
        let mut tagged = Tagged::default();
        tagged.add("vpc-3", [("Name".to_owned(), "three".to_owned())].into());
        let (shown, end) = LISTING.list(&tagged, &items(), wanted, View::clone).expect("a page");
        (shown.into_iter().map(|shown| View::read(Some(&shown.write())).id).collect(), end)
    }

    #[test]
    fn filters_look_at_what_is_shown() {
        let check = |ids: &[&str], filters: &[(&str, &str)], expected: &[&str]| {
            assert_eq!(list(ids, filters, None, None).0, expected, "{ids:?} {filters:?}");
        };
        check(&[], &[], &["vpc-1", "vpc-2", "vpc-3"]);
        check(&["vpc-2", "vpc-1"], &[], &["vpc-1", "vpc-2"]);
        check(&[], &[("block", "b")], &["vpc-2", "vpc-3"]);
        check(&[], &[("block", "b"), ("vpc-id", "*-3")], &["vpc-3"]);
        check(&[], &[("is-default", "false")], &["vpc-1"]);
        check(&[], &[("none", "*")], &[]);
        check(&[], &[("tag:Name", "th*")], &["vpc-3"]);
        check(&[], &[("tag-key", "Name")], &["vpc-3"]);
        check(&["vpc-1"], &[("tag:Name", "three")], &[]);
    }

    #[test]
    fn pages_follow_each_other() {
        let (first, end) = list(&[], &[], Some(2), None);
        assert_eq!(first, ["vpc-1", "vpc-2"]);
        let (second, end) = list(&[], &[], Some(2), end.token);
        assert_eq!(second, ["vpc-3"]);
        assert!(end.token.is_none());
    }
}
