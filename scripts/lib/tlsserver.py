"""An https server with a certificate for `localhost` from a CA that it makes itself: takes notices, and keeps what came.

Prints `ready PORT` once it serves. The folder gets `ca.pem`, the certificate to trust, and `requests.jsonl`, one line for each
POST: `path`, `headers` with names in lower case, `body`, and `hmac`, the HMAC-SHA-256 of the body under --secret. A path that
begins with /moved is answered with a redirection to /taken, any other as EventBridge answers PutEvents.
"""

import argparse
import hashlib
import hmac
import json
import ssl
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import lifeline

ANSWER = b'{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}'


def certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name | None, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """A certificate of a day; without an issuer one of a CA."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def context(folder: Path) -> ssl.SSLContext:
    """The server's side of TLS, with certificates made now."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = certificate("sg-revert test CA", ca_key, None, ca_key)
    leaf = certificate("localhost", key, ca.subject, ca_key)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = folder / "server.pem"
    pem.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pem)
    return made


class Server(ThreadingHTTPServer):
    """Shakes hands in the thread of the connection, so that a client that gives up holds up no other."""

    daemon_threads = True

    def __init__(self, folder: Path, secret: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.secret = secret
        self.lock = threading.Lock()
        self.socket = context(folder).wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not believe the certificate ends the connection, which is no news."""


class Handler(BaseHTTPRequestHandler):
    """Keeps a POST."""

    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        kept = {
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
            "hmac": hmac.new(self.server.secret, body, hashlib.sha256).hexdigest(),
        }
        with self.server.lock, (self.server.folder / "requests.jsonl").open("a") as file:
            file.write(json.dumps(kept) + "\n")
        is_moved = self.path.startswith("/moved")
        self.send_response(307 if is_moved else 200)
        if is_moved:
            self.send_header("Location", "/taken")
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        """One line for each request is noise."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--secret", default="")
    lifeline.add_option(parser)
    options = parser.parse_args()
    server = Server(options.folder, options.secret.encode())
    lifeline.watch(options)
    print(f"ready {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
