// How the bundle is made: two entries, hashed names under /assets/, a manifest that the logic server reads.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/assets/",
  build: {
    outDir: "dist",
    manifest: true,
    target: "es2022",
    assetsDir: "",
    assetsInlineLimit: 0, // nothing inline: the page's security policy allows own files only
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: ["src/app/main.dom.tsx", "src/app/account.dom.ts"],
      output: { hashCharacters: "base36" }, // no dash in a hash: the server knows lasting names by their end
    },
  },
});
