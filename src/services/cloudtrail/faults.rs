//! Every sentence CloudTrail says to a client.

use crate::wire::Fault;

// Event history and public keys.

/// `LookupEvents` and `ListPublicKeys` with a start after the end.
pub fn time_range_is_backward() -> Fault {
    Fault::new(
        "InvalidTimeRangeException",
        "The specified time range is not valid: the start time must be before or at the end time.",
    )
}

/// `LookupEvents` with more than one attribute.
pub fn too_many_lookup_attributes() -> Fault {
    Fault::new("InvalidLookupAttributesException", "The lookup attributes are not valid: specify only one attribute.")
}

/// `LookupEvents` with an attribute key that there is none of.
pub fn unknown_lookup_attribute(key: &str) -> Fault {
    Fault::new("InvalidLookupAttributesException", format!("The lookup attribute {key} is not valid."))
}

/// `LookupEvents` for other than 1 to 50 results.
pub fn max_results_out_of_range() -> Fault {
    Fault::new("InvalidMaxResultsException", "MaxResults must be between 1 and 50.")
}

/// `LookupEvents` with a token that we did not make, or made for another query.
pub fn lookup_token_is_invalid() -> Fault {
    Fault::new(
        "InvalidNextTokenException",
        "The NextToken is not valid, or belongs to a request with other parameters.",
    )
}

/// `LookupEvents` for a category that there is none of.
pub fn unknown_event_category(category: &str) -> Fault {
    Fault::new("InvalidEventCategoryException", format!("The event category {category} is not valid."))
}

/// `ListPublicKeys` with a token: it never hands one out.
pub fn token_is_reserved() -> Fault {
    Fault::new("InvalidTokenException", "The token is not valid: NextToken is reserved for future use.")
}
