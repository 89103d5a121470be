"""Bodies that are too large, malformed, cut off or slow, and many clients at once: clear errors, no trace, no harm."""

import concurrent.futures
import json
import pathlib
import re
import socket
import time

import pytest
import requests

from conftest import Trailcam

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260115/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListTrails"


def connect(trailcam):
    host, _, port = trailcam.endpoint.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    return connection


def head(method, path, service, length, **headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: {SIGNED.format(service)}"]
    lines += [f"Content-Length: {length}"] + [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer_of(connection):
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
        if b"\r\n\r\n" in b"".join(pieces):
            break
    return b"".join(pieces).decode()


def alive(trailcam):
    assert trailcam.client("sts").get_caller_identity()["Account"] == "000000000000"


def post(trailcam, body, service="cloudtrail", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers.setdefault("content-type", "application/x-amz-json-1.1")
    return requests.post(
        trailcam.endpoint, data=body, headers={"authorization": SIGNED.format(service), **headers}, timeout=60
    )


@pytest.mark.parametrize("size", [16 * 1024 * 1024 + 1, 64 * 1024 * 1024])
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-target": TARGET},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"},
    ],
)
def test_bodies_over_the_limit(trailcam, size, announced, headers):
    """The client sends all of it before it looks at the answer, and still sees why it was refused."""
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics" if "smithy-protocol" in headers else "/"
    piece = b" " * 65536
    body = b" " * size if announced else (piece for _ in range(size // len(piece) + 1))
    headers = {"authorization": SIGNED.format("iam"), "content-type": "application/x-amz-json-1.1", **headers}
    with requests.Session() as session:
        answer = session.post(trailcam.endpoint + path, data=body, headers=headers, timeout=60)
        assert answer.status_code == 413
        assert b"RequestEntityTooLarge" in answer.content
        # The connection is of use all the same.
        health = session.get(f"{trailcam.endpoint}/_trailcam/health", timeout=20)
        assert health.status_code == 200
    alive(trailcam)


@pytest.mark.parametrize(
    ("service", "lines", "status"),
    [
        ("cloudtrail", {"content_type": "application/x-amz-json-1.1", "x_amz_target": TARGET}, 413),
        ("iam", {"content_type": "application/x-www-form-urlencoded"}, 413),
        ("s3", {}, 400),
    ],
)
def test_bodies_announced_as_too_large_are_not_waited_for(trailcam, service, lines, status):
    # An upload's length is what is wrong with it only when nothing else is.
    trailcam.client("s3").create_bucket(Bucket="box")
    method, path = ("PUT", "/box/k") if service == "s3" else ("POST", "/")
    with connect(trailcam) as connection:
        connection.sendall(head(method, path, service, 6 * 1024**3, **lines))
        answer = answer_of(connection)
    assert answer.startswith(f"HTTP/1.1 {status} ")


@pytest.mark.parametrize(
    ("service", "content_type", "codes"),
    [
        ("cloudtrail", "application/x-amz-json-1.1", '{"__type":"IncompleteBody"'),
        ("iam", "application/x-www-form-urlencoded", "<Code>IncompleteBody</Code>"),
        ("ec2", "application/x-www-form-urlencoded", "<Code>IncompleteBody</Code>"),
    ],
)
def test_calls_that_are_cut_off(trailcam, service, content_type, codes):
    lines = {"content_type": content_type}
    if "json" in content_type:
        lines["x_amz_target"] = TARGET
    with connect(trailcam) as connection:
        connection.sendall(head("POST", "/", service, 1000, **lines) + b"Action=")
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert b" 400 " in answer.splitlines()[0]
    assert codes in answer.decode()
    alive(trailcam)


def test_heads_over_the_limit(trailcam):
    answer = requests.get(trailcam.endpoint, headers={"x-long": "x" * 300_000}, timeout=20)
    assert answer.status_code == 431
    alive(trailcam)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"\xff\xfe", b'{"a":' + b"[" * 100_000, b'"text"', b'{"trailNameList":"not a list"}']
)
def test_json_that_is_none(trailcam, body):
    target = TARGET.replace("ListTrails", "DescribeTrails")
    answer = post(trailcam, body, x_amz_target=target)
    assert answer.status_code == 400
    assert answer.json()["__type"].rpartition("#")[2] == "SerializationException"
    alive(trailcam)


@pytest.mark.parametrize("body", [b"<Delete", b"", b"not xml", b"<Delete>" + b"<a>" * 50_000, b"\x00"])
def test_xml_that_is_none(trailcam, body):
    trailcam.client("s3").create_bucket(Bucket="box")
    trailcam.client("s3").put_object(Bucket="box", Key="k", Body=b"1")
    answer = requests.post(
        f"{trailcam.endpoint}/box?delete", data=body, headers={"authorization": SIGNED.format("s3")}, timeout=20
    )
    assert answer.status_code == 400
    assert "<Code>" in answer.text
    assert trailcam.client("s3").get_object(Bucket="box", Key="k")["Body"].read() == b"1"


def test_document_types_are_not_expanded(trailcam):
    trailcam.client("s3").create_bucket(Bucket="box")
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "' + "x" * 1000 + '"><!ENTITY c "' + "&b;" * 1000 + '">]>'
        "<Delete><Object><Key>&c;</Key></Object></Delete>"
    )
    answer = requests.post(
        f"{trailcam.endpoint}/box?delete", data=bomb, headers={"authorization": SIGNED.format("s3")}, timeout=20
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"Action=%ZZ&Version=2010-05-08", b"Action", b"\xff\xff", b"Version=2010-05-08"])
def test_forms_that_are_none(trailcam, body):
    answer = post(trailcam, body, service="iam", content_type="application/x-www-form-urlencoded")
    assert 400 <= answer.status_code < 500
    alive(trailcam)


@pytest.mark.parametrize("body", [b"\xff", b"\x9f" * 100_000, b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", b"\xa1\x61"])
def test_cbor_that_is_none(trailcam, body):
    answer = requests.post(
        f"{trailcam.endpoint}/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
        data=body,
        headers={
            "authorization": SIGNED.format("monitoring"),
            "content-type": "application/cbor",
            "smithy-protocol": "rpc-v2-cbor",
        },
        timeout=20,
    )
    assert answer.status_code == 400
    assert answer.status_code == 400 or body == b""
    alive(trailcam)


def test_bodies_that_are_cut_off(trailcam):
    s3 = trailcam.client("s3")
    s3.create_bucket(Bucket="box")
    with connect(trailcam) as connection:
        connection.sendall(head("PUT", "/box/k", "s3", 1_000_000) + b"x" * 300_000)
        connection.shutdown(socket.SHUT_WR)
        answer = answer_of(connection)
    assert answer == "" or " 400 " in answer.splitlines()[0]
    assert "Contents" not in s3.list_objects_v2(Bucket="box")
    assert not (trailcam.data_dir / "s3/box/k").exists()
    left = [file for file in trailcam.data_dir.rglob("*") if file.is_file() and file.stat().st_size >= 100_000]
    assert left == []


def test_bodies_that_stall(trailcam):
    """The only test that waits, since it is about waiting: bodies may stall for 20 seconds."""
    s3 = trailcam.client("s3")
    s3.create_bucket(Bucket="box")
    upload, call = connect(trailcam), connect(trailcam)
    upload.sendall(head("PUT", "/box/k", "s3", 1_000_000) + b"x" * 300_000)
    call.sendall(
        head("POST", "/", "cloudtrail", 100, content_type="application/x-amz-json-1.1", x_amz_target=TARGET) + b"{"
    )
    begun = time.monotonic()
    alive(trailcam)
    for connection in (upload, call):
        answer = answer_of(connection)
        assert answer.split()[1] in ("400", "408")
        assert "RequestTimeout" in answer or "RequestTimeout" in connection.recv(65536).decode()
        connection.close()
    assert time.monotonic() - begun < 50
    assert "Contents" not in s3.list_objects_v2(Bucket="box")
    left = [file for file in trailcam.data_dir.rglob("*") if file.is_file() and file.stat().st_size >= 100_000]
    assert left == []


def test_requests_that_are_no_http(trailcam):
    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"\x00" * 1000, b"GET / HTTP/9.9\r\n\r\n"):
        with connect(trailcam) as connection:
            connection.sendall(nonsense)
            connection.shutdown(socket.SHUT_WR)
            answer = answer_of(connection)
            assert answer == "" or " 400 " in answer.splitlines()[0] or " 505 " in answer.splitlines()[0]
    alive(trailcam)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_requests_in_a_row(trailcam, version):
    """Pipelined: all are sent before the first is answered. Each answer is whole, in the order of the requests."""
    keep = "Connection: keep-alive\r\n" if version == "1.0" else ""
    signed = f"Authorization: {SIGNED.format('s3')}\r\n{keep}"
    requests = [f"HEAD /box-{number} HTTP/{version}\r\nHost: localhost\r\n{signed}\r\n" for number in range(3)]
    with connect(trailcam) as connection:
        connection.sendall("".join(requests).encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    heads = answer.decode().split("\r\n\r\n")
    assert [head.splitlines()[0] for head in heads[:-1]] == [f"HTTP/{version} 404 Not Found"] * 3
    assert heads[-1] == ""
    calls = trailcam.events(eventName="HeadBucket")
    assert [record["requestParameters"]["bucketName"] for record in calls] == ["box-0", "box-1", "box-2"]


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: five\r\n",
        "Transfer-Encoding: gzip\r\n",
        "no colon\r\n",
        "x y: z\r\n",
    ],
)
def test_heads_that_are_none(trailcam, lines):
    with connect(trailcam) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: localhost\r\n{lines}\r\nhello".encode())
        assert " 400 " in answer_of(connection).splitlines()[0]
    alive(trailcam)


def resident(trailcam):
    """Memory of the process in bytes."""
    status = pathlib.Path(f"/proc/{trailcam.process.pid}/status")
    if not status.exists():
        pytest.skip("memory is read from /proc")
    return int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) * 1024


def test_a_thousand_idle_connections(trailcam):
    alive(trailcam)
    before = resident(trailcam)
    idle = [connect(trailcam) for _ in range(900)]
    half = [connect(trailcam) for _ in range(100)]
    try:
        for connection in half:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: local")
        begun = time.monotonic()
        for _ in range(20):
            alive(trailcam)
        assert time.monotonic() - begun < 10
        assert resident(trailcam) - before < 64 * 1024 * 1024
    finally:
        for connection in idle + half:
            connection.close()
    alive(trailcam)


def test_more_connections_than_shells_allow_files(tmp_path):
    """1024 is the usual limit; it is raised as far as the system lets us."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("the system's limit is lower")
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        trailcam = Trailcam(tmp_path / "data")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    try:
        idle = [connect(trailcam) for _ in range(300)]
        alive(trailcam)
        for connection in idle:
            connection.close()
    finally:
        trailcam.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_64_clients_at_once(trailcam):
    trailcam.client("s3").create_bucket(Bucket="box")

    def work(number):
        session = requests.Session()
        signed = {"authorization": SIGNED.format("s3")}
        for turn in range(8):
            url = f"{trailcam.endpoint}/box/{number}/{turn}"
            body = json.dumps([number, turn])
            assert session.put(url, data=body, headers=signed, timeout=60).status_code == 200
            assert session.get(url, headers=signed, timeout=60).text == body
            # All write one key, too: each sees a whole body of somebody.
            shared = f"{trailcam.endpoint}/box/shared"
            session.put(shared, data=str(number) * 1000, headers=signed, timeout=60)
            seen = session.get(shared, headers=signed, timeout=60).text
            assert len(seen) in (1000, 2000) and len(set(seen[::2] + seen[1::2])) <= 2
        return number

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        assert sorted(pool.map(work, range(64))) == list(range(64))
    puts = trailcam.events(eventName="PutObject")
    assert len(puts) == 64 * 8 * 2
    assert len({record["requestID"] for record in puts}) == len(puts)
    assert len({record["eventID"] for record in puts}) == len(puts)
