"""`configure --sql` prints a script for the database person, and nothing else."""

from tests.agent.command_line.configure.installer import Installer


def test_the_script_is_all_that_is_printed(installer: Installer) -> None:
    installer.environment(
        DATABASE__SERVER=r"localhost\SQLEXPRESS", DATABASE__DATABASE="Shop", DATABASE__TABLE="T"
    )
    code, out, err = installer.run("--sql")
    assert (code, err) == (0, "")
    assert out.startswith("-- For the person")
    assert r"CREATE LOGIN [NT AUTHORITY\NETWORK SERVICE] FROM WINDOWS" in out
    assert not installer.file.exists()
    code, out, _ = installer.run("--sql", "--account", r"SHOP\upload")
    assert r"[SHOP\upload]" in out


def test_a_script_without_a_table_says_what_is_missing(installer: Installer) -> None:
    code, out, err = installer.run("--sql")
    assert (code, out) == (2, "")
    assert "SHOPMASTER_DATABASE__TABLE" in err
