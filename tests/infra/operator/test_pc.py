"""The commands that the PC gets really make a certificate that signs it in."""

import shutil
import subprocess
from pathlib import Path

import pytest
from azure.identity import CertificateCredential

from infra.store.certificates import read_certificate
from infra.store.pc import MAKE_CERTIFICATE
from tests.infra.operator.cloud import TENANT, Cloud

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("sh") is None,
    reason="needs machine: one with openssl and a POSIX shell",
)


@pytest.fixture
def on_the_pc(tmp_path: Path) -> Path:
    """Run the printed commands for Linux in a folder, and return it."""
    _, _, commands = MAKE_CERTIFICATE.partition("Linux (as root):\n")
    here = commands.replace("/etc/shopmaster", str(tmp_path / "pc"))
    assert here != commands
    subprocess.run(["sh", "-eu", "-c", here], check=True, capture_output=True, timeout=60)
    return tmp_path / "pc"


@needs_openssl
def test_the_public_part_is_taken_and_the_private_one_refused(
    cloud: Cloud, on_the_pc: Path
) -> None:
    public = on_the_pc / "sign-in-public.pem"
    assert cloud.store("add", "0001", "--certificate", str(public)).code == 0
    private = cloud.store("add", "0002", "--certificate", str(on_the_pc / "sign-in.pem"))
    assert (private.code, "must never leave the PC" in private.err) == (2, True)


@needs_openssl
def test_only_its_owner_may_read_the_private_key(on_the_pc: Path) -> None:
    assert sorted(file.name for file in on_the_pc.iterdir()) == [
        "sign-in-public.pem",
        "sign-in.pem",
    ]
    assert (on_the_pc / "sign-in.pem").stat().st_mode & 0o077 == 0


@needs_openssl
@pytest.mark.parametrize("form", ["pem", "pfx"])
def test_the_azure_library_takes_the_key(on_the_pc: Path, form: str) -> None:
    """On Windows the commands make a PFX without a password, as openssl does here."""
    file = on_the_pc / f"sign-in.{form}"
    if form == "pfx":
        subprocess.run(
            [
                "openssl",
                "pkcs12",
                "-export",
                "-passout",
                "pass:",
                "-in",
                "sign-in.pem",
                "-out",
                file,
            ],
            cwd=on_the_pc,
            check=True,
            capture_output=True,
            timeout=60,
        )
    CertificateCredential(TENANT, "client", str(file)).close()


@needs_openssl
def test_the_thumbprint_is_that_of_the_certificate(on_the_pc: Path) -> None:
    file = on_the_pc / "sign-in-public.pem"
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha1", "-in", file],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    expected = said.rpartition("=")[2].strip().replace(":", "").lower()
    assert read_certificate(file).thumbprint == expected
