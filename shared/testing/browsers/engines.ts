// The browsers that are installed here, driven as they are: nothing is downloaded.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, launch } from "puppeteer-core";

export const ENGINES = ["Chromium", "Firefox"] as const;
export type Engine = (typeof ENGINES)[number];

const { PATH = "", ProgramFiles = "", LOCALAPPDATA = "" } = process.env;
const X86 = process.env["ProgramFiles(x86)"] ?? "";

/** The variable that names the browser, the commands to look for on the PATH, and the places where it is on no PATH. */
const WHERE: Readonly<Record<Engine, { variable: string; commands: string[]; places: string[] }>> = {
  Chromium: {
    variable: "CHROME_PATH",
    commands: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    places: [
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
      ...[ProgramFiles, X86, LOCALAPPDATA].map((root) => join(root, "Google/Chrome/Application/chrome.exe")),
    ],
  },
  Firefox: {
    variable: "FIREFOX_PATH",
    commands: ["firefox-esr", "firefox"],
    places: [
      "/Applications/Firefox.app/Contents/MacOS/firefox",
      ...[ProgramFiles, X86].map((root) => join(root, "Mozilla Firefox/firefox.exe")),
    ],
  },
};

/** @returns the path of the installed browser; undefined where none is found */
export function findBrowser(engine: Engine): string | undefined {
  const { variable, commands, places } = WHERE[engine];
  const named = process.env[variable];
  if (named) return existsSync(named) ? named : undefined;
  const onPath = commands.flatMap((command) => PATH.split(delimiter).map((folder) => join(folder, command)));
  return [...onPath, ...places].find(existsSync);
}

/** @returns a sentence for each browser that is not there, saying what to do */
export function missingBrowsers(): string[] {
  return ENGINES.filter((engine) => findBrowser(engine) === undefined).map((engine) => {
    const name = engine === "Chromium" ? "Chrome or Chromium" : engine;
    return `${name} is not found: install it, or say where it is with ${WHERE[engine].variable}.`;
  });
}

/**
 * Starts a browser without a window, with a profile of its own that is gone afterwards.
 *
 * @throws Error the browser is not there, or does not start
 */
export async function launchBrowser(engine: Engine): Promise<Browser> {
  const executablePath = findBrowser(engine);
  if (executablePath === undefined) throw new Error(missingBrowsers().join(" "));
  // The certificates of these tests are signed by nobody.
  const common = { executablePath, headless: true, acceptInsecureCerts: true };
  if (engine === "Firefox") return await launch({ ...common, browser: "firefox" });
  const quiet = ["quic", "background-networking", "component-update", "sync"].map(
    (what) => `--disable-${what}`,
  );
  // Chromium's sandbox refuses to run as root, which is who one is in a container.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return await launch({ ...common, args: [...quiet, "--no-first-run", ...sandbox] });
}
