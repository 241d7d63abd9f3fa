"""Proofs hold for their purpose and time, and for nothing else."""

from __future__ import annotations

import asyncio
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError, Unauthorized
from core.security import (
    TokenSigner,
    hash_key,
    load_or_create_secret,
    new_api_key,
    same,
)

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECRET = b"s" * 48
SIGNER = TokenSigner(SECRET)


def test_a_token_tells_its_subject_until_it_ends() -> None:
    token = SIGNER.sign("chat", "c1", now=NOW, lifetime=HOUR)
    assert SIGNER.read("chat", token, now=NOW) == "c1"
    assert SIGNER.read("chat", token, now=NOW + HOUR - timedelta(seconds=1)) == "c1"
    with pytest.raises(Unauthorized, match="expired"):
        SIGNER.read("chat", token, now=NOW + HOUR)


def test_a_token_holds_for_its_purpose_alone() -> None:
    token = SIGNER.sign("chat", "c1", now=NOW, lifetime=HOUR)
    with pytest.raises(Unauthorized):
        SIGNER.read("visitor", token, now=NOW)


def forge(**claims: object) -> str:
    whole = {"sub": "c1", "aud": "chat", "exp": int((NOW + HOUR).timestamp()), **claims}
    kept = {key: value for key, value in whole.items() if value is not None}
    return jwt.encode(kept, SECRET, algorithm="HS256")


FORGED = {
    "another secret": TokenSigner(b"t" * 48).sign("chat", "c1", now=NOW, lifetime=HOUR),
    "no signature": jwt.encode({"sub": "c1", "aud": "chat", "exp": 9**10}, "", algorithm="none"),
    "another algorithm": jwt.encode(
        {"sub": "c1", "aud": "chat", "exp": 9**10}, SECRET * 2, algorithm="HS512"
    ),
    "no end": forge(exp=None),
    "no subject": forge(sub=None),
    "no purpose": forge(aud=None),
    "nothing": "",
    "no token": "a.b.c",
    "no text": "\x00\ud800",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(name: str) -> None:
    with pytest.raises(Unauthorized):
        SIGNER.read("chat", FORGED[name], now=NOW)


@given(st.text())
def test_no_text_is_taken_for_a_token(text: str) -> None:
    with pytest.raises(Unauthorized):
        SIGNER.read("chat", text, now=NOW)


@given(position=st.integers(0, 200), letter=st.sampled_from("ABCxyz019_-."))
def test_a_token_with_one_letter_changed_is_refused(position: int, letter: str) -> None:
    token = SIGNER.sign("chat", "c1", now=NOW, lifetime=HOUR)
    # The last letter of a signature carries bits that no byte uses.
    place = position % (len(token) - 1)
    spoilt = token[:place] + letter + token[place + 1 :]
    if spoilt != token:
        with pytest.raises(Unauthorized):
            SIGNER.read("chat", spoilt, now=NOW)


def test_a_short_secret_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        TokenSigner(b"hunter2")
    assert "hunter2" not in str(caught.value)


def test_keys_are_long_and_never_the_same_and_stored_as_a_hash() -> None:
    keys = {new_api_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(key.startswith("sak_") and len(key) > 40 for key in keys)
    assert len({hash_key(key) for key in keys}) == 100
    assert not any(key[4:12] in hash_key(key) for key in keys)


def test_comparing_takes_any_text() -> None:
    assert same("ä\U0001f600", "ä\U0001f600")
    assert not same("a", "ä")


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    first = load_or_create_secret(path)
    assert len(first) >= 32
    assert load_or_create_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_threads_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: load_or_create_secret(path), range(64)))
    assert len(found) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


async def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    code = "import sys, pathlib; from core.security import load_or_create_secret as l; "
    code += "sys.stdin.read(1); print(l(pathlib.Path(sys.argv[1])).hex())"
    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(tmp_path / "secret"), stdin=pipe, stdout=pipe, cwd=ROOT
        )
        for _ in range(4)
    ]
    told = await asyncio.gather(*(process.communicate(b"x") for process in processes))
    assert len({out for out, _ in told}) == 1
    assert len(told[0][0]) > 64


def test_a_token_signed_with_a_replaced_secret_holds_until_the_secret_is_taken_out() -> None:
    token = TokenSigner(b"o" * 40).sign("chat", "c1", now=NOW, lifetime=HOUR)
    assert TokenSigner(b"n" * 40, [b"x" * 40, b"o" * 40]).read("chat", token, now=NOW) == "c1"
    with pytest.raises(Unauthorized):
        TokenSigner(b"n" * 40, [b"x" * 40]).read("chat", token, now=NOW)
    renewed = TokenSigner(b"n" * 40, [b"o" * 40]).sign("chat", "c1", now=NOW, lifetime=HOUR)
    assert TokenSigner(b"n" * 40).read("chat", renewed, now=NOW) == "c1"
    with pytest.raises(Unauthorized):
        TokenSigner(b"n" * 40, [b"o" * 40]).read("other", token, now=NOW)
    with pytest.raises(ConfigurationError):
        TokenSigner(b"n" * 40, [b"short"])
