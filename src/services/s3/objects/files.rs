//! Where the bytes of objects are. A current object is a plain file, `s3/BUCKET/KEY` in the data directory, as long
//! as the key makes a path that is safe and not taken; else it is `s3/.other/BUCKET/HASH`. Noncurrent versions are
//! in `s3/.versions`, parts in `s3/.uploads`. Bucket names cannot begin with a dot, so none of these is a bucket.

use std::fs::{self, File, FileTimes};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use md5::{Digest, Md5};
use sha2::Sha256;

use crate::world::payload::{Body, Spooled};
use crate::world::time::Time;

/// The longest segment that becomes a file name; what most file systems allow.
const SEGMENT_BYTES_MAX: usize = 255;

/// The files of one bucket.
#[derive(Clone, Debug)]
pub struct Files {
    /// The data directory.
    root: PathBuf,
    bucket: String,
}

/// A file as we left it. One that looks different was changed by somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Below the data directory.
    pub path: PathBuf,
    pub length: u64,
    modified: SystemTime,
}

/// A file as it is now.
#[derive(Debug)]
pub struct Opened {
    pub file: File,
    pub length: u64,
    /// It is as we left it.
    pub intact: bool,
}

impl Files {
    pub fn new(root: &Path, bucket: &str) -> Files {
        Files { root: root.to_owned(), bucket: bucket.to_owned() }
    }

    /// Makes `body` the current content of a key, in the place of the file `replaced` if there is one.
    ///
    /// # Errors
    /// The file system's; nothing has changed then.
    pub fn place(&self, key: &str, body: Body, replaced: Option<&Stored>, now: Time) -> io::Result<Stored> {
        let spooled = self.spool(body, now)?;
        let facts = fs::metadata(spooled.path())?;
        let (length, modified) = (facts.len(), facts.modified()?);
        let path = self.settle(key, spooled, replaced).map_err(|(_, error)| error)?;
        if let Some(replaced) = replaced.filter(|replaced| replaced.path != path) {
            self.remove(replaced);
        }
        Ok(Stored { path, length, modified })
    }

    /// Moves a complete file to the place of a key, and tells where that is; hands it back when that fails.
    fn settle(
        &self,
        key: &str,
        mut spooled: Spooled,
        replaced: Option<&Stored>,
    ) -> Result<PathBuf, (Spooled, io::Error)> {
        let plain = replaced.map(|stored| stored.path.clone()).or_else(|| self.free_path(key));
        if let Some(path) = plain {
            match self.move_in(spooled, &path) {
                Ok(()) => return Ok(path),
                // The plain path does not work after all: too long for this file system, most likely.
                Err((returned, _)) => spooled = returned,
            }
        }
        let path = self.other_path(key);
        self.move_in(spooled, &path).map(|()| path)
    }

    /// Moves a file below the data directory; hands it back when that fails.
    fn move_in(&self, spooled: Spooled, path: &Path) -> Result<(), (Spooled, io::Error)> {
        let place = self.root.join(path);
        let parents = place.parent().map_or(Ok(()), fs::create_dir_all);
        let moved = parents.and_then(|()| fs::rename(spooled.path(), &place));
        match moved {
            Ok(()) => {
                spooled.forget();
                Ok(())
            }
            Err(error) => {
                self.remove_empty_parents(path);
                Err((spooled, error))
            }
        }
    }

    /// The plain path of a key, if it is safe and nothing is there. The file system is asked, because it decides
    /// which names are the same: some ignore case, some ignore how letters are composed.
    fn free_path(&self, key: &str) -> Option<PathBuf> {
        let path = Path::new("s3").join(&self.bucket).join(plain_path(key)?);
        match fs::symlink_metadata(self.root.join(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(path),
            _ => None,
        }
    }

    /// A path for keys that have no plain one.
    fn other_path(&self, key: &str) -> PathBuf {
        Path::new("s3/.other").join(&self.bucket).join(hashed(key))
    }

    /// Puts a current file away as a noncurrent version.
    ///
    /// # Errors
    /// The file system's; nothing has changed then.
    pub fn shelve(&self, key: &str, version: &str, stored: &Stored) -> io::Result<Stored> {
        let path = Path::new("s3/.versions").join(&self.bucket).join(hashed(key)).join(version);
        let place = self.root.join(&path);
        place.parent().map_or(Ok(()), fs::create_dir_all)?;
        match fs::rename(self.root.join(&stored.path), place) {
            // Somebody else has removed it: the version is gone, too.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.remove_empty_parents(&stored.path);
        Ok(Stored { path, ..stored.clone() })
    }

    /// Makes a noncurrent version's file the current one again.
    ///
    /// # Errors
    /// The file system's; nothing has changed then.
    pub fn unshelve(&self, key: &str, stored: &Stored) -> io::Result<Stored> {
        let spooled = Spooled::new(self.root.join(&stored.path));
        match self.settle(key, spooled, None) {
            Ok(path) => {
                self.remove_empty_parents(&stored.path);
                Ok(Stored { path, ..stored.clone() })
            }
            Err((spooled, error)) => {
                spooled.forget();
                // Somebody else has removed it: there is nothing to move.
                if error.kind() == io::ErrorKind::NotFound { Ok(stored.clone()) } else { Err(error) }
            }
        }
    }

    /// Keeps the body of a part.
    ///
    /// # Errors
    /// The file system's; nothing has changed then.
    pub fn keep_part(&self, upload: &str, part: i64, body: Body, now: Time) -> io::Result<Stored> {
        let spooled = self.spool(body, now)?;
        let facts = fs::metadata(spooled.path())?;
        let (length, modified) = (facts.len(), facts.modified()?);
        let path = self.upload_path(upload).join(part.to_string());
        self.move_in(spooled, &path).map_err(|(_, error)| error)?;
        Ok(Stored { path, length, modified })
    }

    /// Puts parts together, in order, to a body.
    ///
    /// # Errors
    /// The file system's; nothing is left then.
    pub fn join<'a>(&self, parts: impl Iterator<Item = &'a Stored>) -> io::Result<Body> {
        let (spooled, mut whole) = self.temporary()?;
        for part in parts {
            io::copy(&mut File::open(self.root.join(&part.path))?, &mut whole)?;
        }
        Ok(Body::Spooled(spooled))
    }

    /// Copies a piece of a file to a body of its own.
    ///
    /// # Errors
    /// The file system's; nothing is left then.
    pub fn copy(&self, mut source: File, offset: u64, length: u64) -> io::Result<Body> {
        let (spooled, mut copy) = self.temporary()?;
        source.seek(SeekFrom::Start(offset))?;
        let copied = io::copy(&mut source.take(length), &mut copy)?;
        if copied != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Body::Spooled(spooled))
    }

    /// Removes the parts of an upload.
    pub fn drop_upload(&self, upload: &str) {
        let path = self.upload_path(upload);
        // An upload without parts has no folder.
        let _ = fs::remove_dir_all(self.root.join(&path));
        self.remove_empty_parents(&path);
    }

    fn upload_path(&self, upload: &str) -> PathBuf {
        Path::new("s3/.uploads").join(&self.bucket).join(upload)
    }

    /// Opens a file; `None` when somebody else has removed it.
    pub fn open(&self, stored: &Stored) -> Option<Opened> {
        let file = File::open(self.root.join(&stored.path)).ok()?;
        let facts = file.metadata().ok().filter(fs::Metadata::is_file)?;
        let intact = facts.len() == stored.length && facts.modified().is_ok_and(|time| time == stored.modified);
        Some(Opened { file, length: facts.len(), intact })
    }

    /// Length of a file, and whether it is as we left it; `None` when somebody else has removed it.
    pub fn look(&self, stored: &Stored) -> Option<(u64, bool)> {
        let facts = fs::metadata(self.root.join(&stored.path)).ok().filter(fs::Metadata::is_file)?;
        let intact = facts.len() == stored.length && facts.modified().is_ok_and(|time| time == stored.modified);
        Some((facts.len(), intact))
    }

    /// Removes a file and the folders that are empty then.
    pub fn remove(&self, stored: &Stored) {
        // It may have been removed by somebody else.
        let _ = fs::remove_file(self.root.join(&stored.path));
        self.remove_empty_parents(&stored.path);
    }

    /// Removes what folders of the path are empty, up to the bucket's own, which stays.
    fn remove_empty_parents(&self, path: &Path) {
        let stays = [Path::new("s3"), &Path::new("s3").join(&self.bucket)];
        for parent in path.ancestors().skip(1).take_while(|parent| !stays.contains(parent)) {
            if fs::remove_dir(self.root.join(parent)).is_err() {
                break;
            }
        }
    }

    /// A body as a complete file, which bears the time of the world.
    fn spool(&self, body: Body, now: Time) -> io::Result<Spooled> {
        let times = FileTimes::new().set_modified(now.into());
        match body {
            Body::Memory(bytes) => {
                let (spooled, mut file) = self.temporary()?;
                file.write_all(&bytes)?;
                file.set_times(times)?;
                Ok(spooled)
            }
            Body::Spooled(spooled) => {
                File::options().write(true).open(spooled.path())?.set_times(times)?;
                Ok(spooled)
            }
        }
    }

    /// The one temporary file of a step: the world does one thing at a time.
    fn temporary(&self) -> io::Result<(Spooled, File)> {
        let dir = self.root.join("tmp");
        let path = dir.join("placing");
        let file = match File::create(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&dir)?;
                File::create(&path)
            }
            created => created,
        }?;
        Ok((Spooled::new(path), file))
    }
}

/// The MD5 of an opened file, in hexadecimal: the ETag of content that somebody else has changed.
///
/// # Errors
/// The file system's.
pub fn md5_of(file: &File) -> io::Result<String> {
    let mut md5 = Md5::new();
    let mut file = file;
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut file, &mut md5)?;
    Ok(format!("{:x}", md5.finalize()))
}

/// A key as a relative path, if each of its segments is a proper file name everywhere.
fn plain_path(key: &str) -> Option<PathBuf> {
    let proper = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.len() <= SEGMENT_BYTES_MAX
            && !segment.chars().any(|c| c.is_control() || c == '\\' || (cfg!(windows) && "<>:\"|?*".contains(c)))
    };
    key.split('/').all(proper).then(|| key.split('/').collect())
}

fn hashed(key: &str) -> String {
    format!("{:x}", Sha256::digest(key))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    /// A folder of its own for a test, removed in the end.
    pub struct Folder(pub PathBuf);

    impl Folder {
        pub fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("trailcam-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn body(text: &str) -> Body {
        Body::Memory(Bytes::copy_from_slice(text.as_bytes()))
    }

    fn content(files: &Files, stored: &Stored) -> String {
        io::read_to_string(files.open(stored).unwrap().file).unwrap()
    }

    #[test]
    fn keys_that_are_paths_and_keys_that_are_not() {
        let check = |key: &str, plain: bool| assert_eq!(plain_path(key).is_some(), plain, "{key:?}");
        check("a", true);
        check("AWSLogs/000000000000/CloudTrail/us-east-1/2026/01/01/file.json.gz", true);
        check("이름/파일.txt", true);
        check(".hidden", true);
        check("...", true);
        check("", false);
        check("a/", false);
        check("/a", false);
        check("a//b", false);
        check("../a", false);
        check("a/../../b", false);
        check("a/./b", false);
        check("a\\b", false);
        check("a\0b", false);
        check("a\nb", false);
        check(&"x".repeat(255), true);
        check(&"x".repeat(256), false);
    }

    #[test]
    fn a_key_that_is_file_and_folder() {
        let folder = Folder::new("file-and-folder");
        let files = Files::new(&folder.0, "bucket");
        let now = Time::UNIX_EPOCH;
        let first = files.place("a", body("1"), None, now).unwrap();
        let second = files.place("a/b", body("2"), None, now).unwrap();
        let third = files.place("c/d", body("3"), None, now).unwrap();
        let fourth = files.place("c", body("4"), None, now).unwrap();
        for (stored, expected) in [(&first, "1"), (&second, "2"), (&third, "3"), (&fourth, "4")] {
            assert_eq!(content(&files, stored), expected);
        }
        assert_eq!(first.path, Path::new("s3/bucket/a"));
        assert_eq!(third.path, Path::new("s3/bucket/c/d"));
        files.remove(&third);
        assert!(!folder.0.join("s3/bucket/c").exists(), "an empty folder goes with its last file");
        files.remove(&first);
        assert!(folder.0.join("s3/bucket").exists(), "the bucket's folder stays");
    }

    #[test]
    fn a_noncurrent_version_is_put_away_and_comes_back() {
        let folder = Folder::new("shelve");
        let files = Files::new(&folder.0, "bucket");
        let stored = files.place("dir/key", body("old"), None, Time::UNIX_EPOCH).unwrap();
        let shelved = files.shelve("dir/key", "v1", &stored).unwrap();
        assert!(!folder.0.join("s3/bucket/dir").exists());
        assert_eq!(content(&files, &shelved), "old");
        let back = files.unshelve("dir/key", &shelved).unwrap();
        assert_eq!(back, stored);
        assert!(files.open(&back).unwrap().intact);
    }

    #[test]
    fn changes_by_others_are_seen() {
        let folder = Folder::new("changes");
        let files = Files::new(&folder.0, "bucket");
        let stored = files.place("key", body("ours"), None, Time::UNIX_EPOCH).unwrap();
        assert_eq!(files.look(&stored), Some((4, true)));
        fs::write(folder.0.join(&stored.path), "more than ours").unwrap();
        assert_eq!(files.look(&stored), Some((14, false)));
        fs::remove_file(folder.0.join(&stored.path)).unwrap();
        assert_eq!(files.look(&stored), None);
    }

    /// Keys made of pieces that are trouble.
    fn keys() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("a".to_owned()),
            Just("A".to_owned()),
            Just("b".to_owned()),
            Just("/".to_owned()),
            Just("..".to_owned()),
            Just(".".to_owned()),
            Just("\0".to_owned()),
            Just("é".to_owned()),
            Just("e\u{301}".to_owned()),
            Just("x".repeat(200)),
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn distinct_keys_have_distinct_files_inside_the_roots(keys in proptest::collection::btree_set(keys(), 1..20)) {
            let folder = Folder::new("distinct");
            let files = Files::new(&folder.0, "bucket");
            let mut placed = BTreeMap::new();
            for key in &keys {
                placed.insert(key, files.place(key, body(key), None, Time::UNIX_EPOCH).unwrap());
            }
            for (key, stored) in &placed {
                let root = fs::canonicalize(folder.0.join(&stored.path)).unwrap();
                let base = fs::canonicalize(&folder.0).unwrap();
                prop_assert!(root.starts_with(base.join("s3/bucket")) || root.starts_with(base.join("s3/.other/bucket")));
                prop_assert_eq!(&content(&files, stored), *key);
                let replaced = files.place(key, body("new"), Some(stored), Time::UNIX_EPOCH).unwrap();
                prop_assert_eq!(content(&files, &replaced), "new");
                files.remove(&replaced);
                prop_assert!(files.open(&replaced).is_none());
            }
        }
    }
}
