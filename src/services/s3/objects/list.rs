//! Listings of objects and versions.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::record;
use crate::services::s3::faults;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::outside::Outside;
use crate::world::scope::AccountId;
use crate::world::time::Time;

use super::attributes::ChecksumKind;
use super::files::{Files, etags};
use super::get::number;
use super::page::{Page, Query, Row, page};
use super::put::quoted;
use super::{Object, Scene, Version, enter_all};

/// Listings.
pub const OPS: &[Op] = &[
    crate::op!(Read "ListObjects" list_objects).data(),
    crate::op!(Read "ListObjectsV2" list_objects_v2).data(),
    crate::op!(Read "ListObjectVersions" list_object_versions).data(),
];

/// Rows on a page.
pub const ROWS_MAX: i64 = 1000;

record! {
    /// What every listing is asked.
    pub struct Listing {
        bucket: String = "Bucket",
        expected_owner: Option<String> = "ExpectedBucketOwner",
        prefix: Option<String> = "Prefix",
        delimiter: Option<String> = "Delimiter",
        encoding: Option<String> = "EncodingType",
    }

    struct Max {
        max: Option<i64> = "MaxKeys",
    }

    struct Marker {
        marker: String = "Marker",
    }

    struct Continue {
        token: Option<String> = "ContinuationToken",
        after: Option<String> = "StartAfter",
        fetch_owner: bool = "FetchOwner",
    }

    struct VersionMarker {
        key: Option<String> = "KeyMarker",
        version: Option<String> = "VersionIdMarker",
    }

    /// What every listing answers.
    pub struct Echo {
        prefix: String = "Prefix",
        delimiter: Option<String> = "Delimiter",
        encoding: Option<String> = "EncodingType",
        truncated: bool = "IsTruncated",
        common: Vec<CommonPrefix> = "CommonPrefixes",
    }

    /// What several keys begin with.
    pub struct CommonPrefix {
        prefix: String = "Prefix",
    }

    struct Named {
        name: String = "Name",
        max: i64 = "MaxKeys",
    }

    struct FirstPage {
        marker: String = "Marker",
        next: Option<String> = "NextMarker",
        contents: Vec<(Entry, Owned)> = "Contents",
    }

    struct SecondPage {
        count: i64 = "KeyCount",
        token: Option<String> = "ContinuationToken",
        next: Option<String> = "NextContinuationToken",
        after: Option<String> = "StartAfter",
        contents: Vec<(Entry, Owned)> = "Contents",
    }

    struct VersionPage {
        key: String = "KeyMarker",
        version: String = "VersionIdMarker",
        next_key: Option<String> = "NextKeyMarker",
        next_version: Option<String> = "NextVersionIdMarker",
        versions: Vec<(Entry, Owned, Which)> = "Versions",
        markers: Vec<(Deleted, Owned, Which)> = "DeleteMarkers",
    }

    struct Entry {
        key: String = "Key",
        modified: Time = "LastModified",
        etag: String = "ETag",
        algorithms: Vec<String> = "ChecksumAlgorithm",
        kind: Option<String> = "ChecksumType",
        size: i64 = "Size",
        storage_class: String = "StorageClass",
    }

    struct Deleted {
        key: String = "Key",
        modified: Time = "LastModified",
    }

    struct Which {
        id: String = "VersionId",
        latest: bool = "IsLatest",
    }

    struct Owned {
        owner: Option<Owner> = "Owner",
    }

    /// An account as S3 shows it.
    pub struct Owner {
        id: String = "ID",
    }
}

impl Owner {
    pub fn of(account: &AccountId) -> Owner {
        Owner { id: canonical_id(account) }
    }
}

/// The canonical user id of an account: 64 hexadecimal digits that always stay the same.
pub fn canonical_id(account: &AccountId) -> String {
    format!("{:x}", Sha256::digest(format!("canonical user of {account}")))
}

fn list_objects(
    cx: &mut Cx<'_>,
    (listing, max, marker): (Listing, Max, Marker),
) -> Result<(Named, Echo, FirstPage), Fault> {
    let max = rows_max(max.max, "max-keys")?;
    let found = Found::read(cx, &listing, &marker.marker, max, true)?;
    // Without a delimiter, the last key is the marker.
    let next = found.last.clone().filter(|_| found.truncated && listing.delimiter.is_some());
    let text = |text: String| listing.encoded(text);
    let page = FirstPage { marker: text(marker.marker), next: next.map(text), contents: found.contents };
    let echo = listing.echo(found.truncated, found.common);
    Ok((Named { name: listing.bucket, max }, echo, page))
}

fn list_objects_v2(
    cx: &mut Cx<'_>,
    (listing, max, from): (Listing, Max, Continue),
) -> Result<(Named, Echo, SecondPage), Fault> {
    let max = rows_max(max.max, "max-keys")?;
    let marker = match &from.token {
        Some(token) => of_token(token)?,
        None => from.after.clone().unwrap_or_default(),
    };
    let found = Found::read(cx, &listing, &marker, max, from.fetch_owner)?;
    let page = SecondPage {
        count: (found.contents.len() + found.common.len()) as i64,
        token: from.token,
        next: found.last.filter(|_| found.truncated).map(|last| BASE64.encode(last)),
        after: from.after.map(|after| listing.encoded(after)),
        contents: found.contents,
    };
    let echo = listing.echo(found.truncated, found.common);
    Ok((Named { name: listing.bucket, max }, echo, page))
}

fn of_token(token: &str) -> Result<String, Fault> {
    let text = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.filter(|text| !text.is_empty()).ok_or_else(|| faults::bad_continuation_token(token))
}

/// A page of current objects.
struct Found {
    contents: Vec<(Entry, Owned)>,
    common: Vec<String>,
    truncated: bool,
    /// The last key or common prefix: where the next page goes on.
    last: Option<String>,
}

impl Found {
    fn read(cx: &mut Cx<'_>, listing: &Listing, marker: &str, max: i64, owners: bool) -> Result<Found, Fault> {
        let Scene { bucket, files, outside, .. } = listing.enter(cx)?;
        let (keys, files) = (&bucket.objects.keys, &files);
        let start = if marker.is_empty() { Bound::Unbounded } else { Bound::Excluded(marker) };
        let seek = |key: &str| current(keys, files, Bound::Included(key));
        let Page { rows, truncated } = page(listing.query(marker, max), current(keys, files, start), seek);
        let last = rows.last().map(|row| match row {
            Row::Item((key, ..)) => (*key).to_owned(),
            Row::Common(common) => common.clone(),
        });
        let objects = rows.iter().filter_map(|row| match row {
            Row::Item((_, _, object)) => Some(*object),
            Row::Common(_) => None,
        });
        let changed = Changed::of(objects, files, outside)?;
        let owner = owners.then(|| Owner::of(&bucket.owner));
        let mut found = Found { contents: Vec::new(), common: Vec::new(), truncated, last };
        for row in rows {
            match row {
                Row::Common(common) => found.common.push(common),
                Row::Item((key, version, object)) => {
                    let entry = Entry::of(listing.encoded(key.to_owned()), version, object, &changed);
                    found.contents.push((entry, Owned { owner: owner.clone() }));
                }
            }
        }
        Ok(found)
    }
}

type Current<'a> = Box<dyn Iterator<Item = (&'a str, (&'a str, &'a Version, &'a Object))> + 'a>;

/// Current objects whose files are still there, from a key on.
fn current<'a>(keys: &'a BTreeMap<String, Vec<Version>>, files: &'a Files, start: Bound<&str>) -> Current<'a> {
    Box::new(keys.range::<str, _>((start, Bound::Unbounded)).filter_map(|(key, versions)| {
        let version = versions.last()?;
        let object = version.object.as_ref()?;
        files.look(&object.file).map(|_| (key.as_str(), (key.as_str(), version, object)))
    }))
}

/// Length and ETag of files on a page that somebody else has changed, by path.
struct Changed(BTreeMap<PathBuf, (u64, Option<String>)>);

impl Changed {
    fn of<'a>(
        objects: impl Iterator<Item = &'a Object>,
        files: &Files,
        outside: &mut Outside,
    ) -> Result<Changed, Fault> {
        let looks = objects.filter_map(|object| Some((object.file.path.clone(), files.look(&object.file)?)));
        let (paths, looks): (Vec<_>, Vec<_>) = looks.filter(|(_, look)| !look.intact).unzip();
        let lengths: Vec<_> = looks.iter().map(|look| look.length).collect();
        let etags = etags(outside, looks)?.into_iter().map(Result::ok);
        Ok(Changed(paths.into_iter().zip(lengths.into_iter().zip(etags)).collect()))
    }
}

impl Entry {
    /// A row; what the file holds now decides, where somebody else has changed it.
    fn of(key: String, version: &Version, object: &Object, changed: &Changed) -> Entry {
        let changed = changed.0.get(&object.file.path);
        let checksum = object.checksum.as_ref().filter(|_| changed.is_none());
        let (length, etag) = changed.map_or((object.file.length, None), |(length, etag)| (*length, etag.as_ref()));
        Entry {
            key,
            modified: version.modified,
            etag: quoted(etag.unwrap_or(&object.etag)),
            algorithms: checksum.map(|checksum| checksum.algorithm.name().to_owned()).into_iter().collect(),
            kind: ChecksumKind::of(checksum).kind,
            size: number(length),
            storage_class: object.about.storage_class.clone(),
        }
    }
}

fn list_object_versions(
    cx: &mut Cx<'_>,
    (listing, max, marker): (Listing, Max, VersionMarker),
) -> Result<(Named, Echo, VersionPage), Fault> {
    let max = rows_max(max.max, "max-keys")?;
    if marker.version.is_some() && marker.key.is_none() {
        return Err(faults::version_marker_alone(&marker.version.unwrap_or_default()));
    }
    let Scene { bucket, files, outside, .. } = listing.enter(cx)?;
    let (keys, files) = (&bucket.objects.keys, &files);
    let key = marker.key.clone().unwrap_or_default();
    let first = after_version(keys, files, &key, marker.version.as_deref());
    let seek = |key: &str| versions(keys, files, Bound::Included(key));
    let Page { rows, truncated } = page(listing.query(&key, max), first, seek);
    let (next_key, next_version) = match rows.last().filter(|_| truncated) {
        None => (None, None),
        Some(Row::Common(common)) => (Some(common.clone()), None),
        Some(Row::Item((key, version, _))) => (Some((*key).to_owned()), Some(version.id.clone())),
    };
    let text = |text: String| listing.encoded(text);
    let mut page = VersionPage {
        key: text(key),
        version: marker.version.unwrap_or_default(),
        next_key: next_key.map(text),
        next_version,
        ..VersionPage::default()
    };
    let objects = rows.iter().filter_map(|row| match row {
        Row::Item((_, version, _)) => version.object.as_ref(),
        Row::Common(_) => None,
    });
    let changed = Changed::of(objects, files, outside)?;
    let owner = Owned { owner: Some(Owner::of(&bucket.owner)) };
    let mut common = Vec::new();
    for row in rows {
        match row {
            Row::Common(prefix) => common.push(prefix),
            Row::Item((key, version, latest)) => {
                let (key, owner) = (text(key.to_owned()), owner.clone());
                let which = Which { id: version.id.clone(), latest };
                match &version.object {
                    Some(object) => page.versions.push((Entry::of(key, version, object, &changed), owner, which)),
                    None => page.markers.push((Deleted { key, modified: version.modified }, owner, which)),
                }
            }
        }
    }
    let echo = listing.echo(truncated, common);
    Ok((Named { name: listing.bucket, max }, echo, page))
}

type Versions<'a> = Box<dyn Iterator<Item = (&'a str, (&'a str, &'a Version, bool))> + 'a>;

/// Every version of every key from one on, newest first.
fn versions<'a>(keys: &'a BTreeMap<String, Vec<Version>>, files: &'a Files, start: Bound<&str>) -> Versions<'a> {
    let range = keys.range::<str, _>((start, Bound::Unbounded));
    Box::new(range.flat_map(|(key, versions)| of_key(key, versions, files)))
}

fn of_key<'a>(key: &'a str, versions: &'a [Version], files: &'a Files) -> Versions<'a> {
    let newest = versions.len().saturating_sub(1);
    let there = |version: &Version| version.object.as_ref().is_none_or(|object| files.look(&object.file).is_some());
    let rows = versions.iter().enumerate().rev().filter(move |(_, version)| there(version));
    Box::new(rows.map(move |(at, version)| (key, (key, version, at == newest))))
}

/// Every version behind a marker.
fn after_version<'a>(
    keys: &'a BTreeMap<String, Vec<Version>>,
    files: &'a Files,
    key: &str,
    version: Option<&str>,
) -> Versions<'a> {
    if key.is_empty() {
        return versions(keys, files, Bound::Unbounded);
    }
    let rest = versions(keys, files, Bound::Excluded(key));
    let here = keys.get_key_value(key).zip(version).map(|((key, versions), id)| {
        let at = versions.iter().position(|version| version.id == id).unwrap_or(0);
        of_key(key, versions, files).skip(versions.len() - at)
    });
    Box::new(here.into_iter().flatten().chain(rest))
}

/// How many rows are wanted.
///
/// # Errors
/// `InvalidArgument`.
pub fn rows_max(wanted: Option<i64>, argument: &'static str) -> Result<i64, Fault> {
    let wanted = wanted.unwrap_or(ROWS_MAX);
    if !(0..=i64::from(i32::MAX)).contains(&wanted) {
        return Err(faults::rows_out_of_range(argument, wanted));
    }
    Ok(wanted.min(ROWS_MAX))
}

impl Listing {
    /// Enters the bucket.
    ///
    /// # Errors
    /// As [`enter_all`], and `InvalidArgument` for an encoding that there is not.
    pub fn enter<'a>(&self, cx: &'a mut Cx<'_>) -> Result<Scene<'a>, Fault> {
        if let Some(encoding) = self.encoding.as_deref().filter(|encoding| *encoding != "url") {
            return Err(faults::unknown_encoding(encoding));
        }
        let prefix = self.prefix.as_deref().unwrap_or_default();
        enter_all(cx, &self.bucket, prefix, self.expected_owner.as_deref())
    }

    /// The page that is wanted, behind `marker`.
    pub fn query<'a>(&'a self, marker: &'a str, max: i64) -> Query<'a> {
        Query {
            prefix: self.prefix.as_deref().unwrap_or_default(),
            delimiter: self.delimiter.as_deref().unwrap_or_default(),
            shown: marker,
            max: usize::try_from(max).unwrap_or_default(),
        }
    }

    /// What the answer repeats of the request.
    pub fn echo(&self, truncated: bool, common: Vec<String>) -> Echo {
        let common = common.into_iter().map(|prefix| CommonPrefix { prefix: self.encoded(prefix) });
        Echo {
            prefix: self.encoded(self.prefix.clone().unwrap_or_default()),
            delimiter: self.delimiter.clone().filter(|text| !text.is_empty()).map(|text| self.encoded(text)),
            encoding: self.encoding.clone(),
            truncated,
            common: common.collect(),
        }
    }

    /// A key as the answer writes it: encoded for URLs if that is wanted.
    pub fn encoded(&self, text: String) -> String {
        /// What URLs keep as it is.
        const ENCODED: &AsciiSet =
            &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');
        match self.encoding.as_deref() {
            Some("url") => utf8_percent_encode(&text, ENCODED).to_string().replace(' ', "+"),
            _ => text,
        }
    }
}
