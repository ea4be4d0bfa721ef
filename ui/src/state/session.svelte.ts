// What the window knows from the start on: boot state, preferences, the sidebar's answer.
import { asCommandError, backend } from "$backend";
import type { Boot, CommandError, Prefs, Sidebar, SyncStatus } from "$backend/contract";

const DEFAULT_PREFS: Prefs = { theme: "system", density: "comfortable", singleKeys: true, weekStart: "monday", layout: {} };

/** What no command can do anything about: a screen of its own does. */
const LOST = ["data_missing", "key_missing"];

class Session {
  boot = $state.raw<Boot | null>(null);
  bootError = $state.raw<CommandError | null>(null);
  prefs = $state.raw<Prefs>(DEFAULT_PREFS);
  sidebar = $state.raw<Sidebar | null>(null);
  sidebarError = $state.raw<CommandError | null>(null);
  /** With which way the first run begins, where another screen led to it. */
  beginWith: "join" | null = null;
  #stop: () => void = () => {};
  #flying = false;
  #again = false;
  #asked = 0;
  #answered = 0;

  /** The position of the log that the newest sidebar was read at; a default for edits without a view. */
  get asOf(): number {
    return this.sidebar?.asOf ?? 0;
  }
  get today(): string {
    return this.boot?.today ?? "";
  }
  get mac(): boolean {
    return this.boot?.platform === "macos";
  }
  get status(): SyncStatus | null {
    return this.sidebar?.status ?? null;
  }

  /** Asks the backend how things stand. */
  async start(): Promise<void> {
    this.#stop();
    try {
      await this.enter(await backend().boot());
    } catch (error) {
      this.bootError = asCommandError(error);
    }
  }

  /** Takes over what createVault, join or unlock answered. */
  async enter(boot: Boot): Promise<void> {
    this.#stop();
    this.bootError = null;
    this.prefs = boot.prefs;
    this.#paint();
    if (boot.state === "ready") {
      this.boot = boot;
      // Before it reads: what changes meanwhile is not missed.
      this.#stop = backend().onChanged(() => void this.#changed());
      await this.refresh();
    } else {
      this.sidebar = null;
      this.boot = boot;
    }
  }

  async refresh(): Promise<void> {
    const mine = ++this.#asked;
    try {
      const sidebar = await backend().sidebar();
      // A later question was answered already.
      if (mine < this.#answered) return;
      this.#answered = mine;
      this.sidebar = sidebar;
      this.sidebarError = null;
    } catch (error) {
      if (!(await this.lost(error))) this.sidebarError = asCommandError(error);
    }
  }

  /** Where something failed because the data or their key are gone: shows the screen that says so, and what can be done. */
  async lost(error: unknown): Promise<boolean> {
    if (this.boot?.state !== "ready" || !LOST.includes(asCommandError(error).code)) return false;
    const boot = await backend().boot().catch(() => null);
    // They may be back already.
    if (boot === null || boot.state === "ready") return false;
    await this.enter(boot);
    return true;
  }

  /** After midnight: "today" is asked for again. */
  async newDay(): Promise<void> {
    const boot = await backend().boot();
    if (this.boot && boot.state === "ready") this.boot = { ...this.boot, today: boot.today };
    await this.refresh();
  }

  /** Changes preferences; the theme shows at once. */
  async setPrefs(patch: Partial<Prefs>): Promise<void> {
    this.prefs = { ...this.prefs, ...patch };
    this.#paint();
    await backend().setPrefs($state.snapshot(this.prefs) as Prefs);
  }

  /** A small remembered value, such as a pane's width; null forgets it. */
  async remember(key: string, value: string | null): Promise<void> {
    const layout = { ...this.prefs.layout };
    if (value === null) delete layout[key];
    else layout[key] = value;
    await this.setPrefs({ layout });
  }

  async #changed(): Promise<void> {
    if (this.#flying) {
      this.#again = true;
      return;
    }
    this.#flying = true;
    do {
      this.#again = false;
      await this.refresh();
    } while (this.#again);
    this.#flying = false;
  }

  #paint(): void {
    const system = matchMedia("(prefers-contrast: more)").matches
      ? "contrast"
      : matchMedia("(prefers-color-scheme: dark)").matches
        ? "dark"
        : "light";
    document.documentElement.dataset.theme = this.prefs.theme === "system" ? system : this.prefs.theme;
    document.documentElement.dataset.density = this.prefs.density;
  }

  /** Follows the system's theme while it runs. Returns the function that stops. */
  followSystem(): () => void {
    const queries = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"].map((q) => matchMedia(q));
    const paint = () => this.#paint();
    for (const query of queries) query.addEventListener("change", paint);
    return () => queries.forEach((query) => query.removeEventListener("change", paint));
  }
}

export const session = new Session();
