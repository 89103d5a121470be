//! Versions of keys, and where their files are.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::*;
use crate::services::s3::config::Config;
use crate::world::payload::Body;
use crate::world::scope::{AccountId, Region};

/// A bucket in a folder of its own, removed in the end.
struct Fixture {
    root: PathBuf,
    bucket: Bucket,
    ids: Ids,
    outside: Outside,
    background: Vec<Background>,
}

impl Fixture {
    fn new(name: &str) -> Fixture {
        let root = std::env::temp_dir().join(format!("trailcam-objects-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let bucket = Bucket {
            name: "bucket".to_owned(),
            owner: AccountId::parse("000000000000").unwrap(),
            region: Region::US_EAST_1,
            created: Time::UNIX_EPOCH,
            config: Config::default(),
            objects: Objects::default(),
        };
        Fixture { root, bucket, ids: Ids::new(1), outside: Outside::default(), background: Vec::new() }
    }

    fn scene(&mut self) -> Scene<'_> {
        let files = Files::new(&self.root, &self.bucket.name);
        Scene {
            bucket: &mut self.bucket,
            files,
            ids: &mut self.ids,
            now: Time::UNIX_EPOCH,
            outside: &mut self.outside,
            background: &mut self.background,
        }
    }

    fn put(&mut self, key: &str, text: &'static str) -> String {
        let object = NewObject { etag: String::new(), checksum: None, parts: Vec::new(), about: About::default() };
        self.scene().add(key, Body::Memory(Bytes::from_static(text.as_bytes())), object).unwrap().id
    }

    /// What each version holds, oldest first; `-` for a delete marker.
    fn versions(&self, key: &str) -> Vec<String> {
        let versions = self.bucket.objects.keys.get(key).into_iter().flatten();
        versions.map(|version| version.object.as_ref().map_or("-".to_owned(), |object| self.read(object))).collect()
    }

    fn read(&self, object: &Object) -> String {
        fs::read_to_string(self.root.join(&object.file.path)).unwrap()
    }

    /// What the plain file of a key holds.
    fn plain(&self, key: &str) -> Option<String> {
        fs::read_to_string(self.root.join("s3/bucket").join(key)).ok()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn files_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

#[test]
fn without_versioning_the_last_write_stays() {
    let mut fixture = Fixture::new("plain");
    assert_eq!(fixture.put("dir/key", "one"), NULL_VERSION);
    fixture.put("dir/key", "two");
    assert_eq!(fixture.versions("dir/key"), ["two"]);
    delete::delete_current(&mut fixture.scene(), "dir/key").unwrap();
    assert!(fixture.bucket.objects.keys.is_empty());
    assert_eq!(files_below(&fixture.root), 0);
}

#[test]
fn versions_are_kept_and_come_back() {
    let mut fixture = Fixture::new("versions");
    fixture.put("key", "null");
    fixture.bucket.config.versioning = Some(Versioning::Enabled);
    let one = fixture.put("key", "one");
    let two = fixture.put("key", "two");
    assert_eq!(fixture.versions("key"), ["null", "one", "two"]);
    assert_eq!(fixture.plain("key").as_deref(), Some("two"));

    let marker = delete::delete_current(&mut fixture.scene(), "key").unwrap().0.version.unwrap();
    assert_eq!(fixture.versions("key"), ["null", "one", "two", "-"]);
    assert_eq!(fixture.plain("key"), None);

    for (id, current) in [(&marker, "two"), (&two, "one"), (&one, "null")] {
        delete::delete_version(&mut fixture.scene(), "key", id, false).unwrap();
        assert_eq!(fixture.plain("key").as_deref(), Some(current));
    }
    delete::delete_version(&mut fixture.scene(), "key", NULL_VERSION, false).unwrap();
    assert!(fixture.bucket.objects.keys.is_empty());
    assert_eq!(files_below(&fixture.root), 0);
}

#[test]
fn suspended_versioning_replaces_the_null_version_only() {
    let mut fixture = Fixture::new("suspended");
    fixture.put("key", "null");
    fixture.bucket.config.versioning = Some(Versioning::Enabled);
    fixture.put("key", "one");
    fixture.bucket.config.versioning = Some(Versioning::Suspended);
    assert_eq!(fixture.put("key", "new null"), NULL_VERSION);
    assert_eq!(fixture.versions("key"), ["one", "new null"]);
    fixture.put("key", "newer null");
    assert_eq!(fixture.versions("key"), ["one", "newer null"]);
    delete::delete_current(&mut fixture.scene(), "key").unwrap();
    assert_eq!(fixture.versions("key"), ["one", "-"]);
    assert_eq!(files_below(&fixture.root), 1);
}

#[test]
fn a_failed_write_changes_nothing() {
    let mut fixture = Fixture::new("failed");
    fixture.bucket.config.versioning = Some(Versioning::Enabled);
    fixture.put("key", "one");
    let gone = Body::Spooled(crate::world::payload::Spooled::new(fixture.root.join("gone")));
    let object = NewObject { etag: String::new(), checksum: None, parts: Vec::new(), about: About::default() };
    assert!(fixture.scene().add("key", gone, object).is_err());
    assert_eq!(fixture.versions("key"), ["one"]);
    assert_eq!(fixture.plain("key").as_deref(), Some("one"));
}

#[test]
fn files_that_others_have_removed_are_gone() {
    let mut fixture = Fixture::new("removed");
    assert!(shows_nothing(&fixture.root, &fixture.bucket));
    fixture.put("key", "one");
    assert!(!shows_nothing(&fixture.root, &fixture.bucket));
    assert!(fixture.scene().current("key").is_some());
    fs::remove_file(fixture.root.join("s3/bucket/key")).unwrap();
    assert!(fixture.scene().current("key").is_none());
    assert!(shows_nothing(&fixture.root, &fixture.bucket));
    fixture.put("key", "two");
    assert_eq!(fixture.plain("key").as_deref(), Some("two"));
}
