import { getCollection } from 'astro:content';
import type { APIRoute } from 'astro';
import { isoDate } from '../lib/site';

const pages = Object.keys(import.meta.glob('./**/*.astro'))
  .filter((file) => !file.includes('[') && !file.includes('404'))
  .map((file) => file.slice(1).replace(/index\.astro$/, '').replace(/\.astro$/, '/'));

export const GET: APIRoute = async ({ site }) => {
  const entries: [string, Date?][] = pages.map((path) => [path]);
  for (const { id } of await getCollection('products')) entries.push([`/products/${id}/`]);
  for (const { id, data } of await getCollection('docs')) entries.push([`/docs/${id}/`, data.updated]);
  for (const { id, data } of await getCollection('case-studies')) entries.push([`/case-studies/${id}/`, data.published]);
  for (const { id, data } of await getCollection('blog')) entries.push([`/blog/${id}/`, data.date]);
  for (const { id, data } of await getCollection('legal')) entries.push([`/legal/${id}/`, data.effective]);
  const urls = entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, changed]) => {
      const lastmod = changed ? `<lastmod>${isoDate(changed)}</lastmod>` : '';
      return `  <url><loc>${new URL(path, site).href}</loc>${lastmod}</url>`;
    });
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${urls.join('\n')}
</urlset>
`;
  return new Response(xml, { headers: { 'Content-Type': 'application/xml' } });
};
