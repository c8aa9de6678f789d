import { createContext, type ReactNode, useContext } from 'react';
import type { Brand } from './brand.ts';
import { words } from './words.ts';

const BrandContext = createContext<Brand>({});

export function BrandProvider({ brand, children }: { brand: Brand; children: ReactNode }) {
  return <BrandContext value={brand}>{children}</BrandContext>;
}

/** Whose calls these are; ours where the server has no brand of its own. */
export function useBrand(): { name: string; tagline: string; logo: string | undefined } {
  const { name = words.product, tagline = words.tagline, logo } = useContext(BrandContext);
  return { name, tagline, logo: logo ? `/brand/${logo}` : undefined };
}
