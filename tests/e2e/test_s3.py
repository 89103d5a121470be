"""S3 as aws-cli, boto3 and curl use it; objects are plain files."""

import base64
import concurrent.futures
import datetime
import functools
import hashlib
import io
import json
import os
import socket
import zlib

import boto3.s3.transfer
import pytest
import requests

from conftest import refused

pytestmark = pytest.mark.usefixtures("user")

BIG = 9 * 1024 * 1024


@pytest.fixture
def s3(trailcam):
    return trailcam.client("s3")


@pytest.fixture
def bucket(s3):
    s3.create_bucket(Bucket="box")
    return "box"


def body(s3, key, **arguments):
    return s3.get_object(Bucket="box", Key=key, **arguments)["Body"].read()


def keys(s3, **arguments):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="box", **arguments)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def versioned(s3):
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})


# Buckets


def test_buckets_come_and_go(trailcam, s3):
    west = trailcam.client("s3", region="eu-west-1")
    west.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.create_bucket(Bucket="east")
    assert [item["Name"] for item in s3.list_buckets()["Buckets"]] == ["east", "west"]
    assert s3.get_bucket_location(Bucket="west")["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_location(Bucket="east")["LocationConstraint"] is None
    assert s3.head_bucket(Bucket="west")["BucketRegion"] == "eu-west-1"
    s3.delete_bucket(Bucket="east")
    assert [item["Name"] for item in s3.list_buckets()["Buckets"]] == ["west"]
    assert not (trailcam.data_dir / "s3" / "east").exists()


def test_buckets_that_cannot_be(trailcam, s3, bucket):
    stranger = trailcam.client("s3", key="111122223333")
    west = trailcam.client("s3", region="eu-west-1")
    there = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    west.create_bucket(Bucket="west", **there)
    assert refused(stranger.create_bucket, Bucket="box")[::2] == ("BucketAlreadyExists", 409)
    assert refused(west.create_bucket, Bucket="west", **there)[::2] == ("BucketAlreadyOwnedByYou", 409)
    assert refused(west.create_bucket, Bucket="north") == (
        "IllegalLocationConstraintException",
        "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
        400,
    )
    mars = {"CreateBucketConfiguration": {"LocationConstraint": "mars-north-1"}}
    assert refused(s3.create_bucket, Bucket="north", **mars) == (
        "InvalidLocationConstraint",
        "The specified location-constraint is not valid",
        400,
    )
    assert refused(s3.create_bucket, Bucket="Upper_Case")[::2] == ("InvalidBucketName", 400)
    assert refused(s3.get_bucket_location, Bucket="nowhere") == (
        "NoSuchBucket",
        "The specified bucket does not exist",
        404,
    )
    assert [item["Name"] for item in s3.list_buckets()["Buckets"]] == ["box", "west"]


def test_a_bucket_with_objects_stays(s3, bucket):
    s3.put_object(Bucket="box", Key="kept", Body=b"1")
    assert refused(s3.delete_bucket, Bucket="box") == (
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
        409,
    )
    assert body(s3, "kept") == b"1"


# Objects


def test_objects_are_plain_files(trailcam, s3, bucket):
    put = s3.put_object(
        Bucket="box", Key="a/b.txt", Body=b"hello", ContentType="text/plain", Metadata={"colour": "red"}
    )
    assert put["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert (trailcam.data_dir / "s3/box/a/b.txt").read_bytes() == b"hello"
    got = s3.head_object(Bucket="box", Key="a/b.txt")
    assert (got["ContentLength"], got["ContentType"], got["Metadata"]) == (5, "text/plain", {"colour": "red"})
    assert got["LastModified"] == datetime.datetime(2026, 1, 15, 10, tzinfo=datetime.timezone.utc)
    assert got["ServerSideEncryption"] == "AES256"
    s3.delete_object(Bucket="box", Key="a/b.txt")
    assert not (trailcam.data_dir / "s3/box/a/b.txt").exists()
    assert refused(s3.get_object, Bucket="box", Key="a/b.txt") == (
        "NoSuchKey",
        "The specified key does not exist.",
        404,
    )
    assert refused(s3.head_object, Bucket="box", Key="a/b.txt")[::2] == ("404", 404)


def test_waiters(s3):
    once = {"Delay": 1, "MaxAttempts": 1}
    s3.get_waiter("bucket_not_exists").wait(Bucket="box", WaiterConfig=once)
    s3.create_bucket(Bucket="box")
    s3.get_waiter("bucket_exists").wait(Bucket="box", WaiterConfig=once)
    s3.get_waiter("object_not_exists").wait(Bucket="box", Key="k", WaiterConfig=once)
    s3.put_object(Bucket="box", Key="k")
    s3.get_waiter("object_exists").wait(Bucket="box", Key="k", WaiterConfig=once)


def test_ranges(s3, bucket):
    s3.put_object(Bucket="box", Key="k", Body=b"0123456789")
    part = s3.get_object(Bucket="box", Key="k", Range="bytes=2-4")
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (part["ContentRange"], part["Body"].read()) == ("bytes 2-4/10", b"234")
    assert body(s3, "k", Range="bytes=-3") == b"789"
    assert body(s3, "k", Range="bytes=7-") == b"789"
    assert body(s3, "k", Range="bytes=8-100") == b"89"
    assert refused(s3.get_object, Bucket="box", Key="k", Range="bytes=10-") == (
        "InvalidRange",
        "The requested range is not satisfiable",
        416,
    )


def test_conditions(trailcam, s3, bucket):
    tag = s3.put_object(Bucket="box", Key="k", Body=b"1")["ETag"]
    get = {"Bucket": "box", "Key": "k"}
    later = datetime.datetime(2026, 2, 1)
    earlier = datetime.datetime(2026, 1, 1)
    assert s3.get_object(**get, IfMatch=tag)["Body"].read() == b"1"
    assert s3.get_object(**get, IfModifiedSince=earlier)["Body"].read() == b"1"
    assert refused(s3.get_object, **get, IfMatch='"other"')[::2] == ("PreconditionFailed", 412)
    assert refused(s3.get_object, **get, IfUnmodifiedSince=earlier)[::2] == ("PreconditionFailed", 412)
    assert refused(s3.get_object, **get, IfNoneMatch=tag)[2] == 304
    assert refused(s3.get_object, **get, IfModifiedSince=later)[2] == 304
    status, headers, _ = raw(trailcam, "GET", "/box/k", if_none_match=tag)
    assert (status, headers["etag"], headers["last-modified"]) == (304, tag, "Thu, 15 Jan 2026 10:00:00 GMT")
    assert refused(s3.put_object, **get, Body=b"2", IfNoneMatch="*") == (
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        412,
    )
    assert refused(s3.put_object, **get, Body=b"2", IfMatch='"other"')[::2] == ("PreconditionFailed", 412)
    assert body(s3, "k") == b"1"
    s3.put_object(**get, Body=b"2", IfMatch=tag)
    assert body(s3, "k") == b"2"


def test_listing(s3, bucket):
    names = ["a.txt", "b/1", "b/2", "b/c/3", "z"]
    for name in names:
        s3.put_object(Bucket="box", Key=name, Body=name.encode())
    assert keys(s3) == names
    assert keys(s3, PaginationConfig={"PageSize": 2}) == names
    assert keys(s3, Prefix="b/") == ["b/1", "b/2", "b/c/3"]
    assert keys(s3, StartAfter="b/1") == ["b/2", "b/c/3", "z"]
    top = s3.list_objects_v2(Bucket="box", Delimiter="/")
    assert [item["Key"] for item in top["Contents"]] == ["a.txt", "z"]
    assert [item["Prefix"] for item in top["CommonPrefixes"]] == ["b/"]
    assert (top["KeyCount"], top["IsTruncated"]) == (3, False)
    inner = s3.list_objects(Bucket="box", Delimiter="/", Prefix="b/")
    assert [item["Key"] for item in inner["Contents"]] == ["b/1", "b/2"]
    assert [item["Prefix"] for item in inner["CommonPrefixes"]] == ["b/c/"]
    pages = s3.get_paginator("list_objects").paginate(Bucket="box", Delimiter="/", PaginationConfig={"PageSize": 1})
    seen = [x.get("Key") or x["Prefix"] for p in pages for x in p.get("Contents", []) + p.get("CommonPrefixes", [])]
    assert seen == ["a.txt", "b/", "z"]
    assert s3.list_objects_v2(Bucket="box", MaxKeys=0)["KeyCount"] == 0


ODD = [
    "../escape",
    "/absolute",
    "a//b",
    "a/./b",
    "a/../b",
    ".",
    "..",
    "folder/",
    "sp ace+plus%25&=?#",
    "ünïcode/한국어/🦀",
    "tab\tand\nline",
    "CON",
    "Case",
    "case",
    "k" * 1024,
    "/".join(["d" * 9] * 100),
    "both",
    "both/and",
    ".trailcam-data",
]


def test_odd_keys_stay_in_the_bucket(trailcam, s3, bucket):
    before = {file for file in trailcam.data_dir.rglob("*") if "box" not in file.parts}
    for number, key in enumerate(ODD):
        s3.put_object(Bucket="box", Key=key, Body=str(number).encode())
    for number, key in enumerate(ODD):
        assert body(s3, key) == str(number).encode(), key
    assert sorted(keys(s3)) == sorted(ODD)
    assert keys(s3) == sorted(ODD, key=lambda key: key.encode())
    assert not (trailcam.data_dir.parent / "escape").exists()
    assert not (trailcam.data_dir / "s3" / "escape").exists()
    after = {file for file in trailcam.data_dir.rglob("*") if "box" not in file.parts}
    strangers = {file for file in after - before if file.is_file() and file.name == "escape"}
    assert not strangers
    for key in ODD:
        s3.delete_object(Bucket="box", Key=key)
    assert keys(s3) == []
    s3.delete_bucket(Bucket="box")


def test_keys_are_at_most_1024_bytes(s3, bucket):
    assert refused(s3.put_object, Bucket="box", Key="k" * 1025) == ("KeyTooLongError", "Your key is too long", 400)
    assert refused(s3.put_object, Bucket="box", Key="한" * 342)[0] == "KeyTooLongError"
    assert keys(s3) == []


def test_copy(s3, bucket):
    s3.put_object(Bucket="box", Key="from", Body=b"1", ContentType="text/plain", Metadata={"a": "1"})
    source = {"Bucket": "box", "Key": "from"}
    s3.copy_object(Bucket="box", Key="to", CopySource=source)
    copied = s3.head_object(Bucket="box", Key="to")
    assert (copied["ContentType"], copied["Metadata"]) == ("text/plain", {"a": "1"})
    s3.copy_object(Bucket="box", Key="to", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    assert s3.head_object(Bucket="box", Key="to")["Metadata"] == {"b": "2"}
    assert refused(s3.copy_object, Bucket="box", Key="from", CopySource=source)[::2] == ("InvalidRequest", 400)
    missing = {"Bucket": "box", "Key": "missing"}
    assert refused(s3.copy_object, Bucket="box", Key="x", CopySource=missing)[::2] == ("NoSuchKey", 404)
    assert keys(s3) == ["from", "to"]


def test_multi_delete(s3, bucket):
    for name in "abc":
        s3.put_object(Bucket="box", Key=name)
    done = s3.delete_objects(Bucket="box", Delete={"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "never"}]})
    assert sorted(item["Key"] for item in done["Deleted"]) == ["a", "b", "never"]
    assert s3.delete_objects(Bucket="box", Delete={"Objects": [{"Key": "c"}], "Quiet": True}).get("Deleted") is None
    assert keys(s3) == []


def test_tags(s3, bucket):
    s3.put_object(Bucket="box", Key="k", Tagging="team=red&cost=1")
    tags = {"Bucket": "box", "Key": "k"}
    found = s3.get_object_tagging(**tags)["TagSet"]
    assert sorted((tag["Key"], tag["Value"]) for tag in found) == [("cost", "1"), ("team", "red")]
    assert s3.get_object(**tags)["TagCount"] == 2
    s3.put_object_tagging(**tags, Tagging={"TagSet": [{"Key": "only", "Value": "one"}]})
    assert s3.get_object_tagging(**tags)["TagSet"] == [{"Key": "only", "Value": "one"}]
    s3.delete_object_tagging(**tags)
    assert s3.get_object_tagging(**tags)["TagSet"] == []
    assert refused(s3.get_bucket_tagging, Bucket="box")[::2] == ("NoSuchTagSet", 404)
    s3.put_bucket_tagging(Bucket="box", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_bucket_tagging(Bucket="box")["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_checksums(s3, bucket):
    for algorithm, digest in (("SHA256", hashlib.sha256), ("SHA1", hashlib.sha1)):
        put = s3.put_object(Bucket="box", Key="k", Body=b"hello", ChecksumAlgorithm=algorithm)
        wanted = base64.b64encode(digest(b"hello").digest()).decode()
        assert put[f"Checksum{algorithm}"] == wanted
        assert s3.head_object(Bucket="box", Key="k", ChecksumMode="ENABLED")[f"Checksum{algorithm}"] == wanted
    s3.put_object(Bucket="box", Key="k", Body=b"123456789", ChecksumAlgorithm="CRC32")
    # The check value of CRC-32/ISO-HDLC is 0xcbf43926.
    attributes = s3.get_object_attributes(Bucket="box", Key="k", ObjectAttributes=["Checksum", "ObjectSize", "ETag"])
    assert attributes["Checksum"]["ChecksumCRC32"] == base64.b64encode(bytes.fromhex("cbf43926")).decode()
    assert (attributes["ObjectSize"], attributes["ETag"]) == (9, hashlib.md5(b"123456789").hexdigest())
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    assert refused(s3.put_object, Bucket="box", Key="k", Body=b"new", ChecksumSHA256=wrong)[::2] == ("BadDigest", 400)
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert refused(s3.put_object, Bucket="box", Key="k", Body=b"new", ContentMD5=wrong) == (
        "BadDigest",
        "The Content-MD5 you specified did not match what we received.",
        400,
    )
    assert body(s3, "k") == b"123456789"


@pytest.mark.parametrize(
    ("header", "value"),
    # Check values of the CRC catalogue for "123456789".
    [("crc32c", "e3069283"), ("crc64nvme", "ae8b14860a799888"), ("crc32", "cbf43926")],
)
def test_checksums_of_headers(trailcam, s3, bucket, header, value):
    def put(checksum, data):
        url = s3.generate_presigned_url("put_object", Params={"Bucket": "box", "Key": "k"})
        return requests.put(url, data=data, headers={f"x-amz-checksum-{header}": checksum}, timeout=20)

    checksum = base64.b64encode(bytes.fromhex(value)).decode()
    assert put(checksum, b"123456789").status_code == 200
    refusal = put(checksum, b"something")
    assert refusal.status_code == 400
    assert "<Code>BadDigest</Code>" in refusal.text
    assert body(s3, "k") == b"123456789"


SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260115/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"


def raw(trailcam, method, path, data=None, host=None, **headers):
    """Sends what no SDK would send: status, headers, body. Underscores in names of headers stand for hyphens."""
    lines = {name.replace("_", "-"): value for name, value in headers.items()} | {"Authorization": SIGNED}
    lines |= {"Host": host} if host else {}
    answer = requests.request(method, trailcam.endpoint + path, data=data, headers=lines, timeout=20)
    return answer.status_code, answer.headers, answer.text


def code(answer):
    status, _, text = answer
    return status, text.partition("<Code>")[2].partition("</Code>")[0]


CHECK_VALUES = {
    # Check values of the CRC catalogue for "123456789".
    "crc32": bytes.fromhex("cbf43926"),
    "crc32c": bytes.fromhex("e3069283"),
    "crc64nvme": bytes.fromhex("ae8b14860a799888"),
    "sha1": hashlib.sha1(b"123456789").digest(),
    "sha256": hashlib.sha256(b"123456789").digest(),
}


@pytest.mark.parametrize("algorithm", CHECK_VALUES)
@pytest.mark.parametrize("signed", [False, True])
def test_checksums_of_trailers(trailcam, s3, bucket, algorithm, signed):
    mark, tail = (f";chunk-signature={'a' * 64}", f"x-amz-trailer-signature:{'b' * 64}\r\n") if signed else ("", "")
    mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" if signed else "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    def put(checksum):
        trailer = f"x-amz-checksum-{algorithm}:{base64.b64encode(checksum).decode()}\r\n{tail}\r\n"
        coded = f"5{mark}\r\n12345\r\n4{mark}\r\n6789\r\n0{mark}\r\n{trailer}"
        headers = {
            "x_amz_content_sha256": mode,
            "x_amz_decoded_content_length": "9",
            "x_amz_trailer": f"x-amz-checksum-{algorithm}",
            "content_encoding": "aws-chunked",
        }
        return code(raw(trailcam, "PUT", "/box/k", coded, **headers))

    checksum = CHECK_VALUES[algorithm]
    assert put(checksum) == (200, "")
    assert put(bytes(len(checksum))) == (400, "BadDigest")
    head = s3.head_object(Bucket="box", Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm.upper()}"] == base64.b64encode(checksum).decode()
    assert "ContentEncoding" not in head
    assert body(s3, "k") == b"123456789"


def test_checksums_that_we_cannot_compute_are_refused(trailcam, bucket):
    assert code(raw(trailcam, "PUT", "/box/k", b"1", x_amz_checksum_sha512="AAAA")) == (501, "NotImplemented")
    assert code(raw(trailcam, "GET", "/box/k")) == (404, "NoSuchKey")


def test_documents_are_checked_too(trailcam, s3, bucket):
    s3.put_object(Bucket="box", Key="k", Body=b"1")
    delete = "<Delete><Object><Key>k</Key></Object></Delete>"
    wrong = base64.b64encode(bytes(16)).decode()
    # S3 wants a digest of this body: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    assert code(raw(trailcam, "POST", "/box?delete", delete)) == (400, "InvalidRequest")
    assert code(raw(trailcam, "POST", "/box?delete", delete, content_md5=wrong)) == (400, "BadDigest")
    assert code(raw(trailcam, "POST", "/box?delete", delete, x_amz_checksum_crc32="AAAAAA==")) == (400, "BadDigest")
    other = {"x_amz_content_sha256": "0" * 64}
    assert code(raw(trailcam, "POST", "/box?delete", delete, **other)) == (400, "XAmzContentSHA256Mismatch")
    tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    assert code(raw(trailcam, "PUT", "/box?tagging", tagging, content_md5=wrong)) == (400, "BadDigest")
    assert refused(s3.get_bucket_tagging, Bucket="box")[0] == "NoSuchTagSet"
    assert keys(s3) == ["k"]
    right = base64.b64encode(hashlib.md5(delete.encode()).digest()).decode()
    assert code(raw(trailcam, "POST", "/box?delete", delete, content_md5=right)) == (200, "")
    assert keys(s3) == []


def test_what_is_wrong_with_a_body_comes_after_what_is_wrong_with_its_place(trailcam, bucket):
    wrong = {"x_amz_checksum_crc32": "AAAAAA=="}
    assert code(raw(trailcam, "PUT", "/nowhere/k", b"1", **wrong)) == (404, "NoSuchBucket")
    assert code(raw(trailcam, "PUT", "/box/k", b"1", **wrong)) == (400, "BadDigest")
    event = trailcam.events(errorCode="BadDigest")[-1]
    assert (event["requestParameters"]["bucketName"], event["requestParameters"]["key"]) == ("box", "k")
    assert event["resources"][0]["ARN"] == "arn:aws:s3:::box/k"


def test_documents_hold_characters_of_xml_only(trailcam, s3, bucket):
    s3.put_object(Bucket="box", Key="a\0b", Body=b"1")
    delete = "<Delete><Object><Key>a\0b</Key></Object></Delete>"
    digest = base64.b64encode(hashlib.md5(delete.encode()).digest()).decode()
    assert code(raw(trailcam, "POST", "/box?delete", delete, content_md5=digest)) == (400, "MalformedXML")
    assert body(s3, "a\0b") == b"1"


def test_values_that_there_are_not(trailcam, bucket):
    put = lambda **headers: code(raw(trailcam, "PUT", "/box/k", b"1", **headers))  # noqa: E731
    assert put(x_amz_storage_class="BOGUS") == (400, "InvalidStorageClass")
    status, _, text = raw(trailcam, "PUT", "/box/k", b"1", x_amz_server_side_encryption="aes")
    assert (status, "The encryption method specified is not supported" in text) == (400, True)
    assert put(x_amz_website_redirect_location="elsewhere") == (400, "InvalidRedirectLocation")
    copy = raw(trailcam, "PUT", "/box/k", x_amz_copy_source="/box/missing", x_amz_metadata_directive="KEEP")
    assert code(copy) == (400, "InvalidArgument")
    assert put(x_amz_content_sha256="none") == (400, "InvalidArgument")
    status, _, text = raw(trailcam, "GET", "/box?encoding-type=base64")
    assert (status, "Invalid Encoding Method specified in Request" in text) == (400, True)


# Multipart


def test_multipart(trailcam, s3, bucket, tmp_path):
    data = os.urandom(BIG)
    file = tmp_path / "big"
    file.write_bytes(data)
    s3.upload_file(str(file), "box", "big", Config=boto3.s3.transfer.TransferConfig(multipart_threshold=1024))
    assert (trailcam.data_dir / "s3/box/big").read_bytes() == data
    tag = s3.head_object(Bucket="box", Key="big")["ETag"]
    pieces = [data[start : start + 8 * 1024 * 1024] for start in (0, 8 * 1024 * 1024)]
    joined = hashlib.md5(b"".join(hashlib.md5(piece).digest() for piece in pieces)).hexdigest()
    assert tag == f'"{joined}-2"'
    back = io.BytesIO()
    s3.download_fileobj("box", "big", back)
    assert back.getvalue() == data
    assert s3.head_object(Bucket="box", Key="big", PartNumber=2)["ContentLength"] == BIG - 8 * 1024 * 1024


def test_multipart_by_hand(s3, bucket):
    begun = {"Bucket": "box", "Key": "k", "UploadId": s3.create_multipart_upload(Bucket="box", Key="k")["UploadId"]}
    part = s3.upload_part(**begun, PartNumber=1, Body=b"1")
    last = s3.upload_part(**begun, PartNumber=2, Body=b"2")
    assert [item["PartNumber"] for item in s3.list_parts(**begun)["Parts"]] == [1, 2]
    assert s3.list_multipart_uploads(Bucket="box")["Uploads"][0]["UploadId"] == begun["UploadId"]
    assert keys(s3) == []
    complete = s3.complete_multipart_upload
    both = [{"PartNumber": 1, "ETag": part["ETag"]}, {"PartNumber": 2, "ETag": last["ETag"]}]
    assert refused(complete, **begun, MultipartUpload={"Parts": both})[::2] == ("EntityTooSmall", 400)
    assert refused(complete, **begun, MultipartUpload={"Parts": both[::-1]})[::2] == ("InvalidPartOrder", 400)
    wrong = [{"PartNumber": 1, "ETag": '"0"'}]
    assert refused(complete, **begun, MultipartUpload={"Parts": wrong})[::2] == ("InvalidPart", 400)
    complete(**begun, MultipartUpload={"Parts": both[:1]})
    assert body(s3, "k") == b"1"
    assert refused(s3.upload_part, **begun, PartNumber=3, Body=b"3")[::2] == ("NoSuchUpload", 404)
    other = s3.create_multipart_upload(Bucket="box", Key="other")["UploadId"]
    s3.abort_multipart_upload(Bucket="box", Key="other", UploadId=other)
    assert s3.list_multipart_uploads(Bucket="box").get("Uploads", []) == []
    assert keys(s3) == ["k"]


def test_checksums_of_parts(s3, bucket):
    """<https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>"""
    begun = {"Bucket": "box", "Key": "k"}
    begun["UploadId"] = s3.create_multipart_upload(**begun, ChecksumAlgorithm="SHA256")["UploadId"]
    part = s3.upload_part(**begun, PartNumber=1, Body=b"1", ChecksumAlgorithm="SHA256")
    listed = {"PartNumber": 1, "ETag": part["ETag"]}
    assert refused(s3.complete_multipart_upload, **begun, MultipartUpload={"Parts": [listed]}) == (
        "InvalidRequest",
        "The upload was created using a sha256 checksum. The complete request must include the checksum for each part. "
        "It was missing for part 1 in the request.",
        400,
    )
    assert refused(s3.complete_multipart_upload, **begun) == (
        "InvalidRequest",
        "You must specify at least one part",
        400,
    )
    listed["ChecksumSHA256"] = part["ChecksumSHA256"]
    done = s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": [listed]})
    parts = hashlib.sha256(hashlib.sha256(b"1").digest()).digest()
    assert done["ChecksumSHA256"] == base64.b64encode(parts).decode() + "-1"


def test_parts_of_a_whole_checksum_need_none(trailcam, s3, bucket):
    begun = s3.create_multipart_upload(Bucket="box", Key="k", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    begun = {"Bucket": "box", "Key": "k", "UploadId": begun["UploadId"]}
    place = f"/box/k?partNumber=1&uploadId={begun['UploadId']}"
    assert code(raw(trailcam, "PUT", place, b"123456789", x_amz_checksum_crc32c="4waSgw==")) == (400, "InvalidRequest")
    _, headers, _ = raw(trailcam, "PUT", place, b"123456789")
    assert not [name for name in headers if name.startswith("x-amz-checksum")]
    parts = [{"PartNumber": 1, "ETag": headers["etag"]}]
    done = s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": parts})
    assert done["ChecksumCRC32"] == base64.b64encode(CHECK_VALUES["crc32"]).decode()


# Large objects: read and written while others are answered


@pytest.fixture
def whoami(trailcam):
    """A call that is answered at once, or that nobody answers for as long as another call has the emulator."""
    sts = trailcam.client("sts", read_timeout=20)
    return lambda: sts.get_caller_identity()["Account"]


def test_others_are_answered_while_parts_are_joined(trailcam, s3, bucket, whoami):
    begun = {"Bucket": "box", "Key": "k", "UploadId": s3.create_multipart_upload(Bucket="box", Key="k")["UploadId"]}
    first, last = os.urandom(5 * 1024 * 1024), os.urandom(100_000)
    tags = [s3.upload_part(**begun, PartNumber=number, Body=data)["ETag"] for number, data in ((1, first), (2, last))]
    parts = {"Parts": [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]}
    # The join cannot go on before this pipe is written to.
    (part,) = (trailcam.data_dir / "s3/.uploads/box" / begun["UploadId"]).glob("2-*")
    part.unlink()
    os.mkfifo(part)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        done = pool.submit(s3.complete_multipart_upload, **begun, MultipartUpload=parts)
        with part.open("wb") as pipe:
            assert whoami() == "000000000000"
            assert not done.done()
            assert keys(s3) == []
            pipe.write(last)
        assert done.result()["Key"] == "k"
    assert body(s3, "k") == first + last
    assert trailcam.client("s3").list_multipart_uploads(Bucket="box").get("Uploads", []) == []
    assert [event["eventName"] for event in trailcam.events()].count("CompleteMultipartUpload") == 1


def test_an_upload_that_is_given_up_while_its_parts_are_joined(trailcam, s3, bucket):
    begun = {"Bucket": "box", "Key": "k", "UploadId": s3.create_multipart_upload(Bucket="box", Key="k")["UploadId"]}
    tag = s3.upload_part(**begun, PartNumber=1, Body=bytes(100_000))["ETag"]
    (part,) = (trailcam.data_dir / "s3/.uploads/box" / begun["UploadId"]).glob("1-*")
    part.unlink()
    os.mkfifo(part)
    complete = functools.partial(s3.complete_multipart_upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        done = pool.submit(refused, complete, **begun)
        with part.open("wb") as pipe:
            s3.abort_multipart_upload(**begun)
            pipe.write(bytes(100_000))
        assert done.result()[::2] == ("NoSuchUpload", 404)
    assert keys(s3) == []


def test_a_part_that_is_replaced_while_parts_are_joined(trailcam, s3, bucket):
    begun = {"Bucket": "box", "Key": "k", "UploadId": s3.create_multipart_upload(Bucket="box", Key="k")["UploadId"]}
    old, new = b"o" * 100_000, b"n" * 100_000
    tag = s3.upload_part(**begun, PartNumber=1, Body=old)["ETag"]
    (part,) = (trailcam.data_dir / "s3/.uploads/box" / begun["UploadId"]).glob("1-*")
    part.unlink()
    os.mkfifo(part)
    complete = functools.partial(s3.complete_multipart_upload, **begun, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        done = pool.submit(complete)
        with part.open("wb") as pipe:
            # The same length at the same time; and then the old content again, so that the list of parts is right.
            s3.upload_part(**begun, PartNumber=1, Body=new)
            s3.upload_part(**begun, PartNumber=1, Body=old)
            pipe.write(new)
        done.result()
    assert body(s3, "k") == old


def test_work_that_was_put_off_leaves_no_trace(start):
    """Whether a copy is made at once or not, what follows is the same to the letter."""
    followed = []
    for name, length in (("small", 1000), ("large", 1_000_000)):
        trailcam = start("--clock", "2026-01-15T10:00:00Z", "--seed", "7", name=name)
        s3 = trailcam.client("s3")
        s3.create_bucket(Bucket="box")
        versioned(s3)
        s3.put_object(Bucket="box", Key="k", Body=bytes(length))
        copy = s3.copy_object(Bucket="box", Key="copy", CopySource="box/k")
        begun = {"Bucket": "box", "Key": "joined"}
        begun["UploadId"] = s3.create_multipart_upload(**begun, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")["UploadId"]
        place = f"/box/joined?partNumber=1&uploadId={begun['UploadId']}"
        _, headers, _ = raw(trailcam, "PUT", place, bytes(length))
        parts = {"Parts": [{"PartNumber": 1, "ETag": headers["etag"]}]}
        done = s3.complete_multipart_upload(**begun, MultipartUpload=parts)
        ids = [answer["ResponseMetadata"]["RequestId"] for answer in (copy, done)]
        events = [(event["eventName"], event["eventID"], event["requestID"]) for event in trailcam.events()]
        followed.append((copy["VersionId"], done["VersionId"], ids, events))
    assert followed[0] == followed[1]


@pytest.mark.parametrize("length", [1000, 1_000_000])
def test_large_and_small_are_treated_alike(trailcam, s3, bucket, length):
    first, second = os.urandom(length), os.urandom(length)
    crc32 = lambda data: base64.b64encode(zlib.crc32(data).to_bytes(4)).decode()  # noqa: E731
    s3.put_object(Bucket="box", Key="k", Body=first)
    # Copies, with a checksum that the source does not have.
    copy = s3.copy_object(Bucket="box", Key="copy", CopySource="box/k", ChecksumAlgorithm="SHA256")["CopyObjectResult"]
    assert copy["ETag"] == f'"{hashlib.md5(first).hexdigest()}"'
    assert copy["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(first).digest()).decode()
    assert body(s3, "copy") == first
    # Parts, with a checksum that did not come, and copied.
    begun = s3.create_multipart_upload(Bucket="box", Key="joined", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    begun = {"Bucket": "box", "Key": "joined", "UploadId": begun["UploadId"]}
    _, headers, _ = raw(trailcam, "PUT", f"/box/joined?partNumber=1&uploadId={begun['UploadId']}", first)
    assert s3.list_parts(**begun)["Parts"][0]["ChecksumCRC32"] == crc32(first)
    copied = s3.upload_part_copy(**begun, PartNumber=1, CopySource="box/k", CopySourceRange=f"bytes=10-{length - 1}")
    assert copied["CopyPartResult"]["ETag"] == f'"{hashlib.md5(first[10:]).hexdigest()}"'
    assert copied["CopyPartResult"]["ChecksumCRC32"] == crc32(first[10:])
    parts = {"Parts": [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]}
    assert s3.complete_multipart_upload(**begun, MultipartUpload=parts)["ChecksumCRC32"] == crc32(first[10:])
    assert body(s3, "joined") == first[10:]
    # Parts that came with a checksum that was not asked for.
    begun = {"Bucket": "box", "Key": "hashed", "UploadId": s3.create_multipart_upload(Bucket="box", Key="hashed")["UploadId"]}
    part = s3.upload_part(**begun, PartNumber=1, Body=first, ChecksumAlgorithm="SHA1")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = s3.complete_multipart_upload(**begun, MultipartUpload=parts)
    _, headers, _ = raw(trailcam, "PUT", "/box/put", first)
    assert done["ChecksumCRC64NVME"] == headers["x-amz-checksum-crc64nvme"]
    # A file that somebody else has changed, and its copy.
    (trailcam.data_dir / "s3/box/k").write_bytes(second)
    tag = f'"{hashlib.md5(second).hexdigest()}"'
    assert s3.head_object(Bucket="box", Key="k")["ETag"] == tag
    assert {item["Key"]: item["ETag"] for item in s3.list_objects_v2(Bucket="box")["Contents"]}["k"] == tag
    assert {item["Key"]: item["ETag"] for item in s3.list_object_versions(Bucket="box")["Versions"]}["k"] == tag
    assert s3.get_object_attributes(Bucket="box", Key="k", ObjectAttributes=["ETag"])["ETag"] == tag.strip('"')
    copy = s3.copy_object(Bucket="box", Key="k2", CopySource="box/k", CopySourceIfMatch=tag)["CopyObjectResult"]
    assert (copy["ETag"], body(s3, "k2")) == (tag, second)


def test_links_out_of_a_bucket_are_not_followed(trailcam, s3, bucket, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "key").write_text("theirs")
    s3.put_object(Bucket="box", Key="dir/key", Body=b"ours")
    own = trailcam.data_dir / "s3/box"
    (own / "dir").rename(own / "moved")
    (own / "dir").symlink_to(elsewhere)
    assert refused(s3.get_object, Bucket="box", Key="dir/key")[::2] == ("NoSuchKey", 404)
    for key in ("dir/key", "dir/other"):
        s3.put_object(Bucket="box", Key=key, Body=b"new")
        assert body(s3, key) == b"new"
        s3.delete_object(Bucket="box", Key=key)
    assert [(file.name, file.read_text()) for file in elsewhere.iterdir()] == [("key", "theirs")]


# Versions


def test_versions(trailcam, s3, bucket):
    s3.put_object(Bucket="box", Key="k", Body=b"null")
    assert s3.get_bucket_versioning(Bucket="box").get("Status") is None
    versioned(s3)
    assert s3.get_bucket_versioning(Bucket="box")["Status"] == "Enabled"
    first = s3.put_object(Bucket="box", Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket="box", Key="k", Body=b"2")["VersionId"]
    assert (body(s3, "k"), body(s3, "k", VersionId=first), body(s3, "k", VersionId="null")) == (b"2", b"1", b"null")
    assert (trailcam.data_dir / "s3/box/k").read_bytes() == b"2"
    marker = s3.delete_object(Bucket="box", Key="k")
    assert marker["DeleteMarker"] is True
    assert refused(s3.get_object, Bucket="box", Key="k")[0] == "NoSuchKey"
    assert refused(s3.get_object, Bucket="box", Key="k", VersionId=marker["VersionId"])[::2] == (
        "MethodNotAllowed",
        405,
    )
    assert not (trailcam.data_dir / "s3/box/k").exists()
    assert keys(s3) == []
    listed = s3.list_object_versions(Bucket="box")
    assert [version["VersionId"] for version in listed["Versions"]] == [second, first, "null"]
    assert [(item["VersionId"], item["IsLatest"]) for item in listed["DeleteMarkers"]] == [(marker["VersionId"], True)]
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="box", PaginationConfig={"PageSize": 1})
    seen = [item["VersionId"] for page in pages for kind in ("DeleteMarkers", "Versions") for item in page.get(kind, [])]
    assert seen == [marker["VersionId"], second, first, "null"]
    s3.delete_object(Bucket="box", Key="k", VersionId=marker["VersionId"])
    assert body(s3, "k") == b"2"
    assert refused(s3.delete_bucket, Bucket="box")[0] == "BucketNotEmpty"
    for version in (second, first, "null"):
        s3.delete_object(Bucket="box", Key="k", VersionId=version)
    s3.delete_bucket(Bucket="box")


def test_answers_tell_of_delete_markers(trailcam, s3, bucket):
    versioned(s3)
    s3.put_object(Bucket="box", Key="k", Body=b"1")
    marker = s3.delete_object(Bucket="box", Key="k")["VersionId"]
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
    for path, status in (("/box/k", 404), (f"/box/k?versionId={marker}", 405)):
        for method in ("GET", "HEAD"):
            found, headers, _ = raw(trailcam, method, path)
            assert (found, headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == (status, "true", marker)
    _, headers, _ = raw(trailcam, "GET", f"/box/k?versionId={marker}")
    assert (headers["allow"], headers["last-modified"]) == ("DELETE", "Thu, 15 Jan 2026 10:00:00 GMT")
    by_id = {"Bucket": "box", "Key": "k", "VersionId": marker}
    assert refused(s3.copy_object, Bucket="box", Key="copy", CopySource=by_id)[::2] == ("InvalidRequest", 400)


def test_versioning_that_is_suspended(s3, bucket):
    versioned(s3)
    kept = s3.put_object(Bucket="box", Key="k", Body=b"1")["VersionId"]
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket="box", Key="k", Body=b"2")
    s3.put_object(Bucket="box", Key="k", Body=b"3")
    assert [item["VersionId"] for item in s3.list_object_versions(Bucket="box")["Versions"]] == ["null", kept]
    assert body(s3, "k", VersionId=kept) == b"1"


def test_lifecycle_by_the_clock(trailcam, s3, bucket):
    for key in ("tmp/old", "kept"):
        s3.put_object(Bucket="box", Key=key, Body=b"1")
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket="box", LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket="box")["Rules"] == [rule]
    # Three days after creation, rounded up to the next midnight UTC.
    assert 'rule-id="tidy"' in s3.head_object(Bucket="box", Key="tmp/old")["Expiration"]
    assert "Mon, 19 Jan 2026 00:00:00 GMT" in s3.head_object(Bucket="box", Key="tmp/old")["Expiration"]
    trailcam.advance("P3D")
    assert keys(s3) == ["kept", "tmp/old"]
    trailcam.advance("P2D")
    assert keys(s3) == ["kept"]


# Policies and other settings


def test_policies(s3, bucket):
    assert refused(s3.get_bucket_policy, Bucket="box") == (
        "NoSuchBucketPolicy",
        "The bucket policy does not exist",
        404,
    )
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::box/*"}
        ],
    }
    assert refused(s3.put_bucket_policy, Bucket="box", Policy="{")[::2] == ("MalformedPolicy", 400)
    elsewhere = json.dumps(policy).replace(":::box", ":::other")
    assert refused(s3.put_bucket_policy, Bucket="box", Policy=elsewhere) == (
        "MalformedPolicy",
        "Policy has invalid resource",
        400,
    )
    assert refused(s3.get_bucket_policy, Bucket="box")[0] == "NoSuchBucketPolicy"
    # Block Public Access is on for new buckets since April 2023.
    assert refused(s3.put_bucket_policy, Bucket="box", Policy=json.dumps(policy))[::2] == ("AccessDenied", 403)
    s3.delete_public_access_block(Bucket="box")
    s3.put_bucket_policy(Bucket="box", Policy=json.dumps(policy))
    assert json.loads(s3.get_bucket_policy(Bucket="box")["Policy"]) == policy
    assert s3.get_bucket_policy_status(Bucket="box")["PolicyStatus"]["IsPublic"] is True
    s3.delete_bucket_policy(Bucket="box")
    assert refused(s3.get_bucket_policy, Bucket="box")[0] == "NoSuchBucketPolicy"


def test_settings_of_new_buckets(s3, bucket):
    blocked = s3.get_public_access_block(Bucket="box")["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    rules = s3.get_bucket_ownership_controls(Bucket="box")["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (rule,) = s3.get_bucket_encryption(Bucket="box")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_bucket_acl(Bucket="box")["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket="box")[0] == "NoSuchLifecycleConfiguration"


def test_lists_of_objects(s3, bucket):
    """<https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>"""
    put = {"Bucket": "box", "Key": "k"}
    lists_off = ("AccessControlListNotSupported", "The bucket does not allow ACLs", 400)
    assert refused(s3.put_object, **put, ACL="private") == lists_off
    s3.put_object(**put, ACL="bucket-owner-full-control")
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket="box", OwnershipControls=rules)
    s3.put_object(**put, ACL="private")
    s3.put_object_acl(**put, ACL="private")
    assert refused(s3.put_object_acl, **put, ACL="public-read")[::2] == ("AccessDenied", 403)
    s3.delete_public_access_block(Bucket="box")
    assert refused(s3.put_object, **put, ACL="public-read")[::2] == ("NotImplemented", 501)
    assert [grant["Permission"] for grant in s3.get_object_acl(**put)["Grants"]] == ["FULL_CONTROL"]


def test_object_lock(trailcam, s3):
    s3.create_bucket(Bucket="box", ObjectLockEnabledForBucket=True)
    until = {"x_amz_object_lock_mode": "GOVERNANCE", "x_amz_object_lock_retain_until_date": "2026-01-16T00:00:00Z"}
    assert code(raw(trailcam, "PUT", "/box/k", b"1", **until)) == (400, "InvalidRequest")
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime.datetime(2026, 1, 16)}
    version = s3.put_object(Bucket="box", Key="k", Body=b"1", **lock)["VersionId"]
    delete = {"Bucket": "box", "Key": "k", "VersionId": version}
    assert refused(s3.delete_object, **delete)[::2] == ("AccessDenied", 403)
    s3.put_object_legal_hold(**delete, LegalHold={"Status": "ON"})
    trailcam.advance("P1D")
    assert refused(s3.delete_object, **delete, BypassGovernanceRetention=True)[::2] == ("AccessDenied", 403)
    s3.put_object_legal_hold(**delete, LegalHold={"Status": "OFF"})
    s3.delete_object(**delete)
    assert s3.list_object_versions(Bucket="box").get("Versions") is None


def test_encryption(s3, bucket):
    key = "arn:aws:kms:us-east-1:000000000000:key/11112222-3333-4444-5555-666677778888"
    context = base64.b64encode(b'{"a":"b"}').decode()
    wish = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key, "SSEKMSEncryptionContext": context}
    put = s3.put_object(Bucket="box", Key="k", Body=b"1", **wish)
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"], put["SSEKMSEncryptionContext"]) == tuple(wish.values())
    del wish["ServerSideEncryption"], wish["SSEKMSKeyId"]
    assert refused(s3.put_object, Bucket="box", Key="k", Body=b"2", **wish)[::2] == ("InvalidArgument", 400)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="box", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="box", Key="default", Body=b"3")
    assert s3.head_object(Bucket="box", Key="default")["SSEKMSKeyId"] == key
    assert body(s3, "k") == b"1"


def test_deleting_settings_that_are_not_there(s3, bucket):
    s3.delete_bucket_cors(Bucket="box")
    s3.delete_bucket_website(Bucket="box")
    s3.delete_bucket_replication(Bucket="box")
    assert refused(s3.get_bucket_cors, Bucket="box")[0] == "NoSuchCORSConfiguration"
    assert refused(s3.delete_bucket_cors, Bucket="nowhere")[0] == "NoSuchBucket"


def test_settings_without_effect_are_refused(s3, bucket):
    target = {"LoggingEnabled": {"TargetBucket": "box", "TargetPrefix": "logs/"}}
    assert refused(s3.put_bucket_logging, Bucket="box", BucketLoggingStatus=target)[::2] == ("NotImplemented", 501)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="box")


# Addresses


def test_presigned_urls(s3, bucket):
    put = s3.generate_presigned_url("put_object", Params={"Bucket": "box", "Key": "a b/ü"}, ExpiresIn=600)
    assert requests.put(put, data=b"by url", timeout=20).status_code == 200
    get = s3.generate_presigned_url(
        "get_object", Params={"Bucket": "box", "Key": "a b/ü", "ResponseContentType": "text/x-test"}
    )
    got = requests.get(get, timeout=20)
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, b"by url", "text/x-test")


def test_presigned_urls_carry_headers(trailcam, s3, bucket):
    """botocore puts headers into the query of URLs of signature version 2; other SDKs do so with version 4, too."""
    old = trailcam.client("s3", signature_version="s3")
    wish = {"Bucket": "box", "Key": "k", "Metadata": {"a": "1"}, "StorageClass": "STANDARD_IA", "Tagging": "k=v"}
    assert requests.put(old.generate_presigned_url("put_object", Params=wish), data=b"1", timeout=20).status_code == 200
    head = s3.head_object(Bucket="box", Key="k")
    assert (head["Metadata"], head["StorageClass"], head["TagCount"]) == ({"a": "1"}, "STANDARD_IA", 1)
    event = trailcam.events(eventName="PutObject")[-1]
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-request-identification.html
    assert event["additionalEventData"]["SignatureVersion"] == "SigV2"
    assert event["additionalEventData"]["AuthenticationMethod"] == "QueryString"
    assert event["requestParameters"]["x-amz-storage-class"] == "STANDARD_IA"
    assert not {"Signature", "AWSAccessKeyId"} & event["requestParameters"].keys()
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "box", "Key": "k"})
    answer = requests.put(f"{url}&x-amz-checksum-crc32=AAAAAA%3D%3D", data=b"2", timeout=20)
    assert (answer.status_code, "<Code>BadDigest</Code>" in answer.text) == (400, True)
    assert body(s3, "k") == b"1"


def test_virtual_hosts(trailcam, s3, bucket):
    s3.put_object(Bucket="box", Key="k", Body=b"1")
    hosts = [
        "box.s3.amazonaws.com",
        "box.s3.us-east-1.amazonaws.com",
        "BOX.S3.AMAZONAWS.COM",
        "box.s3.us-east-1.localhost:4566",
        "box.s3.localhost.localstack.cloud:4566",
    ]
    for host in hosts:
        answer = requests.get(f"{trailcam.endpoint}/k", headers={"Host": host}, timeout=20)
        assert (answer.status_code, answer.content) == (200, b"1"), host
    # Keys may be called as the admin API is; trailcam itself may be called by any name.
    for key in ("_trailcam/health", "_trailcam/reset", "_localstack/health"):
        s3.put_object(Bucket="box", Key=key, Body=b"2")
        answer = requests.get(f"{trailcam.endpoint}/{key}", headers={"Host": hosts[0]}, timeout=20)
        assert (answer.status_code, answer.content) == (200, b"2"), key
        answer = requests.post(f"{trailcam.endpoint}/{key}", headers={"Host": hosts[0]}, timeout=20)
        assert (answer.status_code, answer.headers["content-type"]) == (405, "application/xml"), key
    answer = requests.get(f"{trailcam.endpoint}/_trailcam/health", headers={"Host": "trailcam.localhost"}, timeout=20)
    assert answer.json()["status"] == "ok"
    assert len(keys(s3)) == 4


def test_anonymous_callers_have_no_buckets(trailcam, s3, bucket):
    answer = requests.get(f"{trailcam.endpoint}/", timeout=20)
    assert (answer.status_code, "<Code>AccessDenied</Code>" in answer.text) == (403, True)
    s3.put_object(Bucket="box", Key="k", Body=b"1")
    answer = requests.get(f"{trailcam.endpoint}/box/k?response-content-type=text/html", timeout=20)
    assert (answer.status_code, "<Code>InvalidRequest</Code>" in answer.text) == (400, True)
    answer = requests.put(f"{trailcam.endpoint}/other", timeout=20)
    assert (answer.status_code, "<Code>AccessDenied</Code>" in answer.text) == (403, True)
    assert [item["Name"] for item in s3.list_buckets()["Buckets"]] == ["box"]


def test_a_client_may_be_done_before_it_is_answered(trailcam, s3, bucket):
    host, port = trailcam.endpoint.removeprefix("http://").split(":")
    head = f"PUT /box/k HTTP/1.1\r\nHost: {host}\r\nAuthorization: {SIGNED}\r\nContent-Length: 3\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + b"abc")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
    assert body(s3, "k") == b"abc"


def test_cut_uploads_leave_no_trace(trailcam, s3, bucket):
    host, port = trailcam.endpoint.removeprefix("http://").split(":")
    files = lambda: {file for file in trailcam.data_dir.rglob("*") if file.is_file()}  # noqa: E731
    before = files()
    upload = s3.create_multipart_upload(Bucket="box", Key="k")["UploadId"]
    for path in ("/box/k", f"/box/k?partNumber=1&uploadId={upload}"):
        head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {SIGNED}\r\nContent-Length: 1000000\r\n\r\n"
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(head.encode() + bytes(300_000))
            connection.shutdown(socket.SHUT_WR)
            assert b"<Code>IncompleteBody</Code>" in connection.recv(4096)
    assert keys(s3) == []
    assert s3.list_parts(Bucket="box", Key="k", UploadId=upload).get("Parts") is None
    assert files() == before


def test_errors_are_xml(trailcam, bucket):
    answer = requests.get(f"{trailcam.endpoint}/box/missing", timeout=20)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/xml")
    for piece in (
        "<Code>NoSuchKey</Code>",
        "<Message>The specified key does not exist.</Message>",
        "<Key>missing</Key>",
        f"<RequestId>{answer.headers['x-amz-request-id']}</RequestId>",
    ):
        assert piece in answer.text


# aws-cli


def test_aws_s3(trailcam, s3, tmp_path):
    trailcam.aws("s3", "mb", "s3://box")
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.txt").write_text("one")
    (folder / "sub" / "two.txt").write_text("two")
    (folder / "big.bin").write_bytes(bytes(BIG))
    trailcam.aws("s3", "sync", str(folder), "s3://box/up", "--no-progress")
    assert keys(s3) == ["up/big.bin", "up/one.txt", "up/sub/two.txt"]
    assert s3.head_object(Bucket="box", Key="up/big.bin")["ETag"].endswith('-2"')
    listed = trailcam.aws("s3", "ls", "s3://box/up/")
    assert "PRE sub/" in listed
    assert "3 one.txt" in listed
    trailcam.aws("s3", "cp", "s3://box/up/big.bin", str(tmp_path / "back"), "--no-progress")
    assert (tmp_path / "back").read_bytes() == bytes(BIG)
    trailcam.aws("s3", "mv", "s3://box/up/one.txt", "s3://box/moved.txt")
    assert keys(s3) == ["moved.txt", "up/big.bin", "up/sub/two.txt"]
    url = trailcam.aws("s3", "presign", "s3://box/moved.txt").strip()
    assert requests.get(url, timeout=20).text == "one"
    assert "NoSuchBucket" in trailcam.aws("s3", "ls", "s3://nowhere", fails=True)
    trailcam.aws("s3", "rm", "s3://box", "--recursive")
    trailcam.aws("s3", "rb", "s3://box")
    assert s3.list_buckets()["Buckets"] == []
