import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const SERVER = process.env['MAREY_DEV_SERVER'] ?? 'http://127.0.0.1:8765';

export default defineConfig({
  // Proxies put the application under a prefix that nobody tells it, so nothing has an absolute address.
  base: './',
  plugins: [react()],
  build: {
    outDir: '../src/marey/server/static',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': SERVER } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
});
