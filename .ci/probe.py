"""What Schemathesis has to be told of this interface."""

import re

import schemathesis

# Bodies of these types are bytes as they are.
FILES = (
    "application/cms",
    "application/dc+sd-jwt",
    "application/jose",
    "application/ofd",
    "application/pdf",
    "application/pem-certificate-chain",
    "application/pkcs7-mime",
    "application/pkix-cert",
    "application/vc+sd-jwt",
    "application/x-pem-file",
)


@schemathesis.serializer(*FILES)
def as_bytes(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()


FRACTION = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+(Z|[+-]\d\d:\d\d)$")


def whole(value):
    """JSON Schema takes 53.0 for a whole number and any fraction of a second for a moment; here numbers are written as whole ones,
    and moments are whole seconds."""
    if isinstance(value, dict):
        return {name: whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    if isinstance(value, str):
        return FRACTION.sub(r"\1\2", value)
    # Beyond that, nobody expects a whole number.
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


@schemathesis.hook
def map_body(_context, body):
    return whole(body)


@schemathesis.hook
def map_query(_context, query):
    return whole(query)
