// Picks the backend once at start. Everything else asks `backend()`.
import type { Backend } from "./contract";

let current: Backend | null = null;

/** The one backend of this window. Throws before `useBackend` was called. */
export function backend(): Backend {
  if (!current) throw new Error("The backend was asked for before it was chosen.");
  return current;
}

/** Sets the backend: at start, and in tests for each test. */
export function useBackend(next: Backend): void {
  current = next;
}

/** The shell's backend inside the app; in development builds outside of it, the in-memory one. */
export async function chooseBackend(): Promise<Backend> {
  if (__FAKE__ && !("__TAURI_INTERNALS__" in window)) {
    const { sampleBackend } = await import("./fake");
    useBackend(sampleBackend(new URLSearchParams(window.location.search)));
  } else {
    const { tauriBackend } = await import("./tauri");
    useBackend(tauriBackend());
  }
  return backend();
}

/** Any thrown thing as the error people read. */
export function asCommandError(error: unknown): { code: string; message: string; remedy: string | null } {
  if (typeof error === "object" && error !== null && "message" in error) {
    const known = error as { code?: unknown; message: unknown; remedy?: unknown };
    return {
      code: typeof known.code === "string" ? known.code : "unexpected",
      message: String(known.message),
      remedy: typeof known.remedy === "string" ? known.remedy : null,
    };
  }
  return { code: "unexpected", message: String(error), remedy: "Try again. If it happens again, restart Holdfast." };
}
