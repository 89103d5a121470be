//! What handlers say they read and write is what the contracts have.

use trailcam::contract;
use trailcam::services::SERVICES;

#[test]
fn every_operation_and_member_is_in_its_contract() {
    let mut wrong = Vec::new();
    for (service, tables) in SERVICES {
        let contract = contract::get(service).expect("each service has a contract");
        for op in tables.iter().flat_map(|table| table.iter()) {
            match contract.find(op.name).map(|id| contract.operation(id)) {
                None => wrong.push(format!("{service}:{} is not in the contract", op.name)),
                Some(operation) => {
                    let misfits = (op.misfits)(contract, operation.input, operation.output);
                    wrong.extend(misfits.into_iter().map(|path| format!("{service}:{} has no {path}", op.name)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_operation_is_built_twice() {
    for (service, tables) in SERVICES {
        let mut names: Vec<_> = tables.iter().flat_map(|table| table.iter()).map(|op| op.name).collect();
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        assert!(twice.is_empty(), "{service}: {twice:?}");
    }
}
