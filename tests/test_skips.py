"""In CI, a skip fails the test run, so that no test is lost unnoticed."""

import pytest

SKIPS = """
    import pytest

    def test_passes(): pass

    @pytest.mark.skip(reason="flaky")
    def test_skipped_by_mark(): pass

    def test_skipped_inside(): pytest.skip("no time")

    @pytest.mark.skip(reason="needs machine: Windows")
    def test_for_another_machine(): pass

    @pytest.mark.xfail
    def test_expected_to_fail(): assert False
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest('pytest_plugins = ["tests.skips"]')
    pytester.makepyfile(SKIPS)
    return pytester


def test_a_skip_fails_in_ci_unless_it_names_a_machine(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = project.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1, errors=1, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(["*Skipped in CI (flaky)*"])


def test_a_file_that_skips_itself_fails_in_ci(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.makepyfile('import pytest\npytest.importorskip("no_such_module")\n')
    result = project.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)


def test_a_skip_is_allowed_on_a_developers_machine(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    result = project.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, skipped=3, xfailed=1)
