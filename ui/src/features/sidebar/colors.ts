/** Colours for lists: each is told apart by name and keeps 3:1 on the light sidebar; dark themes lighten them. */
export const COLORS = [
  { name: "Blue", value: "#0B5FD7" },
  { name: "Teal", value: "#0F766E" },
  { name: "Green", value: "#1A7340" },
  { name: "Ochre", value: "#8A5300" },
  { name: "Orange", value: "#A85200" },
  { name: "Red", value: "#B3261E" },
  { name: "Purple", value: "#6D3FB5" },
  { name: "Grey", value: "#66635D" },
] as const;
