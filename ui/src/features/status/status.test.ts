import { screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import type { SyncState } from "../../backend/contract";
import { emptyWorld } from "../../backend/fake/world";
import { TEST_NOW } from "../../backend/fake";
import { router } from "../../state/router.svelte";
import { startApp } from "../../../tests/app";

const row = async () => within(await screen.findByRole("contentinfo", { name: "Sync status" }));

describe("the status row", () => {
  it.each([
    ["manual", /Manual · 7 not exported/],
    ["idle", /Up to date/],
    ["syncing", /Syncing 12 of 40/],
    ["waiting", /7 changes waiting for Desktop/],
    ["offline", /Offline · 7 changes saved here/],
    ["paused", /Paused until 15:00 · 7 not sent/],
  ] satisfies [SyncState, RegExp][])("says %s in words, with an icon", async (state, words) => {
    const { fake } = await startApp({ width: 720 });
    fake.elsewhere((world) => (world.sync.state = state));
    const button = await (await row()).findByRole("button", { name: words });
    expect(button.querySelector("svg")).not.toBeNull();
    expect(await (await row()).findByRole("button", { name: /2 conflicts/ })).toBeVisible();
  });

  it("announces a failure and shows its remedy", async () => {
    const { fake, user } = await startApp();
    await row();
    fake.elsewhere((world) => {
      world.sync.state = "error";
      world.sync.error = { code: "folder-missing", message: "folder missing", remedy: "Choose the folder again." };
    });
    const button = await (await row()).findByRole("button", { name: /Can't sync: folder missing/ });
    await waitFor(async () => expect(within(screen.getByRole("contentinfo")).getByRole("status")).toHaveTextContent("Can't sync: folder missing"));
    await user.click(button);
    expect(await screen.findByText("Choose the folder again.")).toBeInTheDocument();
  });

  it("opens with the keyboard and names what waits", async () => {
    const { user } = await startApp();
    await screen.findByText("Renew the passport");
    await user.keyboard("{Control>}{Shift>}y{/Shift}{/Control}");
    expect(await screen.findByText("Missing 7 of your changes")).toBeInTheDocument();
    const item = (await screen.findByText("Shelf plan")).closest("button");
    expect(item).not.toBeNull();
    if (item) await user.click(item);
    await waitFor(() => expect(router.route).toMatchObject({ screen: "notes" }));
  });

  it("offers to change the mode only where there is another", async () => {
    const world = emptyWorld(TEST_NOW);
    world.sync.modes = ["manual", "nearby"];
    world.pending = { x: 3 };
    const { user, fake } = await startApp({ world });
    await user.click(await (await row()).findByRole("button", { name: /Manual/ }));
    await user.click(await screen.findByText("Change…"));
    const sheet = await screen.findByRole("dialog", { name: "How changes travel" });
    await user.click(within(sheet).getByRole("radio", { name: /Nearby devices/ }));
    expect(within(sheet).getByRole("status")).toHaveTextContent("3 changes have not travelled yet; they stay here and go to nearby devices. Switching never deletes or overwrites.");
    await user.click(within(sheet).getByRole("button", { name: "Switch now" }));
    await waitFor(() => expect(fake.world.sync.mode).toBe("nearby"));
  });
});
