"""Writes the products that were rejected as a CSV file for a spreadsheet, in which no text is a formula."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from agent.catalog_file import check_name
from agent.errors import AgentError, SettingsError
from agent.replacing import replace_file
from agent.showing import shown
from agent.state import for_everyone
from contract.product import Rejection, Stage

HEADER = ("Row", "Product", "Rejected by", "Reason")
SEPARATOR = "\t"
"""A tab: Excel takes it in every country, a comma or a semicolon only in some."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_WHO = {Stage.CATALOG: "check before sending", Stage.DIGIBLE: "Digible"}


def check_place(path: Path) -> None:
    """Raise SettingsError for a file that can't be written, before there is anything to write."""
    check_name(path, option="--rejections")
    if path.is_dir() or not path.absolute().parent.is_dir():
        why = "is a folder" if path.is_dir() else "is in a folder that doesn't exist"
        raise SettingsError(
            f"The file {path} of --rejections {why}.", "Name a file in a folder that exists."
        )


def write_rejections(path: Path, rejections: Iterable[Rejection]) -> None:
    """Write the file, whole or not at all, in place of one that is there.

    Raises AgentError if it can't be written.
    """
    try:
        replace_file(path, rejections_csv(rejections), prepare=for_everyone)
    except OSError as error:
        raise AgentError(
            f"The file {path} with the rejected products can't be written "
            f"({error.strerror or error}).",
            "Close it if it is open in another program, or choose another place with --rejections.",
        ) from error


def rejections_csv(rejections: Iterable[Rejection]) -> bytes:
    """Return the rejections as a spreadsheet takes them: a line each, below one with headings."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=SEPARATOR, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    for each in rejections:
        row = "" if each.row is None else str(each.row)
        cells = (row, each.product_id or "", _WHO[each.stage], each.reason)
        writer.writerow(map(_harmless, cells))
    # With its byte order mark, Excel takes it for UTF-8.
    return text.getvalue().encode("utf-8-sig", "replace")


def _harmless(text: str) -> str:
    """Return `text` on one line, as no spreadsheet takes it for a formula."""
    cell = shown(text)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
