import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@weir/core';
import type { HttpApp } from '@weir/service';
import { z } from 'zod';

const types = { svg: 'image/svg+xml', png: 'image/png', webp: 'image/webp' };

/** What a house puts its name on. All of it is optional. */
export const Brand = z.strictObject({
  /** In place of Weir. */
  name: z.string().min(1).max(40).optional(),
  /** The sentence on the start page. */
  tagline: z.string().max(120).optional(),
  /** Buttons and marks; made lighter by the page where it could not be read. */
  accent: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'like #1f7fb5')
    .optional(),
  /** A file beside brand.json; shown 28 px high. */
  logo: z
    .string()
    .regex(/^[\w-]+\.(svg|png|webp)$/, 'the name of an svg, png or webp file')
    .optional(),
  /** Where the visitor's own is not known. */
  language: z.enum(['en', 'de']).optional(),
});
export type Brand = z.infer<typeof Brand>;

/**
 * Serves `brand.json` of a folder and the logo that it names at `/brand/`; without the file an empty brand. Throws
 * `bad-request` for one that says what no page understands.
 */
export async function serveBrand(app: HttpApp, folder: string): Promise<void> {
  const brand = await readBrand(join(folder, 'brand.json'));
  app.get('/brand/brand.json', (_request, reply) => reply.header('cache-control', 'no-cache').send(brand));
  const { logo } = brand;
  if (!logo) return;
  const picture = await readFile(join(folder, logo)).catch((cause) => {
    throw new PlatformError('bad-request', `brand.json names the logo ${logo}, which is not beside it`, {
      cause,
    });
  });
  const type = types[logo.split('.').at(-1) as keyof typeof types];
  app.get(`/brand/${logo}`, (_request, reply) =>
    reply.header('cache-control', 'no-cache').type(type).send(picture),
  );
}

async function readBrand(file: string): Promise<Brand> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new PlatformError('bad-request', `${file} is not JSON`, { cause });
  }
  const brand = Brand.safeParse(parsed);
  if (brand.success) return brand.data;
  throw new PlatformError('bad-request', `${file}: ${z.prettifyError(brand.error)}`);
}
