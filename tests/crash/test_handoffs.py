"""kill -9 of sender and receiver while leads are on their way: none lost, none doubled."""

from __future__ import annotations

import random
import time
from pathlib import Path

import httpx

from tests.crash.handoff_sides import (
    PATH,
    build_receiver,
    build_sender,
    check_both,
    enter_leads,
    wait_until_accepted,
)

KILLS = 2
LEADS = 20


def test_no_kill_of_either_side_loses_or_doubles_a_lead(tmp_path: Path) -> None:
    dice = random.Random(11)
    receiver = build_receiver(tmp_path / "receiver")
    client = receiver.run("create-client", "marketing", "--role", "rep")
    sender = build_sender(tmp_path / "sender", receiver.start() + PATH, client)
    key = sender.run("api-key", "tests").split()[-1]
    leads: list[str] = []
    try:
        for turn in range(KILLS):
            with httpx.Client(base_url=sender.start(), timeout=30) as http:
                leads += enter_leads(http, key, LEADS, first=turn * LEADS)
            time.sleep(dice.uniform(0, 0.15))
            if turn % 2:
                receiver.kill()
                receiver.start()
            sender.kill()
        sender.start()
        wait_until_accepted(sender, len(leads))
    finally:
        sender.stop()
        receiver.stop()
    check_both(sender, receiver, leads)
