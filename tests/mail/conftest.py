"""What the tests of sessions share."""

import pytest

from portal.mail.smtp import Network
from tests.smtp_server import authority


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority().cert_pem.write_to_path(str(ca_file))
    return Network(("127.0.0.0/8", "::1"), frozenset({465, 587}), ca_file)
