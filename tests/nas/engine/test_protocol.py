"""Messages between the processes of a search: who may write them, and what they may say."""

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.errors import InputError
from kerascnn.nas.engine import protocol

KEY, OTHER = b"k" * 32, b"o" * 32
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x),
)
RIGHT = {
    "create_trial": {"worker": "w", "number": 1},
    "update_trial": {"worker": "w", "number": 1, "trial_id": "0000", "metrics": {"a": float("nan"), "b": 1}, "step": 3},
    "get_trial": {"worker": "w", "number": 1, "trial_id": "0000"},
    "end_trial": {"worker": "w", "number": 1, "trial_id": "0000", "status": "FAILED", "message": None},
}


# --------------------------------------------------------------------------------------------------------- the secret


def test_a_secret_is_for_its_user_alone_and_new_each_time(tmp_path):
    first = protocol.make_secret(tmp_path)
    assert protocol.read_secret(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert protocol.make_secret(tmp_path) != first
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
    protocol.remove_secret(tmp_path)
    assert protocol.read_secret(tmp_path) is None
    protocol.remove_secret(tmp_path)


def test_whatever_the_mask_of_modes(tmp_path):
    before = os.umask(0)
    try:
        protocol.make_secret(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_what_is_there_is_replaced_and_no_link_is_followed(tmp_path):
    (tmp_path / "mine").write_text("mine")
    folder = tmp_path / "search"
    folder.mkdir()
    for name in ("secret", f"secret.part.{os.getpid()}"):
        (folder / name).symlink_to(tmp_path / "mine")
    protocol.make_secret(folder)
    assert not (folder / "secret").is_symlink()
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o602, 0o644])
def test_one_that_others_can_read_is_refused(tmp_path, mode):
    protocol.make_secret(tmp_path)
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(InputError, match=r"others may read it .* \(mode 600\)"):
        protocol.read_secret(tmp_path)


def test_what_is_no_secret_is_refused_in_one_line(tmp_path):
    path = tmp_path / "secret"
    for text in ("", "a", "zz" * 32, "ab" * 33, "é" * 64, "ab" * 10**6):
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(InputError, match="isn't the secret of a search"):
            protocol.read_secret(tmp_path)
    path.unlink()
    for make in (lambda: os.mkfifo(path, 0o600), lambda: path.symlink_to("/dev/zero"), path.mkdir):
        make()
        with pytest.raises(InputError, match="secret: "):
            protocol.read_secret(tmp_path)
        path.rmdir() if path.is_dir() else path.unlink()


# ------------------------------------------------------------------------------------------------------- the messages


@given(JSON)
def test_a_message_is_read_by_who_knows_the_secret(content):
    message = protocol.seal(KEY, "get_trial", content)
    assert KEY not in message
    assert json.dumps(protocol.unseal(KEY, "get_trial", message)) == json.dumps(content)


@given(st.binary(max_size=200))
def test_anything_else_is_refused(message):
    with pytest.raises(protocol.Refused):
        protocol.unseal(KEY, "get_trial", message)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_changed_letter_is_noticed(place, change):
    message = bytearray(protocol.seal(KEY, "get_trial", RIGHT["get_trial"]))
    message[place % len(message)] ^= change
    with pytest.raises(protocol.Refused):
        protocol.unseal(KEY, "get_trial", bytes(message))


def test_a_message_is_for_one_secret_one_call_and_one_request():
    message = protocol.seal(KEY, "get_trial", {})
    for key, what in (
        (OTHER, "get_trial"),
        (KEY, "end_trial"),
        (None, "get_trial"),
        (KEY, protocol.answer_to("get_trial", message)),
    ):
        with pytest.raises(protocol.Refused):
            protocol.unseal(key, what, message)
    answer = protocol.seal(KEY, protocol.answer_to("get_trial", message), {})
    with pytest.raises(protocol.Refused):
        protocol.unseal(KEY, protocol.answer_to("get_trial", protocol.seal(KEY, "get_trial", {"a": 1})), answer)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 30_000, b'{"a":' * 10_000, b"1" * 5000, b"{} {}"])
def test_what_is_no_json_is_a_value_error(body):
    with pytest.raises(ValueError):  # noqa: PT011
        protocol.unseal(KEY, "get_trial", protocol._mac(KEY, "get_trial", body) + body)


# ---------------------------------------------------------------------------------------------------------- the calls


@pytest.mark.parametrize("name", RIGHT)
def test_what_a_call_takes(name):
    assert set(RIGHT) == set(protocol.CALLS)
    protocol.check(name, RIGHT[name])
    for field in RIGHT[name]:
        with pytest.raises(ValueError, match="must have"):
            protocol.check(name, {key: value for key, value in RIGHT[name].items() if key != field})
    with pytest.raises(ValueError, match="must have"):
        protocol.check(name, {**RIGHT[name], "self": 1})


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("worker", [None, "", 1, "a" * 201, ["a"]]),
        ("number", [None, -1, 1.0, True, "1", 2**63]),
        ("trial_id", [None, 0, "", "a" * 101, ["a"], {}]),
        ("step", [None, -1, 0.5, True, "1", 10**400]),
        ("metrics", [None, [], {"a": "1"}, {"a": None}, {"a": True}, {"": 1}, {"a": 10**400}, {"a" * 101: 1}]),
        ("status", [None, "", "IDLE", "running", [], {}, 1]),
        ("message", [1, [], {}, "a" * 10_001]),
    ],
)  # fmt: skip
def test_wrong_types(field, wrong):
    for name, request in RIGHT.items():
        for value in wrong if field in request else ():
            with pytest.raises(ValueError, match=f"^wrong {field}$"):
                protocol.check(name, {**request, field: value})


@given(st.sampled_from(sorted(RIGHT)), JSON)
def test_anything_is_taken_or_a_value_error(name, request):
    with pytest.raises(ValueError, match="must have"):
        protocol.check(name, request)
