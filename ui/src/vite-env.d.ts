/// <reference types="svelte" />
/// <reference types="vite/client" />
/** True where the in-memory backend may be used: tests, `vite dev`, `--mode fake`. */
declare const __FAKE__: boolean;
