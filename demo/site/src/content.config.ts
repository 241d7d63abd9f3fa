import { defineCollection } from 'astro:content';
import { z } from 'astro/zod';
import { glob } from 'astro/loaders';

const markdown = (folder: string) => glob({ pattern: '**/*.{md,mdx}', base: `./src/content/${folder}` });

const products = defineCollection({
  loader: markdown('products'),
  schema: z.object({
    title: z.string(),
    description: z.string(),
    model: z.string(),
    price: z.string(),
    kind: z.enum(['Gateway', 'Sensor', 'Kit', 'Service']),
    image: z.string(),
    summary: z.string(),
    order: z.number(),
  }),
});

const docs = defineCollection({
  loader: markdown('docs'),
  schema: z.object({ title: z.string(), description: z.string(), order: z.number(), updated: z.coerce.date() }),
});

const caseStudies = defineCollection({
  loader: markdown('case-studies'),
  schema: z.object({
    title: z.string(),
    description: z.string(),
    customer: z.string(),
    industry: z.string(),
    place: z.string(),
    figure: z.string(),
    figureLabel: z.string(),
    published: z.coerce.date(),
  }),
});

const blog = defineCollection({
  loader: markdown('blog'),
  schema: z.object({
    title: z.string(),
    description: z.string(),
    author: z.string(),
    role: z.string(),
    date: z.coerce.date(),
    outdated: z.string().optional(),
  }),
});

const legal = defineCollection({
  loader: markdown('legal'),
  schema: z.object({ title: z.string(), description: z.string(), effective: z.coerce.date() }),
});

export const collections = { products, docs, 'case-studies': caseStudies, blog, legal };
