import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";
// The plugin reads it itself. Said here, so that what is kept of earlier test runs goes when it changes.
import "./svelte.config.js";

const src = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

// `--mode fake` builds the same interface over the in-memory backend, for looking at it in a plain
// browser. The production build contains no line of the fake.
export default defineConfig(({ mode }) => ({
  plugins: [svelte(), svelteTesting()],
  resolve: {
    alias: {
      $backend: src("backend"),
      $state: src("state"),
      $shared: src("shared"),
      $features: src("features"),
    },
  },
  define: { __FAKE__: JSON.stringify(mode !== "production") },
  clearScreen: false,
  // The in-memory backend reads the backend's own table of phrases.
  server: { port: 5173, strictPort: true, host: "127.0.0.1", fs: { allow: [".", "../crates/model/src/quickadd"] } },
  build: {
    outDir: mode === "fake" ? "dist-fake" : "dist",
    emptyOutDir: true,
    target: ["es2022", "safari15"],
    sourcemap: mode === "fake",
    // Loaded from disk, not over a network.
    chunkSizeWarningLimit: 1500,
  },
  test: {
    environment: "jsdom",
    setupFiles: ["./tests/setup.ts"],
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    restoreMocks: true,
    testTimeout: 40000,
    // Nothing else runs beside the tests; by default one processor stays idle.
    maxWorkers: "100%",
    // Styles are left out; the test of contrast reads the colours as text.
    css: { include: [/tokens\.css\?raw$/] },
    // Most of a run would be loading the same modules for every file. What they keep, tests/app.ts sets back.
    isolate: false,
    // The next run, under another date, takes over what was compiled.
    experimental: { fsModuleCache: true },
  },
}));
