//! Uploads as they arrive, whole, in pieces, cut off or wrong.

use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http_body_util::StreamBody;
use hyper::body::Frame;

use super::*;

/// A folder for a test, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("trailcam-payload-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(&self.0).map_or(true, |mut entries| entries.next().is_none())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const LIMITS: Limits = Limits { memory: 16, content: 100, idle: Duration::from_millis(50) };

/// A body that arrives in pieces of seven bytes.
fn body(text: &str) -> impl HttpBody<Data = Bytes, Error = Infallible> + Unpin {
    let pieces: Vec<_> =
        text.as_bytes().chunks(7).map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
    StreamBody::new(stream::iter(pieces))
}

fn head(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn content(upload: &Upload) -> String {
    match &upload.body {
        Body::Memory(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Body::Spooled(spooled) => fs::read_to_string(spooled.path()).unwrap(),
    }
}

/// Receives a body: its content, or the code of the fault. Nothing may be left of it then.
async fn check(name: &str, lines: &[(&'static str, &str)], text: &str, expected: Result<&str, &str>) {
    let folder = Folder::new(name);
    let received = receive_within(body(text), &head(lines), About::Body, &folder.0, &LIMITS).await;
    let found = received.as_ref().map(content).map_err(|fault| fault.code.clone());
    assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{name}");
    drop(received);
    assert!(folder.is_empty(), "{name} leaves a file");
}

#[tokio::test]
async fn plain_bodies() {
    let long = "x".repeat(90);
    check("small", &[("content-length", "5")], "hello", Ok("hello")).await;
    check("spooled", &[("content-length", "90")], &long, Ok(&long)).await;
    check("short", &[("content-length", "6")], "hello", Err("IncompleteBody")).await;
    check("short and spooled", &[("content-length", "91")], &long, Err("IncompleteBody")).await;
    check("long", &[("content-length", "4")], "hello", Err("IncompleteBody")).await;
    check("too large", &[("content-length", "101")], "", Err("EntityTooLarge")).await;
    check("unannounced", &[], "hello", Err("MissingContentLength")).await;
}

#[tokio::test]
async fn digests() {
    let length = ("content-length", "5");
    // `printf hello | openssl md5 -binary | base64`, and sha256sum.
    let sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    check("md5", &[length, ("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")], "hello", Ok("hello")).await;
    check("bad md5", &[length, ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], "hello", Err("BadDigest")).await;
    check("no md5", &[length, ("content-md5", "hello")], "hello", Err("InvalidDigest")).await;
    check("sha256", &[length, ("x-amz-content-sha256", sha256)], "hello", Ok("hello")).await;
    let other = "0".repeat(64);
    check("bad sha256", &[length, ("x-amz-content-sha256", &other)], "hello", Err("XAmzContentSHA256Mismatch")).await;
    check("no hash", &[length, ("x-amz-content-sha256", "hello")], "hello", Err("InvalidArgument")).await;
    check("unsigned", &[length, ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], "hello", Ok("hello")).await;
}

#[tokio::test]
async fn checksums() {
    let length = ("content-length", "5");
    // CRC-32 of `hello` is 3610a686.
    check("crc32", &[length, ("x-amz-checksum-crc32", "NhCmhg==")], "hello", Ok("hello")).await;
    check("bad crc32", &[length, ("x-amz-checksum-crc32", "AAAAAA==")], "hello", Err("BadDigest")).await;
    check("no crc32", &[length, ("x-amz-checksum-crc32", "hello")], "hello", Err("InvalidRequest")).await;
    let two = [length, ("x-amz-checksum-crc32", "NhCmhg=="), ("x-amz-checksum-crc32c", "NhCmhg==")];
    check("two checksums", &two, "hello", Err("InvalidRequest")).await;
    check("not built", &[length, ("x-amz-checksum-sha512", "AAAA")], "hello", Err("NotImplemented")).await;
    check("mode", &[length, ("x-amz-checksum-mode", "ENABLED")], "hello", Ok("hello")).await;
    check("only named", &[length, ("x-amz-sdk-checksum-algorithm", "CRC32")], "hello", Err("InvalidRequest")).await;
}

#[tokio::test]
async fn chunked_bodies() {
    let streaming = ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    let length = ("x-amz-decoded-content-length", "5");
    let trailer = ("x-amz-trailer", "x-amz-checksum-crc32");
    let coded = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    check("trailer", &[streaming, length, trailer], coded, Ok("hello")).await;
    check("bad trailer", &[streaming, length, trailer], &coded.replace("Nh", "AA"), Err("BadDigest")).await;
    let without = "5\r\nhello\r\n0\r\n\r\n";
    check("no trailer", &[streaming, length, trailer], without, Err("MalformedTrailerError")).await;
    let other = ("x-amz-trailer", "x-amz-checksum-xxhash64");
    check("trailer not built", &[streaming, length, other], without, Err("NotImplemented")).await;
    let other = ("x-amz-trailer", "x-amz-meta-a");
    check("another trailer", &[streaming, length, other], without, Err("InvalidRequest")).await;
    check("no trailer wanted", &[streaming, length], without, Ok("hello")).await;
    check("cut off", &[streaming, length], "5\r\nhel", Err("IncompleteBody")).await;
    check("not coded", &[streaming, length], "hello", Err("IncompleteBody")).await;
    check("too long", &[streaming, length], "6\r\nhello!\r\n0\r\n\r\n", Err("IncompleteBody")).await;
    check("no length", &[streaming], without, Err("MissingContentLength")).await;
}

#[tokio::test]
async fn documents_are_checked_as_uploads_are() {
    let check = async |name: &str, lines: &[(&'static str, &str)], about, expected: Result<bool, &str>| {
        let lines = [&[("content-length", "5")], lines].concat();
        let received = receive_document(body("hello"), &head(&lines), about).await;
        let claimed = received.map(|(document, claimed)| (document, claimed.any())).map_err(|fault| fault.code);
        let expected = expected.map(|claimed| (Bytes::from_static(b"hello"), claimed)).map_err(str::to_owned);
        assert_eq!(claimed, expected, "{name}");
    };
    check("plain", &[], About::Body, Ok(false)).await;
    check("md5", &[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")], About::Body, Ok(true)).await;
    check("bad md5", &[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], About::Body, Err("BadDigest")).await;
    check("crc32", &[("x-amz-checksum-crc32", "NhCmhg==")], About::Body, Ok(true)).await;
    check("bad crc32", &[("x-amz-checksum-crc32", "AAAAAA==")], About::Body, Err("BadDigest")).await;
    check("the object's", &[("x-amz-checksum-crc32", "AAAAAA==")], About::Object, Ok(false)).await;
    check("not built", &[("x-amz-checksum-sha512", "AAAA")], About::Object, Err("NotImplemented")).await;
    let long = (BODY_BYTES_MAX + 1).to_string();
    let received = receive_document(body("hello"), &head(&[("content-length", &long)]), About::Body).await;
    assert_eq!(received.err().map(|fault| fault.code), Some("EntityTooLarge".to_owned()));
}

#[tokio::test]
async fn hashes_of_what_came() {
    let folder = Folder::new("hashes");
    let lines = head(&[("content-length", "9")]);
    let upload = receive_within(body("123456789"), &lines, About::Body, &folder.0, &LIMITS).await.unwrap();
    // The check value of CRC-64/NVME is ae8b14860a799888.
    assert_eq!(upload.checksum, Some(("CRC64NVME", STANDARD.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes()))));
    assert_eq!(hex(&upload.md5), "25f9e794323b453885f5181f1b624d0b");
    assert_eq!(upload.length, 9);
}

#[tokio::test]
async fn a_stalled_body_is_given_up() {
    let folder = Folder::new("stalled");
    let begun = stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'x'; 40])))]);
    let body = StreamBody::new(Box::pin(futures_util::StreamExt::chain(begun, stream::pending())));
    let received = receive_within(body, &head(&[("content-length", "90")]), About::Body, &folder.0, &LIMITS).await;
    assert_eq!(received.err().map(|fault| fault.code), Some("RequestTimeout".to_owned()));
    assert!(folder.is_empty());
}
