import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";
import { TEST_NOW } from "../../backend/fake";
import { fakeId, sampleWorld } from "../../backend/fake/world";

function full() {
  const world = sampleWorld(TEST_NOW, "2026-11-18");
  world.notes.find((note) => note.id === fakeId(52))!.deleted = TEST_NOW - 60_000;
  world.lists.find((list) => list.id === fakeId(6))!.deleted = TEST_NOW - 120_000;
  return world;
}
const start = () => startApp({ route: { screen: "trash" }, world: full() });

describe("the trash", () => {
  it("shows all kinds, where and when they were deleted", async () => {
    await start();
    expect(await screen.findByText("Reading list")).toBeVisible();
    expect(screen.getByText(/^Note · deleted \d\d:\d\d on this device|^Note · deleted/)).toBeVisible();
    expect(screen.getByText(/^List · deleted/)).toBeVisible();
    expect(screen.getByText(/^Task · deleted/)).toBeVisible();
    expect(screen.getByText("3 items")).toBeVisible();
  });

  it("says how long each item stays, and what goes next", async () => {
    const world = full();
    world.tasks.find((task) => task.title === "Old draft")!.deleted = TEST_NOW - 31 * 24 * 3_600_000;
    await startApp({ route: { screen: "trash" }, world });
    expect(await screen.findByText(/^1 item is deleted for good on the next day that this device runs/)).toBeVisible();
    expect(screen.getByText(/^Task · deleted .* · goes on the next day$/)).toBeInTheDocument();
    expect(screen.getByText(/^Note · deleted .* · 30 days left$/)).toBeInTheDocument();
  });

  it("restores with Undo, and keeps the keyboard's place", async () => {
    const { fake, user } = await start();
    await user.click(await screen.findByRole("button", { name: "Restore ‘Reading list’" }));
    await waitFor(() => expect(fake.world.notes.find((note) => note.id === fakeId(52))!.deleted).toBeNull());
    expect(await screen.findByRole("button", { name: "Undo" })).toBeVisible();
    await waitFor(() => expect(screen.getByRole("button", { name: "Restore ‘Private’" })).toHaveFocus());
  });

  it("asks before it deletes for good", async () => {
    const { fake, user } = await start();
    await user.click(await screen.findByRole("button", { name: "Delete for good… ‘Old draft’" }));
    const dialog = await screen.findByRole("dialog", { name: "Delete ‘Old draft’ for good?" });
    await user.click(within(dialog).getByRole("button", { name: "Keep it" }));
    expect(fake.calls.some((call) => call.method === "purgeItems")).toBe(false);
    await user.click(screen.getByRole("button", { name: "Delete for good… ‘Old draft’" }));
    await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Delete for good" }));
    await waitFor(() => expect(fake.world.tasks.some((task) => task.title === "Old draft")).toBe(false));
    expect(await screen.findByText("‘Old draft’ deleted for good")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  });

  it("empties as a whole, and says so", async () => {
    const { user } = await start();
    await user.click(await screen.findByRole("button", { name: "Empty the trash…" }));
    await user.click(within(await screen.findByRole("dialog", { name: "Delete 3 items for good?" })).getByRole("button", { name: "Delete for good" }));
    expect(await screen.findByText("Trash is empty.")).toBeVisible();
  });

  it("has no accessibility faults", async () => {
    const { container } = await start();
    await screen.findByText("Reading list");
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`)).toEqual([]);
  });
});
