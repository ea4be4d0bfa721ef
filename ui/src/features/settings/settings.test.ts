import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it, vi } from "vitest";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
const at = (tab: string, options: Parameters<typeof startApp>[0] = {}) => startApp({ route: { screen: "settings", tab }, ...options });

describe("settings", () => {
  it.each(["general", "sync", "travel", "devices", "shortcuts", "appearance", "backup", "files", "data"])("%s has no accessibility violations", async (tab) => {
    await at(tab);
    await screen.findByRole("heading", { level: 1, name: "Settings" });
    await waitFor(() => expect(screen.getAllByRole("tab", { selected: true })).toHaveLength(1));
    await clean();
  });

  it("moves between tabs with the arrow keys", async () => {
    const { user } = await at("general");
    (await screen.findByRole("tab", { name: "General" })).focus();
    await user.keyboard("{ArrowDown}");
    expect(screen.getByRole("tab", { name: "Sync" })).toHaveAttribute("aria-selected", "true");
  });

  it("offers only the ways of travelling that work, and explains Manual", async () => {
    await at("sync");
    expect(await screen.findByText(/Encrypted files between your devices/)).toBeVisible();
    expect(screen.getByRole("heading", { name: "Files that you carry" })).toBeVisible();
    expect(screen.queryByRole("heading", { name: /Cloud/ })).toBeNull();
    expect(screen.getByRole("heading", { name: /^Nearby/ })).toBeVisible();
    expect(screen.getByText(/Last export: .*7 changes since then\./)).toBeVisible();
  });

  it("sets what happens when two devices change the same thing", async () => {
    const { user, fake } = await at("sync");
    (await screen.findByRole("combobox", { name: /When two devices change titles/ })).focus();
    await user.keyboard("{Enter}");
    await user.keyboard("{ArrowUp}{Enter}");
    await waitFor(() => expect(fake.calls.find((call) => call.method === "setPolicy")?.args).toEqual(["task.title", "newest"]));
    // What cannot be chosen is said, not offered.
    const order = screen.getByRole("row", { name: /Order in lists/ });
    expect(within(order).queryByRole("combobox")).toBeNull();
  });

  it("renames a device and copies its fingerprint", async () => {
    const { user, fake } = await at("devices");
    const name = await screen.findByLabelText("Name of Desktop");
    await user.clear(name);
    await user.type(name, "Study PC{Enter}");
    await waitFor(() => expect(fake.world.devices.some((one) => one.name === "Study PC")).toBe(true));
    const write = vi.spyOn(navigator.clipboard, "writeText");
    await user.click(await screen.findByRole("button", { name: "Copy the fingerprint of Study PC" }));
    expect(write).toHaveBeenCalledWith("a1b2 c3d4 e5f6 0718 293a 4b5c 6d7e 8f90");
    expect(await screen.findByRole("button", { name: "Copied the fingerprint of Study PC" })).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Invite another device by a file…" }));
    expect(await screen.findByRole("dialog", { name: "Invite another device" })).toBeVisible();
  });

  it("says when there is only this device", async () => {
    await at("devices", { world: "empty" });
    expect(await screen.findByText("Only this device so far.")).toBeVisible();
  });

  it("turns single letters off", async () => {
    const { user, fake } = await at("shortcuts");
    await user.click(await screen.findByRole("checkbox", { name: /Let single letters act/ }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "setPrefs")?.args[0]).toMatchObject({ singleKeys: false }));
  });

  it("changes theme and density at once", async () => {
    const { user } = await at("appearance");
    await user.click(await screen.findByRole("radio", { name: "Dark" }));
    await user.click(screen.getByRole("radio", { name: /Compact/ }));
    expect(document.documentElement.dataset).toMatchObject({ theme: "dark", density: "compact" });
  });

  it("checks what is stored, and offers repair only where something is wrong", async () => {
    const { user, fake } = await at("data");
    await user.click(await screen.findByRole("button", { name: "Check now" }));
    expect(await screen.findByText("Everything is in order.")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Repair" })).toBeNull();
    fake.check = async (repair: boolean) => ({ ok: repair, lines: ["Search index: rebuilt"], refetch: 0 });
    await user.click(screen.getByRole("button", { name: "Check now" }));
    await user.click(await screen.findByRole("button", { name: "Repair" }));
    await waitFor(() => expect(screen.getByText("Everything is in order.")).toBeVisible());
  });
});

describe("devices and sync", () => {
  it("is a screen of its own without accessibility violations", async () => {
    await startApp({ route: { screen: "devices" } });
    expect(await screen.findByText(/missing 7 changes of yours, as of then/)).toBeVisible();
    await clean();
  });
});
