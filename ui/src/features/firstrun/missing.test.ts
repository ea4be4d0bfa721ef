import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
const title = "Your data is missing";

describe("missing data", () => {
  it("is said, with what is left, and a backup takes its place", async () => {
    const { user, fake } = await startApp({ state: "dataMissing" });
    expect(await screen.findByRole("heading", { level: 1, name: title })).toBeVisible();
    expect(screen.getByText(/Left there: its key, its settings and 1 backup\./)).toBeVisible();
    expect(screen.queryByText(/Start fresh/)).toBeNull();
    const section = within(screen.getByRole("region", { name: "Restore a backup" }));
    const restore = await section.findAllByRole("button", { name: /^Restore the backup of/ });
    await clean();
    await user.click(restore[0]!);
    await waitFor(() => expect(fake.calls.filter((call) => call.method === "restoreMissing")).toHaveLength(1));
    expect(await screen.findByRole("heading", { level: 1, name: "Today" })).toBeVisible();
  });

  it("asks for the passphrase that the keys are under, and keeps what failed on the screen", async () => {
    const { user, fake } = await startApp({ state: "dataMissing", remains: { asksForPassphrase: true } });
    const restore = (await screen.findAllByRole("button", { name: /^Restore the backup of/ }))[0]!;
    expect(screen.queryByText(/Type the passphrase/)).toBeNull();
    await user.click(restore);
    expect(fake.calls.some((call) => call.method === "restoreMissing")).toBe(false);
    expect(screen.getByText(/^Type the passphrase with which you unlock/)).toBeVisible();
    await user.type(screen.getByLabelText("Passphrase"), "wrong");
    await user.click(restore);
    expect(await screen.findByText("That passphrase is not right.")).toBeVisible();
    await user.clear(screen.getByLabelText("Passphrase"));
    await user.type(screen.getByLabelText("Passphrase"), "right");
    await user.click(restore);
    expect(await screen.findByRole("heading", { level: 1, name: "Today" })).toBeVisible();
  });

  it("leads to the other device, with what was left in a folder of its own", async () => {
    const { user, fake } = await startApp({ state: "dataMissing" });
    await user.click(await screen.findByRole("button", { name: "Fetch from my other device…" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Fetch everything from your other device?" }));
    await user.click(dialog.getByRole("button", { name: "Set aside and fetch" }));
    expect(await screen.findByRole("heading", { name: "Join my other device" })).toBeVisible();
    expect(screen.getByText(/What was left is kept in .*earlier/)).toBeVisible();
    expect(fake.calls.map((call) => call.method)).toContain("beginAnew");
    await user.click(screen.getByRole("button", { name: "Back" }));
    expect(await screen.findByRole("heading", { name: "Welcome to Holdfast" })).toBeVisible();
  });

  it("begins anew only when the person says so", async () => {
    const { user, fake } = await startApp({ state: "dataMissing" });
    expect(await screen.findByRole("heading", { name: title })).toBeVisible();
    expect(fake.calls.map((call) => call.method)).not.toContain("createVault");
    await user.click(screen.getByRole("button", { name: "Begin anew…" }));
    const dialog = () => within(screen.getByRole("dialog", { name: "Begin anew?" }));
    expect(dialog().getByText(/The backups go with it/)).toBeVisible();
    await clean();
    await user.click(dialog().getByRole("button", { name: "Cancel" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(fake.calls.map((call) => call.method)).not.toContain("beginAnew");
    await user.click(screen.getByRole("button", { name: "Begin anew…" }));
    await user.click(dialog().getByRole("button", { name: "Set aside and begin anew" }));
    expect(await screen.findByRole("heading", { name: "Welcome to Holdfast" })).toBeVisible();
  });

  it("writes a backup as files where the keys are gone too", async () => {
    const { user, fake } = await startApp({ state: "dataMissing", remains: { hasKeys: false, text: "3 backups" } });
    const write = await screen.findAllByRole("button", { name: /^Write the backup of .* as files…/ });
    expect(screen.queryByRole("button", { name: /^Restore the backup/ })).toBeNull();
    await clean();
    fake.exported = { failed: [{ title: "Soup for ten", reason: "its text is damaged" }] };
    await user.click(write[0]!);
    expect(await screen.findByText(/48 files in/)).toBeVisible();
    expect(within(screen.getByRole("list", { name: "Not written" })).getByText("Soup for ten: its text is damaged")).toBeVisible();
    expect(fake.calls.find((call) => call.method === "rescueExport")?.args[0]).toBe("markdown");
  });
});

describe("data that go while the window is open", () => {
  for (const [code, state, heading] of [["data_missing", "dataMissing", title], ["key_missing", "keyMissing", "The key to your data is missing"]] as const) {
    it(`lead to the screen that says so: ${code}`, async () => {
      const { fake } = await startApp();
      expect(await screen.findByRole("heading", { level: 1, name: "Today" })).toBeVisible();
      fake.goes(state);
      fake.failNext("sidebar", { code, message: "It is gone.", remedy: null });
      fake.elsewhere(() => {});
      expect(await screen.findByRole("heading", { level: 1, name: heading })).toBeVisible();
    });
  }
});

describe("a missing key", () => {
  it("is said, and everything can be written as files", async () => {
    const { user, fake } = await startApp({ state: "keyMissing" });
    expect(await screen.findByRole("heading", { level: 1, name: "The key to your data is missing" })).toBeVisible();
    expect(screen.getByText(/missing from the system keychain/)).toBeVisible();
    await clean();
    fake.exported = { failed: [{ title: "Soup for ten", reason: "its text is damaged" }], earlier: "/home/ann/Rescued before" };
    await user.click(screen.getByRole("button", { name: "Write as files…" }));
    expect(await screen.findByText(/48 files in/)).toBeVisible();
    expect(screen.getByText("Soup for ten: its text is damaged")).toBeVisible();
    expect(screen.getByText("/home/ann/Rescued before")).toBeVisible();
    expect(fake.calls.find((call) => call.method === "rescueExport")?.args).toEqual(["markdown", null]);
    const before = fake.calls.filter((call) => call.method === "boot").length;
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(fake.calls.filter((call) => call.method === "boot").length).toBe(before + 1));
  });
});
