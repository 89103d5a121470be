//! Tags of objects.

use crate::record;
use crate::services::s3::faults;
use crate::services::s3::notices::{Deed, Happening, happened};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::{Pick, Place, enter};

/// The operations on tags of objects.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetObjectTagging" get_object_tagging).data(),
    crate::op!(Write "PutObjectTagging" put_object_tagging).data(),
    crate::op!(Write "DeleteObjectTagging" delete_object_tagging).data(),
];

/// Limits: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>.
const TAGS_MAX: usize = 10;
const KEY_CHARS_MAX: usize = 128;
const VALUE_CHARS_MAX: usize = 256;

record! {
    struct Tag {
        key: String = "Key",
        value: String = "Value",
    }

    struct PutObjectTagging {
        tagging: TagSet = "Tagging",
    }

    struct TagSet {
        tags: Vec<Tag> = "TagSet",
    }
}

fn get_object_tagging(cx: &mut Cx<'_>, (place, pick): (Place, Pick)) -> Result<(TagSet, Pick), Fault> {
    let mut scene = enter(cx, &place)?;
    let (id, object) = scene.object(&place.key, pick.version.as_deref())?;
    let tags = object.about.tags.iter();
    let tags = tags.map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect();
    Ok((TagSet { tags }, Pick { version: scene.bucket.config.versioning.map(|_| id) }))
}

fn put_object_tagging(cx: &mut Cx<'_>, (place, pick, input): (Place, Pick, PutObjectTagging)) -> Result<Pick, Fault> {
    let tags: Vec<_> = input.tagging.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    check(&tags)?;
    set(cx, &place, &pick, tags, Deed::PutTags)
}

fn delete_object_tagging(cx: &mut Cx<'_>, (place, pick): (Place, Pick)) -> Result<Pick, Fault> {
    set(cx, &place, &pick, Vec::new(), Deed::DeleteTags)
}

fn set(cx: &mut Cx<'_>, place: &Place, pick: &Pick, tags: Vec<(String, String)>, deed: Deed) -> Result<Pick, Fault> {
    let mut scene = enter(cx, place)?;
    let (id, object) = scene.object(&place.key, pick.version.as_deref())?;
    object.about.tags = tags;
    let etag = object.etag.clone();
    let shown_id = scene.bucket.config.versioning.map(|_| id.clone());
    let happening = Happening { deed, key: &place.key, version: &id, size: None, etag: Some(&etag), retention: None };
    happened(cx, &place.bucket, &happening);
    Ok(Pick { version: shown_id })
}

/// Reads `x-amz-tagging`: tags written like a query.
///
/// # Errors
/// `InvalidTag`, `BadRequest`.
pub fn of_header(text: &str) -> Result<Vec<(String, String)>, Fault> {
    let tags: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    check(&tags)?;
    Ok(tags)
}

fn check(tags: &[(String, String)]) -> Result<(), Fault> {
    if tags.len() > TAGS_MAX {
        return Err(faults::too_many_object_tags(TAGS_MAX));
    }
    for (at, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > KEY_CHARS_MAX || !key.chars().all(is_allowed) {
            return Err(faults::invalid_object_tag_key(key));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(faults::system_tag(key));
        }
        if value.chars().count() > VALUE_CHARS_MAX || !value.chars().all(is_allowed) {
            return Err(faults::invalid_object_tag_value(key, value));
        }
        if tags.iter().take(at).any(|(other, _)| other == key) {
            return Err(faults::repeated_object_tag(key));
        }
    }
    Ok(())
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() || "+-=._:/@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_headers() {
        let check = |text: &str, expected: Result<&[(&str, &str)], &str>| {
            let tags = of_header(text).map_err(|fault| fault.code);
            let expected = expected
                .map_err(str::to_owned)
                .map(|tags| tags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect::<Vec<_>>());
            assert_eq!(tags, expected, "{text}");
        };
        check("", Ok(&[]));
        check("a=1&b=", Ok(&[("a", "1"), ("b", "")]));
        check("a%20b=c+d", Ok(&[("a b", "c d")]));
        check("a=1&a=2", Err("InvalidTag"));
        check("=1", Err("InvalidTag"));
        check("a=%3C", Err("InvalidTag"));
        check("aws:a=1", Err("InvalidTag"));
        check(&format!("{}=1", "k".repeat(129)), Err("InvalidTag"));
        check(&format!("k={}", "v".repeat(257)), Err("InvalidTag"));
        check("a&b&c&d&e&f&g&h&i&j&k", Err("BadRequest"));
    }
}
