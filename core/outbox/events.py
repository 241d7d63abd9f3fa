"""Events: what happened, as small frozen values that can be stored and read back."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import BugError


class Event(BaseModel):
    """Something that happened, named in the past tense. Carries ids, not people.

    Fields that a stored event has and the class no longer knows are ignored, so that an
    older and a newer version of the program can share one queue. New fields need a default.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def event_type(cls) -> str:
        """The name it is stored under. Override it when the class is renamed."""
        return cls.__name__

    @property
    def ordering_key(self) -> str | None:
        """Events of one key have their effects in the order of recording; None: in any."""
        return None

    def to_payload(self) -> dict[str, Any]:
        """The event as JSON values."""
        return self.model_dump(mode="json")

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        """The event back from JSON values.

        Raises:
            BugError: the stored values no longer fit the class.
        """
        try:
            return cls.model_validate(payload)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
            raise BugError(f"a stored {cls.event_type()} does not fit any more: {fields}") from None


class EffectGivenUp(Event):
    """An effect became a dead letter. Effects of this event tell staff.

    It is recorded in the transaction that writes the dead letter, so the notice is as safe
    as any other promise.
    """

    entry_id: int
    effect: str
    failed_event_type: str
    error: str
