# ruff: noqa: E501 - pages, exports and links are shown as they are
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingestion.errors import SourceError
from ingestion.extract import extract
from ingestion.settings import AstroSettings
from ingestion.sources.astro import AstroSource
from ingestion.sources.astro_config import read_config
from tests.ingestion.support import Collected, collect

CONFIG = "import { defineConfig } from 'astro/config';\nexport default defineConfig({ %s });\n"


def project(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


async def read(path: Path, **settings: object) -> Collected:
    return await collect(
        AstroSource(AstroSettings.model_validate({"type": "astro", "path": path, **settings}))
    )


@pytest.mark.parametrize(
    ("options", "about", "home"),
    [
        ("site: 'https://a.example'", "https://a.example/about/", "https://a.example/"),
        ('site: "https://a.example/", trailingSlash: "never"', "https://a.example/about", "https://a.example/"),
        ("site: `https://a.example`, base: '/docs'", "https://a.example/docs/about/", "https://a.example/docs/"),
        (
            "site: 'https://a.example', base: 'x', build: { format: 'file' }",
            "https://a.example/x/about",
            "https://a.example/x/",
        ),
        (
            "\n  site: process.env.SITE ?? 'https://b.example', // production\n  trailingSlash: 'always',\n",
            "https://b.example/about/",
            "https://b.example/",
        ),
        ("", "/about/", "/"),
    ],
)  # fmt: skip
async def test_addresses_follow_the_configuration(
    tmp_path: Path, options: str, about: str, home: str
) -> None:
    path = project(
        tmp_path,
        {
            "astro.config.mjs": CONFIG % options,
            "src/pages/index.astro": "<h1>Home</h1>",
            "src/pages/about.md": "---\ntitle: About\n---\nHello",
        },
    )
    assert sorted((await read(path)).documents) == sorted([home, about])


async def test_pages_parts_and_error_pages_are_told_apart(tmp_path: Path) -> None:
    path = project(
        tmp_path,
        {
            "astro.config.ts": CONFIG % "site: 'https://a.example'",
            "src/pages/index.astro": "Home",
            "src/pages/404.astro": "Not found",
            "src/pages/_part.astro": "Part",
            "src/pages/_lib/x.md": "Part",
            "src/pages/rss.xml.js": "export const GET = 1",
            "src/pages/docs/index.md": "# Docs",
            "src/pages/de/über uns.md": "# Wir",
            "src/pages/draft.md": "---\ndraft: true\n---\nDraft",
        },
    )
    found = await read(path)
    assert sorted(found.documents) == [
        "https://a.example/",
        "https://a.example/de/%C3%BCber%20uns/",
        "https://a.example/docs/",
    ]
    assert found.skipped == {"error page": 1, "draft": 1}
    assert len((await read(path, include_drafts=True)).documents) == 4


async def test_collections_get_the_addresses_that_routes_give_them(tmp_path: Path) -> None:
    path = project(
        tmp_path,
        {
            "astro.config.mjs": CONFIG % "site: 'https://a.example'",
            "src/content.config.ts": """const notes = defineCollection({ loader: glob({ pattern: '**/*.md',
                base: './notes' }) });\nconst blog = defineCollection({ schema: {} });
                export const collections = { journal: notes, blog };""",
            "notes/Hello World.md": "---\ntitle: N\n---\nNote",
            "src/content/blog/first.md": "---\ntitle: First\n---\nPost",
            "src/content/blog/2024/second/index.mdx": "---\ntitle: Second\n---\nPost",
            "src/content/blog/_hidden.md": "no",
            "src/content/guides/a.md": "---\ntitle: A\nslug: other/name\n---\nGuide",
            "src/content/products/p.md": "---\ntitle: P\nslug: lamp\nprice: 5\nsku: x\n---\nLamp",
            "src/content/team/jo.md": "---\ntitle: Jo\n---\nJo is kind.",
            "src/content/unused/x.md": "nobody shows this",
            "src/pages/news/[...slug].astro": "---\nconst p = await getCollection('blog');\n---\n",
            "src/pages/news/[page].astro": "---\nawait getCollection('blog')\n---\n",
            "src/pages/[...path].astro": '---\ngetCollection("guides")\n---\n',
            "src/pages/journal/[id]/index.astro": "---\ngetCollection('journal')\n---\n",
            "src/pages/shop/[slug].astro": "---\ngetCollection('products').map(p => ({slug: p.data.slug}))\n---\n",
            "src/pages/team.astro": """---\nconst people = await getCollection('team');\n---
                <h1>Team</h1>{people.map(p => <h2>{p.data.title}</h2>)}""",
        },
    )
    found = await read(path)
    assert sorted(found.documents) == [
        "https://a.example/journal/hello-world/",
        "https://a.example/news/2024/second/",
        "https://a.example/news/first/",
        "https://a.example/other/name/",
        "https://a.example/shop/lamp/",
        "https://a.example/team/",
    ]
    assert found.skipped["collection without a page"] == 1
    assert "Jo is kind." in extract(found.documents["https://a.example/team/"]).text


async def test_starlight_serves_docs_from_the_root_in_every_language(tmp_path: Path) -> None:
    config = """import starlight from '@astrojs/starlight';\nexport default defineConfig({
      site: 'https://a.example', integrations: [starlight({ title: 'T', defaultLocale: 'root',
      locales: { root: { label: 'English', lang: 'en' }, 'zh-cn': { label: 'x', lang: 'zh-CN' } } })] });"""
    path = project(
        tmp_path,
        {
            "astro.config.mjs": config,
            "src/content/docs/index.mdx": "---\ntitle: Home\nhero:\n  tagline: Fast docs\n---\nHello",
            "src/content/docs/guides/a.md": "---\ntitle: A\n---\nText",
            "src/content/docs/zh-cn/guides/a.md": "---\ntitle: 甲\n---\n文",
            "src/content/docs/404.md": "---\ntitle: Gone\n---\nNo",
            "src/content/i18n/en.json": "{}",
        },
    )
    found = await read(path)
    assert {url: d.language for url, d in found.documents.items()} == {
        "https://a.example/": "en",
        "https://a.example/guides/a/": "en",
        "https://a.example/zh-cn/guides/a/": "zh-CN",
    }
    assert "Fast docs" in extract(found.documents["https://a.example/"]).text


PAGE = """---
import Layout from '../layouts/Layout.astro';
import Card from '@/components/Card.astro';
import { extras } from '../data/extras';
import info from '../data/info.json';
const plans = [
  { name: 'Solo', price: '$19', features: ['1 user', "It's simple"], popular: false },
  { name: 'Team', price: '$49', features: ['10 users'], popular: true },
];
const year: number = 2026;
---
<Layout title="Prices" description="What it costs">
  <h1>Prices {year}</h1>
  {plans.map((plan) => (
    <div class="plan"><h2>{plan.name}</h2><p>{plan.price} per month, don't wait</p>
      <ul>{plan.features.map((f) => <li>{f}</li>)}</ul>
      {plan.popular && <em>Popular</em>}</div>
  ))}
  <Card heading="Refunds"><p>Within 30 days.</p></Card>
  {extras.map(({ label, cost }) => <p>{label}: {cost}</p>)}
  <p>{info.phone}</p>
  <Unknown title="Shipping" description="Free over $50" client:load onClick={() => a > b} />
  <style>.x { color: red }</style><script>const secret = "x";</script>
</Layout>
"""


async def test_astro_templates_say_what_their_data_and_components_say(tmp_path: Path) -> None:
    path = project(
        tmp_path,
        {
            "astro.config.mjs": CONFIG % "site: 'https://a.example'",
            "tsconfig.json": '{ // comment\n "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
            "src/pages/prices.astro": PAGE,
            "src/layouts/Layout.astro": "---\nconst { title } = Astro.props;\n---\n<nav>Menu</nav><slot />",
            "src/components/Card.astro": "---\nconst { heading, note = 'Always.' } = Astro.props;\n---\n<h2>{heading}</h2><p>{note}</p><slot />",
            "src/data/extras.ts": "export const extras = [{ label: 'SMS', cost: '2 cents' }] as const;",
            "src/data/info.json": '{"phone": "+1 555 0100"}',
        },
    )
    document = (await read(path)).documents["https://a.example/prices/"]
    page = extract(document)
    assert (page.title, page.description) == ("Prices", "What it costs")
    assert [(b.heading_path[-1:], b.text) for b in page.blocks if b.kind != "heading"] == [
        (("Solo",), "$19 per month, don't wait"),
        (("Solo",), "- 1 user\n- It's simple"),
        (("Team",), "$49 per month, don't wait"),
        (("Team",), "- 10 users"),
        (("Team",), "Popular"),
        (("Refunds",), "Always."),
        (("Refunds",), "Within 30 days."),
        (("Refunds",), "SMS: 2 cents"),
        (("Refunds",), "+1 555 0100"),
        (("Refunds",), "Shipping\nFree over $50"),
    ]


WIDGETS = """---
import PageLayout from '~/layouts/PageLayout.astro';
import Prices from '~/components/Pricing.astro';
const metadata = { title: 'Pricing', description: 'All plans' };
---
<PageLayout metadata={metadata}>
  <Prices title="Our prices" prices={[{ title: 'basic', price: 29, period: 'a month',
    items: [{ description: 'One user' }], callToAction: { text: 'Start', href: '#' } },
    { title: 'pro', price: 9, period: 'a month', hasRibbon: true }]} />
  <ReactFaq client:load items={[{ question: 'Is it free?', answer: 'No.', icon: 'x' }]} />
</PageLayout>
"""
PRICING_WIDGET = """---
const { title = '', prices = [], classes = {}, bg = await Astro.slots.render('bg') } = Astro.props as Props;
---
<h2>{title}</h2>
{
  prices &&
    prices.map(({ title, price, period, items, hasRibbon = false, classes: own = {} }, index = 0) => (
      <div class="plan">
        {title && <h3>{title}</h3>}
        <div><span>$</span> <span>{price}</span></div>
        <p set:html={period} />
        {items && <ul>{items.map(({ description }) => description && (<li>{description}</li>))}</ul>}
        {hasRibbon && <b>Popular</b>}
      </div>
    ))
}
"""


async def test_widgets_are_filled_with_the_data_that_pages_hand_them(tmp_path: Path) -> None:
    path = project(
        tmp_path,
        {
            "astro.config.mjs": CONFIG % "",
            "src/pages/pricing.astro": WIDGETS,
            "src/components/Pricing.astro": PRICING_WIDGET,
            "src/layouts/PageLayout.astro": "<slot />",
        },
    )
    page = extract((await read(path)).documents["/pricing/"])
    assert (page.title, page.description) == ("Pricing", "All plans")
    assert [(b.heading_path, b.text) for b in page.blocks if b.kind != "heading"] == [
        (("Our prices", "basic"), "$29"),
        (("Our prices", "basic"), "a month"),
        (("Our prices", "basic"), "- One user"),
        (("Our prices", "pro"), "$9"),
        (("Our prices", "pro"), "a month"),
        (("Our prices", "pro"), "Popular"),
        (("Our prices", "Is it free?"), "No."),
    ]


MDX = """---
title: Guide
---
import { Tabs, TabItem } from '@astrojs/starlight/components';
export const faqs = [
  { question: 'Is it free?', answer: 'For {one} user.' },
];

# Start

Use `<Tabs>` or `{x}` like so, with {/* a comment */} 2 < 3.

<Tabs>
  <TabItem label="npm">

    ```sh
    import nothing from 'here'
    ```

  </TabItem>
  <TabItem label="Yarn">
  Run **yarn add**.
  </TabItem>
</Tabs>

{faqs.map((f) => <details><summary>{f.question}</summary>{f.answer}</details>)}

<LinkCard title="Next" description="Go on" href="/next/" /> <Badge text="New" />

:::caution[Careful]
It is hot.
:::

| a | b |
|---|---|
| 1 | 2 |
"""


async def test_mdx_keeps_the_text_and_drops_the_code_around_it(tmp_path: Path) -> None:
    path = project(tmp_path, {"astro.config.mjs": CONFIG % "", "src/pages/g.mdx": MDX})
    page = extract((await read(path)).documents["/g/"])
    assert [(b.kind, b.heading_path[-1:], b.text) for b in page.blocks] == [
        ("heading", (), "Start"),
        ("paragraph", ("Start",), "Use <Tabs> or {x} like so, with 2 < 3."),
        ("heading", ("Start",), "npm"),
        ("code", ("npm",), "import nothing from 'here'"),
        ("heading", ("Start",), "Yarn"),
        ("paragraph", ("Yarn",), "Run yarn add."),
        ("heading", ("Start",), "Is it free?"),
        ("faq", ("Is it free?",), "For {one} user."),
        ("paragraph", ("Start",), "Next\nGo on"),
        ("paragraph", ("Start",), "New"),
        ("paragraph", ("Start",), "Careful"),
        ("paragraph", ("Start",), "It is hot."),
        ("table", ("Start",), "a: 1 | b: 2"),
    ]


BUILT = "<!doctype html><html><head><title>T</title>{head}</head><body><main><p>{text}</p></main></body></html>"


async def test_built_pages_are_preferred_and_have_their_addresses(tmp_path: Path) -> None:
    pages = {
        "index.html": "Home", "about/index.html": "About", "legal.html": "Legal", "404.html": "No",
        "_astro/x.html": "asset",
    }  # fmt: skip
    path = project(
        tmp_path,
        {
            "astro.config.mjs": CONFIG % "site: 'https://a.example', base: '/b', outDir: './public_html'",
            "src/pages/index.astro": "Source",
            **{f"public_html/{n}": BUILT.format(head="", text=t) for n, t in pages.items()},
            "public_html/old/index.html": BUILT.format(head='<meta http-equiv="refresh" content="0;url=/about/">', text="x"),
            "public_html/private/index.html": BUILT.format(head='<meta name="robots" content="noindex">', text="x"),
            "public_html/copy/index.html": BUILT.format(head='<link rel="canonical" href="https://a.example/about/">', text="x"),
        },
    )  # fmt: skip
    found = await read(path)
    assert sorted(found.documents) == [
        "https://a.example/b/",
        "https://a.example/b/about/",
        "https://a.example/b/legal",
    ]
    assert found.skipped == {
        "error page": 1,
        "redirect": 1,
        "noindex": 1,
        "a copy of its canonical page": 1,
    }
    assert sorted((await read(path, prefer="source")).documents) == ["https://a.example/b/"]
    alone = await read(path / "public_html", base_url="https://c.example/b")
    assert "https://c.example/b/about/" in alone.documents


async def test_stale_built_pages_are_remarked_upon(tmp_path: Path) -> None:
    path = project(
        tmp_path,
        {"dist/index.html": BUILT.format(head="", text="Old"), "src/pages/index.astro": "New", "astro.config.mjs": CONFIG % ""},
    )  # fmt: skip
    os.utime(path / "dist/index.html", (1, 1))
    source = AstroSource(AstroSettings(type="astro", path=path))
    await collect(source)
    assert any("older than the source" in note for note in source.notes)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"astro.config.mjs": CONFIG % "", "src/components/A.astro": "<p/>"},
            "the project has no content",
        ),
        (
            {"astro.config.mjs": CONFIG % "", "src/content/.gitkeep": ""},
            "the project has no content",
        ),
        ({"readme.md": "# Not Astro"}, "no Astro project"),
    ],
)
async def test_a_folder_without_content_is_a_clear_error(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        await read(project(tmp_path, files))


def test_a_configuration_full_of_code_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "astro.config.mjs": "const site = 'https://a.example';\n/* base: '/no' */\nexport default {\n  site, // x\n  vite: { plugins: [foo({ a: () => `x${1}` })] },\n  base: '/b',\n};"
        },
    )
    config = read_config(tmp_path)
    assert (config.site, config.base) == ("https://a.example", "/b")
