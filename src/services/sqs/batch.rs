//! What batches have in common: their rules, and what they answer entry by entry.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html>

use std::collections::HashSet;

use crate::contract;
use crate::record;
use crate::wire::Fault;

use super::faults;

/// Entries of a batch.
const ENTRIES_MAX: usize = 10;
/// Characters of an entry's id.
const ID_MAX: usize = 80;

record! {
    /// An entry that failed.
    pub struct Failure {
        id: String = "Id",
        sender_fault: bool = "SenderFault",
        code: String = "Code",
        message: String = "Message",
    }
    /// An entry that succeeded, of a kind that answers nothing.
    pub struct Success { id: String = "Id" }
    /// An answer of such entries; lists without any are left out.
    pub struct Outcome { successful: Option<Vec<Success>> = "Successful", failed: Option<Vec<Failure>> = "Failed" }
}

/// Whether the ids of a batch's entries can be told apart.
///
/// # Errors
/// What AWS answers to the batch as a whole.
pub fn check<'a>(entry: &str, ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), Fault> {
    let count = ids.len();
    if count == 0 {
        return Err(faults::empty_batch(entry));
    }
    if count > ENTRIES_MAX {
        return Err(faults::too_many_entries(count));
    }
    let mut seen = HashSet::new();
    for id in ids {
        let is_right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(is_right) {
            return Err(faults::entry_id());
        }
        if !seen.insert(id) {
            return Err(faults::entry_ids_not_distinct(id));
        }
    }
    Ok(())
}

impl Failure {
    /// What a batch tells of one entry: the code that Query has for it.
    pub fn new(id: String, fault: Fault) -> Failure {
        let error = contract::get("sqs").and_then(|contract| {
            let shape = contract.find_shape(&fault.code)?;
            contract.shape(shape).error.as_ref()
        });
        let code = error.map(|error| error.code).filter(|code| !code.is_empty());
        let code = code.map_or(fault.code, str::to_owned);
        Failure { id, sender_fault: true, code, message: fault.message }
    }
}

impl Outcome {
    /// Runs each entry by itself.
    pub fn of<T>(entries: Vec<T>, id: impl Fn(&T) -> String, mut run: impl FnMut(T) -> Result<(), Fault>) -> Outcome {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            let id = id(&entry);
            match run(entry) {
                Ok(()) => successful.push(Success { id }),
                Err(fault) => failed.push(Failure::new(id, fault)),
            }
        }
        Outcome { successful: some(successful), failed: some(failed) }
    }
}

/// A list, unless it is empty.
pub fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches() {
        let check = |ids: &[&str], code: Option<&str>| {
            let checked = super::check("SendMessageBatchRequestEntry", ids.iter().copied());
            assert_eq!(checked.err().map(|fault| fault.code), code.map(str::to_owned), "{ids:?}");
        };
        check(&["a", "A", "b-_9"], None);
        check(&[&"a".repeat(80)], None);
        check(&[], Some("EmptyBatchRequest"));
        check(&["a"; 11], Some("TooManyEntriesInBatchRequest"));
        check(&["a", "b", "a"], Some("BatchEntryIdsNotDistinct"));
        for id in ["", "invalid:id", "ä", &"a".repeat(81)] {
            check(&["a", id], Some("InvalidBatchEntryId"));
        }
    }

    #[test]
    fn codes_of_entries_are_those_of_query() {
        let check = |fault: Fault, code: &str| assert_eq!(Failure::new("a".to_owned(), fault).code, code);
        check(faults::receipt_expired("x"), "InvalidParameterValue");
        check(faults::receipt_handle("x"), "ReceiptHandleIsInvalid");
        check(faults::characters(), "InvalidMessageContents");
    }
}
