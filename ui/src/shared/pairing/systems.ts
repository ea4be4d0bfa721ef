// What operating systems are called.
const SYSTEMS: Record<string, string> = { linux: "Linux", macos: "macOS", windows: "Windows", android: "Android", ios: "iOS" };

/** A system that this app does not know is called as it calls itself. */
export const systemName = (platform: string): string => SYSTEMS[platform] ?? platform;
/** "Laptop (Linux)" */
export const withSystem = ({ name, platform }: { name: string; platform: string }): string => (platform === "" ? name : `${name} (${systemName(platform)})`);
