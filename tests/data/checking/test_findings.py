"""What to do about each fault."""

import pytest

from kerascnn.data.checking.findings import ADVICE, error


@pytest.mark.parametrize(
    ("what", "kind", "to_do"),
    [
        ("is empty (0 bytes)", "empty file", "fetch it again, or remove it"),
        ("is empty; a sub-folder for each class is needed, with ...", "no images", "put images into it"),
        ("is named as JPEG but its content is WebP: rename it", "wrong extension", "rename it to .webp"),
        (
            "has 30000 x 20000 pixels; allowed are 89,478,485 in all (--max-pixels)",
            "too large",
            "shrink it, or remove it; or give --max-pixels 600000000",
        ),
        ("is no image but HEIC, AVIF or MP4; allowed are ...", "no image", "convert it to JPEG or PNG"),
        ("is no image but HTML; allowed are ...", "no image", "remove it; if it was fetched, fetch it again"),
        ("is a truncated JPEG: its end is missing", "truncated", "fetch it again, or remove it"),
        (
            "holds the value 255; masks hold 0 to 1; if 255 is void: --ignore 255",
            "stray value",
            "give --ignore 255 if it is void; or else number the classes anew",
        ),
        ("is something new", "other", "mend it, or remove it"),
    ],
)
def test_advice(what, kind, to_do):
    found = error("a/b.jpg", what)
    assert found == ("error", kind, "a/b.jpg", what, to_do, ())


def test_the_number_of_pixels_that_is_advised_is_enough_for_webp():
    found = error("a.webp", "has 16384 x 16384 pixels; allowed are 44,739,242 in all (--max-pixels)")
    assert found.to_do.endswith(f"--max-pixels {2 * 16384**2}")


def test_advice_is_short():
    assert all(len(to_do) < 80 and to_do[0].islower() for *_, to_do in ADVICE)
