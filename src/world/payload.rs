//! Bodies that do not belong into trees: uploads and downloads.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use md5::{Digest, Md5};

use super::checksum::Algorithm;
use super::streams::StreamId;

/// The received body of an upload, complete and checked against the client's checksums.
#[derive(Debug, Default)]
pub struct Upload {
    pub body: Body,
    /// Bytes.
    pub length: u64,
    /// MD5 of the content: the ETag of single-part objects.
    pub md5: [u8; 16],
    /// The checksum that came with the upload or was asked for: algorithm (`CRC32`, `CRC32C`, `CRC64NVME`,
    /// `SHA1`, `SHA256`) and base64 value.
    pub checksum: Option<(&'static str, String)>,
    /// What the client itself said of the content.
    pub claimed: Claimed,
}

/// Which digests a client sent with a body, to have it checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claimed {
    /// `Content-MD5`
    pub md5: bool,
    /// `x-amz-checksum-…`, in the head or in a trailer.
    pub checksum: bool,
}

impl Claimed {
    pub fn any(self) -> bool {
        self.md5 || self.checksum
    }
}

impl Upload {
    /// An upload that a service makes.
    pub fn of(bytes: Bytes) -> Upload {
        let checksum = Algorithm::Crc64Nvme;
        Upload {
            length: bytes.len() as u64,
            md5: Md5::digest(&bytes).into(),
            checksum: Some((checksum.name(), checksum.of(&bytes))),
            body: Body::Memory(bytes),
            claimed: Claimed::default(),
        }
    }
}

/// Where the received bytes are.
#[derive(Debug)]
pub enum Body {
    Memory(Bytes),
    /// In a file that is removed unless it is moved into place.
    Spooled(Spooled),
}

impl Default for Body {
    fn default() -> Body {
        Body::Memory(Bytes::new())
    }
}

/// A temporary file, removed when dropped.
#[derive(Debug)]
pub struct Spooled(PathBuf);

impl Spooled {
    /// Takes charge of the file at `path`.
    pub fn new(path: PathBuf) -> Spooled {
        Spooled(path)
    }

    /// A new file in a folder for such. Its name is random because it means nothing: it is gone once the file has its
    /// place.
    ///
    /// # Errors
    /// The file system's.
    pub fn create(folder: &Path) -> io::Result<(Spooled, File)> {
        std::fs::create_dir_all(folder)?;
        loop {
            let path = folder.join(format!("{:016x}", RandomState::new().build_hasher().finish()));
            match File::options().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Spooled::new(path), file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Lets go of the file: it has been moved.
    pub fn forget(mut self) {
        self.0 = PathBuf::new();
    }

    /// Moves the file to its place, on the same file system.
    pub fn persist(mut self, place: &Path) -> io::Result<()> {
        std::fs::rename(&self.0, place)?;
        self.0 = PathBuf::new();
        Ok(())
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // Nothing is lost if it stays: the folder of temporary files is emptied at start.
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

/// A body that is sent: opened under the lock, so that it is what the handler saw, and read outside.
#[derive(Debug)]
pub enum Content {
    Memory(Bytes),
    File {
        file: File,
        offset: u64,
        length: u64,
    },
    /// Events that are still to come.
    Events(StreamId),
}
