from __future__ import annotations

import pytest

from sales.leads.personal_names import NameParts, normalize_name, split_name


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("priya raghunathan", "Priya Raghunathan"),
        ("SEAN O'MALLEY", "Sean O'Malley"),
        ("pieter van der merwe", "Pieter van der Merwe"),
        ("fiona mcdonald", "Fiona McDonald"),
        ("Fatima al-Zahra", "Fatima al-Zahra"),
        ("bell hooks", "Bell Hooks"),
        ("Dr. Helena Marchetti", "Helena Marchetti"),
        ("J. R. Whitcombe", "J. R. Whitcombe"),
        ("ÅSA LINDQVIST", "Åsa Lindqvist"),
        ("王伟", "王伟"),
        ("ольга иванова", "Ольга Иванова"),
        ("anna-lena schmidt", "Anna-Lena Schmidt"),
    ],
)
def test_a_name_is_written_as_it_is_spoken(written: str, shown: str) -> None:
    assert normalize_name(written) == shown


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Priya Raghunathan", "Priya", "Raghunathan"),
        ("Madonna", "Madonna", ""),
        ("Jan van den Berg", "Jan", "van den Berg"),
        ("María de la Cruz", "María", "de la Cruz"),
        ("Ahmed bin Rashid", "Ahmed", "bin Rashid"),
        ("José Ángel Núñez", "José Ángel", "Núñez"),
        ("Zhang Wei", "Wei", "Zhang"),
        ("Park Ji-hoon", "Ji-hoon", "Park"),
        ("Nguyễn Thị Lan", "Thị Lan", "Nguyễn"),
        ("Kim Novak", "Kim", "Novak"),
        ("Lee Johnson", "Lee", "Johnson"),
        ("王伟", "伟", "王"),
        ("欧阳娜娜", "娜娜", "欧阳"),
        ("田中健一", "健一", "田中"),
        ("김민수", "민수", "김"),
        ("Ольга Иванова", "Ольга", "Иванова"),
    ],
)
def test_first_and_last_name_are_told_apart(name: str, first: str, last: str) -> None:
    assert split_name(name) == NameParts(first, last)
