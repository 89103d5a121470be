//! What callers are told whom a policy does not let through, in the words of each service
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>).

use crate::contract::{Contract, Protocol};
use crate::wire::Fault;
use crate::world::caller::Caller;

/// A VPC endpoint's policy denies an action, `explicitly` by a statement or by having none that allows it.
pub fn denied_by_endpoint(
    contract: &Contract,
    caller: &Caller,
    action: &str,
    resource: Option<&str>,
    explicitly: bool,
) -> Fault {
    let user = caller.arn().unwrap_or_else(|| "anonymous".to_owned());
    let resource = resource.map(|arn| match contract.service {
        "s3" => format!(" on resource: \"{arn}\""),
        _ => format!(" on resource: {arn}"),
    });
    let reason = match explicitly {
        true => "with an explicit deny in a VPC endpoint policy".to_owned(),
        false => format!("because no VPC endpoint policy allows the {action} action"),
    };
    let resource = resource.unwrap_or_default();
    denied(contract, &format!("User: {user} is not authorized to perform: {action}{resource} {reason}"))
}

/// Of buckets of other accounts S3 says no more.
pub fn denied_in_short(contract: &Contract) -> Fault {
    denied(contract, "Access Denied")
}

/// Codes and statuses differ by service.
fn denied(contract: &Contract, sentence: &str) -> Fault {
    match (contract.service, contract.protocols.first()) {
        ("ec2", _) => {
            let sentence = format!("You are not authorized to perform this operation. {sentence}");
            Fault::new("UnauthorizedOperation", sentence).status(403)
        }
        ("sns", _) => Fault::new("AuthorizationErrorException", sentence),
        ("sqs" | "cloudwatch", _) | (_, Some(Protocol::Query | Protocol::RestXml)) => {
            Fault::new("AccessDenied", sentence).status(403)
        }
        _ => Fault::new("AccessDeniedException", sentence).status(400),
    }
}
