import { screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";
import { keyStoreOptions, problemOf } from "./keystore";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);

describe("first run", () => {
  it("offers three choices and nothing else", async () => {
    await startApp({ state: "new" });
    expect(await screen.findByRole("heading", { name: "Welcome to Holdfast" })).toBeVisible();
    expect(screen.getAllByRole("button").map((one) => one.querySelector(".title")?.textContent)).toEqual(["Start fresh", "Join my other device", "Import from another app"]);
    await clean();
  });

  it("starts fresh with a name and a key store", async () => {
    const { user, fake } = await startApp({ state: "new" });
    await user.click(await screen.findByRole("button", { name: /Start fresh/ }));
    await clean();
    const name = screen.getByLabelText("Name of this device");
    expect(name).toHaveValue("Laptop");
    await user.clear(name);
    await user.click(screen.getByRole("button", { name: "Start" }));
    expect(screen.getByText(/Give this device a name/)).toBeVisible();
    await user.type(name, "Study");
    await user.click(screen.getByRole("button", { name: "Start" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "createVault")?.args).toEqual(["Study", "keychain", null]));
    expect(await screen.findByRole("heading", { level: 1, name: "Today" })).toBeVisible();
  });

  it("wants a passphrase twice before it uses it", async () => {
    const { user, fake } = await startApp({ state: "new" });
    await user.click(await screen.findByRole("button", { name: /Start fresh/ }));
    await user.click(screen.getByRole("radio", { name: /Behind a passphrase/ }));
    await user.type(screen.getByLabelText("Passphrase"), "four words are good");
    await user.type(screen.getByLabelText("Passphrase again"), "four words are goof");
    await user.click(screen.getByRole("button", { name: "Start" }));
    expect(screen.getByText("The two do not match. Type it again.")).toBeVisible();
    await user.clear(screen.getByLabelText("Passphrase again"));
    await user.type(screen.getByLabelText("Passphrase again"), "four words are good");
    await user.click(screen.getByRole("button", { name: "Start" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "createVault")?.args).toEqual(["Laptop", "passphrase", "four words are good"]));
  });

  it("joins with an invitation, and says what is wrong with it", async () => {
    const { user, fake } = await startApp({ state: "new" });
    await user.click(await screen.findByRole("button", { name: /Join my other device/ }));
    await user.click(screen.getByRole("radio", { name: "With an invitation file" }));
    await user.click(screen.getByRole("button", { name: "Join" }));
    expect(screen.getByText("Choose the invitation file first.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Choose the invitation file…" }));
    expect(await screen.findByText("from Desktop")).toBeVisible();
    await user.type(screen.getByLabelText("Passphrase of the invitation"), "wrong");
    await user.click(screen.getByRole("button", { name: "Join" }));
    expect(await screen.findByText("That passphrase does not open this invitation.")).toBeVisible();
    expect(screen.getByText("Check it on the other device and type it again.")).toBeVisible();
    await clean();
    await user.clear(screen.getByLabelText("Passphrase of the invitation"));
    await user.type(screen.getByLabelText("Passphrase of the invitation"), "right");
    await user.click(screen.getByRole("button", { name: "Join" }));
    await waitFor(() => expect(fake.calls.filter((call) => call.method === "join").at(-1)?.args).toEqual(["t1", "right", "Laptop", "keychain", null]));
  });

  it("imports a folder after showing what would come of it", async () => {
    const { user, fake } = await startApp({ state: "new" });
    await user.click(await screen.findByRole("button", { name: /Import from another app/ }));
    await user.click(screen.getByRole("button", { name: "Choose the folder…" }));
    expect(await screen.findByText(/12 notes, 2 lists, 3 attachments\. 1 file left out\./)).toBeVisible();
    await clean();
    await user.click(screen.getByRole("button", { name: "Import 12 notes" }));
    await waitFor(() => expect(fake.calls.map((call) => call.method)).toContain("importMarkdown"));
    expect(await screen.findByRole("heading", { level: 1, name: "Notes" })).toBeVisible();
    expect(fake.calls.filter((call) => call.method === "createVault")).toHaveLength(1);
  });

  it("keeps what was typed when making the vault fails", async () => {
    const { user, fake } = await startApp({ state: "new" });
    fake.failNext("createVault", { code: "no-keychain", message: "The keyring does not answer.", remedy: "Unlock it, or choose a passphrase." });
    await user.click(await screen.findByRole("button", { name: /Start fresh/ }));
    await user.click(screen.getByRole("button", { name: "Start" }));
    expect(await screen.findByText("Unlock it, or choose a passphrase.")).toBeVisible();
    expect(screen.getByLabelText("Name of this device")).toHaveValue("Laptop");
  });
});

describe("unlocking", () => {
  it("says when the passphrase is not right, and opens with the right one", async () => {
    const { user } = await startApp({ state: "locked" });
    const field = await screen.findByLabelText("Passphrase");
    await waitFor(() => expect(field).toHaveFocus());
    await user.keyboard("wrong{Enter}");
    expect(await screen.findByText("That passphrase is not right.")).toBeVisible();
    await clean();
    await user.clear(field);
    await user.type(field, "right{Enter}");
    expect(await screen.findByRole("heading", { level: 1, name: "Today" })).toBeVisible();
  });
});

describe("key stores", () => {
  it("offers only what works here, in the system's words", () => {
    expect(keyStoreOptions({ keyStores: ["passphrase"], platform: "linux" }).map((one) => one.value)).toEqual(["passphrase"]);
    expect(keyStoreOptions({ keyStores: ["keychain"], platform: "macos" })[0]?.label).toBe("In the macOS keychain");
  });
  it("counts characters as people do", () => {
    expect(problemOf({ store: "passphrase", passphrase: "🐟🐟🐟🐟", repeat: "🐟🐟🐟🐟" })?.field).toBe("passphrase");
    expect(problemOf({ store: "file", passphrase: "", repeat: "" })).toBeNull();
  });
});
