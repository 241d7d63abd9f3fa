"""A small website in Markdown, and an app.yaml that serves it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

BASE_URL = "https://www.brightwater.example"
SITE_KEY = "bikes"
PAGES: Mapping[str, str] = {
    "index.md": """---
title: Brightwater Bikes
---
# Brightwater Bikes

Brightwater Bikes has repaired and rented bicycles in Harlow since 2009.

## What do you repair?

We repair city bikes, e-bikes and cargo bikes.
""",
    "pricing.md": """---
title: Prices
---
# Prices

## How much does a service cost?

A standard service costs €59 and takes two working days.

## How much is a rental?

Renting a city bike costs €18 a day.
""",
    "contact.md": """---
title: Contact
---
# Contact

Write to hello@brightwater.example or call +44 20 7946 0123.

## Opening hours

The workshop is open from Monday to Friday, 9:00 to 18:00.
""",
    "warranty.md": """---
title: Warranty and returns
---
# Warranty and returns

## What warranty do I get?

Every repair carries a warranty of 6 months.

## Can I return parts?

You can return unused parts within 30 days for a full refund.
""",
}


def write_pages(folder: Path, pages: Mapping[str, str] = PAGES) -> Path:
    """The pages as files of `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build_config(*, database: str = "", more: str = "") -> str:
    """An app.yaml for the site whose pages lie in `pages/` beside it."""
    return f"""
sites:
  - key: {SITE_KEY}
    name: Brightwater Bikes
    allowed_origins: [self, "{BASE_URL}", "https://*.bikes.example"]
knowledge:
  sources:
    - {{name: pages, site: {SITE_KEY}, type: files, path: pages, base_url: "{BASE_URL}"}}
{database}
{more}
"""


def write_website(folder: Path, **parts: str) -> Path:
    """Pages and app.yaml in `folder`; returns the path of app.yaml."""
    write_pages(folder / "pages")
    config = folder / "app.yaml"
    config.write_text(build_config(**parts), encoding="utf-8")
    return config
