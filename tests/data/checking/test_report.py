"""How a check is shown."""

import json

import pytest

from kerascnn.data import FolderCheck
from kerascnn.data.checking.findings import Finding
from kerascnn.data.checking.report import MOST, Size, Value


def check(*findings, **changed):
    fields = {
        "folder": "photos",
        "findings": findings,
        "counts": {"train": {"cat": 1200, "dog": 8}, "val": {"cat": 300}},
        "held_out": True,
        "sizes": {"smallest": Size(3, 2, "cat/a.png"), "largest": Size(40, 30, "cat/b.png")},
        "formats": {"JPEG": 1500, "PNG": 8},
        "values": (Value(0, "", 0.75, 3), Value(255, "#ff0000", 0.25, 2)),
        "images": 1508,
        "seconds": 2.0,
    }
    return FolderCheck(**(fields | changed))


DAMAGED = Finding("error", "damaged", "cat/a.jpg", "is damaged", "remove it")
LEFT = Finding("warning", "beside", "b.jpg", "is left out")


def test_text():
    lines = str(check(DAMAGED, LEFT)).splitlines()
    cells = [line.split() for line in lines]
    assert ["class", "train", "held", "out"] in cells
    assert ["cat", "1,200", "300"] in cells
    assert ["dog", "8", "0"] in cells
    assert ["all", "images", "1,208", "300"] in cells
    assert "formats  1,500 JPEG, 8 PNG" in lines
    assert "sizes    smallest 3 x 2, largest 40 x 30" in lines
    assert ["255", "#ff0000", "25.00%", "2"] in cells
    assert ["error", "cat/a.jpg", "is", "damaged", "remove", "it"] in cells
    assert ["warning", "b.jpg", "is", "left", "out"] in cells
    assert lines[-1] == (
        "Training would refuse this folder: 1 error, 1 warning. 1,508 files decoded in 2.0 s, 754 a second."
    )
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(("findings", "refused"), [((), False), ((LEFT,), False), ((LEFT, DAMAGED), True)])
def test_verdict(findings, refused):
    assert check(*findings).refused is refused
    assert ("would refuse" in str(check(*findings))) is refused
    assert ("takes" in str(check(*findings))) is not refused


def test_of_a_kind_the_first_are_shown():
    many = [DAMAGED._replace(file=f"cat/{i}.jpg") for i in range(MOST + 312)]
    shown = str(check(*many, LEFT))
    assert shown.count("is damaged") == MOST
    assert "and 312 more" in shown
    assert "b.jpg" in shown
    assert len(check(*many).as_dict()["findings"]) == MOST + 312


def test_of_many_classes_the_first_are_shown():
    counts = {"train": {f"class{i}": 2 for i in range(MOST + 5)}}
    lines = [line.split() for line in str(check(counts=counts)).splitlines()]
    assert ["and", "5", "more", "10"] in lines
    assert ["all", "images", str(2 * MOST + 10)] in lines


def test_names_of_strangers_are_shown_as_text():
    strange = DAMAGED._replace(file="cat/\x1b[31m[bold]\n\udce9.jpg", what="[/] is :smile:")
    shown = str(check(strange, counts={"train": {"c[red]t\x07": 1, "dog": 2}}))
    assert r"cat/\x1b[31m[bold]\n\xe9.jpg" in shown
    assert "[/] is :smile:" in shown
    assert r"c[red]t\x07" in shown
    shown = check(DAMAGED._replace(file="<script>"))._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_json():
    strange = DAMAGED._replace(file="cat/\udce9.jpg")
    found = json.loads(json.dumps(check(strange).as_dict()))
    assert found["findings"] == [strange._asdict() | {"others": []}]
    assert found["refused"] is True
    assert found["counts"]["val"] == {"cat": 300}
    assert found["sizes"]["smallest"] == {"width": 3, "height": 2, "file": "cat/a.png"}


def test_an_empty_folder():
    assert "nothing found" in str(check(counts={}, sizes={}, formats={}, values=(), images=0, seconds=0.0))
