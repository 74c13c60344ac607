"""Signs requests with botocore: JSON lines in, one JSON line with the signature out for each."""

import json
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

for line in sys.stdin.read().splitlines():
    case = json.loads(line)
    request = AWSRequest(method=case["method"], url=case["url"], headers=case["headers"], data=case["body"].encode())
    credentials = Credentials(case["accessKey"], case["secretKey"], case.get("token"))
    auth = SigV4Auth(credentials, case["service"], case["region"])
    # What add_auth does, with a time of our choosing.
    request.context["timestamp"] = case["timestamp"]
    auth._modify_request_before_signing(request)
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    print(json.dumps({"canonical": canonical, "signature": signature}))
