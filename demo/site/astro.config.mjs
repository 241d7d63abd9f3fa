import mdx from '@astrojs/mdx';
import { defineConfig } from 'astro/config';

const base = '/demo';

/** Markdown is written with links from the root ("/pricing/"); the site may live under a base path. */
function linksUnderBase() {
  const visit = (node) => {
    const href = node.properties?.href;
    if (node.tagName === 'a' && typeof href === 'string' && href.startsWith('/') && !href.startsWith('//')) {
      node.properties.href = base + href;
    }
    node.children?.forEach(visit);
  };
  return visit;
}

const textOf = (node) => node.value ?? node.children?.map(textOf).join('') ?? '';

/** What is too wide scrolls in a box that the keyboard can reach; a table's box is named after the heading above it. */
function scrollableBoxes() {
  return (tree) => {
    let heading = 'Table';
    tree.children = tree.children.map((node) => {
      if (/^h[1-6]$/.test(node.tagName)) heading = textOf(node);
      if (node.tagName === 'pre') node.properties.tabIndex = 0;
      if (node.tagName !== 'table') return node;
      const properties = { className: ['table-scroll'], role: 'group', ariaLabel: heading, tabIndex: 0 };
      return { type: 'element', tagName: 'div', properties, children: [node] };
    });
  };
}

export default defineConfig({
  site: 'https://larkmere.example',
  base,
  trailingSlash: 'always',
  build: { format: 'directory', inlineStylesheets: 'never' },
  devToolbar: { enabled: false },
  integrations: [mdx()],
  // No highlighter: the ones on offer colour code with inline styles, which our CSP forbids.
  markdown: { syntaxHighlight: false, smartypants: false, rehypePlugins: [linksUnderBase, scrollableBoxes] },
});
