//! Conditional requests: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>.

use chrono::SubsecRound;

use crate::record;
use crate::services::s3::faults;
use crate::wire::Fault;
use crate::world::time::Time;

use super::{Object, Scene, Version};

record! {
    /// Conditions on a read.
    pub struct ReadConditions {
        if_match: Option<String> = "IfMatch",
        if_none_match: Option<String> = "IfNoneMatch",
        if_modified_since: Option<Time> = "IfModifiedSince",
        if_unmodified_since: Option<Time> = "IfUnmodifiedSince",
    }

    /// Conditions on the source of a copy.
    pub struct SourceConditions {
        if_match: Option<String> = "CopySourceIfMatch",
        if_none_match: Option<String> = "CopySourceIfNoneMatch",
        if_modified_since: Option<Time> = "CopySourceIfModifiedSince",
        if_unmodified_since: Option<Time> = "CopySourceIfUnmodifiedSince",
    }

    /// Conditions on a write.
    pub struct WriteConditions {
        if_match: Option<String> = "IfMatch",
        if_none_match: Option<String> = "IfNoneMatch",
    }
}

/// Why a read is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unmet {
    /// The client has it already: 304.
    NotModified,
    /// 412, and the header that says why.
    Failed(&'static str),
}

impl ReadConditions {
    /// # Errors
    /// `NotModified` or `PreconditionFailed`.
    pub fn check(&self, etag: &str, modified: Time) -> Result<(), Fault> {
        match self.unmet(etag, modified) {
            None => Ok(()),
            Some(Unmet::NotModified) => Err(faults::not_modified(etag, modified)),
            Some(Unmet::Failed(condition)) => Err(faults::precondition_failed(condition)),
        }
    }

    /// RFC 9110, section 13.2.2: a condition on the ETag overrules the one on time.
    fn unmet(&self, etag: &str, modified: Time) -> Option<Unmet> {
        // HTTP's dates have whole seconds.
        let modified = modified.trunc_subsecs(0);
        match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) if !matches(tags, etag) => return Some(Unmet::Failed("If-Match")),
            (None, Some(time)) if modified > time => return Some(Unmet::Failed("If-Unmodified-Since")),
            _ => {}
        }
        match (&self.if_none_match, self.if_modified_since) {
            (Some(tags), _) if matches(tags, etag) => Some(Unmet::NotModified),
            (None, Some(time)) if modified <= time => Some(Unmet::NotModified),
            _ => None,
        }
    }
}

impl SourceConditions {
    /// # Errors
    /// `PreconditionFailed`: a copy has no use for "not modified".
    pub fn check(&self, etag: &str, modified: Time) -> Result<(), Fault> {
        let conditions = ReadConditions {
            if_match: self.if_match.clone(),
            if_none_match: self.if_none_match.clone(),
            if_modified_since: self.if_modified_since,
            if_unmodified_since: self.if_unmodified_since,
        };
        match conditions.unmet(etag, modified) {
            None => Ok(()),
            Some(Unmet::Failed("If-Match")) => Err(faults::precondition_failed("x-amz-copy-source-If-Match")),
            Some(Unmet::Failed(_)) => Err(faults::precondition_failed("x-amz-copy-source-If-Unmodified-Since")),
            Some(Unmet::NotModified) if self.if_none_match.is_some() => {
                Err(faults::precondition_failed("x-amz-copy-source-If-None-Match"))
            }
            Some(Unmet::NotModified) => Err(faults::precondition_failed("x-amz-copy-source-If-Modified-Since")),
        }
    }
}

impl WriteConditions {
    /// # Errors
    /// `PreconditionFailed`, `NoSuchKey`, `NotImplemented`.
    pub fn check(&self, scene: &Scene<'_>, key: &str) -> Result<(), Fault> {
        let current = scene.current(key);
        match (&self.if_match, &self.if_none_match) {
            (None, None) => Ok(()),
            (Some(_), Some(_)) => Err(faults::not_built("If-Match, If-None-Match")),
            (None, Some(tags)) if tags == "*" => {
                if current.is_some() {
                    Err(faults::precondition_failed("If-None-Match"))
                } else {
                    Ok(())
                }
            }
            (None, Some(_)) => Err(faults::not_built("If-None-Match")),
            (Some(tags), None) => check_match(tags, current, key),
        }
    }
}

fn check_match(tags: &str, current: Option<(&Version, &Object)>, key: &str) -> Result<(), Fault> {
    let (_, object) = current.ok_or_else(|| faults::no_such_key(key))?;
    if matches(tags, &object.etag) { Ok(()) } else { Err(faults::precondition_failed("If-Match")) }
}

/// Whether a list of ETags, quoted or not, has this one.
pub fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',')
        .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'))
        .any(|tag| tag == "*" || tag == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_reads() {
        let modified: Time = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let time = |text: &str| Some(format!("2026-01-02T03:04:{text}Z").parse().unwrap());
        let tag = |text: &str| Some(text.to_owned());
        let check = |if_match, if_none_match, if_modified_since, if_unmodified_since, expected| {
            let conditions = ReadConditions { if_match, if_none_match, if_modified_since, if_unmodified_since };
            assert_eq!(conditions.unmet("abc", modified), expected, "{conditions:?}");
        };
        check(None, None, None, None, None);
        check(tag("\"abc\""), None, None, None, None);
        check(tag("abc"), None, None, None, None);
        check(tag("\"x\", \"abc\""), None, None, None, None);
        check(tag("\"x\""), None, None, None, Some(Unmet::Failed("If-Match")));
        check(None, tag("\"abc\""), None, None, Some(Unmet::NotModified));
        check(None, tag("*"), None, None, Some(Unmet::NotModified));
        check(None, tag("\"x\""), None, None, None);
        check(None, None, time("05"), None, Some(Unmet::NotModified));
        check(None, None, time("04"), None, None);
        check(None, None, None, time("05"), None);
        check(None, None, None, time("04"), Some(Unmet::Failed("If-Unmodified-Since")));
        // Documented for GetObject: the ETag's condition decides.
        check(tag("abc"), None, None, time("04"), None);
        check(None, tag("abc"), time("04"), None, Some(Unmet::NotModified));
    }
}
