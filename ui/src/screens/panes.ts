// F6: focus goes round the panes in the order in which they stand.

const ENTRY = '[role="treeitem"][tabindex="0"], [role="row"][tabindex="0"], [role="option"][tabindex="0"], [role="grid"][tabindex="0"], [role="listbox"][tabindex="0"]';

/**
 * After going to another screen by a key, focus has nowhere to be: it goes to the list of the new
 * screen as soon as there is one. Focus that is somewhere else stays.
 */
export async function settleFocus(): Promise<void> {
  for (let tries = 0; tries < 30; tries++) {
    await new Promise((next) => requestAnimationFrame(next));
    if (document.activeElement !== document.body) return;
    const list = document.querySelector<HTMLElement>('[data-pane="list"]');
    list?.querySelector<HTMLElement>(ENTRY)?.focus();
  }
}

/** Focuses the next pane's own entry point: its roving item if it has one, or the pane. */
export function nextPane(step: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>("[data-pane]")];
  if (panes.length === 0) return;
  const at = panes.findIndex((pane) => pane.contains(document.activeElement));
  const pane = panes[at < 0 ? 0 : (at + step + panes.length) % panes.length];
  const entry = pane?.querySelector<HTMLElement>(ENTRY);
  const fallback = pane?.querySelector<HTMLElement>('button:not([disabled]), a[href], input, [tabindex="0"]');
  (entry ?? fallback ?? pane)?.focus();
}
