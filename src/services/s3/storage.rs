//! How much a bucket holds, as storage metrics and bills count it
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html#s3-cloudwatch-metrics>).

use std::collections::BTreeMap;

use super::objects::{Objects, Version};

/// What a bucket holds: every version, and parts of uploads under way.
#[derive(Debug, Default)]
pub struct Storage<'a> {
    /// By storage class.
    pub bytes: BTreeMap<&'a str, u64>,
    /// Versions, delete markers and parts.
    pub objects: u64,
}

impl Objects {
    /// Counts what there is, object by object.
    pub fn storage(&self) -> Storage<'_> {
        let mut storage = Storage::default();
        self.keys.values().flatten().for_each(|version| storage.add(version));
        for upload in self.uploads.values() {
            let class = upload.about.storage_class.as_str();
            for part in upload.parts.values() {
                storage.count(class, part.file.length);
            }
        }
        storage
    }
}

impl<'a> Storage<'a> {
    fn add(&mut self, version: &'a Version) {
        match &version.object {
            Some(object) => self.count(&object.about.storage_class, object.file.length),
            None => self.objects += 1,
        }
    }

    fn count(&mut self, class: &'a str, bytes: u64) {
        self.objects += 1;
        *self.bytes.entry(class).or_default() += bytes;
    }
}
