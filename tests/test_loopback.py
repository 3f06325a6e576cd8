"""A test that connects to another machine fails, whatever it or the product does with the error."""

import pytest

# RFC 5737 reserves these addresses for documentation: if the guard fails, nobody is there.
TESTS = """
    import contextlib, socket, subprocess, sys

    def reach(host):
        with socket.socket() as client:
            client.settimeout(0.1)
            client.connect((host, 9))

    def test_this_machine():
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(("localhost", server.getsockname()[1])).close()

    def test_a_name_that_resolves_nowhere():
        with contextlib.suppress(OSError):
            reach("shop.invalid")

    def test_another_machine(): reach("192.0.2.1")

    def test_a_name_on_the_internet(): socket.getaddrinfo("shop.example", 9)

    def test_a_server_open_to_the_world():
        with socket.socket() as server:
            server.bind(("0.0.0.0", 0))

    def test_a_packet():
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.sendto(b"x", ("192.0.2.1", 9))

    def test_a_swallowed_error():
        with contextlib.suppress(Exception):
            reach("192.0.2.1")

    def test_another_process():
        code = "import socket; socket.create_connection(('192.0.2.1', 9), timeout=0.1)"
        subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
"""


def test_only_this_machine_may_be_reached(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeconftest('pytest_plugins = ["tests.loopback"]')
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "ignore")
    # Four tests raise the error and fail again at their end; two fail only at their end.
    result.assert_outcomes(passed=4, failed=4, errors=6)
    result.stdout.fnmatch_lines_random(
        ["*192.0.2.1 is not this machine*", "*only to this machine*"]
    )
