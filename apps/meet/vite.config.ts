import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const platform = process.env.WEIR_URL ?? 'http://localhost:7420';

/** `index.html` answers `/`, `/meet/*` and `/preflight`; everything else that the page needs is hashed, under `/meet-assets/`. */
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    assetsDir: 'meet-assets',
    assetsInlineLimit: 0, // The content security policy knows no data: addresses.
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
  server: {
    proxy: {
      '/v1': { target: platform, ws: true },
    },
  },
});
