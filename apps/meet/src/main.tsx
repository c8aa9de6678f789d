import '@fontsource-variable/inter/wght.css';
import '@weir/react/styles.css';
import './meet.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { readBrand, wearAccent } from './brand.ts';
import { BrandProvider } from './brand-context.tsx';
import { bestLanguage, speak } from './language.ts';
import { memory } from './memory.ts';

const brand = await readBrand();
if (brand.accent) wearAccent(brand.accent);
await speak(bestLanguage([memory.language, brand.language, ...navigator.languages]));

createRoot(document.getElementById('app')!).render(
  <BrandProvider brand={brand}>
    <App />
  </BrandProvider>,
);
