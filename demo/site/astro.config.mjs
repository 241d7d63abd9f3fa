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

/** Wide tables scroll inside a named region that the keyboard can reach. */
function tablesInRegions() {
  const visit = (node) => {
    node.children?.forEach(visit);
    node.children = node.children?.map((child) =>
      child.tagName === 'table'
        ? {
            type: 'element',
            tagName: 'div',
            properties: { className: ['table-scroll'], role: 'region', ariaLabel: 'Table', tabIndex: 0 },
            children: [child],
          }
        : child,
    );
  };
  return visit;
}

export default defineConfig({
  site: 'https://larkmere.example',
  base,
  trailingSlash: 'always',
  build: { format: 'directory', inlineStylesheets: 'never' },
  devToolbar: { enabled: false },
  integrations: [mdx()],
  // No highlighter: the ones on offer colour code with inline styles, which our CSP forbids.
  markdown: { syntaxHighlight: false, smartypants: false, rehypePlugins: [linksUnderBase, tablesInRegions] },
});
