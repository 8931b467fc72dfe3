"""A passkey in software, for tests: makes credentials and signs challenges as an authenticator does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

CREATED, ASSERTED = "webauthn.create", "webauthn.get"


@dataclass
class Passkey:
    """`is_verified`: whether it asked for a finger, face or PIN."""

    id: bytes = b"a-passkey-of-tests"
    host: str = "testserver"
    is_verified: bool = True
    user: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> str:
        """The credential that a browser would send for these creation options."""
        self.user = options["publicKey"]["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())
        attested = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = AuthenticatorData.create(self._rp(), self._flags() | AuthenticatorData.FLAG.AT, 0, bytes(attested))
        attestation = AttestationObject.create("none", data, {})
        response = {
            "clientDataJSON": self._client_data(CREATED, options),
            "attestationObject": websafe_encode(bytes(attestation)),
            "transports": ["internal"],
        }
        return self._credential(response, {"credProps": {"rk": True}})

    def get(self, options: dict[str, Any]) -> str:
        """The assertion for these request options."""
        data = AuthenticatorData.create(self._rp(), self._flags(), 0)
        client = self._client_data(ASSERTED, options)
        signed = bytes(data) + sha256(websafe_decode(client)).digest()
        response = {
            "clientDataJSON": client,
            "authenticatorData": websafe_encode(bytes(data)),
            "signature": websafe_encode(self.key.sign(signed, ec.ECDSA(SHA256()))),
            "userHandle": self.user,
        }
        return self._credential(response, {})

    def _flags(self) -> AuthenticatorData.FLAG:
        present = AuthenticatorData.FLAG.UP
        return present | AuthenticatorData.FLAG.UV if self.is_verified else present

    def _rp(self) -> bytes:
        return sha256(self.host.encode()).digest()

    def _client_data(self, kind: str, options: dict[str, Any]) -> str:
        said = {"type": kind, "challenge": options["publicKey"]["challenge"], "origin": f"https://{self.host}"}
        return websafe_encode(json.dumps(said).encode())

    def _credential(self, response: dict[str, Any], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self.id)
        return json.dumps({
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": extensions,
        })  # fmt: skip
