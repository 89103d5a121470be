//! Where the bytes of objects are. A current object is a plain file, `s3/BUCKET/KEY` in the data directory, as long
//! as the key makes a path that is safe and not taken; else it is `s3/.other/BUCKET/HASH`. Noncurrent versions are
//! in `s3/.versions`, parts in `s3/.uploads`. Bucket names cannot begin with a dot, so none of these is a bucket.

use std::cell::RefCell;
use std::fs::{self, File, FileTimes};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use md5::{Digest, Md5};
use sha2::Sha256;

use crate::wire::Fault;
use crate::world::checksum::{Algorithm, Hasher};
use crate::world::outside::Outside;
use crate::world::payload::{Body, Claimed, Spooled, Upload};
use crate::world::time::Time;

use super::range::Piece;

/// The longest segment that becomes a file name; what most file systems allow.
const SEGMENT_BYTES_MAX: usize = 255;

/// Files that are longer take their time to go.
const HELD_BYTES_MIN: u64 = 1 << 20;

/// The files of one bucket.
#[derive(Clone, Debug)]
pub struct Files {
    /// The data directory.
    root: PathBuf,
    bucket: String,
    /// A folder of which is known that it is in the bucket's: listings look at many files of one.
    inside: RefCell<PathBuf>,
}

/// A file as we left it. One that looks different was changed by somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Below the data directory.
    pub path: PathBuf,
    pub length: u64,
    modified: SystemTime,
}

/// What a file looks like now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Where it is.
    pub place: PathBuf,
    pub length: u64,
    modified: SystemTime,
    /// It is as we left it.
    pub intact: bool,
}

/// A file as it is now.
#[derive(Debug)]
pub struct Opened {
    pub file: File,
    pub look: Look,
}

/// What is to be known of content besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashes {
    pub md5: bool,
    pub checksum: Option<Algorithm>,
}

impl Files {
    pub fn new(root: &Path, bucket: &str) -> Files {
        Files { root: root.to_owned(), bucket: bucket.to_owned(), inside: RefCell::default() }
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
        let replaced = replaced.map(|stored| stored.path.clone()).filter(|path| self.is_inside(path));
        let plain = replaced.or_else(|| self.free_path(key));
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
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(path).filter(|path| self.is_inside(path)),
            _ => None,
        }
    }

    /// Whether the folders of a path are where the path says. Somebody may have put symbolic links into the bucket's
    /// folder: those that lead out of it are not followed.
    fn is_inside(&self, path: &Path) -> bool {
        let own = Path::new("s3").join(&self.bucket);
        let Some(folder) = path.parent().filter(|folder| folder.starts_with(&own)) else { return true };
        if *self.inside.borrow() == folder {
            return true;
        }
        let ancestors: Vec<_> = folder.ancestors().take_while(|ancestor| *ancestor != own).collect();
        for ancestor in ancestors.into_iter().rev() {
            match fs::symlink_metadata(self.root.join(ancestor)) {
                Ok(facts) if facts.is_symlink() && !self.leads_inside(ancestor) => return false,
                Ok(_) => {}
                // What is not there leads nowhere.
                Err(_) => return true,
            }
        }
        folder.clone_into(&mut self.inside.borrow_mut());
        true
    }

    /// Whether a symbolic link stays within the bucket's folder.
    fn leads_inside(&self, link: &Path) -> bool {
        let own = fs::canonicalize(self.root.join("s3").join(&self.bucket));
        let target = fs::canonicalize(self.root.join(link));
        target.is_ok_and(|target| own.is_ok_and(|own| target.starts_with(own)))
    }

    /// What the file system says of a file; `None` where it is not there, or not ours.
    fn facts(&self, stored: &Stored) -> Option<fs::Metadata> {
        let place = self.root.join(&stored.path);
        let facts = fs::symlink_metadata(&place).ok().filter(|_| self.is_inside(&stored.path))?;
        let facts = match facts.is_symlink() {
            true if self.leads_inside(&stored.path) => fs::metadata(&place).ok()?,
            _ => facts,
        };
        facts.is_file().then_some(facts)
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
        if !self.is_inside(&stored.path) {
            return Ok(Stored { path, ..stored.clone() });
        }
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

    /// Keeps the body of a part, in a file that is named after the part and how many were kept before: no file of an
    /// upload ever holds anything else.
    ///
    /// # Errors
    /// The file system's; nothing has changed then.
    pub fn keep_part(&self, upload: &str, part: (i64, u64), body: Body, now: Time) -> io::Result<Stored> {
        let spooled = self.spool(body, now)?;
        let facts = fs::metadata(spooled.path())?;
        let (length, modified) = (facts.len(), facts.modified()?);
        let path = self.upload_path(upload).join(format!("{}-{}", part.0, part.1));
        self.move_in(spooled, &path).map_err(|(_, error)| error)?;
        Ok(Stored { path, length, modified })
    }

    /// Puts parts together, in order. Not for use under the lock.
    ///
    /// # Errors
    /// The file system's; nothing is left then.
    pub fn join(&self, parts: &[Stored], hashes: Hashes) -> io::Result<Upload> {
        let mut whole = Copying::new(self.temporary()?, hashes);
        for part in parts {
            whole.append(&mut File::open(self.root.join(&part.path))?)?;
        }
        Ok(whole.finish())
    }

    /// Copies a piece of a file. Not for use under the lock.
    ///
    /// # Errors
    /// The file system's; nothing is left then.
    pub fn copy(&self, mut source: File, piece: Piece, hashes: Hashes) -> io::Result<Upload> {
        let mut copy = Copying::new(self.temporary()?, hashes);
        source.seek(SeekFrom::Start(piece.offset))?;
        copy.append(&mut source.take(piece.length))?;
        if copy.length != piece.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(copy.finish())
    }

    /// Takes the parts of an upload away. What is left is to remove them.
    pub fn drop_upload(&self, upload: &str) -> impl FnOnce() + Send + 'static {
        let path = self.upload_path(upload);
        let away = self.root.join("tmp").join(upload);
        // An upload without parts has no folder.
        let moved = fs::rename(self.root.join(&path), &away);
        self.remove_empty_parents(&path);
        let left = if moved.is_ok() { away } else { self.root.join(path) };
        move || drop(fs::remove_dir_all(left))
    }

    /// Keeps a large file open, whose name is about to be taken away: its bytes are given back when it is dropped, which
    /// takes long. `None` for others.
    pub fn hold(&self, stored: &Stored) -> Option<File> {
        let is_large = stored.length > HELD_BYTES_MIN;
        is_large.then(|| File::open(self.root.join(&stored.path)).ok()).flatten()
    }

    fn upload_path(&self, upload: &str) -> PathBuf {
        Path::new("s3/.uploads").join(&self.bucket).join(upload)
    }

    /// Removes what a deleted bucket leaves. Files that others have put into its own folder stay.
    pub fn drop_bucket(&self) {
        let own = Path::new("s3").join(&self.bucket);
        // Most buckets leave none of these.
        let _ = fs::remove_dir(self.root.join(own));
        for folder in ["s3/.other", "s3/.versions", "s3/.uploads"] {
            let path = Path::new(folder).join(&self.bucket);
            let _ = fs::remove_dir_all(self.root.join(&path));
            self.remove_empty_parents(&path);
        }
    }

    /// Opens a file; `None` when somebody else has removed it.
    pub fn open(&self, stored: &Stored) -> Option<Opened> {
        self.facts(stored)?;
        let file = File::open(self.root.join(&stored.path)).ok()?;
        let look = self.look_of(stored, &file.metadata().ok()?)?;
        Some(Opened { file, look })
    }

    /// Looks at a file; `None` when somebody else has removed it.
    pub fn look(&self, stored: &Stored) -> Option<Look> {
        self.look_of(stored, &self.facts(stored)?)
    }

    fn look_of(&self, stored: &Stored, facts: &fs::Metadata) -> Option<Look> {
        let (length, modified) = (facts.len(), facts.modified().ok()?);
        let intact = length == stored.length && modified == stored.modified;
        facts.is_file().then(|| Look { place: self.root.join(&stored.path), length, modified, intact })
    }

    /// Removes a file and the folders that are empty then.
    pub fn remove(&self, stored: &Stored) {
        if !self.is_inside(&stored.path) {
            return;
        }
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

    fn temporary(&self) -> io::Result<(Spooled, File)> {
        Spooled::create(&self.root.join("tmp"))
    }
}

/// A file in the making, hashed on the way.
struct Copying {
    spooled: Spooled,
    file: File,
    length: u64,
    md5: Option<Md5>,
    checksum: Option<(Algorithm, Hasher)>,
}

impl Copying {
    fn new((spooled, file): (Spooled, File), hashes: Hashes) -> Copying {
        let md5 = hashes.md5.then(Md5::new);
        let checksum = hashes.checksum.map(|algorithm| (algorithm, Hasher::new(algorithm)));
        Copying { spooled, file, length: 0, md5, checksum }
    }

    fn append(&mut self, source: &mut impl Read) -> io::Result<()> {
        let Copying { file, length, md5, checksum, .. } = self;
        if md5.is_none() && checksum.is_none() {
            // The file system may know a short way.
            *length += io::copy(source, file)?;
            return Ok(());
        }
        in_pieces(source, |piece| {
            *length += piece.len() as u64;
            if let Some(md5) = md5 {
                md5.update(piece);
            }
            if let Some((_, hasher)) = checksum {
                hasher.update(piece);
            }
            file.write_all(piece)
        })
    }

    fn finish(self) -> Upload {
        Upload {
            length: self.length,
            md5: self.md5.map(|md5| md5.finalize().into()).unwrap_or_default(),
            checksum: self.checksum.map(|(algorithm, hasher)| (algorithm.name(), hasher.finish())),
            body: Body::Spooled(self.spooled),
            claimed: Claimed::default(),
        }
    }
}

/// Reads to the end. Pieces are large, because each costs a call of the system.
fn in_pieces(source: &mut impl Read, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => take(buffer.get(..length).unwrap_or_default())?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The MD5 of a file, in hexadecimal: the ETag of content that somebody else has changed. Not for use under the lock.
fn md5_of(place: &Path) -> io::Result<String> {
    let mut md5 = Md5::new();
    in_pieces(&mut File::open(place)?, |piece| {
        md5.update(piece);
        Ok(())
    })?;
    Ok(format!("{:x}", md5.finalize()))
}

/// The ETags of files that somebody else has changed, in their order: hashed outside the lock, for this call only. To
/// be remembered, they would have to be told apart from those of later content, which times of files cannot do.
///
/// # Errors
/// The work is to be done first.
pub fn etags(outside: &mut Outside, changed: Vec<Look>) -> Result<Vec<Result<String, io::ErrorKind>>, Fault> {
    let bytes = changed.iter().map(|look| look.length).sum();
    let looks = changed.clone();
    let hash =
        move || -> Vec<_> { looks.iter().map(|look| md5_of(&look.place).map_err(|error| error.kind())).collect() };
    outside.result(changed, bytes, hash).cloned()
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
        assert!(files.open(&back).unwrap().look.intact);
    }

    #[test]
    fn changes_by_others_are_seen() {
        let folder = Folder::new("changes");
        let files = Files::new(&folder.0, "bucket");
        let stored = files.place("key", body("ours"), None, Time::UNIX_EPOCH).unwrap();
        let look = || files.look(&stored).map(|look| (look.length, look.intact));
        assert_eq!(look(), Some((4, true)));
        fs::write(folder.0.join(&stored.path), "more than ours").unwrap();
        assert_eq!(look(), Some((14, false)));
        fs::remove_file(folder.0.join(&stored.path)).unwrap();
        assert_eq!(look(), None);
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_bucket_are_not_followed() {
        use std::os::unix::fs::symlink;
        let folder = Folder::new("links");
        let (own, elsewhere) = (folder.0.join("s3/bucket"), folder.0.join("elsewhere"));
        let now = Time::UNIX_EPOCH;
        let place = |key: &str, text: &str| Files::new(&folder.0, "bucket").place(key, body(text), None, now).unwrap();
        let stored = place("dir/key", "ours");
        fs::create_dir_all(elsewhere.join("empty")).unwrap();
        fs::write(elsewhere.join("key"), "theirs").unwrap();
        fs::rename(own.join("dir"), own.join("moved")).unwrap();
        symlink(&elsewhere, own.join("dir")).unwrap();

        let files = Files::new(&folder.0, "bucket");
        assert!(files.open(&stored).is_none());
        assert!(files.look(&stored).is_none());
        files.shelve("dir/key", "v1", &stored).unwrap();
        files.remove(&stored);
        let replaced = files.place("dir/key", body("new"), Some(&stored), now).unwrap();
        assert_eq!(content(&files, &replaced), "new");
        for key in ["dir/other", "dir/deep/other", "dir/empty/other"] {
            let stored = place(key, "other");
            assert!(stored.path.starts_with("s3/.other"), "{}", stored.path.display());
            files.remove(&stored);
        }
        assert_eq!(fs::read_to_string(elsewhere.join("key")).unwrap(), "theirs");
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 2);

        symlink(elsewhere.join("key"), own.join("moved/link")).unwrap();
        let linked = Stored { path: "s3/bucket/moved/link".into(), ..stored.clone() };
        assert!(files.look(&linked).is_none(), "a link that is a file");

        fs::remove_file(own.join("dir")).unwrap();
        symlink("moved", own.join("dir")).unwrap();
        assert_eq!(content(&Files::new(&folder.0, "bucket"), &stored), "ours", "a link within the bucket");
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
