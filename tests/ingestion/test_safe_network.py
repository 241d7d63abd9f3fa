# ruff: noqa: E501 - pages, exports and links are shown as they are
from __future__ import annotations

import ipaddress

import pytest

from ingestion.sources.link_rules import TrapGuard, normalise, page_key
from ingestion.sources.safe_network import is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104 - data
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_of_ones_own_network_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("/a#b", "https://x.example/a"),
        ("b/../c?utm_source=n&x=1&gclid=2", "https://x.example/dir/c?x=1"),
        ("HTTPS://X.Example:443//a//b", "https://x.example/a/b"),
        ("/a;jsessionid=1?PHPSESSID=2", "https://x.example/a"),
        ("/über uns", "https://x.example/%C3%BCber%20uns"),
        ("/%C3%BCber%20uns", "https://x.example/%C3%BCber%20uns"),
        ("javascript:alert(1)", None),
        ("mailto:a@b.c", None),
        ("http://[bad", None),
        ("//other.example/x", "https://other.example/x"),
    ],
)
def test_one_page_has_one_address(link: str, address: str | None) -> None:
    assert normalise(link, "https://x.example/dir/page") == address


def test_the_usual_addresses_of_one_page_are_known_as_one() -> None:
    keys = {
        page_key(u)
        for u in (
            "http://www.x.example/a/",
            "https://x.example/a",
            "https://x.example/a/index.html",
        )
    }
    assert len(keys) == 1


def test_ordinary_sites_are_no_traps() -> None:
    guard = TrapGuard()
    ordinary = [
        f"https://x.example/blog/2025/{m:02d}/post-{n}" for m in range(1, 13) for n in range(40)
    ]
    ordinary += [f"https://x.example/product/{n}?id={n}" for n in range(500)]
    assert not any(guard.find_trap(url) for url in ordinary)
