"""What the tests of the operator's programs share."""

from pathlib import Path

import pytest

from tests.infra.operator.cloud import Cloud, new_cloud


@pytest.fixture
def cloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Cloud:
    return new_cloud(tmp_path, capsys, monkeypatch)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two public certificates."""
    import trustme  # noqa: PLC0415  only some of the tests need it

    folder = tmp_path_factory.mktemp("certificates")
    files = (folder / "first-public.pem", folder / "second-public.pem")
    for file in files:
        made = trustme.CA().issue_cert("till.shop.invalid")
        made.cert_chain_pems[0].write_to_path(str(file))
    return files
