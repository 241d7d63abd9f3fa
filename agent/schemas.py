"""The chat API's requests and responses, as OpenAPI describes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_URL = 8192
_LINE = 2000


class _Request(BaseModel):
    # An unknown field is ignored: a newer client may talk to an older server.
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


def _drop_surrogates(value: Any) -> Any:
    """`value` without halves of a surrogate pair: JavaScript's strings may hold them, e.g. where
    a page cut its title within an emoji; UTF-8 cannot. They must not keep anybody from asking."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "ignore").decode()
    if isinstance(value, dict):
        return {_drop_surrogates(key): _drop_surrogates(item) for key, item in value.items()}
    return value


class _FromPage(_Request):
    """What a page tells of itself: kept as far as it can be."""

    _whole = model_validator(mode="before")(_drop_surrogates)


class Page(_FromPage):
    """A page of the website, as the browser knows it."""

    url: Annotated[str, Field(max_length=_URL)] = ""
    title: Annotated[str, Field(max_length=_LINE)] = ""
    referrer: Annotated[str, Field(max_length=_URL)] = ""


class StartRequest(_FromPage):
    """Begin a conversation."""

    site_key: Annotated[str, Field(min_length=1, max_length=64)]
    page: Page = Page()
    params: Annotated[dict[str, str | int | float | bool | None], Field(max_length=50)] = {}
    timezone: Annotated[str, Field(max_length=64)] = ""
    locale: Annotated[str, Field(max_length=64)] = ""
    visitor_token: Annotated[str | None, Field(max_length=2000)] = None
    channel: Annotated[str, Field(max_length=32, pattern=r"^[a-z0-9_-]*$")] = "widget"


class StartResponse(BaseModel):
    """A conversation that was begun. `token` is for this conversation only; `visitor_token`
    recognises the visitor next time."""

    conversation_id: str
    token: str
    visitor_token: str
    greeting: str
    disclosure: str
    suggestions: list[str]


class ActionRequest(_Request):
    """The button or form of a card that a message stands for, as the card named it. `values`
    are a form's fields."""

    kind: Annotated[str, Field(max_length=32)]
    id: Annotated[str, Field(max_length=64)] = ""
    values: Annotated[dict[str, Annotated[str, Field(max_length=500)]], Field(max_length=20)] = {}


class MessageRequest(_Request):
    """A message. The same `message_id` again gets the same answer and does nothing twice."""

    message_id: Annotated[str, Field(max_length=200)]
    text: str
    action: ActionRequest | None = None


class PageViewRequest(_Request):
    """A page that was opened during the conversation."""

    page: Page


class CitationOut(BaseModel):
    """A source. `quote` stands word for word on the page at `url`."""

    n: int
    id: str
    url: str
    title: str
    quote: str


class SentenceOut(BaseModel):
    """A sentence and the numbers of its citations."""

    text: str
    citations: list[int]


class DoneOut(BaseModel):
    """A whole answer. `outcome`: answered, closest, not_found or talk. `awaits_staff`: a person
    may write next; while one has taken over, `text` is empty."""

    message_id: str
    text: str
    sentences: list[SentenceOut]
    citations: list[CitationOut]
    cards: list[dict[str, Any]]
    profile: dict[str, Any]
    suggestions: list[str]
    outcome: str
    awaits_staff: bool = False


class MessageOut(BaseModel):
    """A message of a transcript."""

    id: str
    message_id: str
    role: Literal["visitor", "agent", "staff"]
    text: str
    sentences: list[SentenceOut]
    citations: list[CitationOut]
    cards: list[dict[str, Any]]
    created_at: str


class TranscriptOut(BaseModel):
    """A conversation as it stands. `awaits_staff`: look again soon, a person may write."""

    conversation_id: str
    status: Literal["open", "ended"]
    greeting: str
    disclosure: str
    suggestions: list[str]
    messages: list[MessageOut]
    awaits_staff: bool = False


class EndOut(BaseModel):
    """A conversation that has ended."""

    conversation_id: str
    status: Literal["ended"]


class PassageOut(BaseModel):
    """The passage a citation points at, as it stands now."""

    url: str
    title: str
    heading_path: list[str]
    text: str


class CitationCheckOut(CitationOut):
    """A citation held against the passage of today. `start` and `end` span the quote in it."""

    stands: bool
    start: int
    end: int
    headings: str
    cited_at: str
    passage: PassageOut | None
