//! What is implemented, as README.md and COVERAGE.md tell it. `UPDATE=1 cargo test coverage` writes it anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use trailcam::{contract, services};

const BEGIN: &str = "<!-- coverage: begin (UPDATE=1 cargo test coverage) -->\n";
const END: &str = "<!-- coverage: end -->";

#[test]
fn coverage_in_the_readme_is_true() {
    let path = repository().join("README.md");
    let text = fs::read_to_string(&path).expect("README.md");
    let (before, rest) = text.split_once(BEGIN).expect("the coverage table's first marker");
    let (_, after) = rest.split_once(END).expect("the coverage table's last marker");
    agree(&path, &format!("{before}{BEGIN}{}{END}{after}", table()));
}

#[test]
fn coverage_of_each_operation_is_true() {
    agree(&repository().join("COVERAGE.md"), &lists());
}

/// Compares a file with what it should hold, or writes that.
fn agree(path: &Path, wanted: &str) {
    if env::var_os("UPDATE").is_some() {
        fs::write(path, wanted).expect("the repository is writable");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{} is out of date: UPDATE=1 cargo test coverage", path.display());
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn table() -> String {
    let mut text = "| service | operations | in AWS's model |\n| --- | ---: | ---: |\n".to_owned();
    for service in contract::services() {
        let (done, all) = (services::operations(service).len(), known(service).len());
        writeln!(text, "| {service} | {done} | {all} |").expect("strings grow");
    }
    text
}

fn lists() -> String {
    let mut text = "# Operations\n\nWhat trailcam does, and what it answers with `NotImplemented` (HTTP 501).\n\
        Written by `UPDATE=1 cargo test coverage`.\n"
        .to_owned();
    for service in contract::services() {
        let done = services::operations(service);
        let missing: Vec<_> = known(service).into_iter().filter(|name| !done.contains(name)).collect();
        write!(text, "\n## {service}\n").expect("strings grow");
        for (title, names) in [("Implemented", done), ("Not implemented", missing)] {
            if !names.is_empty() {
                write!(text, "\n{title} ({}): {}.\n", names.len(), names.join(", ")).expect("strings grow");
            }
        }
    }
    text
}

/// Operations of a service's contract, in alphabetical order.
fn known(service: &str) -> Vec<&'static str> {
    let contract = contract::get(service).expect("services have contracts");
    let mut names: Vec<_> = contract.operations.iter().map(|operation| operation.name).collect();
    names.sort_unstable();
    names
}
