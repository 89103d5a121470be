//! Every seed of the fuzz targets, without a fuzzer.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

/// What once made a target panic, and what its decoder is meant to read.
#[test]
fn seeds_do_no_harm() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, target) in fuzz::TARGETS {
        let folder = fs::read_dir(seeds.join(name)).expect("each target has seeds");
        let files: Vec<_> = folder.flatten().map(|entry| entry.path()).collect();
        assert!(!files.is_empty(), "{name} has no seeds");
        for file in files {
            println!("{}", file.display());
            target(&fs::read(&file).expect("a seed"));
        }
    }
}
