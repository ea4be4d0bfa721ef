import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { DESKTOP } from "../../backend/fake/world";
import { act } from "../../state/actions.svelte";
import { startApp } from "../../../tests/app";
import { often } from "./map";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
const row = async (name: RegExp) => within((await screen.findByRole("rowheader", { name })).closest("tr") as HTMLElement);

describe("the sync map", () => {
  it("is reached from the status and says what is true in Manual mode with a folder", async () => {
    const { user, container } = await startApp({ scene: "watching" });
    await waitFor(() => expect(act("sync.status")).toBe(true));
    await user.click(await screen.findByRole("button", { name: "Sync map" }));
    expect(await screen.findByRole("heading", { level: 1, name: "Sync map" })).toBeVisible();
    const folder = await row(/Exchange folder/);
    expect(folder.getByText("Folder · on launch, on change, every 15 min")).toBeVisible();
    expect(folder.getByText(/^Watching/)).toBeVisible();
    expect((await row(/Desktop/)).getByText("When you export")).toBeVisible();
    expect((await row(/Laptop/)).getByText("3f9a 11c0 …")).toBeVisible();
    // The picture shows the same places.
    expect([...container.querySelectorAll("figure .name")].map((one) => one.textContent)).toEqual(["Laptop", "Desktop", "Phone", "Exchange folder"]);
    await clean();
  });

  it("says who cannot be reached, and whose clock is off", async () => {
    const { fake, container } = await startApp({ route: { screen: "map" }, scene: "off" });
    fake.around.standing.set(DESKTOP.id, { connected: true, clockAheadMs: 240_000 });
    await fake.setMode("nearby");
    const desktop = await row(/Desktop/);
    expect(await desktop.findByText("Same network · on launch, on change, every 15 min")).toBeVisible();
    expect(desktop.getByText("Clock 4 min ahead")).toBeVisible();
    expect(desktop.getByText("Idle")).toBeVisible();
    expect((await row(/Phone/)).getByText("Not reachable now")).toBeVisible();
    expect(container.querySelectorAll(".fan .unreachable")).toHaveLength(1);
    expect(screen.queryByText(/Exchange folder/)).toBeNull();
    await clean();
  });

  it("has nothing to show of one device alone", async () => {
    await startApp({ route: { screen: "map" }, world: "empty" });
    expect(await screen.findByText("Only this device so far.")).toBeVisible();
    expect(screen.getByRole("button", { name: "Add a device…" })).toBeVisible();
  });

  it("names triggers as they are set", () => {
    expect(often({ onLaunch: false, onChange: false, everyMinutes: null })).toBe("only when you say so");
    expect(often({ onLaunch: true, onChange: false, everyMinutes: 60 })).toBe("on launch, every 60 min");
  });
});
