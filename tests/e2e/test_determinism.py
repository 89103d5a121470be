"""The same seed, script and times give the same bytes."""

import json

import requests

from conftest import START, refused, trail_policy

AGENT = {"user_agent": "script/1.0"}
HOST = "trailcam.test"


def script(trailcam):
    """A script of all kinds of calls, sent with one host name whatever the port, since records show it."""

    def client(service, **more):
        made = trailcam.client(service, **AGENT, **more)
        made.meta.events.register("before-send.*", lambda request, **_: request.headers.update({"Host": HOST}))
        return made

    s3, iam, cloudtrail = client("s3"), client("iam"), client("cloudtrail")
    s3.create_bucket(Bucket="logs")
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps(trail_policy("logs")))
    cloudtrail.create_trail(Name="main", S3BucketName="logs", IsMultiRegionTrail=True, EnableLogFileValidation=True)
    selectors = [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]
    cloudtrail.put_event_selectors(TrailName="main", EventSelectors=selectors)
    cloudtrail.start_logging(Name="main")
    s3.create_bucket(Bucket="box")
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for turn in range(3):
        s3.put_object(Bucket="box", Key="k", Body=b"%d" % turn)
        iam.create_user(UserName=f"user{turn}")
        refused(iam.get_user, UserName="nobody")
        key = iam.create_access_key(UserName=f"user{turn}")["AccessKey"]
        sts = client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        made = sts.assume_role(RoleArn=role, RoleSessionName="shift")["Credentials"]
        signer = {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"], "token": made["SessionToken"]}
        client("ec2", region="eu-west-1", **signer).describe_vpcs()
        trailcam.advance("PT47M")
    trailcam.advance("PT2H")


def everything(trailcam):
    folder = trailcam.data_dir / "s3"
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_same_seed_same_bytes(start):
    runs = []
    for name in ("one", "two"):
        trailcam = start("--clock", START, "--seed", "42", name=name)
        script(trailcam)
        runs.append((everything(trailcam), requests.get(f"{trailcam.endpoint}/_trailcam/events", timeout=60).text))
    (files, events), (files_again, events_again) = runs
    assert sorted(files) == sorted(files_again)
    assert any("/CloudTrail-Digest/" in name for name in files)
    assert events == events_again
    assert [name for name in files if files[name] != files_again[name]] == []


def test_another_seed_other_ids(start):
    ids = set()
    for seed in ("1", "2"):
        trailcam = start("--clock", START, "--seed", seed, name=seed)
        ids.add(trailcam.client("iam").create_user(UserName="alice")["User"]["UserId"])
    assert len(ids) == 2
