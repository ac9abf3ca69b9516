"""Drawn letters: the fonts that come with matplotlib, written by twenty hands. They need no download.

A hand has its font, pen, slant and breadth for all letters, and bends none like another. A letter is read from the
signed distance to its outline along a bent grid, and the pen is what is added to that distance. All is a function of
the letter and the number of the hand.

No letter looks like another one. Of those that are alike in some font, be they of one alphabet, like c and C, or of
two, like A and Alpha, only one is here: a verifier cannot tell them apart. Alike are two whose plain drawings, blurred
by one pixel, correlate by more than 0.94; a test holds that there are none.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ImageFont
from scipy.ndimage import distance_transform_edt, map_coordinates

from ...errors import InputError, first_line

SIDE = 32  # pixels of an image
HANDS, HELD_HANDS = 20, 4  # that draw each letter; the last of them validate
FONTS = (
    "DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral",
    "DejaVuSans-Bold", "DejaVuSerif-Italic", "STIXGeneralItalic", "DejaVuSerif-Bold",
)  # fmt: skip
ALPHABETS = {
    "Syllabics": "ᐅᐊᐳᐸᑎᑕᑫᑯᒉᒐᒣᒧᓀᓂᓄᓇᓓᓕᓗᓚᓬᓭᓯᓱᓴᔆᔐᔑᔓᔕᔦᔨᔪᔭᕂᕃᕄᕆᕈᕊᕋᕍᕒᕓᕕᕗᕙᕝᕤᕪᕴᕵᕷᕹᖊᖋᖌᖍᖕᖖᖠᖢᖤᖧᖨᖪᖬᗡᙇ",
    "Armenian": "ԱԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՃՄՅՆՇՉՊՋՌՍՎՏՐՒՔՖաբզէըթիլխծկհճմյնշչպջվցփքֆ",
    "Fraktur": "𝔄𝔅𝔇𝔈𝔉𝔊𝔍𝔎𝔏𝔐𝔑𝔒𝔓𝔔𝔖𝔗𝔘𝔙𝔚𝔛𝔜𝔞𝔟𝔠𝔡𝔢𝔣𝔤𝔥𝔦𝔧𝔨𝔫𝔬𝔭𝔮𝔯𝔰𝔱𝔲𝔳𝔴𝔵𝔶𝔷",  # noqa: RUF001
    "Script": "𝒜𝒞𝒟𝒢𝒥𝒦𝒩𝒪𝒫𝒬𝒮𝒯𝒰𝒱𝒲𝒳𝒴𝒵𝒶𝒷𝒸𝒹𝒻𝒽𝒾𝒿𝓁𝓂𝓃𝓅𝓆𝓇𝓈𝓉𝓊𝓋𝓌𝓍𝓎𝓏",
    "Latin": "CGQRVWabdefkyßæø",
    "Cyrillic": "БДЖЗЙЛЦЧЩЪЫЭЮЯьЂЉЊЋђєџѢѤѦѨѪѬѮѰ",
    "Arabic": "ءؤئبةتثجخدذرزسشضطعغفقكلمنهوىي",
    "NKo": "ߋߍߎߏߐߑߒߓߔߕߖߗߘߙߚߛߜߝߞߟߢߣߤߥ",
    "Tifinagh": "ⴱⴳⴴⴻⴼⴽⴾⴿⵃⵄⵅⵆⵇⵈⵊⵋⵌⵍⵎⵐⵒⵓⵕⵖⵗⵘⵚⵛⵜⵞⵡⵢⵣⵤⵥ",
    "Lao": "ກຂຄງຈຊຍດຕຖທນປຜຝພມຣລວສຫຮ",
    "Old_Italic": "𐌁𐌂𐌃𐌄𐌈𐌊𐌋𐌌𐌍𐌎𐌐𐌑𐌒𐌓𐌔𐌕𐌖𐌙𐌚𐌛𐌜𐌝",
    "Nuskhuri": "ⴀⴁⴂⴃⴅⴆⴇⴈⴋⴌⴎⴏⴐⴒⴓⴕⴗⴘⴜⴝⴟⴡⴢⴣⴤⴥ",
    "Asomtavruli": "ႠႡႢႣႥႦႧႨႩႪႫႬႮႯႰႱႲႳႴႵႶႻႼႿჀჁჂჃჄჅ",
    "Greek": "ΑΒΓΔΕΖΗΘΚΜΝΞΡΣΤΥΦΧΨΩαβδεζηκλμνξπρςστφχωϑϗϘϚϞϠ",
    "Hebrew": "אבגדהוזחטךכלםמנעףפץצקרשת",
    "Georgian": "აბგდეზთიკლმოჟრსტუფქღყჩცჭჯჰ",
}
EM = 48  # pixels, at which outlines are measured
EDGE = 12  # pixels around a letter; further away, nothing is nearer
Y, X = np.mgrid[:SIDE, :SIDE].reshape(2, -1) - (SIDE - 1) / 2
WAVES = np.stack(  # (8, pixels): what a bend is made of
    [np.cos(np.pi * i * (Y / SIDE + 0.5)) * np.cos(np.pi * j * (X / SIDE + 0.5)) for i in range(3) for j in range(3)][
        1:
    ]
)


class Hand(NamedTuple):
    """How a letter is drawn.

    Attributes:
        size: pixels of its longer side.
        pen: pixels by which strokes are wider than the font's, on each side.
        slant: pixels sideways for a pixel up.
        breadth: how much wider than high, as a factor.
        turn: radians, clockwise.
        place: pixels from the middle, down and to the right.
        bend: the share of each of `WAVES`, in pixels, down and to the right.
    """

    size: float = 22
    pen: float = 0
    slant: float = 0
    breadth: float = 1
    turn: float = 0
    place: Sequence[float] = (0, 0)
    bend: Sequence[Sequence[float]] = ((0,) * 8,) * 2


@cache
def letters() -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """(images, numbers of their classes, names of the classes) of all letters, one hand after the other.

    Images are uint8 (n, 32, 32, 1), black on white. A class is named after its alphabet and its place in it: Greek_01.

    Raises:
        InputError: the installed matplotlib lacks a font or a letter.
    """
    names = tuple(f"{name}_{i:02}" for name, some in ALPHABETS.items() for i in range(1, len(some) + 1))
    fonts = read_fonts()
    images = np.stack([by_all_hands(letter, fonts) for letter in "".join(ALPHABETS.values())], axis=1)
    return images.reshape(-1, SIDE, SIDE, 1), np.tile(np.arange(len(names)), HANDS), names


def read_fonts() -> list[tuple[ImageFont.FreeTypeFont, dict]]:
    """`FONTS`, each with the table of what is in it."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    folder, found = Path(matplotlib.get_data_path()) / "fonts" / "ttf", []
    for name in FONTS:
        path = folder / f"{name}.ttf"
        try:
            font = ImageFont.truetype(path, EM, layout_engine=ImageFont.Layout.BASIC)
            found.append((font, FT2Font(str(path)).get_charmap()))
        except (OSError, RuntimeError) as error:
            raise InputError(f"letters: matplotlib's font {path} cannot be read: {first_line(error)}") from error
    return found


def outlines(letter: str, fonts: list[tuple[ImageFont.FreeTypeFont, dict]]) -> list[np.ndarray]:
    """The letter in all fonts that have it: the signed distance to its outline, in pixels, positive inside."""
    masks = [font.getmask(letter) for font, has in fonts if ord(letter) in has]
    masks = [mask for mask in masks if mask.getbbox()]
    if not masks:
        raise InputError(f"letters: none of matplotlib's fonts has the letter U+{ord(letter):04X}")
    found = []
    for mask in masks:
        left, top, right, bottom = mask.getbbox()
        ink = np.asarray(mask, np.uint8).reshape(mask.size[::-1])[top:bottom, left:right] > 127
        ink = np.pad(ink, EDGE)
        found.append(np.where(ink, distance_transform_edt(ink) - 0.5, 0.5 - distance_transform_edt(~ink)))
    return found


def by_all_hands(letter: str, fonts: list) -> np.ndarray:
    """The letter, uint8 (hands, 32, 32). Hands take turns with the fonts that have it."""
    found = outlines(letter, fonts)
    return np.stack([draw(found[i % len(found)], hand(i, ord(letter))) for i in range(HANDS)])


def hand(number: int, letter: int) -> Hand:
    """How a hand draws a letter, by the numbers of both: its habit, and a share of slips."""
    habit, slip = np.random.default_rng([0, number]), np.random.default_rng([1, number, letter])

    def between(low, high, slips):
        return low + (high - low) * ((1 - slips) * habit.random() + slips * slip.random())

    return Hand(
        size=between(16, 22, 0.6),
        pen=between(-0.2, 0.5, 0.3),
        slant=between(-0.2, 0.35, 0.3),
        breadth=np.exp(between(-0.2, 0.2, 0.3)),
        turn=np.deg2rad(between(-10, 10, 0.6)),
        place=slip.uniform(-1.5, 1.5, 2),
        bend=0.7 * slip.standard_normal((2, 8)),
    )


def draw(outline: np.ndarray, how: Hand) -> np.ndarray:
    """A letter, uint8 (32, 32), black on white, from the distances to its outline (height, width)."""
    y, x = (
        axis - place + bend @ WAVES for axis, place, bend in zip((Y, X), how.place, np.asarray(how.bend), strict=True)
    )
    y, x = np.cos(how.turn) * y - np.sin(how.turn) * x, np.sin(how.turn) * y + np.cos(how.turn) * x
    y, x = y * how.breadth**0.5, (x + how.slant * y) / how.breadth**0.5
    height, width = outline.shape
    pixel = (max(height, width) - 2 * EDGE) / how.size  # of the image, in pixels of the outline
    at = y * pixel + (height - 1) / 2, x * pixel + (width - 1) / 2
    distance = map_coordinates(outline, at, order=1, mode="nearest") / pixel
    ink = np.clip(distance + how.pen + 0.5, 0, 1)
    return np.rint(255 * (1 - ink)).astype(np.uint8).reshape(SIDE, SIDE)
