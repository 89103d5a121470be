//! Every sentence S3 says to a client.
//! Codes and statuses: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.

use crate::wire::Fault;

// Bodies of uploads.

/// The file system failed us.
pub fn internal(error: &std::io::Error) -> Fault {
    tracing::error!(%error, "object storage failed");
    Fault::new("InternalError", "We encountered an internal error. Please try again.").status(500)
}

/// The body ended before, or went on after, its announced length.
pub fn incomplete_body() -> Fault {
    let sentence = "You did not provide the number of bytes specified by the Content-Length HTTP header.";
    Fault::new("IncompleteBody", sentence).status(400)
}

/// An `aws-chunked` body is cut off or broken.
pub fn cut_off() -> Fault {
    Fault::new("IncompleteBody", "The request body terminated unexpectedly").status(400)
}

pub fn idle() -> Fault {
    let sentence = "Your socket connection to the server was not read from or written to within the timeout period. \
                    Idle connections will be closed.";
    Fault::new("RequestTimeout", sentence).status(400)
}

pub fn missing_content_length() -> Fault {
    Fault::new("MissingContentLength", "You must provide the Content-Length HTTP header.").status(411)
}

pub fn entity_too_large(proposed: u64, allowed: u64) -> Fault {
    Fault::new("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        .status(400)
        .with("ProposedSize", proposed.to_string())
        .with("MaxSizeAllowed", allowed.to_string())
}

pub fn invalid_digest() -> Fault {
    Fault::new("InvalidDigest", "The Content-MD5 you specified was invalid.").status(400)
}

pub fn md5_mismatch(expected: &str, calculated: &str) -> Fault {
    Fault::new("BadDigest", "The Content-MD5 you specified did not match what we received.")
        .status(400)
        .with("ExpectedDigest", expected)
        .with("CalculatedDigest", calculated)
}

pub fn checksum_mismatch(algorithm: &str) -> Fault {
    let sentence = format!("The {algorithm} you specified did not match the calculated checksum.");
    Fault::new("BadDigest", sentence).status(400)
}

pub fn payload_hash_mismatch(claimed: &str, computed: &str) -> Fault {
    let sentence = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    Fault::new("XAmzContentSHA256Mismatch", sentence)
        .status(400)
        .with("ClientComputedContentSHA256", claimed)
        .with("S3ComputedContentSHA256", computed)
}

pub fn malformed_trailer() -> Fault {
    let sentence = "The request contained trailing data that was not well-formed or did not conform to our published \
                    schema.";
    Fault::new("MalformedTrailerError", sentence).status(400)
}

/// A request that S3 understands and will not do.
fn invalid_request(sentence: impl Into<String>) -> Fault {
    Fault::new("InvalidRequest", sentence).status(400)
}

pub fn bad_checksum_value(header: &str) -> Fault {
    invalid_request(format!("Value for {header} header is invalid."))
}

pub fn several_checksums() -> Fault {
    invalid_request("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

pub fn checksum_missing() -> Fault {
    invalid_request(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were \
         found.",
    )
}
