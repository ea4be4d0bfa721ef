// axe-core over every screen, in both themes. jsdom has no layout, so contrast is not judged here
// but computed from the tokens (contrast.test.ts).
import { screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { DESKTOP, fakeId } from "../src/backend/fake/world";
import type { Route } from "../src/state/router.svelte";
import { act } from "../src/state/actions.svelte";
import { startApp } from "./app";

type Case = { name: string; route?: Route; ready: string | RegExp; action?: string; width?: number; options?: Parameters<typeof startApp>[0] };

const CASES: Case[] = [
  { name: "Today", ready: "Renew the passport" },
  { name: "Today, nothing", ready: "Nothing due today.", options: { world: "empty" } },
  { name: "a task", route: { screen: "today", item: fakeId(25) }, ready: "Does not repeat" },
  { name: "a task in one pane", route: { screen: "today", item: fakeId(21) }, ready: "Does not repeat", width: 720 },
  { name: "Upcoming", route: { screen: "upcoming" }, ready: "Prune the apple tree" },
  { name: "Inbox", route: { screen: "inbox" }, ready: "Look at the new phone contract" },
  { name: "a list", route: { screen: "list", list: fakeId(2) }, ready: "Order screws" },
  { name: "a list's notes", route: { screen: "list", list: fakeId(2), tab: "notes" }, ready: "Shelf plan" },
  { name: "a tag", route: { screen: "tag", tag: "shop" }, ready: "Order screws" },
  { name: "Completed", route: { screen: "completed" }, ready: "Send the invoice to Maren" },
  { name: "Notes", route: { screen: "notes" }, ready: "Reading list" },
  { name: "a note", route: { screen: "notes", item: fakeId(51) }, ready: /words/ },
  { name: "Search", route: { screen: "search", query: "oak" }, ready: /oak/i },
  { name: "Conflicts", route: { screen: "conflicts" }, ready: "Buy oak boards" },
  { name: "a review of fields", route: { screen: "conflicts", item: fakeId(21) }, ready: /You and Desktop both changed/ },
  { name: "a review of text", route: { screen: "conflicts", item: fakeId(50) }, ready: /You and Desktop both edited/ },
  { name: "Activity", route: { screen: "activity" }, ready: /Exported for Desktop/ },
  { name: "Trash", route: { screen: "trash" }, ready: "Old draft" },
  { name: "Devices", route: { screen: "devices" }, ready: /Desktop/ },
  { name: "Settings", route: { screen: "settings" }, ready: /Theme|Appearance|General/ },
  { name: "Settings, Sync without a folder", route: { screen: "settings", tab: "sync" }, ready: "Choose a folder…", options: { scene: "off" } },
  { name: "Settings, Sync with a folder", route: { screen: "settings", tab: "sync" }, ready: /^Watching/, options: { scene: "watching" } },
  { name: "Settings, an emptied folder", route: { screen: "settings", tab: "sync" }, ready: "Publish again", options: { scene: "emptied" } },
  { name: "Settings, What travels where", route: { screen: "settings", tab: "travel" }, ready: "Waits for your approval", options: { scene: "approve" } },
  { name: "Settings, Backup", route: { screen: "settings", tab: "backup" }, ready: "Back up now" },
  { name: "Settings, Storage & check", route: { screen: "settings", tab: "data" }, ready: /^Your lists/ },
  { name: "Settings, Devices with a removed one", route: { screen: "settings", tab: "devices" }, ready: /^Removed .*[0-9]/, options: { scene: "removed" } },
  { name: "Devices, this one removed", route: { screen: "devices" }, ready: /This device was removed by Desktop/, options: { scene: "out" } },
  { name: "Activity of a folder", route: { screen: "activity" }, ready: /set aside/, options: { scene: "removed" } },
  { name: "an exchange folder being chosen", ready: "Renew the passport", action: "sync.folder", options: { scene: "off" } },
  { name: "a refused folder", ready: "Renew the passport", action: "sync.folder", options: { scene: "database" } },
  { name: "changes that wait for a look", ready: "Renew the passport", action: "sync.review", options: { scene: "ask" } },
  { name: "very large deletions", ready: "Renew the passport", action: "sync.review", options: { scene: "deletions" } },
  { name: "the sync popover with something to decide", ready: "Renew the passport", action: "sync.status", options: { scene: "ask" } },
  { name: "first run", ready: /Start fresh/, options: { state: "new" } },
  { name: "locked", ready: /Unlock/, options: { state: "locked" } },
  { name: "quick add", ready: "Renew the passport", action: "task.new" },
  { name: "the palette", ready: "Renew the passport", action: "palette.open" },
  { name: "quick switch", ready: "Renew the passport", action: "palette.switch" },
  { name: "the shortcuts", ready: "Renew the passport", action: "help.open" },
  { name: "the sync popover", ready: "Renew the passport", action: "sync.status" },
  { name: "the sync map", route: { screen: "map" }, ready: "When you export" },
  { name: "a way of the sync map", route: { screen: "map", item: DESKTOP.id }, ready: "Does not travel this way", options: { scene: "nearby" } },
  { name: "a device being added", ready: "Renew the passport", action: "device.add" },
  { name: "a vault being joined", ready: "Renew the passport", action: "device.join" },
  { name: "a new list", ready: "Renew the passport", action: "list.new" },
];

async function violations(): Promise<string[]> {
  const result = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } }, resultTypes: ["violations"] });
  return result.violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `  ${node.html.slice(0, 220)}`).join("\n")}`);
}

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  it.each(CASES)("$name has no fault that axe knows", async ({ route, ready, action, width, options }) => {
    await startApp({ ...(route ? { route } : {}), ...(width ? { width } : {}), ...options, prefs: { theme } });
    expect(document.documentElement.dataset.theme).toBe(theme);
    expect((await screen.findAllByText(ready))[0]).toBeDefined();
    // Rows of virtual lists are hidden until they were measured; hidden things would not be judged.
    await waitFor(() => expect(document.querySelector('[role="grid"] [style*="visibility: hidden"], [role="listbox"] [style*="visibility: hidden"]')).toBeNull());
    if (action) {
      act(action);
      await waitFor(() => expect(document.querySelector('[role="dialog"]')).not.toBeNull());
    }
    expect(await violations()).toEqual([]);
  });
});
