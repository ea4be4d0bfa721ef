import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { encode } from "uqr";
import { describe, expect, it } from "vitest";
import { TROUBLES } from "../../backend/fake/nearby";
import { DESKTOP, PHONE } from "../../backend/fake/world";
import { act } from "../../state/actions.svelte";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
const NOW = Date.parse("2026-11-18T14:32:00Z");

/** The devices, in Nearby mode. */
async function devices(standing: Record<string, unknown> = {}, options: Parameters<typeof startApp>[0] = {}) {
  const started = await startApp({ route: { screen: "devices" }, ...options });
  started.fake.around.standing.set(DESKTOP.id, { connected: true, address: "192.168.1.7:4829", proof: "code", proofTime: NOW - 6 * 86_400_000, ...standing });
  await started.fake.setMode("nearby");
  const row = (await screen.findByLabelText("Name of Desktop")).closest("li");
  return { ...started, desktop: within(row as HTMLElement) };
}

describe("this device, when it was removed", () => {
  it("says by whom, and founds the vault anew in one act", async () => {
    const { user, fake } = await devices();
    for (const device of fake.world.devices) if (device.here) Object.assign(device, { removed: true, removedTime: NOW, removedBy: "Desktop" });
    // Tells the window that something changed.
    await fake.renameDevice(DESKTOP.id, "Desktop");
    expect(await screen.findByText(/This device was removed by Desktop\./)).toBeVisible();
    await clean();
    // What needs a vault is not offered, here or anywhere; what it has can be kept.
    await waitFor(() => expect(screen.queryByRole("button", { name: /^Add a device|^Invite another|^Remove / })).toBeNull());
    for (const action of ["device.add", "sync.invite", "sync.export", "sync.now", "sync.mode"]) expect(act(action)).toBe(false);
    expect(screen.queryByText(/of yours/)).toBeNull();
    expect(screen.queryByRole("heading", { name: "How changes travel" })).toBeNull();
    expect(screen.getByRole("button", { name: "Export everything as files…" })).toBeVisible();
    expect(screen.getByRole("button", { name: "Join another device’s vault…" })).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Found the vault anew…" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Found the vault anew?" }));
    await user.click(dialog.getByRole("button", { name: "Found the vault anew" }));
    await waitFor(() => expect(screen.queryByText(/This device was removed/)).toBeNull());
    expect(fake.calls.find((call) => call.method === "foundAnew")?.args).toEqual(["Laptop", null]);
    expect(await screen.findByText("Only this device so far.")).toBeVisible();
  });
});

describe("a device", () => {
  it("says whether it is connected, where, and how it was verified", async () => {
    const { desktop } = await devices();
    expect(await desktop.findByText(/Connected now at 192.168.1.7:4829 · missing 7 changes of yours$/)).toBeVisible();
    expect(desktop.getByText(/Verified by code, .*Thu 14:32/)).toBeVisible();
    expect(desktop.getByText("a1b2 c3d4 e5f6 0718 293a 4b5c 6d7e 8f90")).toBeVisible();
    expect(desktop.queryByText(/Clock/)).toBeNull();
    await clean();
  });

  it("shows its fingerprint as a QR code too", async () => {
    const { user, desktop } = await devices();
    const button = await desktop.findByRole("button", { name: "QR code of the fingerprint of Desktop" });
    await user.click(button);
    const code = desktop.getByRole("img", { name: "The fingerprint of Desktop as a QR code" });
    // What it shows is the fingerprint and nothing else.
    const { data } = encode("a1b2 c3d4 e5f6 0718 293a 4b5c 6d7e 8f90", { ecc: "M", border: 2 });
    expect(code.querySelector("path")?.getAttribute("d")?.match(/M/g)).toHaveLength(data.flat().filter(Boolean).length);
    await clean();
    await user.click(button);
    expect(desktop.queryByRole("img", { name: /as a QR code/ })).toBeNull();
  });

  it.each([
    [3 * 60_000 + 4_000, "Clock 3 min ahead."],
    [-26 * 3_600_000, "Clock 26 h behind."],
  ])("tells of a clock that is off by %i ms", async (clockAheadMs, words) => {
    const { desktop } = await devices({ clockAheadMs });
    expect(await desktop.findByText(new RegExp(words))).toBeVisible();
  });

  it("says nothing of clocks within two minutes", async () => {
    const { desktop } = await devices({ clockAheadMs: -110_000 });
    await desktop.findByText(/Connected now/);
    expect(desktop.queryByText(/Clock/)).toBeNull();
  });

  it("with another key than before is stopped, and offers to pair again or to remove", async () => {
    const { user, desktop } = await devices({ connected: false, error: TROUBLES.changed });
    expect(await desktop.findByRole("alert")).toHaveTextContent("This device has a different key than before.");
    await clean();
    await user.click(desktop.getByRole("button", { name: "Remove Desktop with its old key…" }));
    expect(await screen.findByRole("dialog", { name: "Remove Desktop?" })).toBeVisible();
    await user.keyboard("{Escape}");
    await user.click(desktop.getByRole("button", { name: "Pair again…" }));
    expect(await screen.findByRole("dialog", { name: "Add a device" })).toBeVisible();
  });

  it("that was removed can be kept from pairing again", async () => {
    const { fake, user } = await startApp({ route: { screen: "devices" }, scene: "removed" });
    await user.click(await screen.findByRole("button", { name: "Block Phone from pairing again" }));
    expect(await screen.findByText("Blocked: it cannot pair with this device again.")).toBeVisible();
    expect(fake.around.blocked.has(`key-${PHONE.id}`)).toBe(true);
    await clean();
    await user.click(screen.getByRole("button", { name: "Unblock Phone" }));
    await waitFor(() => expect(fake.around.blocked.size).toBe(0));
  });
});

describe("addresses", () => {
  it("are added and forgotten; what is none stays in the field", async () => {
    const { user } = await devices();
    const field = await screen.findByLabelText("Address of a paired device");
    await user.type(field, "nonsense{Enter}");
    expect(await screen.findByText(/'nonsense' is not an address/)).toBeVisible();
    expect(field).toHaveValue("nonsense");
    await user.clear(field);
    await user.type(field, "192.168.1.9:4829{Enter}");
    // The device that may be there is connected another way: that comes first.
    expect(await screen.findByText(/^Desktop is connected another way, at 192.168.1.7:4829\. .*cannot be reached \(no route to host\)/)).toBeVisible();
    expect(field).toHaveValue("");
    await clean();
    await user.click(screen.getByRole("button", { name: "Forget 192.168.1.9:4829" }));
    await waitFor(() => expect(screen.queryByText("192.168.1.9:4829")).toBeNull());
  });
});
