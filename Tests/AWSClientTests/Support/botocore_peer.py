"""Does with botocore what the client does: JSON lines in, one JSON line with the outcome out for each."""

import json
import os
import sys
import tempfile

import botocore.credentials
import botocore.exceptions
import botocore.parsers
import botocore.serialize
import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

models = botocore.session.Session()


def sign(case):
    request = AWSRequest(method=case["method"], url=case["url"], data=case["body"].encode())
    for name, value in case["headers"]:
        request.headers.add_header(name, value)
    credentials = Credentials(case["accessKey"], case["secretKey"], case.get("token"))
    auth = SigV4Auth(credentials, case["service"], case["region"])
    # What add_auth does, with a time of our choosing.
    request.context["timestamp"] = case["timestamp"]
    auth._modify_request_before_signing(request)
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    return {"canonical": canonical, "signature": signature}


def serialize(case):
    service = models.get_service_model(case["service"])
    serializer = botocore.serialize.create_serializer(service.resolved_protocol, include_validation=False)
    request = serializer.serialize_to_request(json.loads(case["params"]), service.operation_model(case["operation"]))
    body = request["body"]
    if isinstance(body, bytes):
        body = {"json": body.decode()}
    return {"body": {name: str(value) for name, value in body.items()}, "headers": request["headers"]}


def error(case):
    parser = botocore.parsers.create_parser(case["protocol"])
    shape = None
    response = {"status_code": case["status"], "headers": case["headers"], "body": case["body"].encode()}
    found = parser.parse(response, shape)
    error = found.get("Error", {})
    return {
        "code": str(error.get("Code", "")),
        "message": error.get("Message") or "",
        "requestID": found.get("ResponseMetadata", {}).get("RequestId"),
    }


def profile(case):
    """What a profile's credentials are, and by which roles they are come by."""
    roles = []

    class STS:
        def __init__(self, key):
            self.key = key

        def assume_role(self, **kwargs):
            roles.append({"by": self.key, "arn": kwargs["RoleArn"], "externalID": kwargs.get("ExternalId")})
            return {
                "Credentials": {
                    "AccessKeyId": f"ROLE{len(roles)}",
                    "SecretAccessKey": "rs",
                    "SessionToken": "rt",
                    "Expiration": "2100-01-01T00:00:00Z",
                }
            }

    def client(name, aws_access_key_id=None, **_):
        return STS(aws_access_key_id)

    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("config", "credentials")}
        for name, path in paths.items():
            with open(path, "w") as file:
                file.write(case[name])
        os.environ.clear()
        os.environ.update(
            PATH="/usr/bin:/bin",
            AWS_CONFIG_FILE=paths["config"],
            AWS_SHARED_CREDENTIALS_FILE=paths["credentials"],
            AWS_EC2_METADATA_DISABLED="true",
        )
        session = botocore.session.Session(profile=case["profile"])
        try:
            resolver = botocore.credentials.create_credential_resolver(session)
            for provider in resolver.providers:
                if isinstance(provider, botocore.credentials.AssumeRoleProvider):
                    provider._client_creator = client
            found = resolver.load_credentials()
            keys = found and found.get_frozen_credentials()
        except (botocore.exceptions.BotoCoreError, KeyError) as problem:
            return {"error": type(problem).__name__, "roles": []}
        if not keys:
            return {"roles": []}
        return {"keys": [keys.access_key, keys.secret_key, keys.token], "roles": roles}


for line in sys.stdin.read().splitlines():
    case = json.loads(line)
    print(json.dumps(globals()[case["kind"]](case)))
