"""What two participants of a sealed exchange compute, by OpenSSL instead of @noble and WebCrypto: for
packages/fl-core/src/sealing/keys/golden.test.ts.

    pip install cryptography==48.0.0
    python experiments/oracles/sealing-keys.py > packages/fl-core/src/sealing/keys/fixtures/python.json
"""

import hashlib
import json
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRETS = [hashlib.sha256(name).digest() for name in (b"first participant", b"second participant")]
CONTEXT = hashlib.sha256(b"the context of an exchange").digest()
VECTOR, FROM, TO = "blocks.11", "a-hospital", "b-hospital"
LENGTH = 2 * 65_536 + 5  # words: over two borders of the chunks that are drawn at once


def derived(shared, purpose, name):
    info = purpose.encode() + CONTEXT + f"|{name}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(shared)


keys = [X25519PrivateKey.from_private_bytes(secret) for secret in SECRETS]
shared = keys[0].exchange(keys[1].public_key())
seed = derived(shared, "strata/secagg/1|", VECTOR)
stream = Cipher(algorithms.AES(seed[:16]), modes.CTR(bytes(16))).encryptor().update(bytes(4 * LENGTH))
words = struct.unpack(f"<{LENGTH}i", stream)
envelope_key = derived(shared, "strata/secagg-shares/1|", f"{FROM}|{TO}")
iv, plain = hashlib.sha256(b"iv").digest()[:12], bytes(range(66))
signer = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"identity").digest())
signed = b"strata"

print(
    json.dumps(
        {
            "secrets": [secret.hex() for secret in SECRETS],
            "publics": [key.public_key().public_bytes_raw().hex() for key in keys],
            "context": CONTEXT.hex(),
            "vector": VECTOR,
            "shared": shared.hex(),
            "seed": seed.hex(),
            "length": LENGTH,
            "first": words[:8],
            "atBorder": words[65_532:65_540],
            "last": words[-5:],
            "streamSha256": hashlib.sha256(stream).hexdigest(),
            "commitment": hashlib.sha256(
                b"strata/secagg-seed/1|" + CONTEXT + f"|{VECTOR}|".encode() + seed
            ).hexdigest(),
            "envelope": {
                "from": FROM,
                "to": TO,
                "key": envelope_key.hex(),
                "iv": iv.hex(),
                "plain": plain.hex(),
                "text": AESGCM(envelope_key).encrypt(iv, plain, None).hex(),
            },
            "signature": {
                "key": signer.public_key().public_bytes_raw().hex(),
                "bytes": signed.hex(),
                "signature": signer.sign(signed).hex(),
            },
        },
        indent=2,
    )
)
