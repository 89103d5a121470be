//! Packs the contracts in `openapi/` so that the binary can embed them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

#[path = "src/contract/compact.rs"]
mod compact;
#[path = "src/contract/document.rs"]
mod document;
#[allow(dead_code, reason = "the program uses more of it than packing does")]
#[path = "src/contract/model.rs"]
mod model;

fn main() {
    println!("cargo:rerun-if-changed=openapi");
    for module in ["compact", "document", "model"] {
        println!("cargo:rerun-if-changed=src/contract/{module}.rs");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let documents = documents(Path::new("openapi"));
    let mut table = format!("static EMBEDDED: [Embedded; {}] = [\n", documents.len());
    for (service, path) in documents {
        let contract = contract(&path, &service).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = out.join(format!("{service}.contract"));
        fs::write(&file, compact::pack(&contract)).expect("OUT_DIR is writable");
        let address = address(&contract);
        writeln!(table, "    Embedded::new({address}, include_bytes!({file:?})),").expect("strings grow");
    }
    table.push_str("];\n");
    fs::write(out.join("contracts.rs"), table).expect("OUT_DIR is writable");
}

/// The documents of AWS services, by service. `control.json`, our own API, is not one of them.
fn documents(directory: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(directory).expect("openapi/ is part of the repository");
    let paths = entries.flatten().map(|entry| entry.path());
    let documents = paths.filter(|path| path.extension().is_some_and(|name| name == "json"));
    let named = documents.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)));
    named.filter(|(service, _)| service != "control").collect()
}

/// The source text of a contract's `Address`.
fn address(contract: &model::Contract) -> String {
    let operations = contract.operations.iter();
    let unsigned: Vec<&str> =
        operations.filter(|operation| operation.unsigned).map(|operation| operation.name).collect();
    let protocols: Vec<String> = contract.protocols.iter().map(|protocol| format!("Protocol::{protocol:?}")).collect();
    format!(
        "Address {{ service: {:?}, protocols: &[{}], target_prefix: {:?}, rpc_name: {:?}, signing_name: {:?}, \
         endpoint_prefix: {:?}, api_version: {:?}, unsigned: &{:?} }}",
        contract.service,
        protocols.join(", "),
        contract.target_prefix,
        contract.rpc_name,
        contract.signing_name,
        contract.endpoint_prefix,
        contract.api_version,
        unsigned,
    )
}

fn contract(path: &Path, service: &str) -> Result<model::Contract, String> {
    let mut document = json(path)?;
    let overlay = path.with_file_name("overlay").join(format!("{service}.json"));
    if overlay.exists() {
        document::correct(&mut document, &json(&overlay)?)?;
    }
    // Contracts borrow from their document for good; here that is the run of the build script.
    let document: &'static Value = Box::leak(Box::new(document));
    let service: &'static str = service.to_owned().leak();
    document::read(service, document)
}

fn json(path: &Path) -> Result<Value, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}
