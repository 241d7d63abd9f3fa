"""A data folder with the made website read in and every passage given a vector.

Pages go through the product's own `ingest`. Real vectors of 5,000 passages take minutes, and how
long a search takes does not depend on their values: so one vector is computed for each kind of
product, and each passage gets a neighbour of its product's.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from app.places import Places
from app.settings import load_app_settings
from app.wiring import build_resources
from benchmarks.made_site import write_site
from benchmarks.processes import ROOT
from core.protocols.knowledge_index import Namespace, Vectors
from integrations.local.embeddings import LocalMiniLM
from integrations.local.knowledge_index import LocalKnowledgeIndex
from sales.knowledge.repository import KnowledgeRepository
from sales.knowledge.schemas import StoredPassage

SITE_KEY = "bench"
# Higher limits than as shipped: all the load comes from one address.
_CONFIG = """
agent: {{name: the assistant}}
sites:
  - key: bench
    name: Benchmark
    allowed_origins: [self]
limits:
  messages_per_minute_per_visitor: 1000000
  messages_per_minute_per_site: 1000000
  conversations_per_minute_per_address: 1000000
knowledge:
  sources:
    - {{name: pages, site: bench, type: files, path: "{pages}", base_url: "https://made.example/"}}
"""
_STEP = 500


def prepare_data(pages: int) -> tuple[Path, Path]:
    """The configuration and a fresh copy of the data folder; made once, kept below the system's
    folder for temporary files."""
    made_by = "".join(
        (ROOT / "benchmarks" / name).read_text() for name in ("made_site.py", "prepared_data.py")
    )
    migrations = sorted((ROOT / "app/migrations/versions").glob("*.py"))
    schema = "".join(path.name + path.read_text() for path in migrations)
    key = hashlib.sha256(f"{pages}{made_by}{schema}".encode()).hexdigest()[:16]
    base = Path(tempfile.gettempdir()) / f"sales-agent-bench-{key}"
    if not (base / "whole").exists():
        shutil.rmtree(base, ignore_errors=True)
        _make(base, pages)
        (base / "whole").touch()
    run = Path(tempfile.mkdtemp(prefix="sales-agent-bench-run-"))
    shutil.copytree(base / "data", run / "data")
    return base / "app.yaml", run / "data"


def _make(base: Path, pages: int) -> None:
    print(f"Preparing {pages} pages in {base} (once) ...", file=sys.stderr)
    write_site(base / "pages", pages)
    config, data = base / "app.yaml", base / "data"
    config.write_text(_CONFIG.format(pages=base / "pages"))
    command = [str(Path(sys.executable).with_name("sales-agent")), "ingest", "--no-vectors"]
    command += ["--config", str(config), "--data", str(data)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    asyncio.run(_give_vectors(config, data))


async def _give_vectors(config: Path, data: Path) -> None:
    model = LocalMiniLM()
    resources = await build_resources(load_app_settings(config), Places(config, data), model)
    site = resources.organization.get_site(SITE_KEY).ref
    index = LocalKnowledgeIndex(resources.database, model.dimensions)
    namespace = Namespace(site.tenant_id, site.site_id, model.name)
    kinds: dict[str, Vectors] = {}
    while True:
        async with resources.database.reading(site.tenant_id) as uow:
            repository = KnowledgeRepository(uow, site.site_id)
            waiting = await repository.list_unembedded(model.name, _STEP)
        if not waiting:
            break
        vectors = np.stack([_choose_vector(model, kinds, passage) for passage in waiting])
        ids = [passage.passage_id for passage in waiting]
        await index.upsert(namespace, ids, vectors)
        async with resources.database.unit_of_work(site.tenant_id) as uow:
            await KnowledgeRepository(uow, site.site_id).mark_embedded(ids, model.name)
    await resources.close()


def _choose_vector(
    model: LocalMiniLM, kinds: dict[str, Vectors], passage: StoredPassage
) -> Vectors:
    maker, thing, *_ = passage.title.split()
    topic = f"{passage.heading_path[-1].split()[0]} of the {maker} {thing}"
    if topic not in kinds:
        kinds[topic] = model.embed_batch([topic])[0]
    noise = np.random.default_rng(passage.passage_id).standard_normal(model.dimensions)
    vector = kinds[topic] + (0.5 / np.sqrt(model.dimensions)) * noise.astype(np.float32)
    found: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found
