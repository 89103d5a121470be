//! The data directory: ours alone, and told apart from folders that are somebody else's.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

/// Name of the file that marks a folder as ours. Bucket names cannot begin with a dot.
const MARKER: &str = ".trailcam-data";

/// Takes charge of a folder: creates it if need be and empties it. The lock is held as long as the answer lives.
///
/// # Errors
/// One line for the user: the folder holds things that are not ours, another trailcam uses it, or it cannot be written.
pub fn claim(dir: &Path) -> Result<File, String> {
    let shown = dir.display();
    let failed = |error: io::Error| format!("cannot use data directory {shown}: {error}");
    fs::create_dir_all(dir).map_err(failed)?;
    let marker = dir.join(MARKER);
    let strangers = fs::read_dir(dir).map_err(failed)?.next().is_some();
    if strangers && !marker.exists() {
        return Err(format!("{shown} is not empty and not a trailcam data directory; choose another with --data-dir"));
    }
    let mut lock = File::options().create(true).append(true).open(&marker).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(format!("another trailcam uses the data directory {shown}")),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    if lock.metadata().map_err(failed)?.len() == 0 {
        lock.write_all(b"This folder belongs to trailcam. Its contents are replaced at start.\n").map_err(failed)?;
    }
    empty(dir).map_err(failed)?;
    Ok(lock)
}

/// Removes everything in a claimed folder but the marker.
pub fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name() == MARKER {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
