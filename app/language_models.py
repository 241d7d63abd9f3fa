"""Opens the language models of `app.yaml`, through LangChain, which is imported only for that."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from prometheus_client import CollectorRegistry

from agent.circuit import Circuit
from agent.embedded_responder import EmbeddedResponder
from agent.model_asking import ModelParts
from agent.model_budget import CountingBudget, ModelBudget
from agent.model_call import CallTimes, OpenedModel
from agent.model_failures import ModelRecord
from agent.model_measuring import ModelMetrics
from agent.model_responder import ModelResponder
from agent.model_settings import ModelSettings
from agent.prompt import (
    NEEDED_TURN_NAMES,
    SYSTEM_NAMES,
    TURN_NAMES,
    PromptTemplates,
    find_placeholders,
)
from agent.recalling import RecalledQuestion, look_up_products
from agent.responder import Responder, StreamingResponder, TurnContext
from agent.settings import AgentSettings
from core.clock import Clock
from core.errors import ConfigurationError
from sales.knowledge.service import KnowledgeService
from sales.knowledge.settings import VectorDatabaseSettings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_SHIPPED = Path(__file__).parents[1] / "agent" / "prompts"
_EXTRA = "Install the extra: pip install 'sales-agent[model]', or the package that is named."
# Arguments that only some providers' chat models know.
_PROVIDER_OPTIONS: Mapping[str, dict[str, Any]] = {
    "openai": {"stream_usage": True, "max_retries": 0},
    "azure_openai": {"stream_usage": True, "max_retries": 0},
    "anthropic": {"max_retries": 0},
}


@dataclass(frozen=True, slots=True)
class LanguageModels:
    """The opened models with all that belongs to them: as long as the process."""

    parts: ModelParts
    templates: PromptTemplates


def open_language_models(
    settings: ModelSettings | Literal["local"],
    folder: Path,
    registry: CollectorRegistry,
    clock: Clock,
    budget: ModelBudget | None = None,
) -> LanguageModels | None:
    """Open the models; None where there is none. `folder`: that of app.yaml, which
    `model.prompts` is relative to.

    Raises:
        ConfigurationError: a provider's package or key is missing, or a prompt cannot be used.
    """
    if isinstance(settings, str):
        return None
    metrics, record = ModelMetrics(registry), ModelRecord()
    pause = timedelta(seconds=settings.breaker.pause)
    models = []
    for name, place in _list_models(settings):
        circuit = Circuit(clock, settings.breaker.failures, pause)
        models.append(OpenedModel(name, open_chat_model(name, settings, place), circuit))
        metrics.watch(name, circuit)
        record.watch(name, circuit)
    parts = ModelParts(
        models=tuple(models),
        times=CallTimes(settings.first_token_timeout, settings.token_timeout, settings.timeout),
        max_output_tokens=settings.max_output_tokens,
        budget=budget or CountingBudget(),
        metrics=metrics,
        record=record,
        clock=clock,
    )
    return LanguageModels(parts, load_prompts(settings, folder))


def _list_models(settings: ModelSettings) -> list[tuple[str, dict[str, Any]]]:
    """The models in the order in which they are asked, with where each is and its key."""
    chat = {"base_url": settings.base_url, "api_key": settings.api_key}
    found = [(settings.chat, chat)]
    if settings.fallback:
        same = settings.fallback.partition(":")[0] == settings.chat.partition(":")[0]
        own = {"base_url": settings.fallback_base_url, "api_key": settings.fallback_api_key}
        place = {key: own[key] or (chat[key] if same else None) for key in own}
        found.append((settings.fallback, place))
    return found


def open_chat_model(name: str, settings: ModelSettings, place: Mapping[str, Any]) -> BaseChatModel:
    """One chat model by its name in LangChain.

    Raises:
        ConfigurationError: its package is not installed, its key is missing, or it takes no such
            option.
    """
    provider = name.partition(":")[0]
    options = {
        **_PROVIDER_OPTIONS.get(provider, {}),
        "timeout": settings.timeout,
        "max_tokens": settings.max_output_tokens,
        **{key: value for key, value in place.items() if value is not None},
    }
    if settings.temperature is not None:
        options["temperature"] = settings.temperature
    if provider == "ollama":
        options["num_predict"] = options.pop("max_tokens")
        options["client_kwargs"] = {"timeout": options.pop("timeout")}
        options.pop("api_key", None)
    try:
        from langchain.chat_models import init_chat_model  # noqa: PLC0415 - takes seconds

        opened: BaseChatModel = init_chat_model(name, **{**options, **settings.options})
    except ImportError as error:
        problem = f"model.chat: {name} cannot be opened: {error}. {_EXTRA}"
        raise ConfigurationError("app.yaml", [problem]) from None
    except Exception as error:  # noqa: BLE001 - each provider's library has errors of its own
        reason = " ".join(str(error).split())[:200]
        hint = "Set its key in the environment, or model.api_key: ${NAME}."
        problem = f"model.chat: {name} cannot be opened: {reason}. {hint}"
        raise ConfigurationError("app.yaml", [problem]) from None
    return opened


def load_prompts(settings: ModelSettings, folder: Path) -> PromptTemplates:
    """The shipped prompts, or those of `model.prompts`; a file that is missing there is the
    shipped one.

    Raises:
        ConfigurationError: a placeholder is unknown or lacks, or the folder cannot be read.
    """
    own = folder / settings.prompts if settings.prompts else None
    if own is not None and not own.is_dir():
        raise ConfigurationError("app.yaml", [f"model.prompts: there is no folder {own}."])
    system = _read_prompt("system.md", own, SYSTEM_NAMES, frozenset())
    turn = _read_prompt("turn.md", own, TURN_NAMES, NEEDED_TURN_NAMES)
    return PromptTemplates(system, turn)


def _read_prompt(name: str, own: Path | None, known: frozenset[str], needed: frozenset[str]) -> str:
    path = own / name if own is not None and (own / name).exists() else _SHIPPED / name
    text = path.read_text(encoding="utf-8")
    used = find_placeholders(text)
    problems = [f"{path}: there is no {{{one}}} here." for one in sorted(used - known)]
    problems += [f"{path}: needs {{{one}}}." for one in sorted(needed - used)]
    if problems:
        raise ConfigurationError("app.yaml", [f"model.prompts: {one}" for one in problems])
    return text


def build_responder(
    models: LanguageModels | None,
    agent: AgentSettings,
    knowledge: KnowledgeService,
    search: VectorDatabaseSettings,
    *,
    has_meetings: bool,
) -> Responder | StreamingResponder:
    """Who words the answers: a model where there is one, else the embedded responder."""
    embedded = EmbeddedResponder(agent)
    if models is None:
        return embedded

    async def look_up(context: TurnContext, need: str) -> RecalledQuestion:
        return await look_up_products(knowledge, context.state.site, need, search)

    return ModelResponder(
        parts=models.parts,
        embedded=embedded,
        templates=models.templates,
        look_up=look_up,
        new_fence=lambda: secrets.token_hex(5),
        agent_name=agent.name,
        has_meetings=has_meetings,
    )
