"""The section `model` of `app.yaml`, where a language model words the answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from core.settings import Secret, Section

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z_0-9]+:\S+$", max_length=200)]
"""`provider:model`, as LangChain's `init_chat_model` names it."""


class PriceSettings(Section):
    """What a model costs, per million tokens, in `model.currency`."""

    input: float = Field(default=0, ge=0)
    """A million tokens of prompt."""
    cached_input: float | None = Field(default=None, ge=0)
    """A million tokens of prompt that the vendor had in its cache; unset: as `input`."""
    output: float = Field(default=0, ge=0)
    """A million tokens of answer."""


class BreakerSettings(Section):
    """When a failing model is left alone for a while."""

    failures: int = Field(default=3, ge=1, le=100)
    """So many failures in a row; a refused key needs only one."""
    pause: float = Field(default=30, gt=0, le=3600)
    """Seconds of rest; then one call tries again. A vendor's Retry-After counts where longer."""


class ModelSettings(Section):
    """A language model words the answers; the embedded responder stands in whenever it fails."""

    chat: ModelName
    """The model, e.g. openai:gpt-5-mini, anthropic:claude-haiku-4-5, ollama:qwen3."""
    fallback: ModelName | None = None
    """Asked when `chat` fails before it said anything."""
    base_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """Where the API of `chat` is, for any OpenAI-compatible server: http://127.0.0.1:8080/v1."""
    api_key: Secret | None = None
    """The key of `chat`: ${OPENAI_API_KEY}. Unset: the variable that the provider's own library
    reads."""
    fallback_base_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """The same of `fallback`; unset: that of `chat` where the provider is the same."""
    fallback_api_key: Secret | None = None
    """The same of `fallback`; unset: that of `chat` where the provider is the same."""
    timeout: float = Field(default=25, gt=0, le=600)
    """Seconds for all calls of a turn together; then the embedded responder answers."""
    first_token_timeout: float = Field(default=8, gt=0, le=300)
    """Seconds until a model's first word."""
    token_timeout: float = Field(default=5, gt=0, le=60)
    """Seconds between two words."""
    max_output_tokens: int = Field(default=600, ge=50, le=8000)
    """The longest answer; reasoning models count their reasoning in."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Unset: the model's own. Some models refuse any other."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Further arguments of the provider's chat model in LangChain, e.g. reasoning_effort: low."""
    embeddings: str = Field(default="local", pattern=r"^(local|[a-z_0-9]+:\S+)$")
    """What makes vectors of passages and questions. local: the embedded model. A change is made
    without downtime: docs/knowledge-indexes.md."""
    embeddings_base_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """The same of `embeddings`; unset: that of `chat` where the provider is the same."""
    embeddings_api_key: Secret | None = None
    """The same of `embeddings`; unset: that of `chat` where the provider is the same."""
    prompts: str | None = None
    """A folder with own prompts, relative to app.yaml: system.md, turn.md. docs/models.md."""
    breaker: BreakerSettings = BreakerSettings()
    """When a failing model is left alone."""
    currency: str = Field(default="USD", min_length=3, max_length=3)
    """Of `prices`."""
    prices: dict[str, PriceSettings] = Field(default_factory=dict)
    """What tokens cost, by model as named above; of models without a price only tokens are
    counted."""
