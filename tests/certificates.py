"""The certificates that a mail server may show, right and wrong, each really made."""

import datetime
from collections.abc import Callable
from ipaddress import ip_address

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.smtp_server import HOST, authority, good_certificate


def _expired() -> trustme.LeafCert:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    return authority().issue_cert(HOST, not_after=yesterday)


def _wrong_name() -> trustme.LeafCert:
    return authority().issue_cert("elsewhere.example")


def _unknown_authority() -> trustme.LeafCert:
    return trustme.CA().issue_cert(HOST)


def _own_authority() -> trustme.LeafCert:
    """Shown together with an authority that vouches for nobody but itself."""
    own = trustme.CA()
    leaf = own.issue_cert(HOST)
    chain = [own.cert_pem.bytes()]
    return trustme.LeafCert(leaf.private_key_pem.bytes(), leaf.cert_chain_pems[0].bytes(), chain)


def _self_signed() -> trustme.LeafCert:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    today = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), False)
        .sign(key, hashes.SHA256())
    )
    private_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return trustme.LeafCert(private_key, built.public_bytes(serialization.Encoding.PEM), [])


CERTIFICATES: dict[str, Callable[[], trustme.LeafCert]] = {
    "good": good_certificate,
    "expired": _expired,
    "wrong_name": _wrong_name,
    "self_signed": _self_signed,
    "own_authority": _own_authority,
    "unknown_authority": _unknown_authority,
}
