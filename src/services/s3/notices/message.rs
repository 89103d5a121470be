//! The forms in which S3 tells what happened.
//!
//! For topics and queues:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>. For EventBridge:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>.

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::services::events;
use crate::services::s3::{Bucket, access};
use crate::wire;
use crate::world::call::Cx;
use crate::world::caller::{Caller, Principal};
use crate::world::scope::AccountId;
use crate::world::time::Time;

use super::{Deed, Happening, SELF};

/// The version of records since object retention is told of; it grows for all kinds together.
const RECORD_VERSION: &str = "2.6";
/// The version of EventBridge's form that belongs to it.
const DETAIL_VERSION: &str = "1.2";
/// The ETag of nothing, which delete markers have.
pub const MARKER_ETAG: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// Who did it.
pub struct Cause {
    request_id: String,
    principal: String,
    /// Account, or service.
    requester: String,
    /// Address, or service.
    source_ip: String,
    /// There was a request to S3.
    is_call: bool,
}

impl Cause {
    pub fn of_call(cx: &Cx<'_>) -> Cause {
        let requester = match cx.caller.principal {
            Principal::Service(name) => name.to_owned(),
            Principal::Anonymous => "anonymous".to_owned(),
            _ => cx.caller.account.to_string(),
        };
        Cause {
            request_id: cx.request_id.to_owned(),
            principal: principal(cx.caller),
            requester,
            source_ip: cx.source_ip.to_owned(),
            is_call: true,
        }
    }

    pub fn of_lifecycle(request_id: String) -> Cause {
        let [principal, requester, source_ip] = [SELF; 3].map(str::to_owned);
        Cause { request_id, principal, requester, source_ip, is_call: false }
    }
}

/// `AWS:` and the unique id of who called; an account's root is known by the account's own id. Of trails, records show
/// a session of CloudTrail's.
fn principal(caller: &Caller) -> String {
    match &caller.principal {
        Principal::Root => customer(&caller.account),
        Principal::Anonymous => "Anonymous".to_owned(),
        Principal::Service("cloudtrail.amazonaws.com") => {
            format!("AWS:AROA{}:regionalDeliverySession", letters("role of cloudtrail.amazonaws.com", 17))
        }
        Principal::Service(name) => format!("AWS:{name}"),
        Principal::User { .. } | Principal::Role { .. } => {
            format!("AWS:{}", caller.principal_id().unwrap_or_default())
        }
    }
}

/// The customer id of an account, from the time before accounts had numbers; it always stays the same.
fn customer(account: &AccountId) -> String {
    format!("A{}", letters(&format!("customer of {account}"), 13))
}

/// Letters and digits that a text always gets.
fn letters(text: &str, count: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    Sha256::digest(text).iter().take(count).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// The message for a topic or a queue.
pub fn record(
    bucket: &Bucket,
    configuration: &str,
    happening: &Happening<'_>,
    cause: &Cause,
    sequencer: &str,
    now: Time,
) -> String {
    let mut record = json!({
        "eventVersion": RECORD_VERSION,
        "eventSource": "aws:s3",
        "awsRegion": bucket.region.as_str(),
        "eventTime": instant(now),
        "eventName": happening.deed.name(),
        "userIdentity": {"principalId": cause.principal},
        "requestParameters": {"sourceIPAddress": cause.source_ip},
        "responseElements": {
            "x-amz-request-id": cause.request_id,
            "x-amz-id-2": wire::host_id(&cause.request_id),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": customer(&bucket.owner)},
                "arn": access::arn(&bucket.name),
            },
            "object": object(happening, ["eTag", "versionId", "hasObjectAnnotation"], encoded(happening.key), sequencer),
        },
    });
    if let (Some((mode, until)), Some(record)) = (happening.retention, record.as_object_mut()) {
        let retention = json!({"mode": mode, "retainUntilDate": instant(until)});
        record.insert("objectRetentionEventData".to_owned(), retention);
    }
    json!({"Records": [record]}).to_string()
}

/// What EventBridge is told.
pub fn event(bucket: &Bucket, happening: &Happening<'_>, cause: &Cause, sequencer: &str) -> events::Notice {
    let (detail_type, reason, deletion) = happening.deed.in_event_bridge();
    let key = happening.key.to_owned();
    let mut detail = Map::new();
    detail.insert("version".into(), "0".into());
    detail.insert("event-version".into(), DETAIL_VERSION.into());
    detail.insert("bucket".into(), json!({"name": bucket.name}));
    let object = object(happening, ["etag", "version-id", "has-object-annotation"], key, sequencer);
    detail.insert("object".into(), object);
    detail.insert("request-id".into(), cause.request_id.as_str().into());
    detail.insert("requester".into(), cause.requester.as_str().into());
    if cause.is_call {
        detail.insert("source-ip-address".into(), cause.source_ip.as_str().into());
    }
    detail.extend(reason.map(|reason| ("reason".into(), reason.into())));
    detail.extend(deletion.map(|deletion| ("deletion-type".into(), deletion.into())));
    if let Some((mode, until)) = happening.retention {
        let retention = json!({"mode": mode, "retain-until-date": instant(until)});
        detail.insert("object-retention-event-data".into(), retention);
    }
    events::Notice { source: "aws.s3", detail_type, resources: vec![access::arn(&bucket.name)], detail: raw(&detail) }
}

/// The object, under the names of either form.
fn object(happening: &Happening<'_>, [etag, version, annotated]: [&str; 3], key: String, sequencer: &str) -> Value {
    let mut object = Map::new();
    object.insert("key".into(), key.into());
    object.extend(happening.size.map(|size| ("size".into(), size.into())));
    object.extend(happening.etag.map(|value| (etag.into(), value.into())));
    object.extend(happening.shown_version().map(|id| (version.into(), id.into())));
    if happening.deed.is_of_content() {
        object.insert("sequencer".into(), sequencer.into());
    }
    if happening.deed == Deed::Copy {
        // There are no annotations here.
        object.insert(annotated.into(), false.into());
    }
    object.into()
}

/// What S3 sends a destination before it takes it.
pub fn test(bucket: &str, request_id: &str, now: Time) -> String {
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": instant(now),
        "Bucket": bucket,
        "RequestId": request_id,
        "HostId": wire::host_id(request_id),
    })
    .to_string()
}

impl Deed {
    /// `ObjectCreated:Put`
    pub fn name(self) -> &'static str {
        match self {
            Deed::Put => "ObjectCreated:Put",
            Deed::Copy => "ObjectCreated:Copy",
            Deed::CompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
            Deed::Delete => "ObjectRemoved:Delete",
            Deed::Mark => "ObjectRemoved:DeleteMarkerCreated",
            Deed::Expire => "LifecycleExpiration:Delete",
            Deed::ExpireMark => "LifecycleExpiration:DeleteMarkerCreated",
            Deed::PutTags => "ObjectTagging:Put",
            Deed::DeleteTags => "ObjectTagging:Delete",
            Deed::PutRetention => "ObjectRetention:Put",
        }
    }

    /// Detail type, reason, and type of deletion.
    fn in_event_bridge(self) -> (&'static str, Option<&'static str>, Option<&'static str>) {
        const REMOVED: Option<&str> = Some("Permanently Deleted");
        const MARKED: Option<&str> = Some("Delete Marker Created");
        match self {
            Deed::Put => ("Object Created", Some("PutObject"), None),
            Deed::Copy => ("Object Created", Some("CopyObject"), None),
            Deed::CompleteMultipartUpload => ("Object Created", Some("CompleteMultipartUpload"), None),
            Deed::Delete => ("Object Deleted", Some("DeleteObject"), REMOVED),
            Deed::Mark => ("Object Deleted", Some("DeleteObject"), MARKED),
            Deed::Expire => ("Object Deleted", Some("Lifecycle Expiration"), REMOVED),
            Deed::ExpireMark => ("Object Deleted", Some("Lifecycle Expiration"), MARKED),
            Deed::PutTags => ("Object Tags Added", None, None),
            Deed::DeleteTags => ("Object Tags Deleted", None, None),
            Deed::PutRetention => ("Object Retention Updated", None, None),
        }
    }

    /// The object came or went; such events have an order.
    fn is_of_content(self) -> bool {
        !matches!(self, Deed::PutTags | Deed::DeleteTags | Deed::PutRetention)
    }
}

/// A key as forms of web pages have it, slashes as they are: `red flower.jpg` is `red+flower.jpg`.
fn encoded(key: &str) -> String {
    form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>().replace("%2F", "/")
}

fn instant(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn raw(value: &Map<String, Value>) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::s3::config::Config;
    use crate::services::s3::notices::Removal;
    use crate::services::s3::objects::Objects;
    use crate::world::scope::Region;

    const MOMENT: &str = "2026-10-09T04:16:06.282Z";

    fn bucket() -> Bucket {
        Bucket {
            name: "mybucket".to_owned(),
            owner: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-east-2").unwrap(),
            created: MOMENT.parse().unwrap(),
            config: Config::default(),
            objects: Objects::default(),
        }
    }

    fn cause() -> Cause {
        Cause {
            request_id: "HW41C6352X82799F".to_owned(),
            principal: "AWS:AIDAJDPLRKLG7UEXAMPLE".to_owned(),
            requester: "111122223333".to_owned(),
            source_ip: "52.14.7.35".to_owned(),
            is_call: true,
        }
    }

    fn put(deed: Deed) -> Happening<'static> {
        let (version, etag) = ("096fKKXTRTtl3on89fVO.nfljtsv6qko", Some("61c8a37e0792f134585331243d697a8e"));
        Happening { deed, key: "a/red flower.jpg", version, size: Some(44), etag, retention: None }
    }

    /// The members and their order are those of the records that S3 sends, in their newest version.
    #[test]
    fn records() {
        let now = MOMENT.parse().unwrap();
        let text = record(&bucket(), "Upload", &put(Deed::Put), &cause(), "006AC86A864828B3DF", now);
        let expected = concat!(
            r#"{"Records":[{"eventVersion":"2.6","eventSource":"aws:s3","awsRegion":"us-east-2","#,
            r#""eventTime":"2026-10-09T04:16:06.282Z","eventName":"ObjectCreated:Put","#,
            r#""userIdentity":{"principalId":"AWS:AIDAJDPLRKLG7UEXAMPLE"},"#,
            r#""requestParameters":{"sourceIPAddress":"52.14.7.35"},"#,
            r#""responseElements":{"x-amz-request-id":"HW41C6352X82799F","x-amz-id-2":"HOST"},"#,
            r#""s3":{"s3SchemaVersion":"1.0","configurationId":"Upload","bucket":{"name":"mybucket","#,
            r#""ownerIdentity":{"principalId":"OWNER"},"arn":"arn:aws:s3:::mybucket"},"#,
            r#""object":{"key":"a/red+flower.jpg","size":44,"eTag":"61c8a37e0792f134585331243d697a8e","#,
            r#""versionId":"096fKKXTRTtl3on89fVO.nfljtsv6qko","sequencer":"006AC86A864828B3DF"}}}]}"#,
        );
        let ours = [wire::host_id("HW41C6352X82799F"), customer(&bucket().owner)];
        assert_eq!(text.replace(&ours[0], "HOST").replace(&ours[1], "OWNER"), expected);
        assert!(ours[1].len() == 14 && ours[1].starts_with('A'), "{}", ours[1]);
    }

    /// The examples of the page on EventBridge's messages, and one that was seen.
    #[test]
    fn events() {
        let check = |happening: &Happening<'_>, cause: &Cause, detail_type: &str, object: &str, rest: &str| {
            let event = event(&bucket(), happening, cause, "006AC86A864828B3DF");
            let expected = format!(
                r#"{{"version":"0","event-version":"1.2","bucket":{{"name":"mybucket"}},"object":{{{object}}},"#
            ) + &format!(r#""request-id":"HW41C6352X82799F",{rest}}}"#);
            assert_eq!((event.source, event.detail_type), ("aws.s3", detail_type));
            assert_eq!(event.detail.get(), expected);
            assert_eq!(event.resources, ["arn:aws:s3:::mybucket"]);
        };
        let of_call = r#""requester":"111122223333","source-ip-address":"52.14.7.35""#;
        let content = concat!(
            r#""key":"a/red flower.jpg","size":44,"etag":"61c8a37e0792f134585331243d697a8e","#,
            r#""version-id":"096fKKXTRTtl3on89fVO.nfljtsv6qko","sequencer":"006AC86A864828B3DF""#,
        );
        let reason = |reason: &str| format!(r#"{of_call},"reason":"{reason}""#);
        check(&put(Deed::Put), &cause(), "Object Created", content, &reason("PutObject"));
        let copied = format!(r#"{content},"has-object-annotation":false"#);
        check(&put(Deed::Copy), &cause(), "Object Created", &copied, &reason("CopyObject"));

        let gone = Removal { version: "null".to_owned(), marked: false };
        let removed = r#""key":"k","sequencer":"006AC86A864828B3DF""#;
        let permanently = reason("DeleteObject") + r#","deletion-type":"Permanently Deleted""#;
        check(&Happening::removal("k", &gone), &cause(), "Object Deleted", removed, &permanently);

        let marker = Removal { version: "JdSL83A6TIt1KHpdkYl_wBaEGm7EuSFG".to_owned(), marked: true };
        let marked = concat!(
            r#""key":"k","etag":"d41d8cd98f00b204e9800998ecf8427e","#,
            r#""version-id":"JdSL83A6TIt1KHpdkYl_wBaEGm7EuSFG","sequencer":"006AC86A864828B3DF""#,
        );
        let lifecycle = Cause::of_lifecycle("HW41C6352X82799F".to_owned());
        let expired = concat!(
            r#""requester":"s3.amazonaws.com","reason":"Lifecycle Expiration","#,
            r#""deletion-type":"Delete Marker Created""#,
        );
        check(&Happening::expiry("k", &marker), &lifecycle, "Object Deleted", marked, expired);

        let tagged = Happening { size: None, version: "null", ..put(Deed::PutTags) };
        let object = r#""key":"a/red flower.jpg","etag":"61c8a37e0792f134585331243d697a8e""#;
        check(&tagged, &cause(), "Object Tags Added", object, of_call);
    }

    #[test]
    fn keys_are_encoded() {
        let check = |key: &str, expected: &str| assert_eq!(encoded(key), expected);
        // Keys of records that were seen.
        check("a@b", "a%40b");
        check("2024-12-07T22:59:12.907Z", "2024-12-07T22%3A59%3A12.907Z");
        check("AWSLogs/1/CloudTrail/f_x.json.gz", "AWSLogs/1/CloudTrail/f_x.json.gz");
        check("my summer(2024)+ü.jpg", "my+summer%282024%29%2B%C3%BC.jpg");
    }
}
