//! Every sentence CloudWatch Logs says to a client.

use crate::wire::Fault;

/// A log group that there is none of.
pub fn no_such_group() -> Fault {
    Fault::new("ResourceNotFoundException", "The specified log group does not exist.")
}

/// A log stream that there is none of.
pub fn no_such_stream() -> Fault {
    Fault::new("ResourceNotFoundException", "The specified log stream does not exist.")
}
