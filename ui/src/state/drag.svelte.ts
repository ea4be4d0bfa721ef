// Dragging items with the pointer (never HTML5 drag, which web views break). Drop places carry
// data-drop="row:ID", "list:ID", "list:", "group:KEY", "tag:TITLE", "view:NAME"; the owner of the
// dragged items decides what a drop there does. Everything here also has a key and a menu item.
import type { Id } from "$backend/contract";

export type Drop = { kind: string; value: string; /** For rows: which half the pointer is over. */ edge: "before" | "after" };

class Drag {
  ids = $state.raw<Id[]>([]);
  label = $state("");
  x = $state(0);
  y = $state(0);
  over = $state.raw<Drop | null>(null);

  get active(): boolean {
    return this.ids.length > 0;
  }
  /** True while something is held over this place. */
  isOver(kind: string, value: string): boolean {
    return this.over?.kind === kind && this.over.value === value;
  }
}

export const drag = new Drag();

const THRESHOLD = 6;

/** Follows a press until it becomes a drag, is let go, or is given up with Escape. */
export function followPress(press: PointerEvent, what: { ids: () => Id[]; label: () => string; accepts: (drop: Drop) => boolean; drop: (ids: Id[], at: Drop) => void }): void {
  if (press.button !== 0 || press.pointerType === "touch") return;
  const watch = new AbortController();
  const { signal } = watch;
  let started = false;

  function over(event: PointerEvent): Drop | null {
    const place = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-drop]");
    const [, kind, value] = /^(\w+):(.*)$/s.exec(place?.dataset.drop ?? "") ?? [];
    if (!place || kind === undefined || value === undefined) return null;
    const box = place.getBoundingClientRect();
    const found: Drop = { kind, value, edge: event.clientY < box.top + box.height / 2 ? "before" : "after" };
    return what.accepts(found) ? found : null;
  }
  function end(): void {
    watch.abort();
    Object.assign(drag, { ids: [], over: null });
  }
  addEventListener("pointermove", (event) => {
    if (!started) {
      if (Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) < THRESHOLD) return;
      started = true;
      drag.ids = what.ids();
      drag.label = what.label();
      getSelection()?.removeAllRanges();
    }
    drag.x = event.clientX;
    drag.y = event.clientY;
    drag.over = over(event);
  }, { signal });
  addEventListener("pointerup", () => {
    const [ids, at] = [drag.ids, drag.over];
    end();
    if (started && at && ids.length > 0) what.drop(ids, at);
    // The click that follows a drag must not open anything.
    if (started) {
      const still = new AbortController();
      addEventListener("click", (click) => click.stopPropagation(), { capture: true, signal: still.signal });
      setTimeout(() => still.abort(), 0);
    }
  }, { signal });
  addEventListener("pointercancel", end, { signal });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !started) return;
    event.stopPropagation();
    end();
  }, { signal, capture: true });
}
