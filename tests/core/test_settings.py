"""Reading `app.yaml`: every mistake is named with its path and what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from core.errors import ConfigurationError
from core.settings import Secret, Section, load_settings, parse_settings


class Folder(Section):
    kind: Literal["folder"]
    path: str


class Website(Section):
    kind: Literal["website"]
    url: str
    token: Secret | None = None
    max_pages: int = 5


class Mail(Section):
    host: str = "localhost"
    password: Secret | None = None


class Shelf(Section):
    height: int


class Box(Section):
    width: int


class Settings(Section):
    port: int = 1
    mail: Mail = Mail()
    sources: tuple[Annotated[Folder | Website, Field(discriminator="kind")], ...] = ()
    store: Shelf | Box | None = None
    mails: dict[str, Mail] = Field(default_factory=dict)


def parse(text: str, **environment: str) -> Settings:
    return parse_settings(Settings, text, "app.yaml", environment)


def problems(text: str, **environment: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, **environment)
    assert "hunter2" not in str(caught.value)
    assert caught.value.source == "app.yaml"
    return caught.value.problems


CASES = {
    "a misspelt key": ("prot: 1", "prot: there is no such key. Did you mean port?"),
    "a misspelt section": ("mial: {}", "mial: there is no such key. Did you mean mail?"),
    "a key like no other": (
        "zzz: 1",
        "zzz: there is no such key. Known here: mail, mails, port, sources, store.",
    ),
    "a misspelt key of a secret": (
        "mail: {passwrd: hunter2}",
        "mail.passwrd: there is no such key. Did you mean password?",
    ),
    "a misspelt key in a list": (
        "sources: [{kind: website, url: a, max_page: 3}]",
        "sources[0].max_page: there is no such key. Did you mean max_pages?",
    ),
    "a misspelt key under a free name": (
        "mails: {sales: {hots: b}}",
        "mails.sales.hots: there is no such key. Did you mean host?",
    ),
    "a missing key": (
        "sources: [{kind: folder}]",
        "sources[0].path: this key is required. Add it.",
    ),
    "a wrong type": (
        "port: hunter2",
        "port: Input should be a valid integer, unable to parse string as an integer.",
    ),
    "a wrong type inside a kind": (
        "sources: [{kind: website, url: a, max_pages: hunter2}]",
        "sources[0].max_pages: Input should be a valid integer, "
        "unable to parse string as an integer.",
    ),
    "a section that is a list": (
        "mail: [hunter2]",
        "mail: Input should be a valid dictionary or instance of Mail.",
    ),
    "a literal secret": (
        "mail: {password: hunter2}",
        "mail.password: a secret stands here in plain text. "
        "Write ${NAME} and set NAME in the environment.",
    ),
    "a literal secret in a kind": (
        "sources: [{kind: website, url: a, token: hunter2}]",
        "sources[0].token: a secret stands here in plain text. "
        "Write ${NAME} and set NAME in the environment.",
    ),
    "an empty literal secret": (
        "mail: {password: ''}",
        "mail.password: a secret stands here in plain text. "
        "Write ${NAME} and set NAME in the environment.",
    ),
    "half a literal secret": (
        "mail: {password: 'hunter2${SET}'}",
        "mail.password: a secret stands here in plain text. "
        "Write ${NAME} and set NAME in the environment.",
    ),
    "an environment without the name": (
        "mail: {password: '${GONE}'}",
        "mail.password: the environment has no GONE. Set it, or remove the line.",
    ),
    "an empty environment value": (
        "mail: {password: '${EMPTY}'}",
        "mail.password: the environment's value is empty. Set it, or remove the line.",
    ),
    "broken YAML": (
        "port: 1\nmail: [",
        "line 2, column 8: expected the node content, but found '<stream end>'. Mend the YAML.",
    ),
    "a key that stands twice": (
        "port: 1\nmail: {}\nport: 2",
        "line 3, column 1: the key port stands here twice. Mend the YAML.",
    ),
    "a key that stands twice further in": (
        "mail:\n  host: a\n  host: b",
        "line 3, column 3: the key host stands here twice. Mend the YAML.",
    ),
    "a tab": (
        "mail:\n\thost: a",
        "line 2, column 1: found character '\\t' that cannot start any token. Mend the YAML.",
    ),
    "a Python object": (
        "port: !!python/object/apply:os.getpid []",
        "line 1, column 7: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.getpid'. Mend the YAML.",
    ),
    "a list": ("[1]", "the file: must hold keys and values, not a list or text."),
    "an alias of itself": ("mail: &a [*a]", "the file: an alias holds itself."),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_named_with_its_path_and_fix(name: str) -> None:
    text, expected = CASES[name]
    assert problems(text, SET="x", EMPTY="") == [expected]


def test_all_mistakes_are_named_at_once() -> None:
    assert problems("prot: 1\nport: x\nmail: {hots: a}") == [
        "port: Input should be a valid integer, unable to parse string as an integer.",
        "mail.hots: there is no such key. Did you mean host?",
        "prot: there is no such key. Did you mean port?",
    ]


def test_all_missing_environment_values_are_named_at_once() -> None:
    text = "mail: {host: '${A}', password: '${B}'}"
    assert [line.split(":")[0] for line in problems(text)] == ["mail.host", "mail.password"]


def test_of_several_kinds_the_unknown_kind_is_named_with_the_known_ones() -> None:
    (line,) = problems("sources: [{kind: wbsite, url: a}]")
    assert line.startswith("sources[0]: ")
    assert "'folder', 'website'" in line


def test_kinds_without_a_tag_do_not_refuse_each_others_keys() -> None:
    assert parse("store: {width: 2}").store == Box(width=2)
    assert problems("store: {width: x}") == [
        "store.height: this key is required. Add it.",
        "store.width: Input should be a valid integer, unable to parse string as an integer.",
    ]


def test_a_secret_comes_from_the_environment_and_is_never_shown() -> None:
    settings = parse("mail: {password: '${PASSWORD}'}", PASSWORD="hunter2")
    assert settings.mail.password is not None
    assert settings.mail.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()


def test_other_values_may_come_from_the_environment_whole_or_in_part() -> None:
    settings = parse("port: '${PORT}'\nmail: {host: 'mail.${DOMAIN}'}", PORT="80", DOMAIN="x.test")
    assert (settings.port, settings.mail.host) == (80, "mail.x.test")


def test_a_value_of_the_environment_is_not_read_as_yaml_or_as_a_reference() -> None:
    settings = parse("mail: {host: '${A}'}", A="${B}: [x", B="no")
    assert settings.mail.host == "${B}: [x"


def test_an_empty_file_means_the_defaults() -> None:
    assert parse("") == parse("# nothing") == Settings()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 2  # type: ignore[misc]


def test_a_file_is_read_and_named_in_its_errors(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.write_text("port: 80", encoding="utf-8")
    assert load_settings(Settings, path, {}).port == 80
    path.write_bytes(b"port: \xff")
    for mistaken in (path, tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(ConfigurationError) as caught:
            load_settings(Settings, mistaken, {})
        assert caught.value.source == str(mistaken)


def test_the_schema_for_editors_allows_only_references_for_secrets() -> None:
    schema = Settings.model_json_schema()
    options = schema["$defs"]["Mail"]["properties"]["password"]["anyOf"]
    assert options[0]["pattern"].startswith(r"^\$\{")
