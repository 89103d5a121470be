//! Every sentence S3 says to a client.
//! Codes and statuses: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.

use crate::wire::Fault;
use crate::world::scope::Region;
use crate::world::time::{Time, http_date};

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

pub fn bad_payload_hash(value: &str) -> Fault {
    let name = "x-amz-content-sha256";
    let sentence = format!(
        "{name} must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
         STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, \
         STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value."
    );
    invalid_argument(sentence, name, value)
}

pub fn trailer_not_supported() -> Fault {
    invalid_request("The value specified in the x-amz-trailer header is not supported")
}

/// Where a body must come with a digest of it.
pub fn digest_missing() -> Fault {
    invalid_request("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
}

pub fn digest_missing_for_lock() -> Fault {
    invalid_request(
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
    )
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

// Objects.

pub fn no_such_key(key: &str) -> Fault {
    Fault::new("NoSuchKey", "The specified key does not exist.").status(404).with("Key", key)
}

pub fn no_such_version(key: &str, version: &str) -> Fault {
    Fault::new("NoSuchVersion", "The specified version does not exist.")
        .status(404)
        .with("Key", key)
        .with("VersionId", version)
}

/// A delete marker has no content and no attributes.
pub fn marker_not_allowed(modified: Time) -> Fault {
    Fault::new("MethodNotAllowed", "The specified method is not allowed against this resource.")
        .status(405)
        .with("ResourceType", "DeleteMarker")
        .header("allow", "DELETE")
        .header("last-modified", &http_date(modified))
}

/// Tells that a delete marker is the reason for a fault.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html>
pub fn due_to_marker(fault: Fault, version: &str) -> Fault {
    fault.header("x-amz-delete-marker", "true").header("x-amz-version-id", version)
}

pub fn copy_of_marker() -> Fault {
    invalid_request("The source of a copy request may not specifically refer to a delete marker by version id.")
}

pub fn key_too_long(size: usize, size_max: usize) -> Fault {
    Fault::new("KeyTooLongError", "Your key is too long")
        .status(400)
        .with("Size", size.to_string())
        .with("MaxSizeAllowed", size_max.to_string())
}

/// An argument that S3 does not take.
fn invalid_argument(sentence: impl Into<String>, name: &str, value: impl Into<String>) -> Fault {
    Fault::new("InvalidArgument", sentence).status(400).with("ArgumentName", name).with("ArgumentValue", value.into())
}

pub fn invalid_version_id(version: &str) -> Fault {
    invalid_argument("Invalid version id specified", "versionId", version)
}

pub fn empty_version_id() -> Fault {
    invalid_argument("Version id cannot be the empty string", "versionId", "")
}

/// A header or element that would change what happens, and that we do not know how to obey.
pub fn not_built(header: &str) -> Fault {
    Fault::new("NotImplemented", "A header you provided implies functionality that is not implemented")
        .status(501)
        .with("Header", header)
}

/// The headers are those that the whole answer would have (RFC 9110, section 15.4.5).
pub fn not_modified(etag: &str, modified: Time) -> Fault {
    let etag = format!("\"{etag}\"");
    let fault = Fault::new("NotModified", "Not Modified").status(304);
    fault.header("etag", &etag).header("last-modified", &http_date(modified))
}

pub fn precondition_failed(condition: &str) -> Fault {
    Fault::new("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        .status(412)
        .with("Condition", condition)
}

pub fn invalid_range(range: &str, size: u64) -> Fault {
    Fault::new("InvalidRange", "The requested range is not satisfiable")
        .status(416)
        .with("RangeRequested", range)
        .with("ActualObjectSize", size.to_string())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>: the request must be signed.
pub fn overrides_of_anonymous() -> Fault {
    invalid_request("Request specific response headers cannot be used for anonymous GET requests.")
}

pub fn range_and_part() -> Fault {
    invalid_request("Cannot specify both Range header and partNumber query parameter")
}

pub fn invalid_part_number(number: i64, parts: usize) -> Fault {
    Fault::new("InvalidPartNumber", "The requested partnumber is not satisfiable")
        .status(416)
        .with("PartNumberRequested", number.to_string())
        .with("ActualPartCount", parts.to_string())
}

pub fn archived(storage_class: &str) -> Fault {
    Fault::new("InvalidObjectState", "The operation is not valid for the object's storage class")
        .status(403)
        .with("StorageClass", storage_class)
}

pub fn metadata_too_large(size: usize, size_max: usize) -> Fault {
    Fault::new("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
        .status(400)
        .with("Size", size.to_string())
        .with("MaxSizeAllowed", size_max.to_string())
}

pub fn invalid_redirect() -> Fault {
    let sentence = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.";
    Fault::new("InvalidRedirectLocation", sentence).status(400)
}

pub fn invalid_storage_class(class: &str) -> Fault {
    Fault::new("InvalidStorageClass", "The storage class you specified is not valid")
        .status(400)
        .with("StorageClassRequested", class)
}

pub fn kms_key_without_kms() -> Fault {
    let sentence = "Server Side Encryption with AWS KMS managed key requires HTTP header \
                    x-amz-server-side-encryption : aws:kms";
    invalid_argument(sentence, "x-amz-server-side-encryption", "")
}

pub fn unknown_encryption(algorithm: &str) -> Fault {
    invalid_argument("The encryption method specified is not supported", "x-amz-server-side-encryption", algorithm)
}

pub fn acl_not_supported() -> Fault {
    Fault::new("AccessControlListNotSupported", "The bucket does not allow ACLs").status(400)
}

pub fn acl_missing() -> Fault {
    let sentence = "Your request was missing a required header";
    Fault::new("MissingSecurityHeader", sentence).status(400).with("MissingHeaderName", "x-amz-acl")
}

pub fn bad_copy_source() -> Fault {
    let sentence = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
    invalid_argument(sentence, "x-amz-copy-source", "x-amz-copy-source")
}

pub fn copy_to_itself() -> Fault {
    invalid_request(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
         metadata, storage class, website redirect location or encryption attributes.",
    )
}

pub fn copy_too_large(size_max: u64) -> Fault {
    invalid_request(format!(
        "The specified copy source is larger than the maximum allowable size for a copy source: {size_max}"
    ))
}

pub fn unknown_directive(header: &str, value: &str) -> Fault {
    let what = if header.contains("tagging") { "tagging" } else { "metadata" };
    invalid_argument(format!("Unknown {what} directive."), header, value)
}

pub fn bad_copy_range(range: &str) -> Fault {
    let sentence = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are \
                    the zero-based offsets of the first and last bytes to copy";
    invalid_argument(sentence, "x-amz-copy-source-range", range)
}

pub fn copy_range_beyond_source(range: &str, size: u64) -> Fault {
    let sentence = format!("Range specified is not valid for source object of size: {size}");
    invalid_argument(sentence, "x-amz-copy-source-range", range)
}

// Listings.

pub fn unknown_encoding(encoding: &str) -> Fault {
    invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", encoding)
}

pub fn bad_continuation_token(token: &str) -> Fault {
    invalid_argument("The continuation token provided is incorrect", "continuation-token", token)
}

pub fn version_marker_alone(marker: &str) -> Fault {
    invalid_argument("A version-id marker cannot be specified without a key marker.", "version-id-marker", marker)
}

pub fn rows_out_of_range(argument: &str, value: i64) -> Fault {
    let sentence = format!("Argument {argument} must be an integer between 0 and {}", i32::MAX);
    invalid_argument(sentence, argument, value.to_string())
}

// Tags of objects.

fn invalid_object_tag(sentence: &str, key: &str) -> Fault {
    Fault::new("InvalidTag", sentence).status(400).with("TagKey", key)
}

pub fn too_many_object_tags(count_max: usize) -> Fault {
    Fault::new("BadRequest", format!("Object tags cannot be greater than {count_max}")).status(400)
}

pub fn invalid_object_tag_key(key: &str) -> Fault {
    invalid_object_tag("The TagKey you have provided is invalid", key)
}

pub fn invalid_object_tag_value(key: &str, value: &str) -> Fault {
    invalid_object_tag("The TagValue you have provided is invalid", key).with("TagValue", value)
}

pub fn repeated_object_tag(key: &str) -> Fault {
    invalid_object_tag("Cannot provide multiple Tags with the same key", key)
}

// Object lock.

pub fn bucket_without_lock() -> Fault {
    invalid_request("Bucket is missing Object Lock Configuration")
}

pub fn no_object_lock() -> Fault {
    let sentence = "The specified object does not have a ObjectLock configuration";
    Fault::new("NoSuchObjectLockConfiguration", sentence).status(404)
}

pub fn object_locked() -> Fault {
    Fault::new("AccessDenied", "Access Denied because object protected by object lock.").status(403)
}

pub fn retention_in_the_past() -> Fault {
    let name = "x-amz-object-lock-retain-until-date";
    invalid_argument("The retain until date must be in the future!", name, "")
}

pub fn retention_incomplete() -> Fault {
    let name = "x-amz-object-lock-retain-until-date";
    invalid_argument(format!("{name} and x-amz-object-lock-mode must both be supplied"), name, "")
}

// Multipart uploads.

pub fn no_such_upload(upload: &str) -> Fault {
    let sentence = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                    aborted or completed.";
    Fault::new("NoSuchUpload", sentence).status(404).with("UploadId", upload)
}

pub fn part_number_out_of_range(number: i64, number_max: i64) -> Fault {
    let sentence = format!("Part number must be an integer between 1 and {number_max}, inclusive");
    invalid_argument(sentence, "partNumber", number.to_string())
}

pub fn checksum_type_alone() -> Fault {
    invalid_request("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
}

pub fn checksum_type_mismatch(kind: &str, algorithm: &str) -> Fault {
    let algorithm = algorithm.to_ascii_lowercase();
    invalid_request(format!("The {kind} checksum type cannot be used with the {algorithm} checksum algorithm."))
}

pub fn part_checksum_mismatch(expected: &str, actual: &str) -> Fault {
    invalid_request(format!(
        "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
        expected.to_ascii_lowercase(),
        actual.to_ascii_lowercase()
    ))
}

pub fn no_parts() -> Fault {
    invalid_request("You must specify at least one part")
}

/// A checksum that is made of parts' checksums is completed with all of them.
pub fn part_without_checksum(algorithm: &str, number: i64) -> Fault {
    let algorithm = algorithm.to_ascii_lowercase();
    invalid_request(format!(
        "The upload was created using a {algorithm} checksum. The complete request must include the checksum for each \
         part. It was missing for part {number} in the request."
    ))
}

pub fn invalid_part(number: i64) -> Fault {
    let sentence = "One or more of the specified parts could not be found.  The part may not have been uploaded, or \
                    the specified entity tag may not match the part's entity tag.";
    Fault::new("InvalidPart", sentence).status(400).with("PartNumber", number.to_string())
}

pub fn invalid_part_order() -> Fault {
    let sentence = "The list of parts was not in ascending order. Parts must be ordered by part number.";
    Fault::new("InvalidPartOrder", sentence).status(400)
}

pub fn part_too_small(number: i64, size: u64, size_min: u64, etag: &str) -> Fault {
    Fault::new("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        .status(400)
        .with("ProposedSize", size.to_string())
        .with("MinSizeAllowed", size_min.to_string())
        .with("PartNumber", number.to_string())
        .with("ETag", etag)
}

pub fn wrong_object_size(announced: i64, size: u64) -> Fault {
    invalid_request(format!(
        "The provided 'x-amz-mp-object-size' header value {announced} does not match what was computed: {size}"
    ))
}

// Buckets.

pub fn no_such_bucket(bucket: &str) -> Fault {
    Fault::new("NoSuchBucket", "The specified bucket does not exist").status(404).with("BucketName", bucket)
}

pub fn access_denied() -> Fault {
    Fault::new("AccessDenied", "Access Denied").status(403)
}

pub fn malformed_xml() -> Fault {
    let sentence = "The XML you provided was not well-formed or did not validate against our published schema";
    Fault::new("MalformedXML", sentence).status(400)
}

pub fn invalid_bucket_name(name: &str) -> Fault {
    Fault::new("InvalidBucketName", "The specified bucket is not valid.").status(400).with("BucketName", name)
}

pub fn bucket_already_exists(name: &str) -> Fault {
    let sentence = "The requested bucket name is not available. The bucket namespace is shared by all users of the \
                    system. Please select a different name and try again.";
    Fault::new("BucketAlreadyExists", sentence).status(409).with("BucketName", name)
}

pub fn bucket_already_owned(name: &str) -> Fault {
    let sentence = "Your previous request to create the named bucket succeeded and you already own it.";
    Fault::new("BucketAlreadyOwnedByYou", sentence).status(409).with("BucketName", name)
}

pub fn bucket_not_empty(name: &str, versioned: bool) -> Fault {
    let sentence = match versioned {
        true => "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        false => "The bucket you tried to delete is not empty",
    };
    Fault::new("BucketNotEmpty", sentence).status(409).with("BucketName", name)
}

pub fn invalid_location(constraint: &str) -> Fault {
    let sentence = "The specified location-constraint is not valid";
    Fault::new("InvalidLocationConstraint", sentence).status(400).with("LocationConstraint", constraint)
}

pub fn incompatible_location(constraint: &str) -> Fault {
    let sentence = format!(
        "The {constraint} location constraint is incompatible for the region specific endpoint this request was sent \
         to."
    );
    Fault::new("IllegalLocationConstraintException", sentence).status(400)
}

/// SDKs read the Region and try again there.
pub fn wrong_region(signed: Region, expected: Region) -> Fault {
    let sentence =
        format!("The authorization header is malformed; the region '{signed}' is wrong; expecting '{expected}'");
    Fault::new("AuthorizationHeaderMalformed", sentence)
        .status(400)
        .with("Region", expected.as_str())
        .header("x-amz-bucket-region", expected.as_str())
}

pub fn buckets_out_of_range(wished: i64, count_max: i64) -> Fault {
    let sentence = format!("Argument max-buckets must be an integer between 1 and {count_max}");
    invalid_argument(sentence, "max-buckets", wished.to_string())
}

// Bucket configuration.

pub fn no_such_policy(bucket: &str) -> Fault {
    Fault::new("NoSuchBucketPolicy", "The bucket policy does not exist").status(404).with("BucketName", bucket)
}

pub fn malformed_policy(sentence: impl Into<String>) -> Fault {
    Fault::new("MalformedPolicy", sentence).status(400)
}

pub fn policy_too_large() -> Fault {
    invalid_argument("Normalized policy document exceeds the maximum allowed size of 20480 bytes", "policy", "")
}

/// The policy is public and the bucket's settings say that none may be.
pub fn public_policy_blocked(caller: &str, bucket: &str) -> Fault {
    let sentence = format!(
        "User: {caller} is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::{bucket}\" \
         because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
    );
    Fault::new("AccessDenied", sentence).status(403)
}

pub fn no_public_access_block(bucket: &str) -> Fault {
    Fault::new("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
        .status(404)
        .with("BucketName", bucket)
}

pub fn no_ownership_controls(bucket: &str) -> Fault {
    Fault::new("OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
        .status(404)
        .with("BucketName", bucket)
}

pub fn acl_with_ownership_enforced() -> Fault {
    let sentence = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
    Fault::new("InvalidBucketAclWithObjectOwnership", sentence).status(400)
}

pub fn versioning_needed() -> Fault {
    let sentence = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.";
    Fault::new("InvalidBucketState", sentence).status(409)
}

pub fn illegal_versioning() -> Fault {
    let sentence = "The Versioning element must be specified";
    Fault::new("IllegalVersioningConfigurationException", sentence).status(400)
}

pub fn lock_needs_versioning() -> Fault {
    let sentence = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
    Fault::new("InvalidBucketState", sentence).status(409)
}

pub fn no_lock_configuration(bucket: &str) -> Fault {
    let sentence = "Object Lock configuration does not exist for this bucket";
    Fault::new("ObjectLockConfigurationNotFoundError", sentence).status(404).with("BucketName", bucket)
}

pub fn retention_not_positive() -> Fault {
    invalid_argument("Default retention period must be a positive integer value.", "Days", "")
}

pub fn retention_too_long() -> Fault {
    invalid_argument("Default retention period is too large.", "Days", "")
}

pub fn no_tag_set(bucket: &str) -> Fault {
    Fault::new("NoSuchTagSet", "The TagSet does not exist").status(404).with("BucketName", bucket)
}

pub fn too_many_bucket_tags(count_max: usize) -> Fault {
    Fault::new("BadRequest", format!("Bucket tag count cannot be greater than {count_max}")).status(400)
}

pub fn system_tag(key: &str) -> Fault {
    invalid_object_tag("System tags cannot be added/updated by requester", key)
}

pub fn key_without_kms() -> Fault {
    let sentence = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
    invalid_argument(sentence, "ApplyServerSideEncryptionByDefault", "")
}

pub fn no_lifecycle(bucket: &str) -> Fault {
    Fault::new("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
        .status(404)
        .with("BucketName", bucket)
}

/// A lifecycle rule that contradicts itself.
pub fn bad_lifecycle(sentence: &str) -> Fault {
    invalid_request(sentence)
}

pub fn lifecycle_not_positive(element: &str) -> Fault {
    let sentence = format!("'{element}' for action must be a positive integer");
    Fault::new("InvalidArgument", sentence).status(400)
}

pub fn lifecycle_not_midnight() -> Fault {
    Fault::new("InvalidArgument", "'Date' must be at midnight GMT").status(400)
}

pub fn too_many_notifications(count_max: usize) -> Fault {
    let sentence = format!("A bucket cannot have more than {count_max} notification configurations");
    Fault::new("InvalidArgument", sentence).status(400)
}

/// `element` holds the ARN of a topic, queue or function.
pub fn destination_not_parsed(element: &str, arn: &str) -> Fault {
    invalid_argument("The ARN could not be parsed", element, arn)
}

pub fn destination_elsewhere(element: &str, arn: &str) -> Fault {
    let sentence = "The notification destination service region is not valid for the bucket location constraint";
    invalid_argument(sentence, element, arn)
}

pub fn event_not_supported(event: &str) -> Fault {
    invalid_argument("The event is not supported for notifications", "Event", event)
}

pub fn filter_name(name: &str) -> Fault {
    invalid_argument("filter rule name must be either prefix or suffix", "FilterRule.Name", name)
}

pub fn filter_twice(name: &str) -> Fault {
    let sentence = format!("Cannot specify more than one {name} rule in a filter.");
    invalid_argument(sentence, "FilterRule.Name", name)
}

pub fn filter_too_long(bytes_max: usize) -> Fault {
    let sentence = format!("Size of filter rule value cannot exceed {bytes_max} bytes in UTF-8 representation");
    invalid_argument(sentence, "FilterRule.Value", "")
}

pub fn notification_id_twice(id: &str) -> Fault {
    invalid_argument("Same ID used for multiple configurations. IDs must be unique.", "Id", id)
}

/// Two configurations without filters have an event in common.
pub fn notifications_overlap(one: &str, other: &str) -> Fault {
    let sentence = "Configurations overlap. Configurations on the same bucket cannot share a common event type.";
    invalid_argument(sentence, "Event", format!("{one}, {other}"))
}

pub fn notification_filters_overlap() -> Fault {
    let sentence = "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the \
                    prefixes are overlapping for the same event type.";
    Fault::new("InvalidArgument", sentence).status(400)
}

/// Topics and queues that cannot be told anything, each with the reason.
pub fn destinations_not_valid(destinations: Vec<(String, String)>) -> Fault {
    let sentence = "Unable to validate the following destination configurations";
    let mut fault = Fault::new("InvalidArgument", sentence).status(400);
    for (number, (arn, reason)) in (1..).zip(destinations) {
        fault.members.push(format!("ArgumentName{number}"), arn);
        fault.members.push(format!("ArgumentValue{number}"), reason);
    }
    fault
}

/// `resource` is a queue or a topic.
pub fn destination_missing(resource: &str) -> String {
    format!("The destination {resource} does not exist")
}

pub fn destination_closed(resource: &str) -> String {
    format!("Permissions on the destination {resource} do not allow S3 to publish notifications from this bucket")
}

pub fn destination_fifo(service: &str, resource: &str) -> String {
    format!("FIFO {service} {resource}s are not supported")
}

pub fn function_closed(arn: &str) -> String {
    format!("Not authorized to invoke function [{arn}]")
}

pub fn no_website(bucket: &str) -> Fault {
    let sentence = "The specified bucket does not have a website configuration";
    Fault::new("NoSuchWebsiteConfiguration", sentence).status(404).with("BucketName", bucket)
}

pub fn no_cors(bucket: &str) -> Fault {
    Fault::new("NoSuchCORSConfiguration", "The CORS configuration does not exist")
        .status(404)
        .with("BucketName", bucket)
}

pub fn no_replication(bucket: &str) -> Fault {
    Fault::new("ReplicationConfigurationNotFoundError", "The replication configuration was not found")
        .status(404)
        .with("BucketName", bucket)
}
