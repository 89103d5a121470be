//! MD5 of messages, as SDKs check it
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>).

use std::collections::BTreeMap;

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::world::hex::hex;

use super::contents::Attribute;

/// Of a body.
pub fn of_body(body: &str) -> String {
    hex(&Md5::digest(body))
}

/// Of attributes, in the order of their names; `None` without any.
pub fn of_attributes(attributes: &BTreeMap<String, Attribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut hash = Md5::new();
    for (name, attribute) in attributes {
        update(&mut hash, name.as_bytes());
        update(&mut hash, attribute.data_type.as_bytes());
        match (&attribute.string, &attribute.binary) {
            (Some(text), _) => {
                hash.update([1]);
                update(&mut hash, text.as_bytes());
            }
            (None, binary) => {
                hash.update([2]);
                update(&mut hash, binary.as_ref().map_or(&[][..], Bytes::as_ref));
            }
        }
    }
    Some(hex(&hash.finalize()))
}

/// Each part comes after its length, four bytes with the highest first.
fn update(hash: &mut Md5, bytes: &[u8]) {
    hash.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_aws_answers() {
        // From the API reference's SendMessage: the body of its sample, and the attribute of the next.
        assert_eq!(of_body("This is a test message"), "fafb00f5732ab283681e124bf8747ed1");
        let attribute = |data_type: &str, string: Option<&str>, binary: Option<&'static [u8]>| Attribute {
            data_type: data_type.into(),
            string: string.map(str::to_owned),
            binary: binary.map(Bytes::from_static),
            ..Attribute::default()
        };
        let one = |name: &str, value: Attribute| of_attributes(&BTreeMap::from([(name.to_owned(), value)]));
        assert_eq!(
            one("timestamp", attribute("Number", Some("1493147359900"), None)).as_deref(),
            Some("235c5c510d26fb653d073faed50ae77c")
        );
        let texts = |pairs: &[(&str, &str)]| {
            let all = pairs.iter().map(|(name, text)| ((*name).to_owned(), attribute("String", Some(text), None)));
            of_attributes(&all.collect())
        };
        // Answers of AWS to several attributes, whose order is that of their names.
        let three = [("General", "Kenobi"), ("Hello", "There"), ("Help.Me", "Me")];
        assert_eq!(texts(&three).as_deref(), Some("4c360f3fdafd970e05fae2f149d997f5"));
        assert_eq!(texts(&three[..2]).as_deref(), Some("fca026605781cb4126a1e9044df24232"));
        assert_eq!(texts(&three[1..]).as_deref(), Some("83fee93c1bcd8b9a5a923ffacdc636c7"));
        let binary =
            attribute("Binary", None, Some(b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"));
        assert_eq!(one("attr1", binary).as_deref(), Some("8cbe4db156db8a94db8b801b7addb984"));
        let number = attribute("Number.float", Some("4563442423554324324264524243.32543234"), None);
        assert_eq!(one("customNumberTypeAttrib", number).as_deref(), Some("9fe1b90bbd9965bdf77bac517c7d2495"));
        assert_eq!(of_attributes(&BTreeMap::new()), None);
        assert_ne!(one("a", attribute("Binary", None, Some(b"x"))), one("a", attribute("String", Some("x"), None)));
    }
}
