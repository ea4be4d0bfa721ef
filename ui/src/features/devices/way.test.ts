import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { TRIGGERS } from "../../backend/fake/scenes";
import { from } from "../../backend/fake/folder";
import { DESKTOP, fakeId, PHONE, task } from "../../backend/fake/world";
import { router } from "../../state/router.svelte";
import { startApp } from "../../../tests/app";

const map = { screen: "map" } as const;
const panel = async (name: string) => within(await screen.findByRole("region", { name: `Way to ${name}` }));
const arrow = (name: string) => screen.findByRole("button", { name: new RegExp(`^Way to ${name}: `) });
const inTable = async (name: string) => within((await screen.findByRole("rowheader", { name: new RegExp(name) })).closest("tr") as HTMLElement).getByRole("button");
const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
const names = (list: HTMLElement) => within(list).getAllByRole("listitem").map((one) => one.textContent);

describe("a way of the sync map", () => {
  it("is selected with the mouse and shows the last five exchanges, newest first", async () => {
    const { user, fake } = await startApp({ route: map, scene: "nearby" });
    await user.click(await arrow("Desktop"));
    const way = await panel("Desktop");
    expect(way.getByRole("heading", { level: 2 })).toHaveFocus();
    expect(way.getByText("Same network · on launch, on change, every 15 min · Idle")).toBeVisible();
    // Desktop told six times; the sixth is in the activity.
    expect(fake.world.activity.filter((one) => one.kind === "exchange")).toHaveLength(6);
    const exchanges = within(way.getByRole("list", { name: "Last exchanges" })).getAllByRole("listitem");
    expect(exchanges).toHaveLength(5);
    expect(exchanges[0]).toHaveTextContent("Came from Desktop over the network");
    expect(exchanges[0]).toHaveTextContent("Added 1, updated 1.");
    const times = exchanges.map((one) => one.querySelector("time")?.getAttribute("datetime") ?? "");
    expect(times).toEqual([...times].sort().reverse());
    expect(way.getByText("What Desktop fetched from here is in the activity there.")).toBeVisible();
  });

  it("is selected by its line beside this device, too", async () => {
    const { user, container } = await startApp({ route: map, scene: "nearby" });
    await arrow("Phone");
    await user.click(container.querySelectorAll(".grip")[1] as Element);
    await panel("Phone");
  });

  it("is selected with the keyboard; Esc gives focus back", async () => {
    const { user } = await startApp({ route: map, scene: "nearby" });
    const desktop = await arrow("Desktop");
    desktop.focus();
    await user.keyboard("{Enter}");
    await panel("Desktop");
    expect(desktop).toHaveAttribute("aria-expanded", "true");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("region", { name: "Way to Desktop" })).toBeNull());
    expect(desktop).toHaveFocus();
    expect(desktop).toHaveAttribute("aria-expanded", "false");
    // Space opens it, and once more closes it.
    await user.keyboard(" ");
    await panel("Desktop");
    desktop.focus();
    await user.keyboard(" ");
    await waitFor(() => expect(screen.queryByRole("region", { name: "Way to Desktop" })).toBeNull());
  });

  it("is selected from the table as well, and one takes the place of another", async () => {
    const { user } = await startApp({ route: map, scene: "nearby" });
    await user.click(await inTable("Desktop"));
    await panel("Desktop");
    const phone = await inTable("Phone");
    await user.click(phone);
    const way = await panel("Phone");
    expect(screen.queryByRole("region", { name: "Way to Desktop" })).toBeNull();
    expect(await arrow("Phone")).toHaveAttribute("aria-expanded", "true");
    expect(way.getByText("Nothing was exchanged with Phone yet.")).toBeVisible();
    // Why nothing gets through, and what to do about it.
    expect(way.getByText(/firewall lets Holdfast through/)).toBeVisible();
    expect(way.getByRole("button", { name: "Look at the devices" })).toBeVisible();
    await user.click(way.getByRole("button", { name: "Close" }));
    expect(phone).toHaveFocus();
  });

  it("changes the triggers of the settings, not a copy", async () => {
    const { user, fake } = await startApp({ route: map, scene: "nearby" });
    await user.click(await arrow("Desktop"));
    const way = await panel("Desktop");
    await user.click(way.getByRole("checkbox", { name: "When Holdfast starts" }));
    await waitFor(() => expect(fake.around.triggers).toEqual({ ...TRIGGERS, onLaunch: false }));
    expect(await screen.findByRole("button", { name: "Way to Desktop: Same network · on change, every 15 min, Idle" })).toBeVisible();
    await user.click(way.getByRole("checkbox", { name: /^Also over metered networks/ }));
    await waitFor(() => expect(fake.around.onMetered).toBe(true));
    router.go({ screen: "settings", tab: "sync" });
    expect(await screen.findByRole("checkbox", { name: "When Holdfast starts" })).not.toBeChecked();
    // Back leads to the way that was selected.
    router.back();
    await panel("Desktop");
  });

  it("changes the triggers of the exchange folder, and leaves what arrives as it is", async () => {
    const { user, fake } = await startApp({ route: map, scene: "ask" });
    await user.click(await arrow("the exchange folder"));
    const way = await panel("the exchange folder");
    await user.click(way.getByRole("checkbox", { name: /^When something changes/ }));
    await waitFor(() => expect(fake.calls.filter((one) => one.method === "setFolder").at(-1)?.args).toEqual(["askFirst", { ...TRIGGERS, onChange: false }]));
    expect(await screen.findByRole("button", { name: /^Way to the exchange folder: Folder · on launch, every 15 min, / })).toBeVisible();
    expect(within(way.getByRole("list", { name: "Last exchanges" })).getByText("Went out through the folder")).toBeVisible();
  });

  it.each([["1 hour", "hour", /^Paused until/], ["Until tomorrow", "tomorrow", "Paused until tomorrow"], ["Until I resume", "resume", "Paused until you resume"]])("pauses: %s", async (label, length, words) => {
    const { user, fake } = await startApp({ route: { ...map, item: DESKTOP.id }, scene: "nearby" });
    const way = await panel("Desktop");
    await user.click(await way.findByRole("button", { name: `Pause: ${label}` }));
    await waitFor(() => expect(fake.calls).toContainEqual({ method: "pauseSync", args: [length] }));
    expect(await way.findByText(words)).toBeVisible();
    expect(await screen.findByRole("button", { name: "Way to Desktop: Same network · paused, Idle" })).toBeVisible();
    // Nobody looks for the others meanwhile, so none of them counts as unreachable.
    expect(await screen.findByRole("button", { name: "Way to Phone: Same network · paused, Idle" })).toBeVisible();
    await user.click(way.getByRole("button", { name: "Resume" }));
    expect(await way.findByRole("button", { name: "Pause: 1 hour" })).toBeVisible();
  });

  it("says which lists travel, and why the others do not", async () => {
    const { user, fake } = await startApp({ route: { ...map, item: DESKTOP.id }, scene: "nearby" });
    const way = await panel("Desktop");
    await waitFor(() => expect(names(way.getByRole("list", { name: "Travels this way" }))).toEqual(["Inbox", "House", "House › Garden", "House › Kitchen", "WorkAsks first: 3 changes wait for your approval", "Workshop"]));
    expect(names(way.getByRole("list", { name: "Does not travel this way" }))).toEqual(["PrivateNever leaves this device"]);
    await fake.setMode("manual");
    const manual = await panel("Desktop");
    expect(await manual.findByText("Nothing goes this way by itself: you export a file here and import it on Desktop, and the other way round.")).toBeVisible();
    expect(manual.queryByText("Pause")).toBeNull();
    expect(names(manual.getByRole("list", { name: "Does not travel this way" }))).toEqual(["House › GardenNearby only: not in files that you carry", "PrivateNever leaves this device"]);
    await user.click(manual.getByRole("button", { name: "Change what travels where" }));
    expect(router.route).toMatchObject({ screen: "settings", tab: "travel" });
  });

  it("leads to the line of the activity, also to one far down", async () => {
    const { user, fake } = await startApp({ route: map, scene: "nearby" });
    fake.elsewhere((world) => {
      for (let n = 0; n < 230; n++) world.activity.unshift({ id: `c${n}`, kind: "check", time: world.activity[0]?.time ?? 0, title: "Checked the data", details: [], counts: null, items: [], device: null, canUndo: false });
    });
    await user.click(await arrow("Desktop"));
    const [first] = (await panel("Desktop")).getAllByRole("button", { name: /^Show in Activity: Came from Desktop over the network/ });
    await user.click(first as HTMLElement);
    await waitFor(() => expect(document.activeElement).toHaveTextContent("Received changes from Desktop"));
    expect(document.activeElement).toHaveAttribute("aria-current", "true");
  });

  it("counts only what its own device brought, and what was set aside", async () => {
    const { fake } = await startApp({ route: { ...map, item: PHONE.id }, scene: "nearby" });
    const way = await panel("Phone");
    expect(way.getByText("Nothing was exchanged with Phone yet.")).toBeVisible();
    fake.arrive(from(PHONE, "phone-9", 0, [{ op: "task", task: task(990, "Call Ann", {}, 0) }, { op: "delete", id: fakeId(29) }]));
    fake.elsewhere((world) => {
      world.activity[0]?.details.push("Set aside: 2 changes, written by a device after it was removed.");
    });
    const list = within(await way.findByRole("list", { name: "Last exchanges" }));
    expect(list.getAllByRole("listitem")).toHaveLength(1);
    expect(list.getByText("Added 1, deleted 1.")).toBeVisible();
    expect(await list.findByText(/^Set aside: 2 changes/)).toBeVisible();
  });

  it("goes with its device", async () => {
    const { fake } = await startApp({ route: { ...map, item: PHONE.id }, scene: "nearby" });
    await panel("Phone");
    await fake.removeDevice(PHONE.id);
    await waitFor(() => expect(screen.queryByRole("region", { name: "Way to Phone" })).toBeNull());
    await arrow("Desktop");
  });

  it("shows why the ways cannot be told, and tries again", async () => {
    const { user, fake } = await startApp({ scene: "nearby" });
    fake.failNext("exchanges", { code: "database", message: "The database is busy.", remedy: "Try again in a moment." });
    router.go(map);
    expect(await screen.findByText("Try again in a moment.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await arrow("Desktop");
  });

  it.each(["light", "dark"] as const)("has no fault that axe knows, in the %s theme", async (theme) => {
    const { user } = await startApp({ route: map, scene: "nearby", prefs: { theme } });
    await user.click(await arrow("Desktop"));
    await (await panel("Desktop")).findByRole("list", { name: "Does not travel this way" });
    await clean();
    await user.click(await arrow("Phone"));
    await panel("Phone");
    await clean();
  });
});
