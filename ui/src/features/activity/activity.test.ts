import { screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { TEST_NOW } from "../../backend/fake";
import { fromPhone } from "../../backend/fake/scenes";
import { fakeId } from "../../backend/fake/world";
import { startApp } from "../../../tests/app";

describe("activity", () => {
  it("lists what happened and takes an import back", async () => {
    const { user, fake } = await startApp({ route: { screen: "activity" } });
    expect(await screen.findByText("Imported changes from Desktop")).toBeVisible();
    expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Undo: Imported changes from Desktop" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "undoExchange")?.args).toEqual(["a1"]));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Undo: Imported changes from Desktop" })).toBeNull());
  });

  it("filters by kind", async () => {
    const { user } = await startApp({ route: { screen: "activity" } });
    (await screen.findByRole("combobox", { name: /Show/ })).focus();
    await user.keyboard("{Enter}");
    await user.keyboard("{ArrowDown}{Enter}");
    expect(screen.getByText("Exported for Desktop")).toBeVisible();
    expect(screen.queryByText("Imported changes from Desktop")).toBeNull();
  });

  it("names only what happened: no lines of zeros", async () => {
    const { fake } = await startApp({ route: { screen: "activity" } });
    fake.elsewhere((world) => {
      const counts = { sent: 0, adds: 0, updates: 3, deletes: 0, conflicts: 0, merged: 1 };
      world.activity = [
        { id: "x", kind: "exchange", time: TEST_NOW, title: "Received changes from Desktop", details: [], counts, items: [], device: null, canUndo: false },
        { id: "y", kind: "exchange", time: TEST_NOW, title: "Looked into the folder", details: [], counts: { ...counts, updates: 0, merged: 0 }, items: [], device: null, canUndo: false },
      ];
    });
    expect(await screen.findByText("Updated 3, 1 merged automatically.")).toBeVisible();
    expect(screen.getByText("Nothing was new.")).toBeVisible();
    expect(screen.getByRole("region", { name: "Entries" }).textContent).not.toMatch(/\b0\b(?!:)(?! h)/);
  });

  it("unfolds the items of an exchange, by keyboard too", async () => {
    const { user, fake } = await startApp({ route: { screen: "activity" }, scene: "watching" });
    fake.folders.disk.batches.push(fromPhone(TEST_NOW));
    await fake.syncNow();
    const unfold = await screen.findByRole("button", { name: "Show the items of: Received changes from Phone" });
    expect(screen.queryByText("Return the library books")).toBeNull();
    unfold.focus();
    await user.keyboard("{Enter}");
    expect(screen.getByText("Return the library books")).toBeVisible();
    expect(screen.getByRole("button", { name: "Hide the items of: Received changes from Phone" })).toHaveAttribute("aria-expanded", "true");
    await user.click(screen.getByRole("button", { name: "Undo: Received changes from Phone" }));
    await waitFor(() => expect(fake.world.tasks.some((one) => one.title === "Return the library books")).toBe(false));
  });

  it("tells of removed devices, new identities, restores and pruning", async () => {
    const { fake } = await startApp({ route: { screen: "activity" }, scene: "removed" });
    expect(await screen.findByText("Changes of Phone were set aside")).toBeVisible();
    fake.saved.prune(120);
    await fake.editTasks([fakeId(33)], { title: "Other" });
    await fake.restoreBackup((await fake.backups()).backups[0]!.id, "here");
    expect(await screen.findByText("This device writes under a new identity")).toBeVisible();
    expect(screen.getByText("Restored a backup on this device")).toBeVisible();
    expect(screen.getByText("Removed old history: 120 changes that every device has")).toBeVisible();
    expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
  });

  it("has what is told late where it happened", async () => {
    const { fake } = await startApp({ route: { screen: "activity" } });
    await screen.findByText(/Exported for Desktop/);
    const [newest] = [...fake.world.activity].sort((a, b) => b.time - a.time);
    fake.elsewhere((world) => world.activity.unshift({ ...newest!, id: "late", title: "Came long ago", time: newest!.time - 400 * 86_400_000 }));
    await screen.findByText("Came long ago");
    const times = [...document.querySelectorAll("time")].map((one) => Date.parse(one.dateTime));
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it("says when nothing has synced", async () => {
    await startApp({ route: { screen: "activity" }, world: "empty" });
    expect(await screen.findByText("Nothing has synced yet.")).toBeVisible();
  });
});
