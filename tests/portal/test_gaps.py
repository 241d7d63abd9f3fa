"""Content gaps: what visitors asked in vain, as staff see it."""

from __future__ import annotations

import re

import yaml

from tests.portal.conftest import PortalServer, text_of
from tests.portal.visiting import Visitor

PATH = "/portal/gaps"
ASKED = "Do you sell <kayaks> in Peru?"


def test_a_gap_is_seen_kept_as_a_golden_question_and_taken_off_the_list(
    portal: PortalServer,
) -> None:
    boss = portal.enter("ada")
    assert "No gaps" in text_of(boss.get(PATH))
    for _ in range(2):
        Visitor(portal.address).say(ASKED)
    page = boss.get(PATH)
    assert "<kayaks>" not in page.text
    assert "2 conversations" in text_of(page)

    assert boss.send(f"{PATH}/golden", site="bikes", ask=ASKED).status_code == 303
    assert boss.send(f"{PATH}/golden", site="bikes", ask=ASKED).status_code == 409
    page = boss.get(PATH)
    assert "Must be refused" in text_of(page)
    found = re.search(r"/portal/gaps/golden/([\w-]{36})", page.text)
    assert found
    kept = boss.send(f"{PATH}/golden/{found[1]}", site="bikes", expect="kayaks\r\nfrom $300")
    assert kept.status_code == 303
    assert "Must be answered" in text_of(boss.get(PATH))
    file = boss.get(f"{PATH}/golden.yaml")
    assert yaml.safe_load(file.text) == {
        "questions": [{"ask": ASKED, "expect": ["kayaks", "from $300"]}]
    }

    ids = re.search(r'name="questions" value="([^"]+)"', page.text)
    assert ids
    assert boss.send(f"{PATH}/settle", site="bikes", questions=ids[1]).status_code == 303
    assert boss.send(f"{PATH}/golden/{found[1]}", site="bikes", remove="1").status_code == 303
    page = boss.get(PATH)
    assert "No gaps" in text_of(page)
    assert "No golden questions" in text_of(page)


def test_reps_see_gaps_and_change_nothing_and_a_foreign_site_is_not_found(
    portal: PortalServer,
) -> None:
    Visitor(portal.address).say(ASKED)
    rita = portal.enter("rita")
    page = rita.get(PATH)
    assert page.status_code == 200
    assert "golden question</button>" not in page.text
    assert rita.send(f"{PATH}/golden", site="bikes", ask=ASKED).status_code == 403
    assert rita.get(f"{PATH}?site=nowhere").status_code == 404
    assert portal.enter("ada").send(f"{PATH}/golden", site="bikes", ask=" ").status_code == 400
