"""Whether a person would see anything of a text."""

import string
import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Unicode categories: control and format characters (zero-width ones, NUL, byte order marks), spaces."""

# Unicode's Default_Ignorable_Code_Point, as far as it is not a format character; and Braille's blank.
_FILLERS = frozenset(
    chr(code)
    for first, last in (
        *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
        *((0x2065, 0x2065), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F)),
        *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF)),
    )
    for code in range(first, last + 1)
)

_PLAIN = frozenset(string.ascii_letters + string.digits)


def is_blank(text: str) -> bool:
    """Return whether `text` has no character that is visible."""
    # Nearly every text begins with one of these, and each of a million products has two texts.
    return text[:1] not in _PLAIN and all(
        unicodedata.category(character) in _INVISIBLE or character in _FILLERS for character in text
    )
